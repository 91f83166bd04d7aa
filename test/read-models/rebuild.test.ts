import type { EventEmitter } from 'node:events';
import { type EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readModelStates } from '../../src/read-models/database.ts';
import { READ_MODEL_NAMES, READ_MODELS } from '../../src/read-models/index.ts';
import { createRebuilds, RebuildRunningError } from '../../src/read-models/rebuild/rebuild.ts';
import { LEASE_MS, rebuildStates } from '../../src/read-models/rebuild/lease.ts';
import { besides, caughtUp, keepWriting, placeOrder, projectionOptions } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let service: TestService;
/** Those that are made of the log. */
const OF_EVENTS = READ_MODELS.filter(({ categories }) => categories.length > 0).map(({ name }) => name);

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

async function differencesOf(name: string) {
  const { listed } = await besides(service).admin.verify(name, { repair: false });
  return listed;
}

/** A client whose subscriptions break for good once they have given so many events: the process that uses it dies. */
function dyingAfter(client: EventStoreDBClient, most: number): EventStoreDBClient {
  let left = most;
  const breaking = (call: EventEmitter) => {
    const emit = call.emit.bind(call) as (name: string | symbol, ...given: unknown[]) => boolean;
    const breakOff = () => emit('error', Object.assign(new Error('gone'), { code: 14 }));
    return Object.assign(call, {
      emit(name: string | symbol, ...given: unknown[]) {
        if (name !== 'data') return emit(name, ...given);
        if (left === 0) queueMicrotask(breakOff);
        if (left === 0) return true;
        if (typeof given[0] === 'object') left -= 1; // an event
        return emit(name, ...given);
      },
    });
  };
  type Open = (service: unknown, name: string, ...options: unknown[]) => () => Promise<EventEmitter>;
  const openCall: Open = (service, name, ...options) => {
    const open = (client['GRPCStreamCreator'] as Open)(service, name, ...options);
    return name === 'subscribeToAll' ? async () => breaking(await open()) : open;
  };
  return new Proxy(client, {
    get(target, property) {
      const value: unknown = property === 'GRPCStreamCreator' ? openCall : Reflect.get(target, property);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('rebuilding', () => {
  test.each(READ_MODEL_NAMES)('%s, while orders are placed and changed, ends equal to the log', async (name) => {
    const writing = keepWriting(service);
    await until('some orders were placed', () => writing.orderIds.length >= 10);
    const { finished } = await besides(service).rebuilds.start(name);
    const state = await finished;
    await writing.stop();
    expect(state.phase).toBe('done');
    expect(state.events > 0).toBe(OF_EVENTS.includes(name));
    await caughtUp(service);
    for (const any of READ_MODEL_NAMES)
      expect({ any, differs: await differencesOf(any) }).toEqual({ any, differs: [] });
  });

  test('orders, with documents that were lost or damaged, makes them what the log says', async () => {
    const [lost, damaged] = [await placeOrder(service), await placeOrder(service)];
    await caughtUp(service);
    const { database, rebuilds } = besides(service);
    await database.orders.deleteOne({ _id: lost });
    await database.orders.updateOne({ _id: damaged }, { $set: { totalMinor: 1 } });
    await database.orders.insertOne({ ...(await database.orders.findOne({ _id: damaged })), _id: 'extra' } as never);
    await (
      await rebuilds.start('orders')
    ).finished;
    expect(await differencesOf('orders')).toEqual([]);
    expect((await service.get(`/orders/${lost}`)).status).toBe(200);
    expect((await service.get(`/orders/${damaged}`)).body).toMatchObject({ totalAmount: '20.00' });
    expect(await database.orders.findOne({ _id: 'extra' })).toBeNull();
  });

  test('orders, with the collection swapped, keeps the indexes of its queries', async () => {
    await placeOrder(service);
    await caughtUp(service);
    const { database, rebuilds } = besides(service);
    const keys = async () => (await database.orders.indexes()).map(({ key }) => JSON.stringify(key)).sort();
    const before = await keys();
    await (
      await rebuilds.start('orders')
    ).finished;
    expect(await keys()).toEqual(before);
  });

  test('orders, read all the time, answers each read', async () => {
    const ids = [await placeOrder(service), await placeOrder(service)];
    await caughtUp(service);
    let isDone = false;
    const statuses = new Set<number>();
    const read = async (url: string) => {
      while (!isDone) statuses.add((await service.get(url)).status);
    };
    const today = new Date().toISOString().slice(0, 10);
    const reading = [
      read(`/orders/${ids[0] ?? ''}`),
      read('/orders?limit=1'),
      read(`/analytics/orders?from=${today}&to=2999-01-01`.replace('2999', String(new Date().getUTCFullYear() + 1))),
    ];
    for (const name of ['orders', 'analytics', 'orders', 'analytics'] as const) {
      await (
        await besides(service).rebuilds.start(name)
      ).finished;
    }
    isDone = true;
    await Promise.all(reading);
    expect([...statuses]).toEqual([200]);
  });

  test.each(OF_EVENTS)('%s, interrupted and called again, goes on from its position', async (name) => {
    await service.put('/customers/ada', { name: 'Ada', email: 'ada@example.com' });
    for (let count = 0; count < 3; count += 1) await placeOrder(service);
    await caughtUp(service);
    const options = projectionOptions(service);
    const dying = createRebuilds({ ...options.context, client: dyingAfter(service.eventStore, 10) }, options.models);
    await expect((await dying.start(name)).finished).rejects.toThrow('the event store is away');
    const states = rebuildStates(options.database.db);
    const interrupted = await states.findOne({ _id: `rebuild:${name}` });
    expect(interrupted).toMatchObject({ phase: 'filling', owner: null });
    const readBefore = interrupted?.events ?? 0;
    expect(readBefore).toBeGreaterThan(0);
    expect(readBefore).toBeLessThanOrEqual(10);
    const again = await (await besides(service).rebuilds.start(name)).finished;
    expect(again).toMatchObject({ phase: 'done', startedAt: interrupted?.startedAt });
    expect(again.events).toBeGreaterThan(readBefore);
    expect(await differencesOf(name)).toEqual([]);
  });

  test('orders, told to stop, end unfinished and go on at the next call', async () => {
    const { rebuilds, database } = besides(service);
    const { finished } = await rebuilds.start('orders');
    await Promise.all([expect(finished).rejects.toThrow('stopping'), rebuilds.stop()]);
    const state = await rebuildStates(database.db).findOne({ _id: 'rebuild:orders' });
    expect(state).toMatchObject({ phase: 'filling', owner: null });
    await expect((await besides(service).rebuilds.start('orders')).finished).resolves.toMatchObject({ phase: 'done' });
  });

  test('orders, killed right after the swap, is finished by a running service', async () => {
    const writing = keepWriting(service);
    await until('some orders were placed', () => writing.orderIds.length >= 5);
    const { database, rebuilds } = besides(service);
    const { finished } = await rebuilds.start('orders');
    const { startedAt } = await finished;
    await writing.stop();
    await caughtUp(service);
    // As if the process had died after the rename, at the beginning of the log, and the last documents were lost.
    const states = rebuildStates(database.db);
    await database.orders.deleteMany({ _id: { $in: writing.orderIds.slice(-3) } });
    await states.updateOne(
      { _id: 'rebuild:orders' },
      { $set: { phase: 'swapping', owner: 'dead', heartbeat: new Date(Date.now() - LEASE_MS), position: null } },
    );
    await until('the service has finished it', async () => {
      const state = await states.findOne({ _id: 'rebuild:orders' });
      return state?.phase === 'done' && state.startedAt.getTime() === startedAt.getTime();
    });
    expect(await differencesOf('orders')).toEqual([]);
  });

  test('orders, while another process rebuilds them, is refused until that one gives no sign of life', async () => {
    const { database, rebuilds } = besides(service);
    const states = rebuildStates(database.db);
    await (
      await rebuilds.start('orders')
    ).finished;
    const heartbeat = new Date();
    const other = { phase: 'filling', owner: 'another', heartbeat, position: null, streams: 0 } as const;
    await states.updateOne({ _id: 'rebuild:orders' }, { $set: other });
    await expect(rebuilds.start('orders')).rejects.toThrow(RebuildRunningError);
    await expect(besides(service).rebuilds.start('orders')).rejects.toThrow(RebuildRunningError);
    await states.updateOne(
      { _id: 'rebuild:orders' },
      { $set: { heartbeat: new Date(heartbeat.getTime() - LEASE_MS) } },
    );
    await expect((await rebuilds.start('orders')).finished).resolves.toMatchObject({ phase: 'done' });
  });

  test('orders, taken over by another process, is not gone on with by the first', async () => {
    for (let count = 0; count < 3; count += 1) await placeOrder(service);
    const options = projectionOptions(service);
    const states = rebuildStates(options.database.db);
    const { finished } = await createRebuilds(options.context, options.models).start('orders');
    await states.updateOne({ _id: 'rebuild:orders' }, { $set: { owner: 'another' } });
    const outcome = await finished.catch((error: unknown) => error);
    expect(outcome).toMatchObject({ name: 'LeaseLostError' });
    expect(await states.findOne({ _id: 'rebuild:orders' })).toMatchObject({ owner: 'another' });
    await states.deleteOne({ _id: 'rebuild:orders' });
  });

  test('orders, that would lose a document, fails and leaves the old ones in place', async () => {
    const id = await placeOrder(service);
    await caughtUp(service);
    const { database, rebuilds } = besides(service);
    const states = rebuildStates(database.db);
    // Interrupted with a count that its documents do not bear out.
    await (
      await rebuilds.start('orders')
    ).finished;
    await states.updateOne({ _id: 'rebuild:orders' }, { $set: { phase: 'filling' }, $inc: { streams: 1 } });
    await expect((await rebuilds.start('orders')).finished).rejects.toThrow('the old ones stay');
    expect(await states.findOne({ _id: 'rebuild:orders' })).toMatchObject({ phase: 'failed' });
    expect((await service.get(`/orders/${id}`)).status).toBe(200);
  });

  test('analytics, under writes, forgets figures that were wrong', async () => {
    const { database, rebuilds } = besides(service);
    const writing = keepWriting(service);
    await until('some orders were placed', () => writing.orderIds.length >= 10);
    const period = `from=2020-01-01&to=${new Date().getUTCFullYear() + 1}-01-01`;
    await service.get(`/analytics/orders?${period}`);
    await database.db.collection('analytics').updateMany({}, { $inc: { orders: 1000 } });
    await (
      await rebuilds.start('analytics')
    ).finished;
    await writing.stop();
    await caughtUp(service);
    const answer = await service.get(`/analytics/orders?${period}`);
    expect(answer.body).toMatchObject({ totalOrders: await database.orders.countDocuments({}) });
    expect(await differencesOf('analytics')).toEqual([]);
  });
});

describe('the version of the read models', () => {
  test('documents, of another version than the code, are rebuilt before the service consumes', async () => {
    const id = await placeOrder(service);
    await caughtUp(service);
    const { database } = besides(service);
    const before = await database.orders.findOne({ _id: id });
    await database.orders.updateOne({ _id: id }, { $set: { totalMinor: 1, old: true } as never });
    await readModelStates(database.db).updateMany(
      { _id: { $in: [...READ_MODEL_NAMES] } },
      { $set: { version: 0, builtAt: new Date() } },
    );
    const next = await startTestService({ like: service });
    try {
      expect(next.service.worker.status().state).toBe('consuming');
      expect(await database.orders.findOne({ _id: id })).toEqual(before);
      for (const { name, version } of READ_MODELS) {
        expect(await readModelStates(database.db).findOne({ _id: name })).toMatchObject({ version });
      }
      expect(await differencesOf('analytics')).toEqual([]);
    } finally {
      await next.close();
    }
  });
});

describe('rebuilding a new installation', () => {
  let empty: TestService;
  beforeAll(async () => {
    empty = await startTestService();
  });
  afterAll(() => empty.close());

  test.each(READ_MODEL_NAMES)('%s, without a single event, is done as well', async (name) => {
    const { rebuilds } = besides(empty);
    await expect((await rebuilds.start(name)).finished).resolves.toMatchObject({ phase: 'done', events: 0 });
    expect(await besides(empty).admin.verify(name, { repair: false })).toMatchObject({ checked: 0, differences: 0 });
  });
});
