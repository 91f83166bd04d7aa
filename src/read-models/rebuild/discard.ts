import { setTimeout as delay } from 'node:timers/promises';
import { inOneStep, readModelStates } from '../database.ts';
import { endOfLog } from '../log-reader.ts';
import type { ReadModel, ReadModelContext } from '../read-model.ts';
import { acquireLease, type Lease, rebuildStates } from './lease.ts';
import { holdsMark, logMarks } from './log-mark.ts';

const LEASE = { _id: 'discard', version: 1, head: '0' };
const LOOK_AGAIN_MS = 250;
/** A node of a cluster that is asked may lag behind the leader, which delivered the event. */
const REPLICATION_MS = 2000;

export const OTHER_LOG =
  'the event store holds another log than the read models were made of, or was restored to an earlier point: they are built anew';

/**
 * Discards the read models when the event store holds another log than they were made of, or one that was restored to an
 * earlier point. One process does it, and the others wait for it.
 *
 * @param say is told why, before anything is discarded
 * @throws LeaseLostError, EventStoreUnavailableError, ReadModelsUnavailableError
 */
export async function discardIfOfOtherLog(
  context: ReadModelContext,
  models: readonly ReadModel[],
  signal: AbortSignal,
  say: (why: string) => void,
): Promise<void> {
  while (await isOfOtherLog(context, REPLICATION_MS)) {
    signal.throwIfAborted();
    say(OTHER_LOG);
    const lease = await acquireLease(rebuildStates(context.db), LEASE);
    if (!lease) {
      await delay(LOOK_AGAIN_MS, undefined, { ref: false });
      continue;
    }
    try {
      // Another process may have been first.
      if (await isOfOtherLog(context, 0)) await discard(context, models, lease);
      await lease.save({ phase: 'done', finishedAt: new Date() });
    } finally {
      await lease.release();
    }
  }
}

/** @param patienceMs milliseconds that a log which ends before the mark has to get there */
async function isOfOtherLog({ client, db, streams }: ReadModelContext, patienceMs: number): Promise<boolean> {
  const mark = await inOneStep(logMarks(db).findOne({ _id: 'log' }));
  const until = performance.now() + patienceMs;
  while (mark) {
    const head = await endOfLog(client);
    if (await holdsMark(streams, mark)) return false;
    if (Number(head?.commit ?? 0n) >= mark.position || performance.now() >= until) return true;
    await delay(LOOK_AGAIN_MS, undefined, { ref: false });
  }
  return false;
}

/** The mark goes last: until then, whoever comes discards again. */
async function discard({ db, log }: ReadModelContext, models: readonly ReadModel[], lease: Lease): Promise<void> {
  log.warn({ readModels: models.map(({ name }) => name) }, OTHER_LOG);
  for (const { name, collections = [] } of models) {
    for (const collection of [name, `${name}_rebuild`, ...collections]) {
      await lease.save({});
      await inOneStep(db.collection(collection).drop());
    }
  }
  await inOneStep(readModelStates(db).deleteMany({ _id: { $nin: [LEASE._id, 'log'] } }));
  await inOneStep(logMarks(db).deleteOne({ _id: 'log' }));
}
