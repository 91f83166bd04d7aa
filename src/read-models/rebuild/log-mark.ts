import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import type { Collection, Db } from 'mongodb';
import { isOnlyDuplicates } from '../errors.ts';
import { isDeletion, type ReadModelContext } from '../read-model.ts';

/**
 * The last event that was projected, kept beside the read models. `log`: into any of them; it tells the log that they
 * were made of from others. `delivered`: of those that the group delivered; a rebuild goes beyond it for its read model
 * alone.
 */
export interface LogMark {
  readonly _id: 'log' | 'delivered';
  readonly stream: string;
  readonly revision: number;
  readonly eventId: string;
  /** Another log may hold the same event: ids are made of idempotency keys. */
  readonly created: Date;
  /** Commit position. */
  readonly position: number;
}

export function logMarks(db: Db): Collection<LogMark> {
  return db.collection('projections');
}

/** Notes the last of some events of the log, unless a later one is noted already. */
export async function markLog(
  db: Db,
  ids: readonly LogMark['_id'][],
  events: readonly AllStreamRecordedEvent[],
): Promise<void> {
  const [last] = events.filter((event) => !isDeletion(event)).sort((one, other) => positionOf(other) - positionOf(one));
  if (!last) return;
  const mark = markOf(last);
  const updates = ids.map((_id) => ({
    updateOne: { filter: { _id, position: { $lt: mark.position } }, update: { $set: mark }, upsert: true },
  }));
  try {
    await logMarks(db).bulkWrite(updates, { ordered: false });
  } catch (error) {
    if (!isOnlyDuplicates(error)) throw error;
  }
}

export function markOf(event: AllStreamRecordedEvent): Omit<LogMark, '_id'> {
  const { streamId: stream, revision, id: eventId, created } = event;
  return { stream, revision: Number(revision), eventId, created, position: positionOf(event) };
}

function positionOf({ position }: AllStreamRecordedEvent): number {
  return Number(position.commit);
}

/**
 * Whether the event store holds the log that the read models were made of, as far as they are made of it. A stream that
 * was deleted meanwhile says so as well: another log knows nothing of it.
 *
 * @throws EventStoreUnavailableError
 */
export async function holdsMark(
  streams: Pick<ReadModelContext['streams'], 'readRecorded' | 'isGone'>,
  { stream, revision, eventId, created }: Omit<LogMark, '_id'>,
): Promise<boolean> {
  const [event] = await streams.readRecorded(stream, { from: revision, maxCount: 1 });
  if (event && Number(event.revision) === revision) {
    return event.id === eventId && event.created.getTime() === created.getTime();
  }
  return streams.isGone(stream, undefined);
}
