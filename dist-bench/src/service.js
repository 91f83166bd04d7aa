import { buildApp } from "./http/app.js";
import { createCustomerCommands } from "./commands/customer-commands.js";
import { createOrderCommands } from "./commands/order-commands.js";
import { readHead } from "./eventstoredb/client.js";
import { EventSourcingRepository } from "./eventstoredb/repository.js";
import { createSnapshotStore } from "./eventstoredb/snapshots.js";
import { createStreamStore } from "./eventstoredb/streams.js";
import { createMetrics } from "./metrics.js";
import { createAuditQueries } from "./read-models/audit/queries.js";
import { createCustomerQueries } from "./read-models/customers/queries.js";
import { createMenuIndexes, openDatabase, withTimeLimit } from "./read-models/database.js";
import { READ_MODELS } from "./read-models/index.js";
import { prepareReadModels } from "./read-models/rebuild/prepare.js";
import { createAnalyticsQueries } from "./read-models/analytics/queries.js";
import { createMenuStore } from "./read-models/menu/store.js";
import { createOrderQueries } from "./read-models/orders/queries.js";
import { createPressure } from "./http/server/pressure.js";
import { createProjectionAdmin } from "./read-models/admin.js";
import { createRebuilds } from "./read-models/rebuild/rebuild.js";
import { startWorker } from "./read-models/live/worker.js";
/** So that a caller has its 503 within 3 s. */
const STORE_TIME_LIMIT_MS = 2500;
const PROBE_TIME_LIMIT_MS = 1000;
/** Wires the service on two clients and starts its projection worker; the caller listens and closes. */
export async function createService({ config, eventStore, mongo, log, clock = () => new Date(), readModels = READ_MODELS, }) {
    const { streamPrefix } = config;
    const database = openDatabase(mongo, config.mongoDatabase);
    const metrics = createMetrics();
    const streams = createStreamStore({
        client: eventStore,
        streamPrefix,
        timeLimitMs: STORE_TIME_LIMIT_MS,
        observer: metrics.appends,
    });
    const snapshots = createSnapshotStore(streams);
    const orders = new EventSourcingRepository({ streams, snapshots, snapshotEvery: config.snapshotEvery, log });
    const menu = createMenuStore(database, STORE_TIME_LIMIT_MS);
    const { onConflict } = metrics;
    const commands = createOrderCommands({ orders, menu, currency: config.currency, clock, log, onConflict });
    const { db } = database;
    const context = { client: eventStore, streams, db, streamPrefix, log };
    const rebuilds = createRebuilds(context, readModels);
    const pressure = createPressure();
    const projecting = { context, models: readModels, group: config.consumerGroup };
    const worker = startWorker({ ...projecting, prepare, pressure });
    const admin = createProjectionAdmin({ ...projecting, rebuilds, worker });
    rebuilds.watch();
    metrics.watch({ worker: () => worker.status(), lag: () => admin.lag() });
    let isDraining = false;
    const app = await buildApp({
        log,
        commands,
        orders: createOrderQueries(database, STORE_TIME_LIMIT_MS),
        history: orders,
        audit: createAuditQueries(database, STORE_TIME_LIMIT_MS),
        customerCommands: createCustomerCommands({ streams, clock, log, onConflict }),
        customers: createCustomerQueries(database, STORE_TIME_LIMIT_MS),
        menu,
        currency: config.currency,
        analytics: createAnalyticsQueries(database, STORE_TIME_LIMIT_MS),
        admin,
        metrics,
        readiness,
        limits: config,
        pressure,
    });
    return {
        app,
        worker,
        drain: () => (isDraining = true),
        async close() {
            const stopped = admin.stop();
            await app.close();
            await Promise.all([worker.stop(), stopped]);
            await orders.close();
            metrics.close();
        },
    };
    async function prepare() {
        await createMenuIndexes(database.menu);
        await prepareReadModels(context, readModels, rebuilds);
    }
    async function readiness() {
        const [eventStoreUp, readModelsUp] = await Promise.all([
            isUp(readHead(eventStore, PROBE_TIME_LIMIT_MS)),
            isUp(withTimeLimit(PROBE_TIME_LIMIT_MS, db.command({ ping: 1 }))),
        ]);
        const { state } = worker.status();
        return {
            isReady: eventStoreUp && readModelsUp && state === 'consuming' && !isDraining,
            checks: {
                eventStore: eventStoreUp ? 'up' : 'down',
                readModels: readModelsUp ? 'up' : 'down',
                projection: isDraining ? 'stopping' : state,
            },
        };
    }
    async function isUp(probe) {
        try {
            await probe;
            return true;
        }
        catch (error) {
            log.debug({ err: error }, 'a store does not answer');
            return false;
        }
    }
}
