/** For one call to a store, and for a whole command with its retries: a caller has its answer within 3 s. */
export const STORE_TIME_LIMIT_MS = 2500;
/** For one step of work that nobody waits for: longer than any step takes, so that one without an answer ends. */
export const STEP_TIME_LIMIT_MS = 30_000;

/**
 * Settles as `call` does, or rejects when time is up.
 *
 * @param ms milliseconds
 * @param timeUp makes the error of a call that has taken too long
 * @param explain what to reject with; default: the error itself
 */
export function settleWithin<T>(
  ms: number,
  call: Promise<T>,
  timeUp: () => Error,
  explain: (error: Error) => Error = (error) => error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      clearTimeout(timer);
      reject(explain(error as Error)); // nothing else is thrown here
    };
    const timer = setTimeout(() => fail(timeUp()), Math.max(0, ms));
    call.then((value) => {
      clearTimeout(timer);
      resolve(value);
    }, fail);
  });
}
