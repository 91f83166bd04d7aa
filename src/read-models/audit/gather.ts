import type { RecordedEvent } from '@eventstore/db-client';
import type { Collection } from 'mongodb';
import type { StoredOrderEvent } from '../../eventstoredb/codec.ts';
import type { AuditDocument } from './document.ts';
import { chunksOf, forEachOf } from '../live/deliveries.ts';
import { type Gatherer, WRITES_AT_ONCE } from '../rebuild/gather.ts';
import { auditOf, EVENTS_PER_WRITE, insertAudit } from './project.ts';

const MOST_DOCUMENTS = 12_000;

/** Makes audit documents of orders' events as they come. */
export function gatherAudit(
  audit: Collection<AuditDocument>,
  decode?: (event: RecordedEvent) => StoredOrderEvent,
): Gatherer {
  let documents: AuditDocument[] = [];
  let begun = 0;
  return {
    add(event) {
      const [document] = auditOf(event, decode);
      if (!document) return;
      documents.push(document);
      if (document.revision === 0) begun += 1;
    },
    isFull: () => documents.length >= MOST_DOCUMENTS,
    begun: () => begun,
    async write() {
      const gathered = documents;
      documents = [];
      await forEachOf(chunksOf(gathered, EVENTS_PER_WRITE), WRITES_AT_ONCE, (some) => insertAudit(audit, some));
      return undefined;
    },
  };
}
