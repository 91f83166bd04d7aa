import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import type { Collection, Db } from 'mongodb';
import { isDuplicateKey } from '../errors.ts';
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

export type Mark = Omit<LogMark, '_id'>;

export function logMarks(db: Db): Collection<LogMark> {
  return db.collection('projections');
}

/** MongoDB holds less than was projected into it: it was restored to an earlier point, or emptied. */
export class ReadModelsRestoredError extends Error {
  override readonly name = 'ReadModelsRestoredError';

  constructor() {
    super('the read models were restored to an earlier point, or are gone: what they lack is projected again');
  }
}

/** Notes an event of the log that was projected, unless a later one is noted already; undefined: there is none. */
export async function markLog(db: Db, mark: Mark | undefined): Promise<void> {
  if (mark) await noteMark(db, 'log', mark);
}

/**
 * Notes an event that the group delivered, unless a later one is noted already.
 *
 * @param mark undefined: there is none
 * @param known position that was noted when this process last looked, which is not to be less now; −1: none
 * @returns a position that is noted now
 * @throws ReadModelsRestoredError when an earlier one than `known` is, or none: then nothing is noted
 */
export async function markDelivered(db: Db, mark: Mark | undefined, known: number): Promise<number> {
  if (!mark) return known;
  if (known < 0) {
    await noteMark(db, 'delivered', mark);
    return mark.position;
  }
  const filter = { _id: 'delivered', position: { $gte: known, $lt: mark.position } } as const;
  const { matchedCount } = await logMarks(db).updateOne(filter, { $set: mark });
  if (matchedCount === 0 && (await deliveredTo(db)) < known) throw new ReadModelsRestoredError();
  return Math.max(known, mark.position);
}

/** Position of the last event that the group delivered; −1 if none is noted. */
export async function deliveredTo(db: Db): Promise<number> {
  return (await logMarks(db).findOne({ _id: 'delivered' }))?.position ?? -1;
}

async function noteMark(db: Db, _id: LogMark['_id'], mark: Mark): Promise<void> {
  try {
    await logMarks(db).updateOne({ _id, position: { $lt: mark.position } }, { $set: mark }, { upsert: true });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

/** The last of some events, in any order; undefined where they are deletions only. */
export function markOfLast(events: readonly AllStreamRecordedEvent[]): Mark | undefined {
  const [last] = events.filter((event) => !isDeletion(event)).sort((one, other) => positionOf(other) - positionOf(one));
  return last && markOf(last);
}

export function markOf(event: AllStreamRecordedEvent): Mark {
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
  { stream, revision, eventId, created }: Mark,
): Promise<boolean> {
  const [event] = await streams.readRecorded(stream, { from: revision, maxCount: 1 });
  if (event && Number(event.revision) === revision) {
    return event.id === eventId && event.created.getTime() === created.getTime();
  }
  return streams.isGone(stream, undefined);
}
