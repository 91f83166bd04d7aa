/** So long after a Ctrl-C another one counts as the same: npm hands on what the whole terminal's group got. */
const ECHO_MS = 1000;

/**
 * Listens for Ctrl-C, which reaches a program under `npm start` twice.
 *
 * @param first finishes what is in flight
 * @param again ends at once
 */
export function onInterrupt(first: () => void, again: () => void): void {
  let since: number | undefined;
  process.on('SIGINT', () => {
    if (since === undefined) {
      since = performance.now();
      first();
    } else if (performance.now() - since > ECHO_MS) again();
  });
}
