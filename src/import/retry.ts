import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOptions {
  /** Milliseconds without any answer of the store after which a call gives up. */
  readonly patienceMs: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  readonly isUnavailable: (error: unknown) => boolean;
  /** Called once each time the store goes away. */
  readonly onAway: (error: unknown) => void;
}

export type Retry = <T>(call: () => Promise<T>) => Promise<T>;

/** The store was away for longer than the run waits. */
export class StoreAwayError extends Error {
  override readonly name = 'StoreAwayError';
}

const DELAY_MS = { first: 100, most: 5000 };

/**
 * Makes a call until the store answers, with a growing pause between. Calls at the same time share their patience: an
 * answer to one of them shows that the store is back.
 *
 * A retried call throws StoreAwayError when patience is at its end, the signal's AbortError, or what is no outage.
 */
export function createRetry({ patienceMs, signal, isUnavailable, onAway }: RetryOptions): Retry {
  setMaxListeners(0, signal); // every waiting call listens: no leak to warn of
  let awaySince: number | undefined;

  return async function retry(call) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await call();
        awaySince = undefined;
        return answer;
      } catch (error) {
        if (!isUnavailable(error)) {
          awaySince = undefined;
          throw error;
        }
        if (awaySince === undefined && !signal.aborted) onAway(error);
        awaySince ??= performance.now();
        const pause = Math.min(DELAY_MS.first * 2 ** attempt, DELAY_MS.most) + randomInt(DELAY_MS.first);
        const left = awaySince + patienceMs - performance.now();
        if (left <= 0) throw new StoreAwayError('the store does not answer', { cause: error });
        await delay(Math.min(pause, left), undefined, { signal });
      }
    }
  };
}
