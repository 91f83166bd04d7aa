import { setTimeout as delay } from 'node:timers/promises';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { MongoClient } from 'mongodb';
import type { Logger } from 'pino';
import { connectEventStore } from './eventstoredb/client.ts';
import { connectMongo } from './read-models/database.ts';
import { joinServers, type ServerConfig, type Servers } from './servers.ts';

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
 *
 * @throws Error, the servers being closed, for what a driver refuses in its URL
 */
export async function connectStores(servers: Servers): Promise<Stores> {
  try {
    return connect(servers);
  } catch (error) {
    await servers.close();
    throw error;
  }
}

function connect(servers: Servers): Stores {
  const eventStore = named('EVENTSTORE_URL', () => connectEventStore(servers.eventStoreUrl));
  const mongo = named('MONGODB_URL', () => connectMongo(servers.mongoUrl));
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

function named<Client>(variable: string, create: () => Client): Client {
  try {
    return create();
  } catch (error) {
    throw new Error(`${variable}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * The stores, for a tool beside the service: joins the embedded servers of a running service if there are any, and
 * starts its own where neither they nor the configuration say where a store is.
 */
export async function joinStores(config: ServerConfig, log: Logger): Promise<Stores> {
  return connectStores(await joinServers(config, log));
}
