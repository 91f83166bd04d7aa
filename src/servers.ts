import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
type RunningServers = Partial<StoreUrls> & { readonly pid: number };

/** How to find embedded servers that another process has started. */
export class RunningServersError extends Error {
  override readonly name = 'RunningServersError';
}

/**
 * Starts an embedded server for each store that the configuration gives no URL of, in threads of their own.
 *
 * @throws Error when one cannot be started; the other one is ended
 */
export async function startServers(config: ServerConfig, log: Logger): Promise<Servers> {
  const { dataDir } = config;
  const servers: EmbeddedServer[] = [];
  const serve = async (url: string | undefined, store: 'eventstoredb' | 'mongodb', port: number, variable: string) => {
    if (url !== undefined) return url;
    const { startEmbedded } = (await import(`@marios-pizzeria/embedded-${store}`)) as EmbeddedPackage;
    const server = await startEmbedded({ dataDir, port }).catch((error: unknown) => {
      if (codeOf(error) !== 'PORT_TAKEN') throw error;
      throw new Error(`${variable}: ${(error as Error).message}`, { cause: error });
    });
    servers.push(server);
    log.info({ url: server.url, dataDir }, 'embedded development server listens');
    return server.url;
  };
  const closeServers = () => Promise.all(servers.map((server) => server.close()));
  // Both are waited for, so that the one that starts is ended when the other one cannot.
  const started = await Promise.allSettled([
    serve(config.eventStoreUrl, 'eventstoredb', config.embeddedEventStorePort, 'EMBEDDED_EVENTSTORE_PORT'),
    serve(config.mongoUrl, 'mongodb', config.embeddedMongoPort, 'EMBEDDED_MONGODB_PORT'),
  ]);
  const [eventStoreUrl = '', mongoUrl = ''] = started.map((result) =>
    result.status === 'fulfilled' ? result.value : '',
  );
  const failure = started.find((result) => result.status === 'rejected');
  if (failure) {
    await closeServers();
    throw failure.reason;
  }
  if (servers.length > 0) {
    write(dataDir, {
      pid: process.pid,
      ...(config.eventStoreUrl === undefined && { eventStoreUrl }),
      ...(config.mongoUrl === undefined && { mongoUrl }),
    });
  }
  const close = async () => {
    if (servers.length > 0) rmSync(serversFile(dataDir), { force: true });
    await closeServers();
  };
  const failed = Promise.race([new Promise<never>(() => undefined), ...servers.map((server) => server.failed)]);
  return { eventStoreUrl, mongoUrl, failed, close };
}

/**
 * Joins the embedded servers of another process that has this folder, or starts them. Who has it, the lock on the
 * stores' files says: what a process that is gone has left in the folder is not even looked at.
 *
 * @throws RunningServersError when another process has it and does not say where its servers are; what `startServers` throws
 */
export async function joinServers(config: ServerConfig, log: Logger): Promise<Servers> {
  try {
    return await startServers(config, log);
  } catch (error) {
    if (codeOf(error) !== 'STORE_IN_USE') throw error;
    const running = read(config.dataDir, (error as Error).message);
    const { eventStoreUrl = running.eventStoreUrl, mongoUrl = running.mongoUrl } = config;
    return startServers({ ...config, eventStoreUrl, mongoUrl }, log);
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}

/** Whole or not at all. */
function write(dataDir: string, running: RunningServers): void {
  const file = serversFile(dataDir);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(running));
  renameSync(draft, file);
}

function read(dataDir: string, why: string): RunningServers {
  const file = serversFile(dataDir);
  try {
    const running = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunningServers> | null;
    const urls = [running?.eventStoreUrl, running?.mongoUrl].filter((url) => url !== undefined);
    if (urls.length > 0 && urls.every((url) => typeof url === 'string')) return running as RunningServers;
  } catch (error) {
    if (!(error instanceof SyntaxError) && codeOf(error) !== 'ENOENT') throw error;
  }
  throw new RunningServersError(`${why}; where its servers listen should be in ${file}, and is not`);
}

function serversFile(dataDir: string): string {
  return join(dataDir, 'servers.json');
}
