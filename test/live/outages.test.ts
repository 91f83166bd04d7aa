import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonEvent } from '@eventstore/db-client';
import { startEmbedded } from '@marios-pizzeria/embedded-eventstoredb';
import { pino } from 'pino';
import { afterEach, expect, inject, test } from 'vitest';
import { connectEventStore, readHead } from '../../src/eventstoredb/client.ts';
import { createService } from '../../src/service.ts';
import { withMongoAway } from '../support/mongo-away.ts';
import { besides, caughtUp, placeOrder, projectionOptions } from '../support/projections.ts';
import { connectThroughProxy } from '../support/proxied-client.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { listen, openStream, type WatchedStream } from '../support/streams.ts';
import { until } from '../support/until.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(like?: TestService): Promise<{ service: TestService; base: string }> {
  const service = await startTestService(like ? { like } : {});
  closing.push(() => service.close());
  return { service, base: await listen(service.app) };
}

async function watch(url: string, headers: Record<string, string> = {}): Promise<WatchedStream> {
  const stream = await openStream(url, headers);
  closing.push(() => stream.close());
  return stream;
}

const orderIds = (stream: WatchedStream) => stream.of('order').map(({ data }) => data.orderId as string);

test('the event store, away and back: streams stay open, say so, and go on without a gap', async () => {
  const { service } = await start();
  const { client, proxy, close } = await connectThroughProxy(inject('eventStoreUrl'));
  const { config, mongo } = service;
  const log = pino({ level: 'silent' });
  const other = await createService({ config, eventStore: client, mongo, log });
  closing.push(close, () => other.close());
  const base = await listen(other.app);
  const kitchen = await watch(`${base}/stream/kitchen`);
  const first = await placeOrder(service);
  const order = await watch(`${base}/stream/orders/${first}`);
  await kitchen.untilOf('order');

  proxy.set({ type: 'cut' });
  await kitchen.untilOf('projection');
  const meanwhile = [await placeOrder(service), await placeOrder(service)];
  await service.post(`/orders/${first}/status`, { status: 'READY' });
  expect((await fetch(`${base}/stream/kitchen`)).status).toBe(503);
  expect(kitchen.isEnded() || order.isEnded()).toBe(false);
  proxy.set({ type: 'none' });

  await kitchen.untilOf('order', 4);
  await order.untilOf('order', 2);
  expect(orderIds(kitchen)).toEqual([first, ...meanwhile, first]);
  for (const stream of [kitchen, order]) {
    const states = (await stream.untilOf('projection', 2)).map(({ data }) => data.state as string);
    expect([states[0], states.at(-1)]).toEqual(['waiting', 'consuming']);
    expect(stream.of('projection').every(({ id }) => id === undefined)).toBe(true);
  }
  expect(order.of('order').map(({ data }) => data.card.status)).toEqual(['PENDING', 'READY']);
});

