import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/ports.ts';
import { launch, type RunningProcess, untilListening } from './processes.ts';
import { type FaultProxy, startProxy } from './proxy.ts';

/** A process that can be ended and started again. */
export interface Restartable {
  readonly name: string;
  port(): number;
  process(): RunningProcess;
  start(): Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

export interface Store extends Restartable {
  /** Between the services and the store. */
  readonly proxy: FaultProxy;
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}

export interface ServiceProcess extends Restartable {
  url(path: string): string;
}

/** The service as it runs for real: a process for each instance and each store, a proxy before each store. */
export interface World {
  readonly eventStore: Store;
  readonly mongo: Store;
  readonly services: readonly ServiceProcess[];
  /** Around the proxy, for those who look at what is stored. */
  eventStoreUrl(): string;
  mongoUrl(): string;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly instances?: number;
  /** Whether the stores and the services are started; default true. */
  readonly start?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

const cliOf = (store: string) => fileURLToPath(import.meta.resolve(`@marios-pizzeria/embedded-${store}/cli`));
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

/**
 * Commands that run other stores than the embedded ones, in the foreground, with `{port}` and `{data}` in them; the
 * drills are the same.
 */
const COMMANDS = {
  eventStore: process.env.DRILLS_EVENTSTORE_COMMAND ?? `node ${cliOf('eventstoredb')} --port {port} --data {data}`,
  mongo:
    process.env.DRILLS_MONGODB_COMMAND ?? `node ${cliOf('mongodb')} --port {port} --data {data} --faults step-down`,
};

export async function createWorld({ instances = 1, start = true, env = {} }: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'pizzeria-drill-'));
  const eventStore = await createStore('eventstoredb', COMMANDS.eventStore, folder);
  const mongo = await createStore('mongodb', COMMANDS.mongo, folder);
  const settings = {
    NODE_ENV: 'production',
    AUTH: 'off',
    EVENTSTORE_URL: `esdb://127.0.0.1:${eventStore.proxy.port}?tls=false`,
    MONGODB_URL: mongoUrlOf(mongo.proxy.port),
    ...env,
  };
  const services = Array.from({ length: instances }, (_, index) => createService(`service-${index}`, folder, settings));
  const world: World = {
    eventStore,
    mongo,
    services,
    eventStoreUrl: () => `esdb://127.0.0.1:${eventStore.port()}?tls=false`,
    mongoUrl: () => mongoUrlOf(mongo.port()),
    async close() {
      await Promise.all([...services, eventStore, mongo].map((each) => each.kill()));
      await Promise.all([eventStore.proxy.close(), mongo.proxy.close()]);
      if (process.env.DRILLS_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
      else console.log(`kept: ${folder}`);
    },
  };
  if (!start) return world;
  try {
    await Promise.all([eventStore.start(), mongo.start()]);
    await Promise.all(services.map((service) => service.start()));
    return world;
  } catch (error) {
    await world.close();
    throw error;
  }
}

/** The driver repeats no write by itself: the service has to cope, and the embedded server doesn't tell a repeated one. */
function mongoUrlOf(port: number): string {
  return `mongodb://127.0.0.1:${port}/?directConnection=true&retryWrites=false`;
}

async function createStore(name: string, command: string, folder: string): Promise<Store> {
  const data = join(folder, name);
  mkdirSync(data);
  const proxy = await startProxy(await freePort());
  const restartable = createRestartable(name, folder, (port) => ({
    command: command.split(' ').map((word) => word.replace('{port}', String(port)).replace('{data}', data)),
  }));
  return {
    ...restartable,
    proxy,
    async start() {
      await restartable.start();
      proxy.target(restartable.port());
    },
    pause: () => restartable.process().signal('SIGSTOP'),
    resume: () => restartable.process().signal('SIGCONT'),
  };
}

function createService(name: string, folder: string, env: Readonly<Record<string, string>>): ServiceProcess {
  const restartable = createRestartable(name, folder, (port) => ({
    command: ['node', `${DIST}main.js`],
    env: { ...env, PORT: String(port) },
  }));
  return { ...restartable, url: (path) => `http://127.0.0.1:${restartable.port()}${path}` };
}

function createRestartable(
  name: string,
  folder: string,
  commandOf: (port: number) => { readonly command: string[]; readonly env?: Readonly<Record<string, string>> },
): Restartable {
  let running: RunningProcess | undefined;
  let port = 0;
  const process = () => {
    if (!running) throw new Error(`${name} was not started`);
    return running;
  };
  return {
    name,
    port: () => port,
    process,
    async start() {
      if (running && running.exit() === undefined) throw new Error(`${name} runs already`);
      // Another port each time: while nobody listened on the old one, anybody may have taken it.
      for (let tries = 1; ; tries += 1) {
        port = await freePort();
        running = launch({ name, folder, ...commandOf(port) });
        try {
          await untilListening(running, port);
          return;
        } catch (error) {
          await running.kill();
          if (tries === 3) throw new Error(`${name} cannot be started`, { cause: error });
        }
      }
    },
    kill: async () => running?.kill(),
  };
}
