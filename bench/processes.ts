import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** File that takes what it prints. */
  readonly log: string;
  /** CPU that it is pinned to, where the machine can; undefined: any. */
  readonly core?: number | undefined;
}

export interface Process {
  readonly pid: number;
  /** Sends a message, for the one that it answers with. */
  ask<Answer>(message: unknown): Promise<Answer>;
  /** Milliseconds of CPU time used so far, and resident memory in MB; undefined where there is no /proc. */
  usage(): Usage | undefined;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
}

export interface Usage {
  readonly cpuMs: number;
  readonly residentMb: number;
}

const STOP_WITHIN_MS = 15_000;

/** Whether processes can be pinned to a CPU here. */
export const canPin = (process.env['PATH'] ?? '')
  .split(delimiter)
  .some((folder) => isExecutable(join(folder, 'taskset')));

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

/** Runs a script of this folder's build, or of another one, in a node process of its own. */
export function startProcess(script: URL, { args = [], env = {}, cwd, log, core }: StartOptions): Process {
  const output = openSync(log, 'a');
  const command = [process.execPath, fileURLToPath(script), ...args];
  const pinned = core === undefined || !canPin ? command : ['taskset', '-c', String(core), ...command];
  const [file = '', ...rest] = pinned;
  const child = spawn(file, rest, {
    stdio: ['ignore', output, output, 'ipc'],
    env: { ...withoutOurs(process.env), ...env },
    ...(cwd !== undefined && { cwd }),
  });
  closeSync(output);
  running.add(child);
  child.once('exit', () => running.delete(child));
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`${script.pathname} ended (${String(code ?? signal)}), see ${log}:\n${tailOf(log)}`));
    });
  });
  ended.catch(() => undefined); // whoever waits for it still sees the rejection
  const pid = child.pid ?? 0;
  return {
    pid,
    ask: <Answer>(message: unknown) => {
      const answer = new Promise<Answer>((resolve) => child.once('message', (value) => resolve(value as Answer)));
      child.send(message as object);
      return Promise.race([answer, ended]);
    },
    usage: () => readUsage(pid),
    stop: () => stop(child),
  };
}

/** What the service would take for its own configuration. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = new Set([
    'NODE_ENV',
    'NODE_OPTIONS',
    'PORT',
    'HOST',
    'STREAM_PREFIX',
    'CONSUMER_GROUP',
    'LOG_LEVEL',
    'AUTH',
  ]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.has(name)));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await exited;
  clearTimeout(timer);
}

/** Clock ticks a second that /proc counts CPU time in: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

function readUsage(pid: number): Usage | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const ticks = Number(fields[11]) + Number(fields[12]); // user and system time
    return { cpuMs: (ticks * 1000) / TICKS_PER_SECOND, residentMb: Number(kilobytes) / 1024 };
  } catch {
    return undefined;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Calls `isReady` until it gives something, or throws what it threw last.
 *
 * @param everyMs milliseconds between two calls
 */
export async function eventually<T>(
  what: string,
  isReady: () => Promise<T | undefined>,
  { withinMs = 60_000, everyMs = 10 } = {},
): Promise<T> {
  const until = performance.now() + withinMs;
  let cause: unknown;
  for (;;) {
    const ready = await isReady().catch((error: unknown) => {
      cause = error;
      return undefined;
    });
    if (ready !== undefined) return ready;
    if (performance.now() > until) throw new Error(`${what}: not within ${withinMs} ms`, { cause });
    await delay(everyMs);
  }
}

function tailOf(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-20).join('\n');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
