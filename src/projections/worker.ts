import { setTimeout as delay } from 'node:timers/promises';
import type { AllStreamRecordedEvent, EventStoreDBClient, PersistentSubscriptionToAll, PersistentSubscriptionToAllResolvedEvent } from '@eventstore/db-client';
import type { Logger } from 'pino';
import type { StreamStore } from '../eventstoredb/streams.ts';
import { type Database, withTimeLimit } from '../mongodb/database.ts';
import { ensureConsumerGroup } from './consumer-group.ts';
import { type Outcome, reasonOf } from './deliveries.ts';
import { projectAudit } from './project-audit.ts';
import { projectCustomers } from './project-customers.ts';
import { projectOrders } from './project-orders.ts';

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
}

/** Events that the server sends ahead of their acknowledgement. */
const BUFFER_SIZE = 1000;
const MOST_PER_BATCH = 500;
const BATCH_TIME_LIMIT_MS = 8000;
const BACK_OFF_MS = { first: 100, most: 2000 };

type Delivery = PersistentSubscriptionToAllResolvedEvent & { event: AllStreamRecordedEvent };

/**
 * Consumes the consumer group and projects what comes, for ever: when a store is away or the subscription ends, it
 * stops, backs off with jitter and starts again. An event is acknowledged after its documents are written, and
 * parked only when it cannot be read or applied, never because a store is away.
 */
export function startWorker(options: WorkerOptions): Worker {
  const { log } = options;
  let state: WorkerStatus['state'] = 'starting';
  let lastError: string | undefined;
  let lastProjectedAt: Date | undefined;
  let subscription: PersistentSubscriptionToAll | undefined;
  const counts = { inFlight: 0, projected: 0, redelivered: 0, parked: 0 };
  const stopping = new AbortController();
  let isBusy = false;

  const running = run();

  return {
    status: () => ({ state, lastError, lastProjectedAt, ...counts }),
    async stop() {
      stopping.abort();
      if (!isBusy) subscription?.destroy();
      await running;
      state = 'stopped';
    },
  };

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        await options.prepare();
        await ensureConsumerGroup(options.client, options.group, options.streamPrefix, log);
        await consume(() => (failures = 0));
      } catch (error) {
        if (isStopping()) return;
        failures += 1;
        lastError = reasonOf(error);
        log.warn({ err: error, failures }, 'projection worker is waiting for its stores');
      }
      if (isStopping()) return;
      state = 'waiting';
      const ceiling = Math.min(BACK_OFF_MS.first * 2 ** failures, BACK_OFF_MS.most);
      await delay(ceiling / 2 + (Math.random() * ceiling) / 2, undefined, { signal: stopping.signal }).catch(ignoreAbort);
    }
  }

  function isStopping(): boolean {
    return stopping.signal.aborted;
  }

  /** Ends by throwing: a subscription that ends by itself is an error too. */
  async function consume(onProgress: () => void): Promise<void> {
    const subscribed = options.client.subscribeToPersistentSubscriptionToAll(
      options.group,
      { bufferSize: BUFFER_SIZE },
      { highWaterMark: BUFFER_SIZE },
    );
    subscription = subscribed;
    subscribed.once('confirmation', () => {
      state = 'consuming';
      lastError = undefined;
      log.info({ group: options.group }, 'projection worker consumes');
    });
    try {
      for await (const first of subscribed) {
        isBusy = true;
        const arrived = takeBuffered(subscribed, first);
        counts.inFlight = arrived.length;
        await settle(subscribed, arrived);
        counts.inFlight = 0;
        isBusy = false;
        onProgress();
        if (isStopping()) return;
      }
      throw new Error('the subscription ended');
    } finally {
      isBusy = false;
      counts.inFlight = 0;
      subscription = undefined;
      await subscribed.unsubscribe().catch((error: unknown) => log.debug({ err: error }, 'subscription was gone already'));
      subscribed.destroy();
    }
  }

  async function settle(
    subscribed: PersistentSubscriptionToAll,
    arrived: readonly PersistentSubscriptionToAllResolvedEvent[],
  ): Promise<void> {
    const batch = arrived.filter((resolved): resolved is Delivery => resolved.event !== undefined);
    const empty = arrived.filter(({ event }) => event === undefined);
    // A parked event that was deleted since: there is nothing left to project.
    if (empty.length > 0) await subscribed.ack(...empty);
    if (batch.length === 0) return;
    counts.redelivered += batch.filter(({ retryCount }) => retryCount > 0).length;
    const outcomes = await withTimeLimit(BATCH_TIME_LIMIT_MS, project(options, batch.map(({ event }) => event)));
    const done = batch.filter((_, index) => outcomes[index]?.type === 'done');
    if (done.length > 0) await subscribed.ack(...done);
    for (const [index, delivery] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome?.type !== 'park') continue;
      const { streamId, revision, id } = delivery.event;
      log.error({ stream: streamId, revision: Number(revision), eventId: id, reason: outcome.reason }, 'event parked');
      await subscribed.nack('park', outcome.reason, delivery);
      counts.parked += 1;
    }
    counts.projected += done.length;
    lastProjectedAt = new Date();
  }
}

/** What has arrived by now goes into one batch: the more there is to do, the less each event costs. */
function takeBuffered(
  subscribed: PersistentSubscriptionToAll,
  first: PersistentSubscriptionToAllResolvedEvent,
): PersistentSubscriptionToAllResolvedEvent[] {
  const batch = [first];
  while (batch.length < MOST_PER_BATCH) {
    const next = subscribed.read() as PersistentSubscriptionToAllResolvedEvent | null;
    if (next === null) break;
    batch.push(next);
  }
  return batch;
}

/** Projects delivered events into every read model that follows the consumer group. */
export async function project(
  { streams, database, streamPrefix }: Pick<WorkerOptions, 'streams' | 'database' | 'streamPrefix'>,
  events: readonly AllStreamRecordedEvent[],
): Promise<Outcome[]> {
  const isOrder = ({ streamId }: AllStreamRecordedEvent) => streamId.startsWith(`${streamPrefix}PizzaOrder-`);
  const ofOrders = events.filter(isOrder);
  const ofCustomers = events.filter((event) => !isOrder(event));
  const target = {
    orders: database.orders,
    customers: database.customers,
    readGap: (stream: string, from: number, count: number) => streams.readRecorded(stream, { from, maxCount: count }),
  };
  const customers = ofCustomers.length > 0 ? await projectCustomers(target, ofCustomers) : [];
  const [orders] = await Promise.all([projectOrders(target, ofOrders), projectAudit(database.audit, ofOrders)]);
  const outcomes = new Map<AllStreamRecordedEvent, Outcome>();
  ofOrders.forEach((event, index) => outcomes.set(event, orders[index] ?? { type: 'done' }));
  ofCustomers.forEach((event, index) => outcomes.set(event, customers[index] ?? { type: 'done' }));
  return events.map((event) => outcomes.get(event) ?? { type: 'done' });
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
