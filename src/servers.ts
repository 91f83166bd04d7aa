import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
interface RunningServers extends Partial<StoreUrls> {
  readonly pid: number;
  readonly issuer?: string;
}

/**
 * Starts an embedded server for each store that the configuration gives no URL of, and the issuer that AUTH=dev asks
 * for, in threads of their own.
 *
 * @throws Error when one cannot be started; the other one is ended
 */
export async function startServers(config: ServerConfig, log: Logger): Promise<Servers> {
  const servers: EmbeddedServer[] = [];
  const serve = async (name: 'eventstoredb' | 'mongodb' | 'openid', port: number) => {
    const { startEmbedded } = (await import(`@marios-pizzeria/embedded-${name}`)) as EmbeddedPackage;
    const server = await startEmbedded({ dataDir: config.dataDir, port });
    servers.push(server);
    log.info({ url: server.url, dataDir: config.dataDir }, 'embedded development server listens');
    return server.url;
  };
  const close = async () => {
    if (servers.length > 0) rmSync(serversFile(config.dataDir), { force: true });
    await Promise.all(servers.map((server) => server.close()));
  };
  const [eventStoreUrl, mongoUrl, issuer] = await Promise.all([
    config.eventStoreUrl ?? serve('eventstoredb', config.embeddedEventStorePort),
    config.mongoUrl ?? serve('mongodb', config.embeddedMongoPort),
    config.auth === 'dev' ? serve('openid', 0) : undefined,
  ]).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  if (servers.length > 0) {
    // Of a real store, the URL may hold a password.
    const running: RunningServers = {
      pid: process.pid,
      ...(config.eventStoreUrl === undefined && { eventStoreUrl }),
      ...(config.mongoUrl === undefined && { mongoUrl }),
      ...(issuer !== undefined && { issuer }),
    };
    mkdirSync(config.dataDir, { recursive: true });
    writeFileSync(serversFile(config.dataDir), JSON.stringify(running));
  }
  const failed = Promise.race([new Promise<never>(() => undefined), ...servers.map((server) => server.failed)]);
  return { eventStoreUrl, mongoUrl, issuer, failed, close };
}

/** The embedded servers of another process that has this folder, if one runs. */
export function findServers(dataDir: string): Omit<RunningServers, 'pid'> | undefined {
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
