import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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

type StoreConfig = Pick<
  Config,
  'eventStoreUrl' | 'mongoUrl' | 'dataDir' | 'embeddedEventStorePort' | 'embeddedMongoPort'
>;

const CLOSE_WITHIN_MS = 2000;

/** Where the embedded servers of a running process listen, kept beside their data for the command-line tools. */
interface RunningServers {
  readonly pid: number;
  readonly eventStoreUrl: string;
  readonly mongoUrl: string;
}

/**
 * Connects to the stores that the configuration names. One without a URL is started embedded: the same driver talks
 * to it. Connecting is lazy, so that a store that is away now can come later.
 */
export async function openStores(config: StoreConfig, log: Logger): Promise<Stores> {
  const servers: EmbeddedServer[] = [];
  const serve = async (url: string | undefined, start: () => Promise<EmbeddedServer>) => {
    if (url !== undefined) return url;
    const server = await start();
    servers.push(server);
    log.info({ url: server.url, dataDir: config.dataDir }, 'embedded development server listens');
    return server.url;
  };
  const closeServers = async () => {
    if (servers.length > 0) rmSync(serversFile(config.dataDir), { force: true });
    await Promise.all(servers.map((server) => server.close()));
  };
  const urls = await Promise.all([
    serve(config.eventStoreUrl, async () => {
      const { startEmbeddedEventStore } = await import('./embedded/eventstoredb/index.ts');
      return startEmbeddedEventStore({ dataDir: config.dataDir, port: config.embeddedEventStorePort });
    }),
    serve(config.mongoUrl, async () => {
      const { startEmbeddedMongo } = await import('./embedded/mongodb/index.ts');
      return startEmbeddedMongo({ dataDir: config.dataDir, port: config.embeddedMongoPort });
    }),
  ]).catch(async (error: unknown) => {
    await closeServers();
    throw error;
  });
  const [eventStoreUrl, mongoUrl] = urls;
  if (servers.length > 0) {
    const running: RunningServers = { pid: process.pid, eventStoreUrl, mongoUrl };
    writeFileSync(serversFile(config.dataDir), JSON.stringify(running));
  }
  const eventStore = connectEventStore(eventStoreUrl);
  const mongo = connectMongo(mongoUrl);
  return {
    eventStore,
    mongo,
    failed: Promise.race([new Promise<never>(() => undefined), ...servers.map(({ failed }) => failed)]),
    async close() {
      // A call that was given up on can hold the client's streams open: closing does not wait for those.
      await Promise.race([
        Promise.all([eventStore.dispose(), mongo.close()]),
        delay(CLOSE_WITHIN_MS, undefined, { ref: false }),
      ]);
      await closeServers();
    },
  };
}

/** Like `openStores`, for a tool beside the service: joins the embedded servers of a running service if there are any. */
export async function joinStores(config: StoreConfig, log: Logger): Promise<Stores> {
  const running = findRunning(config.dataDir);
  return openStores(
    running
      ? {
          ...config,
          eventStoreUrl: config.eventStoreUrl ?? running.eventStoreUrl,
          mongoUrl: config.mongoUrl ?? running.mongoUrl,
        }
      : config,
    log,
  );
}

function findRunning(dataDir: string): RunningServers | undefined {
  try {
    const running = JSON.parse(readFileSync(serversFile(dataDir), 'utf8')) as RunningServers;
    process.kill(running.pid, 0); // signal 0 only asks whether the process is there
    return running;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

function serversFile(dataDir: string): string {
  return join(dataDir, 'servers.json');
}
