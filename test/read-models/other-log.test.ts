import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '@marios-pizzeria/embedded-eventstoredb';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { MongoClient } from 'mongodb';
import { pino } from 'pino';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { connectMongo } from '../../src/read-models/database.ts';
import { READ_MODELS } from '../../src/read-models/index.ts';
import type { Outcome, ReadModel } from '../../src/read-models/read-model.ts';
import { rebuildStates } from '../../src/read-models/rebuild/lease.ts';
import { OTHER_LOG } from '../../src/read-models/rebuild/discard.ts';
import { createService, type Service } from '../../src/service.ts';
import { until } from '../support/until.ts';

type Server = Awaited<ReturnType<typeof startEmbedded>>;

const folder = mkdtempSync(join(tmpdir(), 'pizzeria-logs-'));
const mongo: MongoClient = connectMongo(inject('mongoUrl'));
let config: Parameters<typeof createService>[0]['config'];
const closers: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  const name = `t${randomBytes(6).toString('hex')}`;
  config = {
    mongoDatabase: `test_${name}`,
    consumerGroup: name,
    streamPrefix: '',
    currency: 'USD',
    snapshotEvery: 100,
    withheldEvents: undefined,
    trustProxy: [],
    pages: { warnMinutes: 10, lateMinutes: 20, timeZone: 'UTC', traceUrlTemplate: undefined },
    maxInFlight: 1000,
    maxStreams: 500,
    rateLimitPerMinute: undefined,
  };
});
afterEach(async () => {
  for (let close = closers.pop(); close; close = closers.pop()) await close();
  await mongo.db(config.mongoDatabase).dropDatabase();
});
afterAll(async () => {
  await mongo.close();
  rmSync(folder, { recursive: true, force: true });
});

let folders = 0;
const newFolder = () => join(folder, String((folders += 1)));

async function startStore(dataDir: string, port = 0): Promise<Server> {
  const server = await startEmbedded({ dataDir, port });
  closers.push(() => server.close());
  return server;
}

interface Running {
  readonly service: Service;
  readonly warnings: string[];
  readonly eventStore: EventStoreDBClient;
  readonly get: (url: string) => Promise<{ status: number; body: Record<string, unknown> & { items: unknown[] } }>;
  place(customerId: string, headers?: Record<string, string>): Promise<string>;
  stop(): Promise<void>;
}

async function startService(url: string, readModels: readonly ReadModel[] = READ_MODELS): Promise<Running> {
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => warnings.push((JSON.parse(line) as { msg: string }).msg) });
  const eventStore = connectEventStore(url);
  const service = await createService({ config, eventStore, mongo, log, readModels });
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await service.close();
    await eventStore.dispose();
  };
  closers.push(stop);
  return {
    service,
    warnings,
    eventStore,
    async get(path) {
      const { statusCode, body } = await service.app.inject({ method: 'GET', url: path });
      return { status: statusCode, body: JSON.parse(body) as never };
    },
    async place(customerId, headers = {}) {
      const payload = { customerId, items: [{ name: 'Margherita', quantity: 1, unitPrice: '10.00' }] };
      const { statusCode, body } = await service.app.inject({ method: 'POST', url: '/orders', payload, headers });
      expect(statusCode).toBe(201);
      return (JSON.parse(body) as { id: string }).id;
    },
    stop,
  };
}

async function ready({ get }: Running): Promise<void> {
  await until('the service is ready', async () => (await get('/health/ready')).status === 200);
}

/** Orders, one a customer, whose read models are up to date. */
async function placed(running: Running, ...customers: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const customerId of customers) {
    const details = { name: customerId, email: 'a@example.com' };
    await running.service.app.inject({ method: 'PUT', url: `/customers/${customerId}`, payload: details });
    ids.push(await running.place(customerId));
  }
  for (const id of ids) {
    await until('the order is projected', async () => (await running.get(`/orders/${id}`)).status === 200);
  }
  await until('all is projected', async () => {
    const { body } = await running.get('/admin/projections');
    return (body.items as { lag: { events: number } }[]).every(({ lag }) => lag.events === 0);
  });
  return ids;
}

