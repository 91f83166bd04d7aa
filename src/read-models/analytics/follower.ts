import { setTimeout as delay } from 'node:timers/promises';
import {
  type AllStreamRecordedEvent,
  type EventStoreDBClient,
  type Position,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import type { Logger } from 'pino';
import type { StreamStore } from '../../eventstoredb/streams.ts';
import { ANALYTICS, FIRST_GENERATION } from './queries.ts';
import {
  type AnalyticsCollections,
  analyticsOf,
  createAnalyticsIndexes,
  type Database,
  type ProjectionStateDocument,
  withTimeLimit,
} from '../database.ts';
import { isDuplicateKey } from '../errors.ts';
import { takeBuffered } from '../live/batches.ts';
import { fromStored, toStored } from '../rebuild/log-reader.ts';
import { type AnalyticsReader, type AnalyticsTarget, createAnalyticsReader, projectAnalytics } from './project.ts';
import { giveWay } from '../live/pacing.ts';
import { type Progress, supervise } from '../live/supervise.ts';

/** Raise it when the figures or their documents change: they are built anew. */
export const ANALYTICS_VERSION = 1;

export interface AnalyticsFollowerOptions {
  readonly client: EventStoreDBClient;
  readonly streams: StreamStore;
  readonly database: Database;
  readonly streamPrefix: string;
  readonly log: Logger;
  /** Figures come last: after what this says is more urgent. */
  readonly isMoreUrgent: () => boolean;
}

export interface AnalyticsFollower {
  isRunning(): boolean;
  lastError(): string | undefined;
  /** Of the last event counted. */
  position(): Position | undefined;
  stop(): Promise<void>;
}

/** What a follower goes on from. */
interface Start {
  readonly generation: number;
  readonly target: AnalyticsCollections;
  readonly reader: AnalyticsReader;
}

/** In each two seconds, however much else there is to do: 1,000 events a second, for a twentieth of the time. */
const MOST_PER_BATCH = 2000;
const BATCH_TIME_LIMIT_MS = 15_000;
/** While events trickle in, they are counted together this often: figures of days need no more. */
const PAUSE_MS = 150;

/**
 * Follows the log in its own order from the position that the figures have reached. A catch-up subscription rather
 * than the consumer group, since sums over many orders can only be guarded against duplicates by one order of events.
 *
 * Once a rebuild has put figures of a new generation in the place of those that it counts into, it goes on from
 * where the new ones have got to.
 */
export function followAnalytics(options: AnalyticsFollowerOptions): AnalyticsFollower {
  const { client, streams, database, streamPrefix, log } = options;
  let position: Position | undefined;
  let interrupt: (() => void) | undefined;
  const supervised = supervise('analytics', log, async (signal, progress) => {
    while (!signal.aborted) {
      const state = await analyticsState(database);
      if (state.version !== ANALYTICS_VERSION) throw new Error('the figures are of another version, to be built anew');
      const generation = state.generation ?? FIRST_GENERATION;
      const target = analyticsOf(database.db, generation);
      await createAnalyticsIndexes(target.items);
      position = state.position && fromStored(state.position);
      const reader = createAnalyticsReader(streams, state.stalled);
      if ((await follow({ generation, target, reader }, signal, progress)) !== 'replaced') return;
      // The batch may have come after their removal, and made the old collections again.
      await dropAnalytics(target);
    }
  });

  return {
    isRunning: () => supervised.isRunning(),
    lastError: () => supervised.lastError(),
    position: () => position,
    async stop() {
      const stopped = supervised.stop();
      interrupt?.();
      await stopped;
    },
  };

  async function follow(start: Start, signal: AbortSignal, progress: Progress): Promise<'replaced' | 'ended'> {
    // Stopped while it was getting ready: there was no subscription yet to interrupt.
    const isStopped = () => signal.aborted;
    if (isStopped()) return 'ended';
    const subscription = client.subscribeToAll(
      {
        fromPosition: position ?? START,
        filter: streamNameFilter({ prefixes: [`${streamPrefix}PizzaOrder-`] }),
      },
      { highWaterMark: MOST_PER_BATCH },
    );
    let isBusy = false;
    interrupt = () => {
      if (!isBusy) subscription.destroy();
    };
    subscription.once('confirmation', progress);
    try {
      for await (const first of subscription) {
        isBusy = true;
        const batch = takeBuffered(subscription, first, MOST_PER_BATCH).flatMap(({ event }) => event ?? []);
        if (!(await withTimeLimit(BATCH_TIME_LIMIT_MS, count(start, batch)))) return 'replaced';
        if (batch.length < MOST_PER_BATCH / 2) await delay(PAUSE_MS, undefined, { ref: false });
        isBusy = false;
        await giveWay(options.isMoreUrgent, signal);
        if (isStopped()) return 'ended';
      }
      return 'ended';
    } finally {
      interrupt = undefined;
      await subscription
        .unsubscribe()
        .catch((error: unknown) => log.debug({ err: error }, 'the subscription was gone'));
      subscription.destroy();
    }
  }

  /** @returns false when the figures that it counted into are no longer the live ones */
  async function count(
    { generation, target, reader }: Start,
    batch: readonly AllStreamRecordedEvent[],
  ): Promise<boolean> {
    await countBatch(target, reader, batch);
    const last = batch.at(-1);
    if (!last) return true;
    const saved = await database.projections.updateOne(
      { _id: ANALYTICS, generation },
      { $set: { position: toStored(last.position), stalled: [...reader.stalled] } },
    );
    if (saved.matchedCount === 0) return false;
    position = last.position;
    return true;
  }
}

/** The state of the figures; those of a new database begin with the first generation. */
async function analyticsState({ projections }: Database): Promise<ProjectionStateDocument> {
  const found = await projections.findOne({ _id: ANALYTICS });
  if (found?.generation !== undefined) return found;
  const state = { version: ANALYTICS_VERSION, builtAt: new Date(), generation: FIRST_GENERATION, stalled: [] };
  try {
    await projections.replaceOne({ _id: ANALYTICS, generation: { $exists: false } }, state, { upsert: true });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  return { _id: ANALYTICS, ...state };
}

/** Counts a batch of the log into the documents of a target. */
export async function countBatch(
  target: AnalyticsTarget,
  reader: AnalyticsReader,
  batch: readonly AllStreamRecordedEvent[],
): Promise<void> {
  await projectAnalytics(target, await reader.read(batch));
}

export async function dropAnalytics({ days, items }: AnalyticsCollections): Promise<void> {
  await Promise.all([days.drop(), items.drop()]);
}
