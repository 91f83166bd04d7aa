import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { decodeEvent } from '../../src/eventstoredb/codec.ts';
import { createStreamStore } from '../../src/eventstoredb/streams.ts';
import { MENU_ITEM, ORDER } from '../../src/eventstoredb/aggregates.ts';
import type { ImportFiles } from '../../src/import/files.ts';
import { placeOrder } from '../../src/import/historical-order.ts';
import { planImport } from '../../src/import/plan.ts';
import { manyOrders, origin, temporaryFolder, writeFiles } from './support.ts';

const CLI = fileURLToPath(new URL('../../dist/import/cli.js', import.meta.url));
const sample = (name: string) => fileURLToPath(new URL(`../../samples/${name}.csv`, import.meta.url));
const SAMPLE: ImportFiles = {
  orders: sample('orders'),
  details: sample('order_details'),
  pizzas: sample('pizzas'),
  types: sample('pizza_types'),
};
const ORDERS = 2500;

let client: EventStoreDBClient;
beforeAll(() => {
  client = connectEventStore(inject('eventStoreUrl'));
});
afterAll(() => client.dispose());

function argsFor(files: ImportFiles, ...more: string[]): string[] {
  return [
    '--orders',
    files.orders,
    '--details',
    files.details,
    '--pizzas',
    files.pizzas,
    '--types',
    files.types,
    ...more,
  ];
}

/** What a test does when the importer first says something. */
interface Cue {
  readonly says: string;
  readonly then: (child: ChildProcess) => unknown;
}

/** Starts the importer in a folder, without `.env` by default, and waits for its end. */
async function importer(args: readonly string[], env: Record<string, string>, cue?: Cue, cwd = temporaryFolder()) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [CLI, ...args], { env: { PATH, ...env }, cwd });
  const said = { stdout: '', stderr: '' };
  let isCued = false;
  const listen = (name: keyof typeof said) =>
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      if (!cue || isCued || !said[name].includes(cue.says)) return;
      isCued = true;
      cue.then(child);
    });
  listen('stdout');
  listen('stderr');
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const counted = (what: string) => Number(new RegExp(`^${what}: +(\\d+)`, 'm').exec(said.stdout)?.[1] ?? Number.NaN);
  return {
    code,
    signal,
    ...said,
    counts: { imported: counted('imported'), alreadyThere: counted('already there'), skipped: counted('skipped') },
  };
}

/** The stores of all tests, in streams and a database of their own. */
function sharedStores() {
  const name = `t${randomBytes(6).toString('hex')}`;
  return {
    STREAM_PREFIX: `${name}-`,
    MONGODB_DATABASE: `test_${name}`,
    EVENTSTORE_URL: inject('eventStoreUrl'),
    MONGODB_URL: inject('mongoUrl'),
  };
}

/** A way to a store that is closed until `open` is called. */
async function closedWayTo(url: string) {
  const { hostname, port } = new URL(url);
  const way = createServer((socket) => {
    const store = connect(Number(port), hostname);
    socket.pipe(store).pipe(socket);
    socket.on('error', () => store.destroy());
    store.on('error', () => socket.destroy());
  });
  const listen = async (at: number) => {
    way.listen(at, '127.0.0.1');
    await once(way, 'listening');
    return (way.address() as AddressInfo).port;
  };
  const free = await listen(0);
  way.close();
  await once(way, 'close');
  onTestFinished(() => void way.close());
  const detour = new URL(url);
  detour.hostname = '127.0.0.1';
  detour.port = String(free);
  return { url: detour.href, open: () => listen(free) };
}

