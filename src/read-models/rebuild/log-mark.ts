import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import type { Collection, Db } from 'mongodb';
import { isDuplicateKey } from '../errors.ts';
import { isDeletion, type ReadModelContext } from '../read-model.ts';

/** The last event that was projected, kept beside the read models: it tells the log that they were made of from others. */
export interface LogMark {
  readonly _id: 'log';
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
export async function markLog(db: Db, events: readonly AllStreamRecordedEvent[]): Promise<void> {
  const positionOf = (event: AllStreamRecordedEvent) => Number(event.position.commit);
  const [last] = events.filter((event) => !isDeletion(event)).sort((one, other) => positionOf(other) - positionOf(one));
  if (!last) return;
  const { streamId: stream, revision, id: eventId, created } = last;
  const mark = { stream, revision: Number(revision), eventId, created, position: positionOf(last) };
  try {
    await logMarks(db).updateOne({ _id: 'log', position: { $lt: mark.position } }, { $set: mark }, { upsert: true });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

/**
 * Whether the event store holds the log that the read models were made of, as far as they are made of it. A stream that
 * was deleted meanwhile says so as well: another log knows nothing of it.
 *
 * @throws EventStoreUnavailableError
 */
export async function holdsMark(
  streams: ReadModelContext['streams'],
  { stream, revision, eventId, created }: LogMark,
): Promise<boolean> {
  const [event] = await streams.readRecorded(stream, { from: revision, maxCount: 1 });
  if (event && Number(event.revision) === revision) {
    return event.id === eventId && event.created.getTime() === created.getTime();
  }
  return streams.isGone(stream, undefined);
}
