import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './docs/markdown.ts';
import { until } from './support/until.ts';

const BUILT_WITHIN_MS = 600_000;

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'pizzeria-demo-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

let folders = 0;
/** For temporary files of one demo. */
const newFolder = () => mkdtempSync(join(folder, `${(folders += 1)}-`));

function startDemo(args: readonly string[], TMPDIR = newFolder()) {
  const child = spawn(process.execPath, ['dist-tools/demo/main.js', ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, TMPDIR },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  }
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, ...said }));
  return {
    TMPDIR,
    said,
    ended,
    base: () =>
      until('the pizzeria is open', () => {
        if (child.exitCode !== null) throw new Error(`the demo has ended: ${said.stderr}`);
        return /(http:\S+)\/app\/operations/.exec(said.stdout)?.[1];
      }),
    interrupt() {
      child.kill('SIGINT');
      return ended;
    },
  };
}

interface Order {
  readonly id: string;
  readonly status: string;
}

async function read<T>(url: string, token = ''): Promise<T> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as T;
}

const ordersAt = async (base: string | undefined, query: string, token?: string) =>
  (await read<{ readonly items: readonly Order[] }>(`${base}/orders?${query}`, token)).items;

const FAST = ['--orders', '20', '--weeks', '1', '--speed', '600', '--orders-per-minute', '120'];

describe('npm run demo', () => {
  beforeAll(() => run('npm', ['run', '--silent', 'build:tools'], { cwd: ROOT }), BUILT_WITHIN_MS);

  test('has orders of the past, and people who order, cook and deliver whoever meddles, until Ctrl-C; then nothing is left', async () => {
    const demo = startDemo(FAST);
    const base = await demo.base();
    const opened = new Date().toISOString();
    expect((await ordersAt(base, `placedTo=${opened}&limit=100`)).length).toBeGreaterThanOrEqual(20);
    const { orders } = await until('there is something to do', async () => {
      const board = await read<{ readonly orders: readonly Order[] }>(`${base}/kitchen/board`);
      return board.orders.length > 0 && board;
    }).then((board) => board || { orders: [] });
    for (const { id } of orders) {
      const headers = { 'content-type': 'application/json' };
      await fetch(`${base}/orders/${id}/status`, { method: 'POST', headers, body: '{ "status": "READY" }' });
    }
    const meddled = new Date().toISOString();
    await until('an order placed since is delivered', async () => {
      return (await ordersAt(base, `placedFrom=${meddled}&status=DELIVERED`)).length > 0;
    });
    const { code, stderr } = await demo.interrupt();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '\nstopping: finishing what is in flight\n' });
    expect(readdirSync(demo.TMPDIR)).toEqual([]);
  });

  test('with people who log in goes on the same way, and later with the data that it was to keep', async () => {
    const data = newFolder();
    const demo = startDemo([...FAST, '--auth', 'dev', '--data', data]);
    const base = await demo.base();
    const env = { PATH: process.env.PATH, DATA_DIR: data };
    const token = (await run(process.execPath, [join(ROOT, 'dist/cli/token.js'), 'mario'], { env, cwd: data })).stdout;
    const opened = new Date().toISOString();
    const [delivered] = (await until('an order placed since is delivered', async () => {
      const found = await ordersAt(base, `placedFrom=${opened}&status=DELIVERED`, token.trim());
      return found.length > 0 && found;
    })) as Order[];
    expect(await demo.interrupt()).toMatchObject({ code: 0, stderr: '\nstopping: finishing what is in flight\n' });

    const again = startDemo(['--still', '--data', data]);
    expect(await read(`${await again.base()}/orders/${delivered?.id}`)).toMatchObject({ status: 'DELIVERED' });
    expect(again.said.stdout).not.toContain('orders of the last');
    expect(await again.interrupt()).toMatchObject({ code: 0 });
  });

  test('whose service is killed says so, and leaves nothing', async () => {
    const demo = startDemo([...FAST, '--still']);
    await demo.base();
    const [data = ''] = readdirSync(demo.TMPDIR);
    const { pid } = JSON.parse(readFileSync(join(demo.TMPDIR, data, 'servers.json'), 'utf8')) as {
      readonly pid: number;
    };
    process.kill(pid, 'SIGKILL');
    const { code, stderr } = await demo.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The demo has stopped: the service has ended:\n.*"listening"/s);
    expect(readdirSync(demo.TMPDIR)).toEqual([]);
  });

  test('with mistakes on its command line names all of them', async () => {
    const { code, stderr } = await startDemo(['--auth', 'on', '--speed', 'fast', '--orders', '1.5']).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/--orders must be a number.*\n--speed must be a number.*\n/);
    expect(stderr).toContain('--auth must be off or dev');
  });
});
