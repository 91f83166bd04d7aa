import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { connectMongo } from '../../src/read-models/database.ts';
import { ROOT } from '../docs/markdown.ts';
import { groupName } from './group.ts';
import { until } from './until.ts';

export interface ServiceProcess {
  readonly base: string;
  /** What it logged so far. */
  log(): string;
  /** Runs bash with the service's address in BASE, or a program with the service's environment. */
  run(
    command: string,
    args: readonly string[],
    cwd?: string,
  ): Promise<{ readonly code: number | null; readonly output: string }>;
  /** Ends it with SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, at the same address and on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The service as a reader starts it, on the test's servers, with streams, group and database of its own.
 *
 * @param settings variables of its environment besides these
 */
export async function startServiceProcess(settings: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
  const name = `d${randomBytes(6).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'pizzeria-docs-'));
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    PORT: '0',
    EVENTSTORE_URL: inject('eventStoreUrl'),
    MONGODB_URL: inject('mongoUrl'),
    MONGODB_DATABASE: `test_${name}`,
    CONSUMER_GROUP: name,
    STREAM_PREFIX: `${name}-`,
    DATA_DIR: join(folder, 'data'),
    ...settings,
  };
  let running = await start();
  const { base } = running;
  // The embedded issuer loads what it needs for its first token; a busy machine takes longer than a login waits.
  if (settings.AUTH === 'dev') {
    const token = [join(ROOT, 'dist/cli/token.js'), 'mario'];
    await until('the issuer gives tokens', async () => (await run(process.execPath, token)).code === 0);
  }
  return {
    base,
    log: () => running.log(),
    run,
    async kill() {
      running.child.kill('SIGKILL');
      await once(running.child, 'close');
    },
    async restart() {
      env.PORT = new URL(base).port;
      running = await start();
    },
    async close() {
      const { child } = running;
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
      const eventStore = connectEventStore(env.EVENTSTORE_URL);
      await eventStore.deletePersistentSubscriptionToAll(groupName(name, env.STREAM_PREFIX));
      await eventStore.dispose();
      const mongo = connectMongo(env.MONGODB_URL);
      await mongo.db(env.MONGODB_DATABASE).dropDatabase();
      await mongo.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };

  async function run(command: string, args: readonly string[], cwd = folder) {
    const child = spawn(command, args, { env: { ...env, BASE: base }, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = outputOf(child);
    await once(child, 'close');
    return { code: child.exitCode, output: output() };
  }

  async function start() {
    // In a folder of its own, so that no .env is read.
    const child = spawn(process.execPath, [join(ROOT, 'dist/main.js')], {
      env,
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = outputOf(child);
    const base = await until('the service listens', () => {
      if (child.exitCode !== null) throw new Error(`the service ended:\n${log()}`);
      return /"address":"([^"]+)"/.exec(log())?.[1];
    });
    await until('the service is ready', async () => (await fetch(`${base}/health/ready`)).status === 200);
    return { child, log, base };
  }
}

function outputOf(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  return () => text;
}
