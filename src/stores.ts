import { setTimeout as delay } from 'node:timers/promises';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { MongoClient } from 'mongodb';
import type { Logger } from 'pino';
import { connectEventStore } from './eventstoredb/client.ts';
import { connectMongo } from './read-models/database.ts';
import { findServers, type ServerConfig, type Servers, startServers } from './servers.ts';

export interface Stores {
  readonly eventStore: EventStoreDBClient;
  readonly mongo: MongoClient;
  /** Rejects when an embedded server ends by itself; pending for ever with real ones. */
  readonly failed: Promise<never>;
  /** Ends the embedded servers as well. */
  close(): Promise<void>;
}

const CLOSE_WITHIN_MS = 2000;

/**
 * Clients of both stores, by the same drivers whether they are embedded or not. Connecting is lazy, so that a store
 * that is away now can come later.
 */
export function connectStores(servers: Servers): Stores {
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
export async function joinStores(config: ServerConfig, log: Logger): Promise<Stores> {
  const running = findServers(config.dataDir);
  const { eventStoreUrl = running?.eventStoreUrl, mongoUrl = running?.mongoUrl } = config;
  return connectStores(await startServers({ ...config, eventStoreUrl, mongoUrl, auth: 'off' }, log));
}
