import type { EventStoreDBClient, PersistentSubscriptionToAllInfo, Position } from '@eventstore/db-client';
import { readLog } from './log-reader.ts';

export interface Lag {
  /** Events not yet projected; more than 1,000 are an estimate, by how much of the log they take. */
  readonly events: number;
  /** Age of the oldest of them; 0 without one. */
  readonly seconds: number;
}

/** So many are counted: more would take long, and be another number by then. */
const MOST_COUNTED = 1000;
/** Of the time, for looking how much there is to do. */
const LARGEST_SHARE = 0.05;

interface Measured {
  readonly events: number;
  readonly oldest: Date | undefined;
  readonly until: number;
}

/**
 * Counts what the log has after a position. A large lag is told again until twenty times as long as counting took has
 * passed, within a second or so: whoever asks often does not slow down what is behind already.
 *
 * @returns counts the events wanted after a position, given that of the log's end; undefined: from its beginning
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
    for await (const page of readLog(client, prefixes, from, MOST_COUNTED)) {
      events += page.events.length;
      oldest ??= page.events[0]?.created;
      if (page.events.length < MOST_COUNTED) break;
      const end = performance.now();
      const share = shareOf(from, page.position, head);
      return { events: Math.round(events / share), oldest, until: end + (end - start) / LARGEST_SHARE };
    }
    return { events, oldest, until: start };
  }
}

/**
 * Every event up to this position was delivered and acknowledged; undefined: perhaps none.
 *
 * While nobody consumes a group with a filter, EventStoreDB (seen in 23.10.6) moves its checkpoint on past events that
 * wait in its buffer: such a checkpoint says nothing.
 */
export function checkpointOf(info: Pick<PersistentSubscriptionToAllInfo, 'stats'>): Position | undefined {
  const { lastKnownEventPosition: known, lastCheckpointedEventPosition: checkpoint } = info.stats;
  const isPastKnown = checkpoint && known && checkpoint.commit > known.commit;
  return (isPastKnown && inHand(info) > 0 ? undefined : checkpoint) ?? undefined;
}

/** The live buffer doesn't count: EventStoreDB keeps the latest events in it, acknowledged or not. */
export function inHand({ stats }: Pick<PersistentSubscriptionToAllInfo, 'stats'>): number {
  return stats.readBufferCount + stats.retryBufferCount + stats.totalInFlightMessages;
}

/** How much of the log between a position and its end lies before another position: at most 1. */
function shareOf(from: Position | undefined, to: Position, head: Position | undefined): number {
  const start = Number(from?.commit ?? 0n);
  const whole = Number(head?.commit ?? to.commit) - start;
  return whole > 0 ? Math.min(1, (Number(to.commit) - start) / whole) : 1;
}
