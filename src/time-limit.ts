/** For one call to a store, and for a whole command with its retries: a caller has its answer within 3 s. */
export const STORE_TIME_LIMIT_MS = 2500;

/**
 * Settles as `call` does, or rejects when time is up.
 *
 * @param ms milliseconds
 * @param timeUp makes the error of a call that has taken too long
 * @param explain what to reject with; default: the error itself
 */
export async function settleWithin<T>(
  ms: number,
  call: Promise<T>,
  timeUp: () => Error,
  explain: (error: Error) => Error = (error) => error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timeUp()), Math.max(0, ms));
  });
  try {
    return await Promise.race([call, late]);
  } catch (error) {
    throw explain(error as Error); // nothing else is thrown here
  } finally {
    clearTimeout(timer);
  }
}
