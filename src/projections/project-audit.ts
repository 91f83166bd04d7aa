import type { RecordedEvent } from '@eventstore/db-client';
import { type Collection, MongoBulkWriteError } from 'mongodb';
import { decodeOrderEvent } from '../eventstoredb/codec.ts';
import { UnreadableEventError } from '../eventstoredb/errors.ts';
import { isOnlyDuplicates } from '../mongodb/errors.ts';
import { type AuditDocument, toAuditDocument } from './audit-document.ts';

/**
 * Writes one document per event. Its `_id` is the event's, so that a duplicate changes nothing. An event that
 * cannot be read is left to the orders' projection, which parks it.
 */
export async function projectAudit(audit: Collection<AuditDocument>, events: readonly RecordedEvent[]): Promise<void> {
  const documents = events.flatMap((event) => {
    try {
      return [toAuditDocument(decodeOrderEvent(event))];
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
