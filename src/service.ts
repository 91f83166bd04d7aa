import type { EventStoreDBClient } from '@eventstore/db-client';
import type { FastifyInstance } from 'fastify';
import type { MongoClient } from 'mongodb';
import type { Logger } from 'pino';
import { buildApp } from './http/app.ts';
import { createCustomerCommands } from './commands/customer-commands.ts';
import { createMenuCommands } from './commands/menu-commands.ts';
import { createOrderCommands } from './commands/order-commands.ts';
import type { AccessSettings } from './access/settings.ts';
import { type Config, ConfigError } from './config.ts';
import { readHead } from './eventstoredb/client.ts';
import { CUSTOMER, MENU_ITEM, ORDER } from './eventstoredb/aggregates.ts';
import { eventSchemas } from './eventstoredb/event-schemas.ts';
import { EventSourcingRepository } from './eventstoredb/repository.ts';
import { followDeletions } from './eventstoredb/follow-deletions.ts';
import { createStreamStore } from './eventstoredb/streams.ts';
import type { Readiness } from './http/routes/health.ts';
import { createStreams } from './http/live/streams.ts';
import { createBoard } from './live/board.ts';
import { createHub } from './live/hub.ts';
import { createOrderReader } from './live/order-reader.ts';
import { createMetrics } from './metrics.ts';
import { createAuditQueries } from './read-models/audit/queries.ts';
import { createCustomerQueries } from './read-models/customers/queries.ts';
import { withTimeLimit } from './read-models/database.ts';
import { openDatabase } from './read-models/collections.ts';
import { carryOverMenu } from './read-models/menu/carry-over.ts';
import { READ_MODELS } from './read-models/index.ts';
import type { ReadModel } from './read-models/read-model.ts';
import { prepareReadModels } from './read-models/rebuild/prepare.ts';
import { createAnalyticsQueries } from './read-models/analytics/queries.ts';
import { createMenuQueries } from './read-models/menu/queries.ts';
import { createOrderQueries } from './read-models/orders/queries.ts';
import { createRefundQueries } from './read-models/refunds/queries.ts';
import { createPressure } from './http/server/pressure.ts';
import { createProjectionAdmin } from './read-models/admin.ts';
import { createRebuilds } from './read-models/rebuild/rebuild.ts';
import { supervise } from './read-models/live/supervise.ts';
import { startWorker, type Worker } from './read-models/live/worker.ts';
import { STEP_TIME_LIMIT_MS, STORE_TIME_LIMIT_MS } from './time-limit.ts';
import type { Tracing } from './tracing/trace.ts';

export interface ServiceOptions {
  readonly config: Pick<
    Config,
    | 'mongoDatabase'
    | 'consumerGroup'
    | 'streamPrefix'
    | 'currency'
    | 'snapshotEvery'
    | 'withheldEvents'
    | 'maxInFlight'
    | 'maxStreams'
    | 'rateLimitPerMinute'
    | 'trustProxy'
    | 'pages'
  >;
  readonly eventStore: EventStoreDBClient;
  readonly mongo: MongoClient;
  readonly log: Logger;
  readonly clock?: () => Date;
  /** Absent: nobody is asked who it is. */
  readonly access?: AccessSettings | undefined;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
  /** Default: those of the product. */
  readonly readModels?: readonly ReadModel[];
}

export interface Service {
  readonly app: FastifyInstance;
  readonly worker: Worker;
  /** Makes readiness say no, so that a load balancer looks elsewhere, and ends the event streams. */
  drain(): void;
  /** Finishes the requests in flight, then the projection's batch in hand. The stores stay open. */
  close(): Promise<void>;
}

const PROBE_TIME_LIMIT_MS = 1000;

/**
 * Wires the service on two clients and starts its projection worker; the caller listens and closes.
 *
 * @throws ConfigError when it is to withhold an event that there is not
 */
