import type { RecordedEvent } from '@eventstore/db-client';
import { type Collection, MongoBulkWriteError } from 'mongodb';
import { decodeOrderEvent, type StoredOrderEvent } from '../../eventstoredb/codec.ts';
import { UnreadableEventError } from '../../eventstoredb/errors.ts';
import { isOnlyDuplicates } from '../errors.ts';
import { type AuditDocument, toAuditDocument } from './document.ts';
import { chunksOf } from '../live/deliveries.ts';

/** Documents that are written together: so few that there is work for this process while MongoDB works. */
export const EVENTS_PER_WRITE = 500;

type Decode = (event: RecordedEvent) => StoredOrderEvent;

/**
 * Writes one document per event. Its `_id` is the event's, so that a duplicate changes nothing. An event that
 * cannot be read is left to the orders' projection, which parks it.
 */
export async function projectAudit(
  audit: Collection<AuditDocument>,
  events: readonly RecordedEvent[],
  decode: Decode = decodeOrderEvent,
): Promise<void> {
  await Promise.all(
    chunksOf(events, EVENTS_PER_WRITE).map((some) =>
      insert(
        audit,
        some.flatMap((event) => auditOf(event, decode)),
      ),
    ),
  );
}

/** @returns nothing for an event that cannot be read */
export function auditOf(event: RecordedEvent, decode: Decode = decodeOrderEvent): [AuditDocument] | [] {
  try {
    return [toAuditDocument(decode(event))];
  } catch (error) {
    if (error instanceof UnreadableEventError) return [];
    throw error;
  }
}

/** Writes documents, those that are there already excepted. */
export async function insertAudit(
  audit: Collection<AuditDocument>,
  documents: readonly AuditDocument[],
): Promise<void> {
  await Promise.all(chunksOf(documents, EVENTS_PER_WRITE).map((some) => insert(audit, some)));
}

async function insert(audit: Collection<AuditDocument>, documents: readonly AuditDocument[]): Promise<void> {
  if (documents.length === 0) return;
  try {
    await audit.insertMany(documents, { ordered: false });
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || !isOnlyDuplicates(error)) throw error;
  }
}