/** That the read models show these orders, and nothing else, whoever asks. */
async function expectOrders(running: Running, ids: readonly string[], gone: readonly string[]): Promise<void> {
  const { get } = running;
  const listed = async (path: string) => (await get(path)).body.items;
  expect((await listed('/orders?limit=100')).map((order) => (order as { id: string }).id).sort()).toEqual(
    [...ids].sort(),
  );
  for (const id of gone) expect((await get(`/orders/${id}`)).status).toBe(404);
  expect((await listed('/audit?limit=100')).map((entry) => (entry as { orderId: string }).orderId).sort()).toEqual(
    [...ids].sort(),
  );
  const figures = await get('/analytics/orders?from=2020-01-01&to=2030-01-01');
  expect(figures.body['totalOrders']).toBe(ids.length);
  const { status, body } = await get('/admin/projections');
  expect(status).toBe(200);
  expect(body.items).toMatchObject(READ_MODELS.map(({ name }) => ({ name, state: 'consuming', lastError: null })));
  for (const { name } of READ_MODELS) {
    const answer = await running.service.app.inject({ method: 'POST', url: `/admin/projections/${name}/verify` });
    expect(JSON.parse(answer.body)).toMatchObject({ differences: 0 });
  }
}

/** For several services one after the other, on a machine that is busy otherwise. */
const DEADLINE_MS = 120_000;

