import { setTimeout as delay } from 'node:timers/promises';

/** The share of the time that a projection gets while something more urgent waits. */
const LEAST_SHARE = 0.05;
const MOST_PAUSE_MS = 2000;
const LOOK_EVERY_MS = 20;

/**
 * Pauses after a batch while something more urgent waits, so that projecting takes a twentieth of the time; two seconds
 * at most. What arrives in the meantime makes each event of the next batches cheaper.
 *
 * @param spentMs milliseconds that the batch took
 */
export async function makeRoom(spentMs: number, isMoreUrgent: () => boolean, signal: AbortSignal): Promise<void> {
  const until = performance.now() + Math.min(spentMs * (1 / LEAST_SHARE - 1), MOST_PAUSE_MS);
  while (isMoreUrgent() && !signal.aborted && performance.now() < until) {
    await delay(LOOK_EVERY_MS, undefined, { ref: false });
  }
}
