import type { EventStoreDBClient, Position } from '@eventstore/db-client';
import { LOG_PAGE, readLog } from './log-reader.ts';

export interface Lag {
  /** Events not yet projected; above 1,000 an estimate, based on their share of the log. */
  readonly events: number;
  /** Age of the oldest of them; 0 if there is none. */
  readonly seconds: number;
}

/** At most this share of the time goes into measuring the lag. */
const LARGEST_SHARE = 0.05;

interface Measured {
  readonly events: number;
  readonly oldest: Date | undefined;
  readonly until: number;
}

/**
 * Measures the lag behind the log. A large lag is cached for twenty times as long as counting it took, a second or so:
 * asking often must not slow down a projection that is already behind.
 *
 * @returns counts the wanted events after `from` (undefined: from the beginning), given the position of the log's end
 */
export function createLagMeter(
  client: EventStoreDBClient,
  prefixes: readonly string[],
): (from: Position | undefined, head: Position | undefined) => Promise<Lag> {
  let last: Measured | undefined;
  return async (from, head) => {
    if (!last || performance.now() >= last.until) last = await measure(from, head);
    const { events, oldest } = last;
    return { events, seconds: oldest ? Math.max(0, (Date.now() - oldest.getTime()) / 1000) : 0 };
  };

  async function measure(from: Position | undefined, head: Position | undefined): Promise<Measured> {
    const start = performance.now();
    let events = 0;
    let oldest: Date | undefined;
    for await (const page of readLog(client, prefixes, from)) {
      events += page.events.length;
      oldest ??= page.events[0]?.created;
      // Counting more would take long, and the number would be out of date by then.
      if (page.events.length < LOG_PAGE) break;
      const end = performance.now();
      const share = shareOf(from, page.position, head);
      return { events: Math.round(events / share), oldest, until: end + (end - start) / LARGEST_SHARE };
    }
    return { events, oldest, until: start };
  }
}

/** The share of the log from `from` to its end that lies before `to`: at most 1. */
function shareOf(from: Position | undefined, to: Position, head: Position | undefined): number {
  const start = Number(from?.commit ?? 0n);
  const whole = Number(head?.commit ?? to.commit) - start;
  return whole > 0 ? Math.min(1, (Number(to.commit) - start) / whole) : 1;
}
