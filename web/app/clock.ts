import { signal } from '@preact/signals';

/** A tablet's clock can be wrong, and be set while it shows a page: time is counted from what the service said last. */
let serverMs = Date.now();
let saidAt = performance.now();

/** @param time the service's, as `Date` header or RFC 3339 */
export function noteServerTime(time: string): void {
  const said = Date.parse(time);
  if (Number.isNaN(said)) return;
  // A `Date` header has whole seconds: what differs by less is no news.
  if (Math.abs(said - serverNow()) < 1500) return;
  serverMs = said;
  saidAt = performance.now();
  now.value = serverNow();
}

/** The service's time, in milliseconds since 1970. */
export function serverNow(): number {
  return serverMs + (performance.now() - saidAt);
}

/** The service's time, anew each second. */
export const now = signal(serverNow());
setInterval(() => (now.value = serverNow()), 1000);
