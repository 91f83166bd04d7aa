import type { EventStoreDBClient } from '@eventstore/db-client';
import type { MongoClient } from 'mongodb';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { EmbeddedServer } from './embedded/launch.ts';
import { connectEventStore } from './eventstoredb/client.ts';
import { connectMongo } from './mongodb/database.ts';

export interface Stores {
  readonly eventStore: EventStoreDBClient;
  readonly mongo: MongoClient;
  /** Rejects when an embedded server ends by itself; pending for ever with real ones. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/**
 * Connects to the stores that the configuration names. One without a URL is started embedded: the same driver talks
 * to it. Connecting is lazy, so that a store that is away now can come later.
 */
export async function openStores(config: Config, log: Logger): Promise<Stores> {
  const servers: EmbeddedServer[] = [];
  const serve = async (url: string | undefined, start: () => Promise<EmbeddedServer>) => {
    if (url !== undefined) return url;
    const server = await start();
    servers.push(server);
    return server.url;
  };
  const [eventStoreUrl, mongoUrl] = await Promise.all([
    serve(config.eventStoreUrl, async () => {
      const { startEmbeddedEventStore } = await import('./embedded/eventstoredb/index.ts');
      return startEmbeddedEventStore({ dataDir: config.dataDir, port: config.embeddedEventStorePort });
    }),
    serve(config.mongoUrl, async () => {
      const { startEmbeddedMongo } = await import('./embedded/mongodb/index.ts');
      return startEmbeddedMongo({ dataDir: config.dataDir, port: config.embeddedMongoPort });
    }),
  ]);
  for (const { url } of servers) log.info({ url, dataDir: config.dataDir }, 'embedded development server listens');
  const eventStore = connectEventStore(eventStoreUrl);
  const mongo = connectMongo(mongoUrl);
  return {
    eventStore,
    mongo,
    failed: Promise.race([new Promise<never>(() => undefined), ...servers.map(({ failed }) => failed)]),
    async close() {
      await Promise.all([eventStore.dispose(), mongo.close()]);
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
