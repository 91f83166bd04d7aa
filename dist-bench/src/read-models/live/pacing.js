import { setTimeout as delay } from 'node:timers/promises';
/** Of the time, for a projection, while something more urgent waits. */
const LEAST_SHARE = 0.05;
const MOST_PAUSE_MS = 2000;
const LOOK_EVERY_MS = 20;
/**
 * Pauses after a batch for as long as something more urgent waits, so that this takes a twentieth of the time, and
 * looks after two seconds at the latest. What arrives meanwhile makes each event of the next batches cheaper.
 *
 * @param spentMs milliseconds that the batch took
 */
export async function makeRoom(spentMs, isMoreUrgent, signal) {
    const until = performance.now() + Math.min(spentMs * (1 / LEAST_SHARE - 1), MOST_PAUSE_MS);
    while (isMoreUrgent() && !signal.aborted && performance.now() < until) {
        await delay(LOOK_EVERY_MS, undefined, { ref: false });
    }
}
