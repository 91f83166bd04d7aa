import type {
  AllStreamRecordedEvent,
  EventStoreDBClient,
  PersistentSubscriptionToAll,
  PersistentSubscriptionToAllResolvedEvent,
} from '@eventstore/db-client';
import type { Logger } from 'pino';
import { ensureConnected } from '../../eventstoredb/client.ts';
import type { StreamStore } from '../../eventstoredb/streams.ts';
import { type Database, withTimeLimit } from '../database.ts';
import { takeBuffered } from './batches.ts';
import { ensureConsumerGroup } from './consumer-group.ts';
import { makeRoom } from './pacing.ts';
import { project } from '../project.ts';
import { createRecentOrders } from '../orders/recent.ts';
import { type Progress, supervise } from './supervise.ts';

export interface WorkerStatus {
  /** Only `consuming` means that events arrive. */
  readonly state: 'starting' | 'consuming' | 'waiting' | 'stopped';
  readonly lastError: string | undefined;
  readonly inFlight: number;
  readonly projected: number;
  readonly redelivered: number;
  readonly parked: number;
  readonly lastProjectedAt: Date | undefined;
}

export interface Worker {
  status(): WorkerStatus;
  /** Whether more has arrived than it has taken in hand. */
  isBehind(): boolean;
  /** Finishes the batch in hand, acknowledges it and ends the subscription. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly client: EventStoreDBClient;
  readonly streams: StreamStore;
  readonly database: Database;
  readonly group: string;
  readonly streamPrefix: string;
  readonly log: Logger;
  /** Runs before each start of consuming: what must be in place first. */
  readonly prepare: () => Promise<void>;
  /** While requests queue up, they come first. */
  readonly pressure: { readonly isHigh: () => boolean };
}

/** Events that the server sends ahead of their acknowledgement. */
const BUFFER_SIZE = 8000;
/** The more, the more often events of one order meet, which are written as one. */
const MOST_PER_BATCH = 4000;
/** After failures, which halve it: one that is too large for its time must not fail for ever. */
const LEAST_PER_BATCH = 250;
/** While requests queue up: none of them shall wait for long behind a batch. */
const MOST_UNDER_PRESSURE = 500;
/** Events in hand, from which on there is more than a trickle to catch up with. */
const BEHIND = 500;
/** After so many were in hand, for the next ones to come: the server hears of an acknowledgement first. */
const NEXT_BATCH_WITHIN_MS = 200;
const BATCH_TIME_LIMIT_MS = 8000;
const CONNECT_TIME_LIMIT_MS = 4000;

type Delivery = PersistentSubscriptionToAllResolvedEvent & { readonly event: AllStreamRecordedEvent };

/**
 * Consumes the consumer group and projects what comes, for ever. An event is acknowledged after its documents are
 * written, and parked only when it cannot be read or applied, never because a store is away.
 */
export function startWorker(options: WorkerOptions): Worker {
  const { log } = options;
  const projecting = { ...options, recent: createRecentOrders() };
  const counts = { inFlight: 0, projected: 0, redelivered: 0, parked: 0 };
  let lastProjectedAt: Date | undefined;
  let behindUntil = 0;
  let most = MOST_PER_BATCH;
  let hasStarted = false;
  let isStopped = false;
  let interrupt: (() => void) | undefined;

  const supervised = supervise('projection worker', log, async (signal, progress) => {
    await ensureConnected(options.client, CONNECT_TIME_LIMIT_MS);
    await options.prepare();
    await ensureConsumerGroup(options.client, options.group, options.streamPrefix, log);
    if (!signal.aborted) await consume(signal, progress);
  });

  return {
    status: () => ({ state: state(), lastError: supervised.lastError(), lastProjectedAt, ...counts }),
    isBehind: () => counts.inFlight >= BEHIND || performance.now() < behindUntil,
    async stop() {
      const stopped = supervised.stop();
      interrupt?.();
      await stopped;
      isStopped = true;
    },
  };

  function state(): WorkerStatus['state'] {
    if (isStopped) return 'stopped';
    if (supervised.isRunning()) return 'consuming';
    return hasStarted || supervised.lastError() !== undefined ? 'waiting' : 'starting';
  }

  function mostNow(): number {
    return options.pressure.isHigh() ? MOST_UNDER_PRESSURE : MOST_PER_BATCH;
  }

  async function consume(signal: AbortSignal, progress: Progress): Promise<void> {
    const subscription = options.client.subscribeToPersistentSubscriptionToAll(
      options.group,
      { bufferSize: BUFFER_SIZE },
      { highWaterMark: BUFFER_SIZE },
    );
    // A batch in hand is finished first: the loop looks at the signal after it.
    interrupt = () => {
      if (counts.inFlight === 0) subscription.destroy();
    };
    subscription.once('confirmation', () => {
      hasStarted = true;
      progress();
      log.info({ group: options.group }, 'projection worker consumes');
    });
    try {
      for await (const first of subscription) {
        const arrived = takeBuffered(subscription, first, Math.min(most, mostNow()));
        const begun = performance.now();
        counts.inFlight = arrived.length;
        await settle(subscription, arrived);
        most = Math.min(MOST_PER_BATCH, most + LEAST_PER_BATCH);
        if (arrived.length >= BEHIND) behindUntil = performance.now() + NEXT_BATCH_WITHIN_MS;
        counts.inFlight = 0;
        await makeRoom(performance.now() - begun, options.pressure.isHigh, signal);
        if (signal.aborted) return;
      }
    } catch (error) {
      if (counts.inFlight > 0) most = Math.max(LEAST_PER_BATCH, counts.inFlight / 2);
      throw error;
    } finally {
      counts.inFlight = 0;
      interrupt = undefined;
      await subscription
        .unsubscribe()
        .catch((error: unknown) => log.debug({ err: error }, 'the subscription was gone'));
      subscription.destroy();
    }
  }

  async function settle(
    subscription: PersistentSubscriptionToAll,
    arrived: readonly PersistentSubscriptionToAllResolvedEvent[],
  ): Promise<void> {
    const batch = arrived.filter((resolved): resolved is Delivery => resolved.event !== undefined);
    const empty = arrived.filter(({ event }) => event === undefined);
    // A parked event that was deleted since: there is nothing left to project.
    if (empty.length > 0) await subscription.ack(...empty);
    if (batch.length === 0) return;
    counts.redelivered += batch.filter(({ retryCount }) => retryCount > 0).length;
    const events = batch.map(({ event }) => event);
    const outcomes = await withTimeLimit(BATCH_TIME_LIMIT_MS, project(projecting, events));
    const done = batch.filter((_, index) => outcomes[index]?.type === 'done');
    if (done.length > 0) await subscription.ack(...done);
    for (const [index, delivery] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome?.type !== 'park') continue;
      const { streamId, revision, id } = delivery.event;
      log.error({ stream: streamId, revision: Number(revision), eventId: id, reason: outcome.reason }, 'event parked');
      await subscription.nack('park', outcome.reason, delivery);
      counts.parked += 1;
    }
    counts.projected += done.length;
    lastProjectedAt = new Date();
  }
}
