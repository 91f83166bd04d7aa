import { withTimeLimit } from '../eventstoredb/client.ts';
import { EventStoreUnavailableError } from '../eventstoredb/errors.ts';
import { STORE_TIME_LIMIT_MS } from '../time-limit.ts';

/** @throws EventStoreUnavailableError when the caller has been answered already: then nothing more may be begun */
export type StillWanted = () => void;

/**
 * Runs tasks of the same key one after another, and those of different keys side by side.
 *
 * Commands on one order would only make each other's appends fail; another instance is still met by the expected
 * revision. One time limit spans waiting and running: behind a task that waits for a silent event store, others
 * would otherwise wait for one time limit after another.
 *
 * @throws EventStoreUnavailableError when time is up; what the task throws
 */
export function createSerializer(timeLimitMs = STORE_TIME_LIMIT_MS) {
  const tails = new Map<string, Promise<unknown>>();

  return function serialize<T>(key: string, task: (stillWanted: StillWanted) => Promise<T>): Promise<T> {
    let isLate = false;
    const stillWanted = () => {
      if (isLate) throw new EventStoreUnavailableError('the command came too late');
    };
    const start = () => {
      stillWanted();
      return task(stillWanted);
    };
    const previous = tails.get(key);
    const running = previous === undefined ? start() : previous.then(start, start);
    tails.set(key, running);
    const forget = () => {
      if (tails.get(key) === running) tails.delete(key);
    };
    running.then(forget, forget);
    return withTimeLimit(timeLimitMs, running, () => (isLate = true));
  };
}
