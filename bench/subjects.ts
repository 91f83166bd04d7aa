import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually, freePort, type Process, startProcess } from './processes.ts';
import type { Stores } from './stores.ts';

/** A server under measurement. */
export interface Subject {
  readonly url: string;
  readonly process: Process;
  /** Milliseconds from its start until it was ready. */
  readonly readyMs: number;
  /** What it has printed. */
  readonly log: string;
}

/** Cores of the two sides of a measurement; the stores run wherever there is room. */
export const CORES = { subject: 0, load: 1 } as const;

const POLL_MS = 5;

/** A script of this folder that drives load, or watches, on the core of that side. */
export function startLoader(script: string, dir: string): Process {
  return startProcess(new URL(script, import.meta.url), {
    cwd: dir,
    log: join(dir, `${script}.log`),
    core: CORES.load,
  });
}

export interface ServiceOptions {
  readonly stores: Stores;
  readonly database: string;
  readonly group: string;
  readonly dir: string;
  readonly withinMs?: number;
  /** Its script; by default the one that was built with the benchmark. */
  readonly script?: URL | undefined;
}

/** The service as it is deployed: its own process, its defaults, logs and all. */
export async function startService(options: ServiceOptions): Promise<Subject> {
  const { stores, database, group, dir, withinMs, script } = options;
  const env = {
    EVENTSTORE_URL: stores.eventStoreUrl,
    MONGODB_URL: stores.mongoUrl,
    MONGODB_DATABASE: database,
    STREAM_PREFIX: stores.streamPrefix,
    CONSUMER_GROUP: group,
  };
  return startReadyService({ dir, env, core: CORES.subject, withinMs, script });
}

/**
 * The service with both stores embedded in its own process, on no data: what `npm start` does first. It runs wherever
 * there is room, as stores do.
 */
export async function startServiceAlone(dir: string): Promise<Subject> {
  const env = { EVENTSTORE_URL: '', MONGODB_URL: '', DATA_DIR: join(dir, `alone${Date.now()}`) };
  return startReadyService({ dir, env, core: undefined });
}

async function startReadyService({
  dir,
  env,
  core,
  withinMs,
  script = new URL('../src/main.js', import.meta.url),
}: {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly core: number | undefined;
  readonly withinMs?: number | undefined;
  readonly script?: URL | undefined;
}): Promise<Subject> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(dir, `service-${port}.log`);
  const start = performance.now();
  const service = startProcess(script, { cwd: dir, env: { ...env, PORT: String(port) }, log, core });
  await eventually('the service', () => answersOk(`${url}/health/ready`), {
    everyMs: POLL_MS,
    ...(withinMs !== undefined && { withinMs }),
  });
  return { url, process: service, log, readyMs: performance.now() - start };
}

/** The bare routes; see bare-server.ts. */
export async function startBareServer(stores: Stores, database: string, dir: string): Promise<Subject> {
  const { eventStoreUrl, mongoUrl, streamPrefix } = stores;
  const script = new URL('bare-server.js', import.meta.url);
  return startOther('bare', script, dir, (port) => [eventStoreUrl, mongoUrl, database, streamPrefix, port]);
}

const peerFolder = new URL('../../bench/peer/', import.meta.url);

/**
 * Emmett's order flow, with packages of its own that are installed now if they are not yet.
 *
 * @returns undefined, after saying why, when they cannot be installed
 */
export async function startPeer(stores: Stores, dir: string): Promise<Subject | undefined> {
  const folder = fileURLToPath(peerFolder);
  if (!existsSync(join(folder, 'node_modules'))) {
    console.log('installing the peer’s packages (once)');
    try {
      await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
    } catch (error) {
      const [reason = ''] =
        (error as { stderr?: string }).stderr?.split('\n').filter((line) => /error/i.test(line)) ?? [];
      console.log(`The peer is left out, since npm ci in bench/peer failed: ${reason || String(error)}`);
      return undefined;
    }
  }
  const { eventStoreUrl, streamPrefix } = stores;
  return startOther('peer', new URL('server.js', peerFolder), dir, (port) => [eventStoreUrl, port, streamPrefix]);
}

async function startOther(
  name: string,
  script: URL,
  dir: string,
  argsOf: (port: string) => readonly string[],
): Promise<Subject> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(dir, `${name}-${port}.log`);
  const start = performance.now();
  const started = startProcess(script, { args: argsOf(String(port)), cwd: dir, log, core: CORES.subject });
  await eventually(name, () => answers(`${url}/none`), { everyMs: POLL_MS });
  return { url, process: started, log, readyMs: performance.now() - start };
}

async function answersOk(url: string): Promise<true | undefined> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.ok ? true : undefined;
}

async function answers(url: string): Promise<true> {
  await (await fetch(url)).arrayBuffer();
  return true;
}
