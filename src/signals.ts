/** So long after a signal another one counts as the same: npm hands on what the whole terminal's group got. */
const ECHO_MS = 1000;

/**
 * Listens for signals that may come twice for one wish: Ctrl-C reaches a program under `npm start` twice, and a closed
 * window may as well.
 *
 * @param first finishes what is in flight
 * @param again ends at once
 */
export function onSignals(names: readonly NodeJS.Signals[], first: () => void, again: () => void): void {
  let since: number | undefined;
  const listener = () => {
    if (since === undefined) {
      since = performance.now();
      first();
    } else if (performance.now() - since > ECHO_MS) again();
  };
  for (const name of names) process.on(name, listener);
}
