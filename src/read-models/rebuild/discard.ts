import { setTimeout as delay } from 'node:timers/promises';
import { readModelStates, STEP_TIME_LIMIT_MS, withTimeLimit } from '../database.ts';
import type { ReadModel, ReadModelContext } from '../read-model.ts';
import { acquireLease, type Lease, rebuildStates } from './lease.ts';
import { holdsMark, logMarks } from './log-mark.ts';

const LEASE = { _id: 'discard', version: 1, head: '0' };
const LOOK_AGAIN_MS = 250;

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
  say: (why: string) => void,
): Promise<void> {
  while (await isOfOtherLog(context)) {
    say(OTHER_LOG);
    const lease = await acquireLease(rebuildStates(context.db), LEASE);
    if (!lease) {
      await delay(LOOK_AGAIN_MS, undefined, { ref: false });
      continue;
    }
    try {
      // Another process may have been first.
      if (await isOfOtherLog(context)) await discard(context, models, lease);
      await lease.save({ phase: 'done', finishedAt: new Date() });
    } finally {
      await lease.release();
    }
  }
}

async function isOfOtherLog({ db, streams }: ReadModelContext): Promise<boolean> {
  const mark = await withTimeLimit(STEP_TIME_LIMIT_MS, logMarks(db).findOne({ _id: 'log' }));
  return mark !== null && !(await holdsMark(streams, mark));
}

/** The mark goes last: until then, whoever comes discards again. */
async function discard({ db, log }: ReadModelContext, models: readonly ReadModel[], lease: Lease): Promise<void> {
  log.warn({ readModels: models.map(({ name }) => name) }, OTHER_LOG);
  for (const { name, collections = [] } of models) {
    for (const collection of [name, `${name}_rebuild`, ...collections]) {
      await lease.save({});
      await withTimeLimit(STEP_TIME_LIMIT_MS, db.collection(collection).drop());
    }
  }
  await readModelStates(db).deleteMany({ _id: { $nin: [LEASE._id, 'log'] } });
  await logMarks(db).deleteOne({ _id: 'log' });
}