describe('read models of another log', { timeout: DEADLINE_MS }, () => {
  test('than the event store has at the start, are built anew, and it is said', async () => {
    const first = await startService((await startStore(newFolder())).url);
    await ready(first);
    const old = await placed(first, 'ada', 'bob');
    // What a rebuild that was interrupted has kept is of no use either.
    const position = { commit: '1234567', prepare: '1234567' };
    const states = rebuildStates(mongo.db(config.mongoDatabase));
    await first.stop();
    await states.insertOne({
      _id: 'rebuild:orders',
      version: 1,
      phase: 'filling',
      owner: null,
      heartbeat: new Date(0),
      startedAt: new Date(0),
      finishedAt: null,
      position,
      head: '9999999',
      events: 3,
      streams: 3,
      documents: 0,
      error: null,
    });

    const { url } = await startStore(newFolder());
    const second = await startService(url);
    await ready(second);
    expect(second.warnings).toContain(OTHER_LOG);
    await expectOrders(second, [], old);
    expect((await second.get('/customers/ada')).status).toBe(404);
    const fresh = await placed(second, 'bob', 'eve');
    await expectOrders(second, fresh, old);
    await second.service.app.inject({ method: 'POST', url: '/admin/projections/orders/rebuild' });
    await until('a rebuild is done', async () => {
      const { body } = await second.get('/admin/projections');
      const items = body.items as readonly { readonly name: string; readonly rebuild: { state: string } | null }[];
      return items.find(({ name }) => name === 'orders')?.rebuild?.state === 'done';
    });
    await second.stop();

    const third = await startService(url);
    await ready(third);
    expect(third.warnings).not.toContain(OTHER_LOG);
    await expectOrders(third, fresh, old);
  });

  test('which holds the very same events by their ids, are built anew', async () => {
    const headers = { 'idempotency-key': 'the-same' };
    const first = await startService((await startStore(newFolder())).url);
    await ready(first);
    const [old = ''] = await placed(first, 'ada');
    const id = await first.place('bob', headers);
    await until('it is projected', async () => (await first.get(`/orders/${id}`)).status === 200);
    await first.stop();
    const second = await startStore(newFolder());
    const other = { ...config, mongoDatabase: `${config.mongoDatabase}_other` };
    const [own, ours] = [config, other];
    config = ours;
    const elsewhere = await startService(second.url);
    await ready(elsewhere);
    expect(await elsewhere.place('bob', headers)).toBe(id);
    await elsewhere.stop();
    await mongo.db(ours.mongoDatabase).dropDatabase();
    config = own;
    const again = await startService(second.url);
    await ready(again);
    expect(again.warnings).toContain(OTHER_LOG);
    await until('the order is projected', async () => (await again.get(`/orders/${id}`)).status === 200);
    await expectOrders(again, [id], [old]);
  });

  test('restored to an earlier point, and written to since, are built anew', async () => {
    const [data, backup] = [newFolder(), newFolder()];
    const store = await startEmbedded({ dataDir: data, port: 0 });
    const first = await startService(store.url);
    await ready(first);
    const kept = await placed(first, 'ada');
    await first.stop();
    await store.close();
    cpSync(data, backup, { recursive: true });
    const afterBackup = await startEmbedded({ dataDir: data, port: 0 });
    const second = await startService(afterBackup.url);
    await ready(second);
    expect(second.warnings).not.toContain(OTHER_LOG);
    const lost = await placed(second, 'bob');
    await second.stop();
    await afterBackup.close();

    const { url } = await startStore(backup);
    const [third, beside] = await Promise.all([startService(url), startService(url)]);
    await Promise.all([ready(third), ready(beside)]);
    // One of them does it.
    expect([...third.warnings, ...beside.warnings].filter((warning) => warning === OTHER_LOG)).toHaveLength(1);
    await expectOrders(third, kept, lost);
    await expectOrders(third, [...kept, ...(await placed(third, 'eve'))], lost);
  });

  test('than the one that a running service finds when it connects again, are built anew, and readiness tells', async () => {
    const store = await startEmbedded({ dataDir: newFolder(), port: 0 });
    let release: () => void = () => undefined;
    let held: Promise<void> = Promise.resolve();
    const holding = READ_MODELS.map((model) => ({
      ...model,
      project(...args: Parameters<ReadModel['project']>) {
        const projection = model.project(...args);
        return { ...projection, write: async (before?: Promise<Outcome>) => (await held, projection.write(before)) };
      },
    }));
    const running = await startService(store.url, holding);
    await ready(running);
    const old = await placed(running, 'ada');
    const other = newFolder();
    const beside = await startEmbedded({ dataDir: other, port: 0 });
    const name = config.mongoDatabase;
    config = { ...config, mongoDatabase: `${name}_beside` };
    const there = await startService(beside.url);
    await ready(there);
    const fresh = await placed(there, 'bob');
    await there.stop();
    await mongo.db(config.mongoDatabase).dropDatabase();
    config = { ...config, mongoDatabase: name };
    await beside.close();
    held = new Promise((resolve) => (release = resolve));
    await store.close();
    await startStore(other, Number(/:(\d+)/.exec(store.url)?.[1]));

    await until('readiness tells', async () => {
      const { status, body } = await running.get('/health/ready');
      return status === 503 && (body['checks'] as { projection: string }).projection.includes(OTHER_LOG);
    });
    const { items } = (await running.get('/admin/projections')).body;
    expect(items).toMatchObject(READ_MODELS.map(() => ({ state: 'rebuilding', lastError: OTHER_LOG })));
    release();
    await ready(running);
    expect(running.warnings).toContain(OTHER_LOG);
    await until('the order is projected', async () => (await running.get(`/orders/${fresh[0] ?? ''}`)).status === 200);
    await expectOrders(running, fresh, old);
  });

  test('of which the last event projected was deleted since, are kept', async () => {
    const { url } = await startStore(newFolder());
    const first = await startService(url);
    await ready(first);
    const [kept = '', softly = '', hard = ''] = await placed(first, 'ada', 'bob', 'eve');
    await first.stop();
    const client = connectEventStore(url);
    closers.push(() => client.dispose());
    await client.tombstoneStream(`PizzaOrder-${hard}`);
    const second = await startService(url);
    await ready(second);
    await until('it is gone', async () => (await second.get(`/orders/${hard}`)).status === 410);
    await second.stop();
    await client.deleteStream(`PizzaOrder-${softly}`);
    const third = await startService(url);
    await ready(third);
    expect([...second.warnings, ...third.warnings]).not.toContain(OTHER_LOG);
    expect((await third.get(`/orders/${kept}`)).status).toBe(200);
  });
});
