import { randomUUID } from 'node:crypto';
import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLog } from '../../src/read-models/log-reader.ts';
import { toLogEvent } from '../../src/read-models/read-model.ts';
import { projectTogether } from '../../src/read-models/together.ts';
import { besides, caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

const streamOf = (category: string, id: string) => `${service.config.streamPrefix}${category}-${id}`;
const payment = { paymentMethod: 'cash', transactionId: 't' };
const confirmation = { estimatedDeliveryTime: '2999-01-01T00:00:00Z' };
const details = { name: 'Ada', email: 'ada@example.com' };

/** Ways in which the beginning of a stream of three events goes. */
const ways = {
  'deleted softly': (stream: string) => service.eventStore.deleteStream(stream),
  'deleted for good': (stream: string) => service.eventStore.tombstoneStream(stream),
  'truncated in its midst': (stream: string) => service.eventStore.setStreamMetadata(stream, { truncateBefore: 1 }),
  'truncated beyond its end': (stream: string) => service.eventStore.setStreamMetadata(stream, { truncateBefore: 9 }),
  'cut to its last event': (stream: string) => service.eventStore.setStreamMetadata(stream, { maxCount: 1 }),
} as const;
const names = Object.keys(ways) as (keyof typeof ways)[];

async function newOrder(customerId = 'ada'): Promise<string> {
  const id = await placeOrder(service, customerId);
  expect((await service.post(`/orders/${id}/confirm`, confirmation)).status).toBe(200);
  expect((await service.post(`/orders/${id}/payment`, payment)).status).toBe(200);
  return id;
}

async function newCustomer(): Promise<string> {
  const id = `c-${randomUUID()}`;
  for (const name of ['A', 'B', 'C'])
    expect((await service.put(`/customers/${id}`, { ...details, name })).status).toBeLessThan(300);
  await caughtUp(service);
  return id;
}

/** Of the log, scavenged or not: how many events the stream got. */
async function lastRevision(stream: string): Promise<bigint> {
  let last = -1n;
  for await (const { event } of service.eventStore.readAll()) {
    if (event?.streamId === stream && event.type !== '$streamDeleted') last = event.revision;
  }
  return last;
}

async function gone(path: string): Promise<void> {
  await until(`${path} is gone`, async () => (await service.get(path)).status === 410);
}

test('events of an order that are projected after those that say that it is gone leave nothing of it', async () => {
  const id = await newOrder();
  await service.post(`/orders/${id}/cancel`, { reason: 'x' });
  await caughtUp(service);
  const { context, models, database } = besides(service);
  const events: AllStreamRecordedEvent[] = [];
  for await (const page of readLog(context.client, [streamOf('PizzaOrder', id)])) events.push(...page.events);
  expect(events.map(({ type }) => type)).toContain('RefundRequested');
  await ways['deleted softly'](streamOf('PizzaOrder', id));
  await gone(`/orders/${id}`);
  await caughtUp(service);

  // Another instance has had them in hand until now. Its first one is missing, then all are there.
  for (const late of [events.slice(1), events]) {
    const projection = projectTogether(models, (model) => model.project(context, model.name));
    await projection.add(late.map((event) => toLogEvent(service.config.streamPrefix, event)));
    expect((await projection.write()).gone).toEqual(new Set([id]));
    for (const name of ['audit', 'refunds'])
      expect({ name, left: await database.db.collection(name).countDocuments({ orderId: id }) }).toEqual({
        name,
        left: 0,
      });
  }
});

describe.each(names)('an order whose stream was %s', (way) => {
  test('is gone for every read and command, though it was cached, and nothing is appended or parked', async () => {
    const id = await newOrder();
    await caughtUp(service);
    const parked = service.service.worker.status().parked;
    await ways[way](streamOf('PizzaOrder', id));
    await gone(`/orders/${id}`);

    for (const path of [
      '',
      '?minRevision=7',
      '/state',
      '/state?revision=1',
      '/state?asOf=2999-01-01',
      '/timeline',
      '/diff?from=0&to=2',
    ]) {
      expect([path, (await service.get(`/orders/${id}${path}`)).status]).toEqual([path, 410]);
    }
    const commands = {
      status: { status: 'DELIVERED' },
      payment,
      confirm: confirmation,
      discount: { discountCode: 'A', discountAmount: '1.00' },
    };
    for (const [path, body] of Object.entries(commands)) {
      const { status, body: problem } = await service.post(`/orders/${id}/${path}`, body);
      expect([path, status]).toEqual([path, 410]);
      expect(problem).toMatchObject({ type: '/problems/gone', status: 410 });
    }
    expect(await lastRevision(streamOf('PizzaOrder', id))).toBe(2n);
    expect(service.service.worker.status().parked).toBe(parked);
  });

  test('is in no list, figure and audit trail, live and rebuilt, and verify agrees', async () => {
    const customerId = `c-${randomUUID()}`;
    const [id, other] = [await newOrder(customerId), await newOrder(customerId)];
    await caughtUp(service);
    const figures = async () =>
      (await service.get('/analytics/orders?from=2020-01-01&to=2030-01-01')).body.totalOrders as number;
    const before = await figures();
    await ways[way](streamOf('PizzaOrder', id));
    await gone(`/orders/${id}`);
    await caughtUp(service);

    const { admin, database, rebuilds } = besides(service);
    const check = async () => {
      expect((await service.get(`/orders?customerId=${customerId}`)).body.items).toMatchObject([{ id: other }]);
      expect((await service.get(`/audit?orderId=${id}`)).body.items).toEqual([]);
      expect((await service.get(`/audit?orderId=${other}`)).body.items).toHaveLength(3);
      expect(await figures()).toBe(before - 1);
      expect(await database.orders.findOne({ _id: id })).toEqual({ _id: id, revision: -2 });
      for (const name of ['customers', 'orders', 'audit', 'analytics']) {
        expect(await admin.verify(name, { repair: false })).toMatchObject({ differences: 0 });
      }
    };
    await check();
    for (const name of ['orders', 'audit']) {
      const begun = Date.now();
      await rebuilds.ensure(name, (last) => (last?.finishedAt?.getTime() ?? 0) >= begun);
    }
    await check();
  });
});

describe.each(names)('a customer whose stream was %s', (way) => {
  test('is gone, cannot be registered again, and is shown by no order', async () => {
    const id = await newCustomer();
    const orderId = await placeOrder(service, id);
    await caughtUp(service);
    expect((await service.get(`/orders/${orderId}`)).body).toMatchObject({ customerName: 'C' });
    await ways[way](streamOf('Customer', id));
    await gone(`/customers/${id}`);
    expect((await service.get(`/customers/${id}?minRevision=9`)).status).toBe(410);
    const again = await service.put(`/customers/${id}`, details);
    expect(again.status).toBe(410);
    expect((await service.put(`/customers/${id}`, details, { 'idempotency-key': randomUUID() })).status).toBe(410);
    expect(await lastRevision(streamOf('Customer', id))).toBe(2n);
    await caughtUp(service);
    const unknown = { customerName: 'Unknown', customerEmail: '' };
    expect((await service.get(`/orders/${orderId}`)).body).toMatchObject(unknown);
    const later = await placeOrder(service, id);
    await caughtUp(service);
    expect((await service.get(`/orders/${later}`)).body).toMatchObject(unknown);
    const { admin } = besides(service);
    for (const name of ['customers', 'orders']) {
      expect(await admin.verify(name, { repair: false })).toMatchObject({ differences: 0 });
    }
  });
});

/** As EventStoreDB has it: the first change after a soft delete is followed by one of its own, which hides the events. */
async function takeBack(stream: string): Promise<void> {
  for (let changes = 0; changes < 2; changes += 1)
    await service.eventStore.setStreamMetadata(stream, { truncateBefore: 0 });
}

test.each(['deleted softly', 'truncated beyond its end', 'truncated in its midst'] as const)(
  'an order whose stream was %s and taken back, is there as before: commands, reads, lists, refunds, figures, audit',
  async (way) => {
    const customerId = `c-${randomUUID()}`;
    const id = await newOrder(customerId);
    await service.post(`/orders/${id}/cancel`, { reason: 'x' });
    await caughtUp(service);
    const paths = [
      `/orders/${id}`,
      `/orders?customerId=${customerId}`,
      `/audit?orderId=${id}`,
      '/analytics/orders?from=2020-01-01&to=2030-01-01',
    ];
    const answers = () => Promise.all(paths.map(async (path) => (await service.get(path)).body));
    const refunds = async () =>
      ((await service.get('/refunds?limit=100')).body.items as { orderId: string }[]).filter(
        ({ orderId }) => orderId === id,
      );
    const [before, owed] = [await answers(), await refunds()];
    expect(owed).toHaveLength(1);
    const stream = streamOf('PizzaOrder', id);
    await ways[way](stream);
    await gone(`/orders/${id}`);
    await caughtUp(service);
    await takeBack(stream);
    await until('it is there', async () => (await service.get(`/orders/${id}`)).status === 200);
    await caughtUp(service);
    expect(await answers()).toEqual(before);
    expect(await refunds()).toEqual(owed);
    const { admin } = besides(service);
    for (const name of ['orders', 'audit', 'refunds', 'analytics']) {
      expect(await admin.verify(name, { repair: false })).toMatchObject({ differences: 0 });
    }
    expect((await service.post(`/orders/${id}/payment`, { ...payment, transactionId: 'late' })).status).toBe(200);
    await caughtUp(service);
    expect((await service.get(`/orders/${id}`)).body).toMatchObject({ revision: 6 });
    expect(await refunds()).toHaveLength(2);
  },
);

test('a customer and an item of the menu, whose streams were deleted and taken back, are there as before', async () => {
  const id = await newCustomer();
  const orderId = await placeOrder(service, id);
  const sku = `sku-${randomUUID()}`;
  const item = { name: 'Cola', category: 'Drinks', price: '2.00', ingredients: [] };
  expect((await service.put(`/menu/${sku}`, item)).status).toBe(201);
  await caughtUp(service);
  const streams = { [`/customers/${id}`]: streamOf('Customer', id), [`/menu/${sku}`]: streamOf('MenuItem', sku) };
  for (const [path, stream] of Object.entries(streams)) {
    const before = (await service.get(path)).body;
    await ways['deleted softly'](stream);
    await gone(path);
    await takeBack(stream);
    await until(`${path} is there`, async () => (await service.get(path)).status === 200);
    expect((await service.get(path)).body).toEqual(before);
  }
  await caughtUp(service);
  expect((await service.get(`/orders/${orderId}`)).body).toMatchObject({ customerName: 'C' });
  expect((await service.put(`/customers/${id}`, { ...details, name: 'D' })).status).toBe(200);
  await caughtUp(service);
  expect((await service.get(`/orders/${orderId}`)).body).toMatchObject({ customerName: 'D' });
  const { admin } = besides(service);
  for (const name of ['customers', 'orders', 'menu_items']) {
    expect(await admin.verify(name, { repair: false })).toMatchObject({ differences: 0 });
  }
});

test('an order placed with an Idempotency-Key, whose stream was deleted, is not placed again by the same request', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const body = { customerId: 'ada', items: [{ name: 'Margherita', quantity: 1, unitPrice: '10.00' }] };
  const { id } = (await service.post('/orders', body, headers)).body as { id: string };
  await caughtUp(service);
  await service.eventStore.deleteStream(streamOf('PizzaOrder', id));
  await gone(`/orders/${id}`);
  expect((await service.post('/orders', body, headers)).status).toBe(410);
  expect(await lastRevision(streamOf('PizzaOrder', id))).toBe(0n);
});

