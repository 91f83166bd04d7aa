import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface RunningProcess {
  readonly pid: number;
  /** Exit code, or the signal that ended it; `undefined` while it runs. */
  exit(): number | NodeJS.Signals | undefined;
  readonly exited: Promise<number | NodeJS.Signals>;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** All that it wrote so far. */
  output(): string;
}

export interface Launch {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory, and where the output is kept. */
  readonly folder: string;
}

/** So that nothing stays behind when the tests end in the middle of a drill. */
const started = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

/** What the parent was told about its own stores is not for the children. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG'];

export function launch({ name, command, env = {}, folder }: Launch): RunningProcess {
  const [program = '', ...args] = command;
  const file = join(folder, `${name}.log`);
  const output = openSync(file, 'a');
  const inherited = INHERITED.flatMap((key) => {
    const value = process.env[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  started.add(child);
  const exited = once(child, 'exit').then(([code, signal]) => {
    started.delete(child);
    return (code ?? signal) as number | NodeJS.Signals;
  });
  if (child.pid === undefined) throw new Error(`${program} cannot be started`);
  return {
    pid: child.pid,
    exit: () => child.exitCode ?? child.signalCode ?? undefined,
    exited,
    signal: (signal) => child.kill(signal),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    output: () => readFileSync(file, 'utf8'),
  };
}

/** @throws Error with its last words when the process ends before it listens */
export async function untilListening(running: RunningProcess, port: number, deadlineMs = 20_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await accepts(port))) {
    const exit = running.exit();
    if (exit !== undefined) throw new Error(`ended with ${exit}: ${running.output().slice(-2000)}`);
    if (performance.now() > end) throw new Error(`does not listen on port ${port} after ${deadlineMs} ms`);
    await delay(20);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