/** How many events each order's stream has, as a set: `{1}` when each was imported exactly once. */
async function eventsPerOrder(files: ImportFiles, streamPrefix: string): Promise<Set<number>> {
  const streams = createStreamStore({ client, streamPrefix, timeLimitMs: 10_000 });
  const { orders } = await planImport(files, origin, {
    report: () => undefined,
    signal: new AbortController().signal,
  });
  const lengths = new Set<number>();
  const queue = orders.values();
  const work = async () => {
    for (const order of queue) {
      lengths.add(
        (await streams.readRecorded(streams.streamOf(ORDER.category, placeOrder(order, origin).state.id))).length,
      );
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return lengths;
}

describe('npm run import', () => {
  it('of the sample on embedded stores, run twice, imports each order once', async () => {
    const env = { DATA_DIR: temporaryFolder() };
    const first = await importer(argsFor(SAMPLE, '--menu'), env);
    expect(first).toMatchObject({ code: 0, counts: { imported: 60, alreadyThere: 0, skipped: 0 } });
    const second = await importer(argsFor(SAMPLE), env);
    expect(second).toMatchObject({ code: 0, counts: { imported: 0, alreadyThere: 60, skipped: 0 } });
  });

  it('of a pipe, which can be read once only, says so and ends with 1', async () => {
    const { code, stderr } = await importer(argsFor({ ...SAMPLE, orders: '/dev/stdin' }), sharedStores());
    expect(code).toBe(1);
    expect(stderr).toContain('/dev/stdin is no file: save what it gives in one');
  });

  it('with --menu puts the price list on the menu, once, however often it is run', async () => {
    const env = sharedStores();
    const files = writeFiles();
    for (const run of [1, 2]) {
      const { code, stdout } = await importer(argsFor(files, '--menu'), env);
      expect({ run, code, said: stdout.includes('2 items on the menu') }).toEqual({ run, code: 0, said: true });
    }
    const streams = createStreamStore({ client, streamPrefix: env.STREAM_PREFIX, timeLimitMs: 10_000 });
    const stored = await Promise.all(
      ['brezza_l', 'orto_s'].map((sku) => streams.readRecorded(streams.streamOf(MENU_ITEM.category, sku))),
    );
    const item = { addedAt: expect.any(String) as unknown };
    expect(stored.map((events) => events.map((recorded) => decodeEvent(recorded).event))).toEqual([
      [
        {
          type: 'MenuItemAdded',
          data: {
            sku: 'brezza_l',
            name: 'Brezza',
            category: 'Sea',
            size: 'L',
            price: '18.00',
            ingredients: ['Trout'],
            ...item,
          },
        },
      ],
      [
        {
          type: 'MenuItemAdded',
          data: {
            sku: 'orto_s',
            name: 'Orto Felice',
            category: 'Garden',
            size: 'S',
            price: '10.50',
            ingredients: ['Pesto', 'Courgette'],
            ...item,
          },
        },
      ],
    ]);
  });

  it('with --menu leaves an item out whose stream was deleted, and goes on', async () => {
    const env = sharedStores();
    const files = writeFiles();
    const streams = createStreamStore({ client, streamPrefix: env.STREAM_PREFIX, timeLimitMs: 10_000 });
    await importer(argsFor(files, '--menu'), env);
    await client.tombstoneStream(streams.streamOf(MENU_ITEM.category, 'brezza_l'));
    const { code, stdout } = await importer(argsFor(files, '--menu'), env);
    expect(code).toBe(0);
    expect(stdout).toContain('1 items on the menu, 1 not: their streams were deleted');
  });

  it('with a bad line names file and line on stderr and imports the others', async () => {
    const files = writeFiles({ details: 'order_details_id,order_id,pizza_id,quantity\n1,1,orto_s,0\n2,2,orto_s,1\n' });
    const { code, counts, stderr } = await importer(argsFor(files), sharedStores());
    expect({ code, counts }).toEqual({ code: 0, counts: { imported: 1, alreadyThere: 0, skipped: 1 } });
    expect(stderr).toContain(`${files.details}:2: quantity must be`);
  });

  it('with a bad line and --strict writes nothing, not even the menu, and fails', async () => {
    const env = sharedStores();
    const files = writeFiles({ details: 'order_details_id,order_id,pizza_id,quantity\n1,1,orto_s,0\n2,2,orto_s,1\n' });
    const { code, stderr } = await importer(argsFor(files, '--strict', '--menu'), env);
    expect(code).toBe(1);
    expect(stderr).toContain(`${files.details}:2: quantity must be`);
    expect(stderr).toContain('Nothing was imported: 1 bad line');
    expect(await eventsPerOrder(writeFiles(), env.STREAM_PREFIX)).toEqual(new Set([0]));
  });

  it.each([
    ['SIGINT', { code: 130, signal: null, stdout: expect.stringContaining('not yet:') as string }],
    ['SIGKILL', { code: null, signal: 'SIGKILL' }],
  ] as const)('ended by %s half-way goes on in the next run, and each order is there once', async (signal, ended) => {
    const env = sharedStores();
    const files = writeFiles(manyOrders(ORDERS));
    const first = await importer(argsFor(files), env, {
      says: '1000 of',
      // Under npm, a signal of the terminal comes twice.
      then: (child) => child.kill(signal) && child.kill(signal),
    });
    expect(first).toMatchObject(ended);
    const second = await importer(argsFor(files), env);
    expect(second.code).toBe(0);
    expect(second.counts.imported).toBeGreaterThan(0);
    expect(second.counts.alreadyThere).toBeGreaterThanOrEqual(1000);
    expect(second.counts.imported + second.counts.alreadyThere).toBe(ORDERS);
    expect(await eventsPerOrder(files, env.STREAM_PREFIX)).toEqual(new Set([1]));
  });

  it('with its store away waits as long as it is told and fails with a way on', async () => {
    const env = { EVENTSTORE_URL: 'esdb://127.0.0.1:9?tls=false', MONGODB_URL: 'mongodb://127.0.0.1:9' };
    const { code, stderr } = await importer(argsFor(writeFiles(), '--wait', '1'), env);
    expect(code).toBe(1);
    expect(stderr).toContain('EventStoreDB does not answer: waiting up to 1 s');
    expect(stderr).toContain('Run it again to go on.');
  });

  it('with EventStoreDB away at first waits until it is there', async () => {
    const stores = sharedStores();
    const way = await closedWayTo(stores.EVENTSTORE_URL);
    const cue = { says: 'EventStoreDB does not answer', then: () => void way.open() };
    const { code, counts, stderr } = await importer(
      argsFor(writeFiles(), '--menu'),
      { ...stores, EVENTSTORE_URL: way.url },
      cue,
    );
    expect(stderr).toContain(cue.says);
    expect({ code, counts }).toEqual({ code: 0, counts: { imported: 2, alreadyThere: 0, skipped: 0 } });
  });

  it('with MongoDB away imports orders and menu all the same', async () => {
    const env = { ...sharedStores(), MONGODB_URL: 'mongodb://127.0.0.1:9' };
    const { code, counts } = await importer(argsFor(writeFiles(), '--menu'), env);
    expect({ code, counts }).toEqual({ code: 0, counts: { imported: 2, alreadyThere: 0, skipped: 0 } });
  });

  it('with a mistaken name in .env, or control characters in an argument, says so, as text', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, '.env'), 'EVENTSTORE_URI=esdb://user:secret@a\n');
    const lost = { ...SAMPLE, orders: '\u001b[31mnowhere' };
    const { code, stderr } = await importer(argsFor(lost), {}, undefined, cwd);
    expect(code).toBe(1);
    expect(stderr).toContain('.env has names that are no settings of this service: EVENTSTORE_URI\n');
    expect(stderr).toContain('\\u001b[31mnowhere');
    expect(stderr).not.toContain('secret');
  });

  it('with a wrong command line says what is missing and ends with 2', async () => {
    const { code, stderr } = await importer(['--strict'], {});
    expect(code).toBe(2);
    expect(stderr).toContain('--orders FILE is missing');
  });

  it('with --help documents its options and ends with 0', async () => {
    const { code, stdout } = await importer(['--help'], {});
    expect(code).toBe(0);
    expect(stdout).toContain('--details FILE');
  });
});
