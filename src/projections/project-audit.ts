import type { RecordedEvent } from '@eventstore/db-client';
import { type Collection, MongoBulkWriteError } from 'mongodb';
import { decodeOrderEvent, type StoredOrderEvent } from '../eventstoredb/codec.ts';
import { UnreadableEventError } from '../eventstoredb/errors.ts';
import { isOnlyDuplicates } from '../mongodb/errors.ts';
import { type AuditDocument, toAuditDocument } from './audit-document.ts';
import { chunksOf } from './deliveries.ts';

/** Documents that are written together: so few that there is work for this process while MongoDB works. */
const EVENTS_PER_WRITE = 500;

/**
 * Writes one document per event. Its `_id` is the event's, so that a duplicate changes nothing. An event that
 * cannot be read is left to the orders' projection, which parks it.
 */
export async function projectAudit(
  audit: Collection<AuditDocument>,
  events: readonly RecordedEvent[],
  decode: (event: RecordedEvent) => StoredOrderEvent = decodeOrderEvent,
): Promise<void> {
  await Promise.all(chunksOf(events, EVENTS_PER_WRITE).map((some) => writeSome(audit, some, decode)));
}

async function writeSome(
  audit: Collection<AuditDocument>,
  events: readonly RecordedEvent[],
  decode: (event: RecordedEvent) => StoredOrderEvent,
): Promise<void> {
  const documents = events.flatMap((event) => {
    try {
      return [toAuditDocument(decode(event))];
    } catch (error) {
      if (error instanceof UnreadableEventError) return [];
      throw error;
    }
  });
  if (documents.length === 0) return;
  try {
    await audit.insertMany(documents, { ordered: false });
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || !isOnlyDuplicates(error)) throw error;
  }
}
