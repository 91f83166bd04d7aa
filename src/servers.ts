import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from './config.ts';

export type ServerConfig = Pick<
  Config,
  'eventStoreUrl' | 'mongoUrl' | 'dataDir' | 'embeddedEventStorePort' | 'embeddedMongoPort' | 'auth'
>;

/** What the packages of the embedded servers export: workspaces of this repository that production does not install. */
interface EmbeddedPackage {
  readonly startEmbedded: (options: { readonly dataDir: string; readonly port: number }) => Promise<EmbeddedServer>;
}

interface EmbeddedServer {
  /** Connection string for the official driver, or the issuer's own URL. */
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

/** Both stores' servers, of which none, one or both are embedded, and the embedded OpenID issuer with AUTH=dev. */
export interface Servers extends StoreUrls {
  readonly issuer: string | undefined;
  /** Rejects when an embedded server ends by itself; pending for ever with real ones. */
  readonly failed: Promise<never>;
  /** Ends the embedded ones. */
  close(): Promise<void>;
}

/** Where the embedded servers of a running process listen, kept beside their data for the command-line tools. */
type RunningServers = Partial<StoreUrls> & { readonly pid: number; readonly issuer?: string | undefined };

/** Another process has the store's file; `owner` is its id, where that is known. */
type InUseError = Error & { readonly owner?: number };

const STARTING_MS = 5000;
const LOOK_AGAIN_MS = 100;

/** How to find embedded servers that another process has started. */
export class RunningServersError extends Error {
  override readonly name = 'RunningServersError';
}

/**
 * Starts an embedded server for each store that the configuration gives no URL of, and the issuer that AUTH=dev asks
 * for, in threads of their own.
 *
 * @throws Error when one cannot be started; the other one is ended
 */
export async function startServers(config: ServerConfig, log: Logger): Promise<Servers> {
  const { dataDir } = config;
  const servers: EmbeddedServer[] = [];
  const serve = async (name: 'eventstoredb' | 'mongodb' | 'openid', port = 0, variable = '') => {
    const { startEmbedded } = (await import(`@marios-pizzeria/embedded-${name}`)) as EmbeddedPackage;
    const server = await startEmbedded({ dataDir, port }).catch((error: unknown) => {
      if (codeOf(error) !== 'PORT_TAKEN') throw error;
      throw new Error(`${variable}: ${(error as Error).message}`, { cause: error });
    });
    servers.push(server);
    log.info({ url: server.url, dataDir }, 'embedded development server listens');
    return server.url;
  };
  const closeServers = () => Promise.all(servers.map((server) => server.close()));
  // All are waited for, so that those that start are ended when another one cannot.
  const started = await Promise.allSettled([
    config.eventStoreUrl ?? serve('eventstoredb', config.embeddedEventStorePort, 'EMBEDDED_EVENTSTORE_PORT'),
    config.mongoUrl ?? serve('mongodb', config.embeddedMongoPort, 'EMBEDDED_MONGODB_PORT'),
    config.auth === 'dev' ? serve('openid') : undefined,
  ]);
  const [eventStoreUrl = '', mongoUrl = '', issuer] = started.map((result) =>
    result.status === 'fulfilled' ? result.value : undefined,
  );
  const failure = started.find((result) => result.status === 'rejected');
  if (failure) {
    await closeServers();
    throw failure.reason;
  }
  const close = async () => {
    if (servers.length > 0) rmSync(serversFile(dataDir), { force: true });
    await closeServers();
  };
  try {
    if (servers.length > 0) {
      write(dataDir, {
        pid: process.pid,
        ...(config.eventStoreUrl === undefined && { eventStoreUrl }),
        ...(config.mongoUrl === undefined && { mongoUrl }),
        issuer,
      });
    }
  } catch (error) {
    await closeServers();
    throw error;
  }
  const failed = Promise.race([new Promise<never>(() => undefined), ...servers.map((server) => server.failed)]);
  return { eventStoreUrl, mongoUrl, issuer, failed, close };
}

/**
 * Joins the embedded servers of another process that has this folder, or starts them. Who has it, the lock on the
 * stores' files says: what a process that is gone has left in the folder is not believed.
 *
 * @param patienceMs milliseconds that a process which has just taken the folder has to say where its servers are
 * @throws RunningServersError when another process has it and does not say where its servers are; what `startServers` throws
 */
export async function joinServers(config: ServerConfig, log: Logger, patienceMs = STARTING_MS): Promise<Servers> {
  try {
    return await startServers({ ...config, auth: 'off' }, log);
  } catch (error) {
    if (codeOf(error) !== 'STORE_IN_USE') throw error;
    const running = await readOnceWritten(config.dataDir, error as InUseError, patienceMs);
    const { eventStoreUrl = running.eventStoreUrl, mongoUrl = running.mongoUrl } = config;
    return startServers({ ...config, eventStoreUrl, mongoUrl, auth: 'off' }, log);
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}

/** Whole or not at all. */
function write(dataDir: string, running: RunningServers): void {
  const file = serversFile(dataDir);
  const draft = `${file}.${process.pid}`;
  mkdirSync(dataDir, { recursive: true });
  try {
    writeFileSync(draft, JSON.stringify(running));
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new Error(`${file} cannot be written (${String(codeOf(error))}): move it away or choose another DATA_DIR`, {
      cause: error,
    });
  }
}

async function readOnceWritten(dataDir: string, inUse: InUseError, patienceMs: number): Promise<RunningServers> {
  for (const until = performance.now() + patienceMs; ;) {
    try {
      return read(dataDir, inUse);
    } catch (error) {
      if (performance.now() >= until) throw error;
      await delay(LOOK_AGAIN_MS);
    }
  }
}

function read(dataDir: string, { message, owner }: InUseError): RunningServers {
  const found = readWhole(dataDir);
  // What an earlier process has left names servers that are gone, or by now somebody else's.
  const running = owner === undefined || found?.pid === owner ? found : undefined;
  const urls = [running?.eventStoreUrl, running?.mongoUrl].filter((url) => url !== undefined);
  if (running && urls.length > 0 && urls.every((url) => typeof url === 'string')) return running;
  throw new RunningServersError(
    `${message}; where its servers listen should be in ${serversFile(dataDir)}, and is not`,
  );
}

/** Where the issuer of a service with AUTH=dev should listen; it may be gone. */
export function findIssuer(dataDir: string): string | undefined {
  const issuer = readWhole(dataDir)?.issuer;
  return typeof issuer === 'string' ? issuer : undefined;
}

function readWhole(dataDir: string): RunningServers | undefined {
  try {
    return (JSON.parse(readFileSync(serversFile(dataDir), 'utf8')) as RunningServers | null) ?? undefined;
  } catch (error) {
    if (error instanceof SyntaxError || codeOf(error) === 'ENOENT') return undefined;
    throw new RunningServersError(`${serversFile(dataDir)} cannot be read (${String(codeOf(error))})`, {
      cause: error,
    });
  }
}

function serversFile(dataDir: string): string {
  return join(dataDir, 'servers.json');
}
