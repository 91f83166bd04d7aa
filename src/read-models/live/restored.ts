import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { inOneStep, readModelStates } from '../database.ts';
import type { ReadModel } from '../read-model.ts';
import { deliveredTo } from '../rebuild/log-mark.ts';

const LOOK_EVERY_MS = 2000;

/**
 * Waits until MongoDB holds less than it did when the read models were prepared: somebody has restored it to an earlier
 * point, or dropped the database. While nothing happens, nobody else would notice.
 *
 * @param known position that is noted as delivered, as far as this process knows; −1: none
 * @returns whether it does; false when it was aborted
 */
export async function untilRestored(
  db: Db,
  models: readonly Pick<ReadModel, 'name'>[],
  known: () => number,
  signal: AbortSignal,
): Promise<boolean> {
  const filter = { _id: { $in: models.map(({ name }) => name) } };
  const countStates = () => inOneStep(readModelStates(db).countDocuments(filter));
  for (;;) {
    try {
      const before = known();
      const [found, delivered] = await Promise.all([countStates(), inOneStep(deliveredTo(db))]);
      if (found < models.length || delivered < before) return true;
    } catch {
      // MongoDB is away: whoever writes to it says so.
    }
    await delay(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return false;
  }
}
