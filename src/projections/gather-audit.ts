import type { RecordedEvent } from '@eventstore/db-client';
import type { Collection } from 'mongodb';
import type { StoredOrderEvent } from '../eventstoredb/codec.ts';
import type { AuditDocument } from './audit-document.ts';
import { chunksOf, forEachOf } from './deliveries.ts';
import { type Gatherer, WRITES_AT_ONCE } from './gather.ts';
import { auditOf, EVENTS_PER_WRITE, insertAudit } from './project-audit.ts';

const MOST_DOCUMENTS = 12_000;

/** Makes audit documents of orders' events as they come. */
export function gatherAudit(
  audit: Collection<AuditDocument>,
  decode?: (event: RecordedEvent) => StoredOrderEvent,
): Gatherer {
  let documents: AuditDocument[] = [];
  return {
    add: (event) => void documents.push(...auditOf(event, decode)),
    isFull: () => documents.length >= MOST_DOCUMENTS,
    async write() {
      const gathered = documents;
      documents = [];
      await forEachOf(chunksOf(gathered, EVENTS_PER_WRITE), WRITES_AT_ONCE, (some) => insertAudit(audit, some));
      return gathered.filter(({ revision }) => revision === 0).length;
    },
  };
}