export async function createService({
  config,
  eventStore,
  mongo,
  log,
  clock = () => new Date(),
  access,
  tracing,
  readModels = READ_MODELS,
}: ServiceOptions): Promise<Service> {
  const { streamPrefix, withheldEvents: withheld } = config;
  const unknown = withheld?.find((type) => !Object.hasOwn(eventSchemas, type));
  if (unknown !== undefined) throw new ConfigError(`WITHHOLD_EVENTS names ${unknown}, which is no type of event`);
  const database = openDatabase(mongo, config.mongoDatabase);
  const metrics = createMetrics(tracing);
  const streams = createStreamStore({
    client: eventStore,
    streamPrefix,
    timeLimitMs: STORE_TIME_LIMIT_MS,
    observer: metrics.appends,
  });
  const orders = new EventSourcingRepository(ORDER, { streams, snapshotEvery: config.snapshotEvery, log });
  const menu = createMenuQueries(database, STORE_TIME_LIMIT_MS);
  const executing = { clock, log, onConflict: metrics.onConflict, withheld };
  const commands = createOrderCommands({ ...executing, repository: orders, menu, currency: config.currency });
  const customers = new EventSourcingRepository(CUSTOMER, { streams, log });
  const menuItems = new EventSourcingRepository(MENU_ITEM, { streams, log });
  const menuCommands = createMenuCommands({ ...executing, repository: menuItems });
  const { db } = database;
  // Nobody waits for what read models read of streams, and some streams are long.
  const projected = createStreamStore({ client: eventStore, streamPrefix, timeLimitMs: STEP_TIME_LIMIT_MS });
  const context = { client: eventStore, streams: projected, db, streamPrefix, log, tracing };
  const rebuilds = createRebuilds(context, readModels);
  const pressure = createPressure();
  const projecting = { context, models: readModels, group: config.consumerGroup };
  const worker = startWorker({ ...projecting, prepare, pressure });
  const admin = createProjectionAdmin({ ...projecting, rebuilds, worker });
  rebuilds.watch();
  const evictions = supervise('cache of orders', log, evictDeleted);
  metrics.watch({ worker: () => worker.status(), lag: () => admin.lag() });
  const folding = { orders, streamPrefix };
  const hub = createHub({ ...folding, client: eventStore, streams, log });
  const liveStreams = createStreams({ maxStreams: config.maxStreams, metrics, clock });
  let isDraining = false;
  const app = await buildApp({
    log,
    commands,
    orders: createOrderQueries(database, STORE_TIME_LIMIT_MS),
    refunds: createRefundQueries(database, STORE_TIME_LIMIT_MS),
    history: orders,
    audit: createAuditQueries(database, STORE_TIME_LIMIT_MS),
    customerCommands: createCustomerCommands({ ...executing, repository: customers }),
    customers: createCustomerQueries(database, STORE_TIME_LIMIT_MS),
    menu,
    menuCommands,
    menuHistory: menuItems,
    currency: config.currency,
    analytics: createAnalyticsQueries(database, STORE_TIME_LIMIT_MS),
    admin,
    hub,
    board: createBoard({ database, admin, timeLimitMs: STORE_TIME_LIMIT_MS }),
    readOrder: createOrderReader({ ...folding, streams }),
    streams: liveStreams,
    clock,
    metrics,
    tracing,
    readiness,
    limits: config,
    pages: config.pages,
    pressure,
    access: access && (await import('./access/index.ts')).createAccess(access, { log, clock }),
  });
  return {
    app,
    worker,
    drain() {
      isDraining = true;
      liveStreams.drain();
    },
    async close() {
      const stopped = Promise.all([admin.stop(), hub.close()]);
      await liveStreams.close();
      await app.close();
      await Promise.all([worker.stop(), evictions.stop(), stopped]);
      await orders.close();
      metrics.close();
    },
  };

  async function prepare(signal: AbortSignal, say: (why: string) => void): Promise<void> {
    await carryOverMenu(context, (sku, details) => menuCommands.carryOver(sku, details));
    await prepareReadModels(context, readModels, rebuilds, signal, say);
  }

  /** An append on a cached order would bring its stream back. */
  async function evictDeleted(signal: AbortSignal, progress: () => void): Promise<void> {
    orders.cacheAnew(false);
    await followDeletions(eventStore, streams.streamOf(ORDER.category, ''), signal, {
      onCaughtUp() {
        progress();
        orders.cacheAnew(true);
      },
      onChanged: (id) => orders.evict(id),
    }).finally(() => orders.cacheAnew(false));
  }

  async function readiness(): Promise<Readiness> {
    const [eventStoreUp, readModelsUp] = await Promise.all([
      isUp(readHead(eventStore, PROBE_TIME_LIMIT_MS)),
      isUp(withTimeLimit(PROBE_TIME_LIMIT_MS, db.command({ ping: 1 }))),
    ]);
    const { state, lastError = '' } = worker.status();
    return {
      isReady: eventStoreUp && readModelsUp && state === 'consuming' && !isDraining,
      checks: {
        eventStore: eventStoreUp ? 'up' : 'down',
        readModels: readModelsUp ? 'up' : 'down',
        projection: isDraining ? 'stopping' : state === 'rebuilding' ? `rebuilding: ${lastError}` : state,
      },
    };
  }

  async function isUp(probe: Promise<unknown>): Promise<boolean> {
    try {
      await probe;
      return true;
    } catch (error) {
      log.debug({ err: error }, 'a store does not answer');
      return false;
    }
  }
}
