import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface Pizzeria {
  readonly base: string;
  /** Rejects when it ends by itself; never resolves. */
  readonly failed: Promise<never>;
  /** Runs one of the service's command-line programs beside it. @returns what it prints */
  run(program: string, ...args: string[]): Promise<string>;
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const POLL_MS = 50;

/** Starts the service on embedded stores, as `npm start` does, in a process of its own. */
export async function openPizzeria(settings: {
  readonly DATA_DIR: string;
  readonly PORT: string;
  readonly AUTH: string;
}): Promise<Pizzeria> {
  const { DATA_DIR: folder } = settings;
  const file = join(folder, 'service.log');
  const env = { PATH: process.env['PATH'], ...settings };
  const start = (program: string, args: readonly string[], output: number | 'pipe') =>
    spawn(process.execPath, [...process.execArgv, join(ROOT, 'dist', program), ...args], {
      env,
      cwd: folder, // where no .env is
      stdio: ['ignore', output, output],
      detached: true, // a terminal's Ctrl-C is for the demo alone, which then ends it in its own time
    });
  const output = openSync(file, 'w');
  const service = start('main.js', [], output);
  closeSync(output);
  const killed = () => service.kill('SIGKILL');
  process.on('exit', killed);
  const ended = once(service, 'exit');
  const failed = ended.then(() => {
    throw new Error(`the service has ended:\n${readFileSync(file, 'utf8').split('\n').slice(-20).join('\n')}`);
  });
  failed.catch(() => undefined); // whoever waits for it still sees the rejection
  const close = async () => {
    service.kill('SIGTERM');
    await ended;
    process.off('exit', killed);
  };

  const base = await Promise.race([failed, addressIn(file)]);
  await Promise.race([failed, untilReady(base)]);
  return {
    base,
    failed,
    close,
    async run(program, ...args) {
      const child = start(program, args, 'pipe');
      let text = '';
      child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      await once(child, 'close');
      if (child.exitCode !== 0) throw new Error(`${program} ended with ${child.exitCode}: ${text}`);
      return text;
    },
  };
}

async function addressIn(file: string): Promise<string> {
  for (;;) {
    const address = /"address":"([^"]+)"/.exec(readFileSync(file, 'utf8'))?.[1];
    if (address !== undefined) return address;
    await delay(POLL_MS);
  }
}

async function untilReady(base: string): Promise<void> {
  while ((await fetch(`${base}/health/ready`)).status !== 200) await delay(POLL_MS);
}
