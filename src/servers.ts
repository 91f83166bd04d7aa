import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from './config.ts';

export type ServerConfig = Pick<
  Config,
  'eventStoreUrl' | 'mongoUrl' | 'dataDir' | 'embeddedEventStorePort' | 'embeddedMongoPort'
>;

/** What the packages of the embedded servers export: workspaces of this repository that production does not install. */
interface EmbeddedPackage {
  readonly startEmbedded: (options: { readonly dataDir: string; readonly port: number }) => Promise<EmbeddedServer>;
}

interface EmbeddedServer {
  /** Connection string for the official driver. */
  readonly url: string;
  /** Rejects when the server ends by itself; never resolves. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** Where both stores are: connection strings for the official drivers. */
export interface StoreUrls {
  readonly eventStoreUrl: string;
  readonly mongoUrl: string;
}

/** Both stores' servers, of which none, one or both are embedded. */
export interface Servers extends StoreUrls {
  /** Rejects when an embedded server ends by itself; pending for ever with real ones. */
  readonly failed: Promise<never>;
  /** Ends the embedded ones. */
  close(): Promise<void>;
}

/** Where the embedded servers of a running process listen, kept beside their data for the command-line tools. */
interface RunningServers extends StoreUrls {
  readonly pid: number;
}

/**
 * Starts an embedded server for each store that the configuration gives no URL of, in threads of their own.
 *
 * @throws Error when one cannot be started; the other one is ended
 */
export async function startServers(config: ServerConfig, log: Logger): Promise<Servers> {
  const servers: EmbeddedServer[] = [];
  const serve = async (url: string | undefined, store: 'eventstoredb' | 'mongodb', port: number) => {
    if (url !== undefined) return url;
    const { startEmbedded } = (await import(`@marios-pizzeria/embedded-${store}`)) as EmbeddedPackage;
    const server = await startEmbedded({ dataDir: config.dataDir, port });
    servers.push(server);
    log.info({ url: server.url, dataDir: config.dataDir }, 'embedded development server listens');
    return server.url;
  };
  const close = async () => {
    if (servers.length > 0) rmSync(serversFile(config.dataDir), { force: true });
    await Promise.all(servers.map((server) => server.close()));
  };
  const [eventStoreUrl, mongoUrl] = await Promise.all([
    serve(config.eventStoreUrl, 'eventstoredb', config.embeddedEventStorePort),
    serve(config.mongoUrl, 'mongodb', config.embeddedMongoPort),
  ]).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  if (servers.length > 0) {
    const running: RunningServers = { pid: process.pid, eventStoreUrl, mongoUrl };
    writeFileSync(serversFile(config.dataDir), JSON.stringify(running));
  }
  const failed = Promise.race([new Promise<never>(() => undefined), ...servers.map((server) => server.failed)]);
  return { eventStoreUrl, mongoUrl, failed, close };
}

/** The embedded servers of another process that has this folder, if one runs. */
export function findServers(dataDir: string): StoreUrls | undefined {
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
