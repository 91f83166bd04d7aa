import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createProgress, percentage } from '../../src/cli/progress.ts';
import { besides, caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

const CLI = fileURLToPath(new URL('../../dist/cli/projections.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'projections-'));

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
});

async function projections(args: readonly string[], env: Record<string, string> = {}, of = service, isHeard = true) {
  const { PATH = '' } = process.env;
  const { mongoDatabase, consumerGroup, streamPrefix } = of.config;
  const stores = { EVENTSTORE_URL: inject('eventStoreUrl'), MONGODB_URL: inject('mongoUrl') };
  const own = { MONGODB_DATABASE: mongoDatabase, CONSUMER_GROUP: consumerGroup, STREAM_PREFIX: streamPrefix };
  const child = spawn(process.execPath, [CLI, ...args], { env: { PATH, ...stores, ...own, ...env }, cwd: folder });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  }
  if (!isHeard) child.stdout.destroy();
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

test('a program, of which nobody reads what it says, ends without a stack trace', async () => {
  await placeOrder(service);
  const { code, stderr } = await projections(['verify', 'orders'], {}, service, false);
  expect({ code, stderr }).toEqual({ code: expect.any(Number) as number, stderr: '' });
  expect([0, 130]).toContain(code);
});

test('a program that cannot reach a store says why', async () => {
  const { code, stderr } = await projections(['status'], { EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false' });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^It did not work: the event store is away: .*ECONNREFUSED 127\.0\.0\.1:1/) as string,
  });
});

test.skipIf(!existsSync('/dev/full'))('a program, whose words cannot be written, says so and ends with 1', async () => {
  const full = openSync('/dev/full', 'w');
  const { PATH = '' } = process.env;
  const env = { PATH, EVENTSTORE_URL: inject('eventStoreUrl'), MONGODB_URL: inject('mongoUrl') };
  const child = spawn(process.execPath, [CLI, '--help'], { env, cwd: folder, stdio: ['ignore', full, 'pipe'] });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  closeSync(full);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('The output cannot be written: ENOSPC') as string,
  });
});

describe('npm run projections', () => {
  test('status, beside a running service, has a line for each read model', async () => {
    await placeOrder(service);
    await caughtUp(service);
    const { code, stdout } = await projections(['status']);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual([
      'read model',
      'customers',
      'menu_items',
      'orders',
      'audit',
      'refunds',
      'analytics',
    ]);
    expect(lines[3]).toMatch(/^orders +consuming +\d+ +0 +0\.0 +0 +0 +0 +-$/);
  });

  test('rebuild, of a damaged read model, puts it right and says so in plain lines', async () => {
    const id = await placeOrder(service);
    await caughtUp(service);
    const { database } = besides(service);
    await database.orders.updateOne({ _id: id }, { $set: { totalMinor: 1 } });
    const { code, stdout } = await projections(['rebuild', 'orders']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^(rebuilding orders: \d+%\n)*rebuilding orders: 100%\norders: rebuilt from \d+ events\n$/,
      ) as string,
    });
    expect((await service.get(`/orders/${id}`)).body).toMatchObject({ totalAmount: '20.00' });
  });

  test('verify, of a damaged read model, lists what differs, ends with 1, and repairs it on request', async () => {
    const id = await placeOrder(service);
    await caughtUp(service);
    const { database } = besides(service);
    await database.orders.updateOne({ _id: id }, { $set: { totalMinor: 1 } });
    const checked = await database.orders.countDocuments({});
    const found = await projections(['verify', 'orders']);
    expect(found.code).toBe(1);
    expect(found.stdout).toContain('verifying orders: 100%\n');
    expect(found.stdout).toContain(
      `orders ${id}: different (totalMinor)\norders: ${checked} documents checked, 1 differences, 0 repaired\n`,
    );
    const repaired = await projections(['verify', 'orders', '--repair']);
    expect(repaired.code).toBe(0);
    expect(repaired.stdout).toContain('1 differences, 1 repaired');
    expect(await projections(['verify', 'orders'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 differences') as string,
    });
  });

  test('verify, of a read model that stands still behind the log, says how far, and ends with 3', async () => {
    const paused = await startTestService();
    try {
      await paused.service.worker.stop();
      await placeOrder(paused);
      const { code, stdout } = await projections(['verify', 'orders'], {}, paused);
      expect(stdout).toMatch(
        /orders: 1 documents checked, 0 differences, 0 repaired\norders: 1 documents are not up to date yet: the read model stands still 1 events behind, at position \w+ of \d+\n$/,
      );
      expect(code).toBe(3);
    } finally {
      await paused.close();
    }
  });

  test('replay-parked, with a parked event, has it delivered again', async () => {
    const id = await placeOrder(service);
    const stream = `${service.config.streamPrefix}PizzaOrder-${id}`;
    await service.eventStore.appendToStream(stream, [jsonEvent({ type: 'PaymentProcessed', data: {} })]);
    await until('it is parked', () => service.service.worker.status().parked === 1);
    const { code, stdout } = await projections(['replay-parked']);
    expect(code).toBe(0);
    expect(stdout).toBe('1 parked events are delivered again\n');
    await until('it is parked again', () => service.service.worker.status().parked === 2);
  });

  test('help, asked for, names the commands', async () => {
    const { code, stdout } = await projections(['--help']);
    expect(code).toBe(0);
    for (const name of ['status', 'rebuild', 'verify', 'replay-parked']) expect(stdout).toContain(`-- ${name}`);
  });

  test.each([
    [[], 'a command is missing'],
    [['sing'], 'no command sing'],
    [['rebuild'], 'NAME must be one of customers, menu_items, orders, audit, refunds, analytics'],
    [['verify', 'menu'], 'NAME must be one of'],
    [['status', 'orders'], 'too many arguments'],
    [['rebuild', 'orders', '--repair'], '--repair belongs to verify'],
    [['verify', 'orders', '--quickly'], '--quickly'],
  ])('a command line %j, which is wrong, ends with 2 and says why', async (args, why) => {
    const { code, stdout, stderr } = await projections(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(why);
  });

  test('status, with a store away, ends with 1 and says which', async () => {
    const { code, stderr } = await projections(['status'], { MONGODB_URL: 'mongodb://127.0.0.1:1' });
    expect(code).toBe(1);
    expect(stderr).toContain('It did not work: ');
    expect(stderr).toContain('MongoDB');
  });
});

describe('a percentage', () => {
  const written = (isTTY: boolean) => {
    const out = Object.assign(new PassThrough(), { isTTY, cursorTo: () => true, clearLine: () => true });
    const progress = createProgress(out, percentage('rebuilding orders'));
    for (const percent of [0, 3, 12, 15, 55, 100]) progress.update(percent);
    progress.stop();
    return String(out.read(out.readableLength)); // without a length, Node 26 gives only the first chunk
  };

  test('a percentage, elsewhere than on a terminal, is a line every ten percent', () => {
    const lines = [12, 55, 100].map((percent) => `rebuilding orders: ${percent}%\n`);
    expect(written(false)).toBe(lines.join(''));
  });

  test('a percentage, on a terminal, is a bar that ends full', () => {
    expect(written(true)).toMatch(/rebuilding orders \[=+\] 100%/);
  });
});
