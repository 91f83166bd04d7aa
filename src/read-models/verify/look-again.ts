import { setTimeout as delay } from 'node:timers/promises';
import type { Reached, VerifyRun } from '../findings.ts';

export interface LookedAgain {
  /** What still differs. */
  readonly left: readonly string[];
  /** How far the read model had come before the last look. */
  readonly reached: Reached;
  /** Whether that is the position that was read: then what is left is a difference. */
  readonly isReached: boolean;
}

const LOOK_AGAIN_MS = 100;

/**
 * Looks again at what seems to differ, as long as some of it may come right by itself and the read model moves, however
 * far behind it is, and for `settleMs` after that.
 *
 * @param head commit position up to which the log was read
 * @param look tells which of these ids still differ, and whether some may come right by themselves
 */
export async function lookAgain(
  { reached: readReached, settleMs, signal }: Pick<Required<VerifyRun>, 'reached' | 'settleMs' | 'signal'>,
  head: number,
  ids: readonly string[],
  look: (ids: readonly string[]) => Promise<{ readonly left: readonly string[]; readonly mayHeal: boolean }>,
): Promise<LookedAgain> {
  // Before each look, so that whatever was projected by then can be seen in it.
  let reached = await readReached();
  let { left, mayHeal } = await look(ids);
  let settledBy = performance.now() + settleMs;
  while (mayHeal && performance.now() < settledBy) {
    await delay(LOOK_AGAIN_MS);
    signal.throwIfAborted();
    const now = await readReached();
    if (!hasReached(reached, head) && hasMoved(reached, now)) settledBy = performance.now() + settleMs;
    reached = now;
    ({ left, mayHeal } = await look(left));
  }
  return { left, reached, isReached: hasReached(reached, head) };
}

function hasReached({ events, position }: Reached, head: number): boolean {
  return events === 0 || (position ?? 0) >= head;
}

/** More to do is no progress: the log grows by itself. */
function hasMoved(before: Reached, now: Reached): boolean {
  return now.events < before.events || (now.position ?? 0) > (before.position ?? 0);
}
