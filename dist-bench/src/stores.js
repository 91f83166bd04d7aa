import { setTimeout as delay } from 'node:timers/promises';
import { connectEventStore } from "./eventstoredb/client.js";
import { connectMongo } from "./read-models/database.js";
import { findServers, startServers } from "./servers.js";
const CLOSE_WITHIN_MS = 2000;
/**
 * Clients of both stores, by the same drivers whether they are embedded or not. Connecting is lazy, so that a store
 * that is away now can come later.
 */
export function connectStores(servers) {
    const eventStore = connectEventStore(servers.eventStoreUrl);
    const mongo = connectMongo(servers.mongoUrl);
    return {
        eventStore,
        mongo,
        failed: servers.failed,
        async close() {
            // A call that was given up on can hold the client's streams open: closing does not wait for those.
            await Promise.race([
                Promise.all([eventStore.dispose(), mongo.close()]),
                delay(CLOSE_WITHIN_MS, undefined, { ref: false }),
            ]);
            await servers.close();
        },
    };
}
/**
 * The stores, for a tool beside the service: joins the embedded servers of a running service if there are any, and
 * starts its own where neither they nor the configuration say where a store is.
 */
export async function joinStores(config, log) {
    const running = findServers(config.dataDir);
    const { eventStoreUrl = running?.eventStoreUrl, mongoUrl = running?.mongoUrl } = config;
    return connectStores(await startServers({ ...config, eventStoreUrl, mongoUrl }, log));
}
