/**
 * Settles as `call` does, or rejects when time is up. A timer of one promise: every command passes here twice, and
 * `Promise.race` would take three times as many.
 *
 * @param ms milliseconds
 * @param timeUp makes the error of a call that has taken too long
 * @param explain what to reject with when the call itself fails; default: its own error
 */
export function settleWithin<T>(
  ms: number,
  call: Promise<T>,
  timeUp: () => Error,
  explain: (error: Error) => Error = (error) => error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timeUp()), Math.max(0, ms));
    call.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(explain(error as Error)); // nothing else is thrown here
      },
    );
  });
}