test('metadata that hide nothing, set on a stream, before it is there or later, change nothing', async () => {
  const customerId = `c-${randomUUID()}`;
  await service.eventStore.setStreamMetadata(streamOf('Customer', customerId), { maxCount: 100 });
  await caughtUp(service);
  expect((await service.put(`/customers/${customerId}`, details)).status).toBe(201);
  const id = await newOrder(customerId);
  await service.eventStore.setStreamMetadata(streamOf('PizzaOrder', id), { acl: { readRoles: ['$all'] } });
  await caughtUp(service);
  expect((await service.get(`/orders/${id}`)).body).toMatchObject({ revision: 2, customerName: 'Ada' });
  expect((await service.post(`/orders/${id}/status`, { status: 'DELIVERED' })).status).toBe(200);
});

test('an event of a stream that was deleted, delivered late, brings no document back', async () => {
  const id = await newOrder();
  await caughtUp(service);
  await service.eventStore.deleteStream(streamOf('PizzaOrder', id));
  await gone(`/orders/${id}`);
  // A command that was on its way when the stream was deleted, or another program, brings the stream back.
  const { jsonEvent } = await import('@eventstore/db-client');
  const data = { orderId: id, previousStatus: 'COOKING', newStatus: 'READY', changedAt: new Date().toISOString() };
  await service.eventStore.appendToStream(streamOf('PizzaOrder', id), [
    jsonEvent({ type: 'OrderStatusChanged', data }),
  ]);
  await caughtUp(service);
  expect((await service.get(`/orders/${id}`)).status).toBe(410);
  expect((await service.post(`/orders/${id}/payment`, payment)).status).toBe(410);
  expect((await service.get(`/orders/${id}/state`)).status).toBe(410);
  expect((await besides(service).admin.parked(100)).items.filter(({ stream }) => stream.endsWith(id))).toEqual([]);
  expect(await besides(service).admin.verify('orders', { repair: false })).toMatchObject({ differences: 0 });
});
