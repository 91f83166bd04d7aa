/**
 * Settles as `call` does, or rejects when time is up. A timer of one promise: every command passes here twice, and
 * `Promise.race` would take three times as many.
 *
 * @param ms milliseconds
 * @param timeUp makes the error of a call that has taken too long
 * @param explain what to reject with when the call itself fails; default: its own error
 */
export function settleWithin(ms, call, timeUp, explain = (error) => error) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(timeUp()), Math.max(0, ms));
        call.then((value) => {
            clearTimeout(timer);
            resolve(value);
        }, (error) => {
            clearTimeout(timer);
            reject(explain(error)); // nothing else is thrown here
        });
    });
}
