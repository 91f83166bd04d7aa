import { setTimeout as delay } from 'node:timers/promises';
import {
  type AllStreamRecordedEvent,
  type EventStoreDBClient,
  type Position,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import type { Logger } from 'pino';
import type { StreamStore } from '../eventstoredb/streams.ts';
import { type Database, withTimeLimit } from '../mongodb/database.ts';
import { takeBuffered } from './batches.ts';
import { fromStored, toStored } from './catch-up.ts';
import {
  type AnalyticsReader,
  type AnalyticsTarget,
  createAnalyticsReader,
  projectAnalytics,
} from './project-analytics.ts';
import { supervise } from './supervise.ts';

export const ANALYTICS = 'analytics';
/** Raise it when the figures or their documents change: they are built anew. */
export const ANALYTICS_VERSION = 1;

export interface AnalyticsFollowerOptions {
  readonly client: EventStoreDBClient;
  readonly streams: StreamStore;
  readonly database: Database;
  readonly streamPrefix: string;
  readonly log: Logger;
}

export interface AnalyticsFollower {
  isRunning(): boolean;
  lastError(): string | undefined;
  /** Of the last event counted. */
  position(): Position | undefined;
  stop(): Promise<void>;
}

const MOST_PER_BATCH = 1000;
const BATCH_TIME_LIMIT_MS = 15_000;
/** While events trickle in, they are counted together this often: figures of days need no more. */
const PAUSE_MS = 150;

/**
 * Follows the log in its own order from the position that the figures have reached. A catch-up subscription rather
 * than the consumer group, since sums over many orders can only be guarded against duplicates by one order of events.
 */
export function followAnalytics(options: AnalyticsFollowerOptions): AnalyticsFollower {
  const { client, streams, database, streamPrefix, log } = options;
  let position: Position | undefined;
  let interrupt: (() => void) | undefined;
  const supervised = supervise('analytics', log, async (signal, progress) => {
    const state = await database.projections.findOne({ _id: ANALYTICS });
    position = state?.position && fromStored(state.position);
    const reader = createAnalyticsReader(streams, state?.stalled);
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
        await withTimeLimit(BATCH_TIME_LIMIT_MS, count(reader, batch));
        if (batch.length < MOST_PER_BATCH / 2) await delay(PAUSE_MS, undefined, { ref: false });
        isBusy = false;
        if (signal.aborted) return;
      }
    } finally {
      interrupt = undefined;
      await subscription
        .unsubscribe()
        .catch((error: unknown) => log.debug({ err: error }, 'the subscription was gone'));
      subscription.destroy();
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

  async function count(reader: AnalyticsReader, batch: readonly AllStreamRecordedEvent[]): Promise<void> {
    await countBatch(database.analytics, reader, batch);
    const last = batch.at(-1);
    if (!last) return;
    position = last.position;
    await database.projections.replaceOne(
      { _id: ANALYTICS },
      { version: ANALYTICS_VERSION, builtAt: new Date(), position: toStored(position), stalled: [...reader.stalled] },
      { upsert: true },
    );
  }
}

/** Counts a batch of the log into the documents of a target. */
export async function countBatch(
  target: AnalyticsTarget,
  reader: AnalyticsReader,
  batch: readonly AllStreamRecordedEvent[],
): Promise<void> {
  await projectAnalytics(target, await reader.read(batch));
}
