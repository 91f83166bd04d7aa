import type { EventStoreDBClient, Position, RecordedEvent } from '@eventstore/db-client';
import { readLog } from './catch-up.ts';

export interface Lag {
  /** Events not yet projected; counted over the next 10,000 events of the log only. */
  readonly events: number;
  /** Age of the oldest of them; 0 without one. */
  readonly seconds: number;
}

/** A lag beyond this is told as this. */
const MOST_LAG_EVENTS = 10_000;
const EVENTS_PER_PAGE = 1000;
/** Events: counting fewer costs next to nothing. */
const LARGE = 1000;
/** Of the time, for looking how much there is to do. */
const LARGEST_SHARE = 0.05;

interface Measured {
  readonly events: number;
  readonly oldest: Date | undefined;
  readonly until: number;
}

/**
 * Counts what the log has after a position. A large lag, which takes as long to count as events take to read, is told
 * again until twenty times as long has passed: whoever asks often does not slow down what is behind already.
 *
 * @returns counts the events wanted after a position; undefined: those of the whole log
 */
export function createLagMeter(
  client: EventStoreDBClient,
  streamPrefix: string,
  isWanted: (event: RecordedEvent) => boolean = () => true,
): (from: Position | undefined) => Promise<Lag> {
  let last: Measured | undefined;
  return async (from) => {
    if (!last || performance.now() >= last.until) last = await measure(from);
    const { events, oldest } = last;
    return { events, seconds: oldest ? Math.max(0, (Date.now() - oldest.getTime()) / 1000) : 0 };
  };

  async function measure(from: Position | undefined): Promise<Measured> {
    const start = performance.now();
    let events = 0;
    let oldest: Date | undefined;
    let read = 0;
    for await (const page of readLog(client, streamPrefix, from, EVENTS_PER_PAGE)) {
      const wanted = page.events.filter(isWanted);
      events += wanted.length;
      oldest ??= wanted[0]?.created;
      read += page.events.length;
      if (read >= MOST_LAG_EVENTS) break;
    }
    const end = performance.now();
    return { events, oldest, until: events < LARGE ? end : end + (end - start) / LARGEST_SHARE };
  }
}