test('MongoDB away: streams open and go on; the board says that it cannot be read', async () => {
  const { service } = await start();
  await withMongoAway(service, async (app) => {
    const base = await listen(app);
    const stream = await watch(`${base}/stream/kitchen`);
    const operations = await watch(`${base}/stream/operations`);
    const id = await placeOrder(service);
    await stream.untilOf('order');
    expect(orderIds(stream)).toEqual([id]);
    const [state] = await operations.untilOf('projection');
    expect(state?.data).toMatchObject({ checks: { eventStore: 'up', readModels: 'down' }, items: null });
    const board = await fetch(`${base}/kitchen/board`);
    expect([board.status, board.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await board.json()).toMatchObject({ detail: 'Unable to read the kitchen’s board. Please try again.' });
    stream.close();
    operations.close();
  });
});

test('an instance that stops: another one goes on from the id that the reader has', async () => {
  const { service } = await start();
  const other = await startTestService({ like: service });
  const stream = await watch(`${await listen(other.app)}/stream/kitchen`);
  const before = await placeOrder(service);
  const [last] = await stream.untilOf('order');
  expect(last?.data.orderId).toBe(before);
  await other.close();
  await until('the stream is ended', () => stream.isEnded());
  const meanwhile = await placeOrder(service);
  const resumed = await watch(`${await listen(service.app)}/stream/kitchen`, { 'last-event-id': last?.id ?? '' });
  const after = await placeOrder(service);
  await resumed.untilOf('order', 2);
  expect(orderIds(resumed)).toEqual([meanwhile, after]);
});

test('a rebuild, while streams are open: they go on, and the board after it is the one before', async () => {
  const { service, base } = await start();
  const ids = [await placeOrder(service), await placeOrder(service)];
  await caughtUp(service);
  const before = await service.get('/kitchen/board');
  const stream = await watch(`${base}/stream/kitchen?after=${before.body.asOf}`);
  const { rebuilds } = besides(service);
  await rebuilds.start('orders');
  const during = await placeOrder(service);
  await rebuilds.ensure('orders', (state) => (state?.finishedAt ?? null) !== null);
  await caughtUp(service);
  const after = await service.get('/kitchen/board');
  expect(after.body.orders.map(({ id }: { id: string }) => id)).toEqual([during, ...ids.reverse()]);
  await stream.untilOf('order');
  expect(orderIds(stream)).toEqual([during]);
  expect(stream.of('reset')).toEqual([]);
});

test('a reader that was away for more than 5,000 events begins anew', async () => {
  const { service } = await start();
  const { streams } = projectionOptions(service);
  const board = await service.get('/kitchen/board');
  const id = await placeOrder(service);
  const stream = streams.streamOf('PizzaOrder', id);
  const changes = 5001;
  for (let revision = 0; revision < changes;) {
    const events = Array.from({ length: Math.min(500, changes - revision) }, (_, index) => ({
      type: 'DeliveryAddressChanged' as const,
      data: {
        orderId: id,
        oldAddress: null,
        newAddress: { street: `${revision + index}`, city: 'Napoli', postalCode: '80100' },
        changedAt: '2030-01-01T00:00:00.000Z',
      },
    }));
    const context = { commandId: `${id} ${revision}`, correlationId: 'c', actor: 'anna' };
    await streams.append(stream, revision, events, context);
    revision += events.length;
  }
  const base = await listen(service.app);
  for (const path of [`/stream/kitchen?after=${board.body.asOf}`, `/stream/orders/${id}?after=0`]) {
    const late = await watch(`${base}${path}`);
    expect((await late.untilOf('reset'))[0]?.data).toEqual({ reason: 'too-far-behind' });
    await until('it ends', () => late.isEnded());
  }
  const inTime = await watch(`${base}/stream/orders/${id}?after=1`);
  await inTime.untilOf('order', changes - 1);
}, 60_000);

test.each([
  ['to an earlier point', false],
  ['and has grown since', true],
])('a log that was restored %s has those who were further begin anew, and goes on', async (_, hasGrown) => {
  const { service } = await start();
  const restored = await startEmpty();
  // The store that the tests run on may hold more than can be written in a test.
  const before = hasGrown ? (await startEmpty()).url : inject('eventStoreUrl');
  const { client, proxy, close } = await connectThroughProxy(before);
  const { config, mongo } = service;
  const other = await createService({ config, eventStore: client, mongo, log: pino({ level: 'silent' }) });
  closing.push(close, () => other.close());
  const base = await listen(other.app);
  const stream = await watch(`${base}/stream/kitchen`);
  const items = [{ name: 'Margherita', quantity: 1, unitPrice: '10.00' }];
  const place = () =>
    until('an order is placed', async () => {
      const placed = await other.app.inject({ method: 'POST', url: '/orders', payload: { customerId: 'ada', items } });
      return placed.statusCode === 201 && placed.json<{ id: string }>().id;
    });
  await place();
  const [last] = await stream.untilOf('order');

  if (hasGrown) await growBeyond(restored.url, BigInt(last?.id ?? 0));
  proxy.target(Number(new URL(restored.url.replace('esdb:', 'http:')).port));
  proxy.reset();
  const [reset] = await stream.untilOf('reset');
  expect(reset?.data).toEqual({ reason: 'unknown-position' });
  if (!hasGrown) {
    const resumed = await untilOpen(`${base}/stream/kitchen`, { 'last-event-id': last?.id ?? '' });
    expect((await resumed.untilOf('reset'))[0]?.data).toEqual({ reason: 'unknown-position' });
  }

  const now = await untilOpen(`${base}/stream/kitchen`);
  const id = await place();
  await now.untilOf('order');
  expect(orderIds(now)).toEqual([id]);
});

/** An event store of its own, empty. */
async function startEmpty() {
  const dataDir = mkdtempSync(join(tmpdir(), 'pizzeria-restored-'));
  const server = await startEmbedded({ dataDir, port: 0 });
  closing.unshift(async () => {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return server;
}

async function growBeyond(url: string, position: bigint): Promise<void> {
  const client = connectEventStore(url);
  const event = () => jsonEvent({ type: 'Other', data: { text: 'x'.repeat(20_000) } });
  while (((await readHead(client, 20_000))?.commit ?? 0n) <= position)
    await client.appendToStream('other', Array.from({ length: 40 }, event));
  await client.dispose();
}

async function untilOpen(url: string, headers?: Record<string, string>): Promise<WatchedStream> {
  const opened = await until('the stream opens', async () => {
    const stream = await watch(url, headers);
    return stream.status === 200 && stream;
  });
  if (!opened) throw new Error('it did not open');
  return opened;
}
