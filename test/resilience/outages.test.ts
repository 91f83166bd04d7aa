import { setTimeout as delay } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkReadModels } from '../drills/check.ts';
import { readyAfter } from '../drills/drill.ts';
import { readHistory } from '../drills/history.ts';
import { createWorld, type World } from '../drills/world.ts';
import { groupName } from '../support/group.ts';
import { until } from '../support/until.ts';
import { type Caller, createCaller, pizza, type TimedAnswer } from './caller.ts';

const ANSWER_WITHIN_MS = 3000;
const READY_WITHIN_MS = 10_000;

let world: World;
let caller: Caller;

beforeAll(async () => {
  world = await createWorld({ start: false });
  caller = createCaller((path) => service().url(path));
});

afterAll(async () => {
  caller.close();
  await world.close();
});

// One service lives through all of this, in this order, and is never restarted.

test('a service that finds neither store at its start is live, not ready, and refuses with 503', async () => {
  world.eventStore.proxy.set({ type: 'half-open' }); // accepts, and never answers; MongoDB's port refuses
  await service().start();
  expect((await caller.get('/health/live')).status).toBe(200);
  const ready = await caller.get('/health/ready');
  expect(ready.status).toBe(503);
  expect(ready.body).toMatchObject({ checks: { eventStore: 'down', readModels: 'down' } });
  await expectAway(caller.post('/orders', pizza()), caller.get('/orders'));
});

test('a service that waited for its stores is ready when they come, without a restart', async () => {
  await until('its drivers have given up connecting once', () => service().process().output().includes('waiting for'));
  await world.mongo.start();
  await world.eventStore.start();
  world.eventStore.proxy.set({ type: 'none' });
  expect(await readyAfter(service(), READY_WITHIN_MS)).toBeDefined();
  expect((await caller.post('/orders', pizza())).status).toBe(201);
});

test('with the event store gone, commands get 503 within 3 s and orders can be read; it is back by itself', async () => {
  const orderId = await placed();
  await shown(orderId);
  await world.eventStore.kill();
  try {
    await expectAway(caller.post(`/orders/${orderId}/status`, { status: 'READY' }), caller.post('/orders', pizza()));
    expect((await caller.get(`/orders/${orderId}`)).status).toBe(200);
    const ready = await caller.get('/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.body).toMatchObject({ checks: { eventStore: 'down', readModels: 'up' } });
    expect((await caller.get('/health/live')).status).toBe(200);
  } finally {
    await world.eventStore.start();
  }
  await serves(orderId);
});

test('with MongoDB gone, commands go on and reads get 503 within 3 s; what happened meanwhile is shown later', async () => {
  const orderId = await placed();
  await world.mongo.kill();
  let meanwhile: string;
  try {
    meanwhile = await placed();
    expect((await caller.post(`/orders/${orderId}/status`, { status: 'READY' })).status).toBe(200);
    await expectAway(caller.get(`/orders/${orderId}`), caller.get('/orders'));
    const ready = await caller.get('/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.body).toMatchObject({ checks: { eventStore: 'up', readModels: 'down' } });
  } finally {
    await world.mongo.start();
  }
  await serves(orderId);
  await shown(meanwhile);
});

test('with the event store stopped, many commands on one order all get 503 within 3 s; it is back when it goes on', async () => {
  const orderId = await placed();
  await shown(orderId);
  world.eventStore.pause();
  try {
    await expectAway(
      ...Array.from({ length: 12 }, (_, index) =>
        caller.post(`/orders/${orderId}/discount`, { discountCode: `code-${index}`, discountAmount: '0.10' }),
      ),
      caller.post('/orders', pizza()),
      caller.post('/orders', pizza(), { 'idempotency-key': 'while-stopped' }),
    );
    expect((await caller.get(`/orders/${orderId}`)).status).toBe(200);
    expect((await caller.get('/health/ready')).status).toBe(503);
  } finally {
    world.eventStore.resume();
  }
  await serves(orderId);
});

test('with MongoDB stopped, reads get 503 within 3 s and commands go on; it is back when it goes on', async () => {
  const orderId = await placed();
  await shown(orderId);
  world.mongo.pause();
  try {
    await expectAway(
      caller.get(`/orders/${orderId}`),
      caller.get('/orders'),
      caller.get(`/orders/${orderId}?minRevision=1`),
    );
    expect((await caller.post(`/orders/${orderId}/status`, { status: 'READY' })).status).toBe(200);
  } finally {
    world.mongo.resume();
  }
  await serves(orderId);
});

test('with MongoDB ending its connections again and again, no query is answered as a bug; it is back when it stops', async () => {
  const orderId = await placed();
  await shown(orderId);
  const paths = ['/orders', `/orders/${orderId}`, '/audit', '/menu', '/analytics/orders?from=2024-01-01&to=2033-01-01'];
  const answers: TimedAnswer[] = [];
  for (let times = 0; times < 30; times += 1) {
    const asked = paths.map((path) => caller.get(path));
    if (times % 2 === 0) world.mongo.proxy.finish();
    answers.push(...(await Promise.all(asked)));
  }
  expect(answers.filter(({ status }) => status !== 200 && status !== 503).map(({ body }) => body as unknown)).toEqual(
    [],
  );
  await serves(orderId);
});

test('with MongoDB cutting large messages midway, nothing is answered as a bug; what happened meanwhile is shown later', async () => {
  const orderId = await placed();
  await shown(orderId);
  world.mongo.proxy.set({ type: 'cut-midway' });
  let meanwhile: string[];
  try {
    meanwhile = await Promise.all(Array.from({ length: 20 }, placed));
    const asked = ['/orders?limit=100', '/audit?limit=100'].map((path) => caller.get(path));
    asked.push(caller.post('/admin/projections/orders/verify', {}));
    for (const { status } of await Promise.all(asked)) expect([200, 503]).toContain(status);
  } finally {
    world.mongo.proxy.set({ type: 'none' });
  }
  await serves(orderId);
  for (const id of meanwhile) await shown(id);
});

test('with MongoDB stepped down, commands go on and reads too; what happened meanwhile is shown later', async () => {
  const orderId = await placed();
  await shown(orderId);
  const client = new MongoClient(world.mongoUrl());
  try {
    await client.db('admin').command({ replSetStepDown: 2, force: true });
  } finally {
    await client.close();
  }
  const meanwhile = await placed();
  expect([200, 503]).toContain((await caller.get(`/orders/${orderId}`)).status);
  expect([202, 503]).toContain((await caller.post('/admin/projections/analytics/rebuild', {})).status);
  await shown(meanwhile);
  await serves(orderId);
});

test.each([
  ['place', () => '/orders', pizza('Unknown outcome')],
  ['pay', (id: string) => `/orders/${id}/payment`, { paymentMethod: 'cash', transactionId: 'unknown-outcome' }],
] as const)(
  '%s, the connection reset after the event store took the event and before its answer, has exactly one effect',
  async (_, path, body) => {
    const { proxy } = world.eventStore;
    /** @returns undefined where the order was not in the cache, after an outage: then nothing was sent */
    const lost = async () => {
      const orderId = path('') === '/orders' ? '' : await placed();
      const before = await eventsInLog();
      proxy.set({ type: 'hold-answers' });
      let isAnswered = false;
      const answering = caller.post(path(orderId), body).finally(() => (isAnswered = true));
      await until('it is in the log or refused', async () => (await eventsInLog()) > before || isAnswered);
      proxy.reset();
      proxy.set({ type: 'none' });
      const answer = await answering;
      const events = (await eventsInLog()) - before;
      if (answer.status !== 503 || events > 0) return { status: answer.status, events };
      await delay(3000); // longer than what keeps the cache right pauses
      return undefined;
    };
    const { status, events } = await until('an answer was lost', lost);
    expect([200, 201]).toContain(status);
    expect(events).toBe(1);
    await serves(await placed());
  },
);

test('after all these outages, nothing is parked and the read models equal the fold of the log', async () => {
  const log = await readHistory(world.eventStoreUrl());
  expect(log.impossible).toEqual([]);
  expect(await checkReadModels(log, world.mongoUrl())).toEqual([]);
  const client = EventStoreDBClient.connectionString(world.eventStoreUrl());
  try {
    const { stats } = await client.getPersistentSubscriptionToAllInfo(groupName());
    expect(Number(stats.parkedMessageCount)).toBe(0);
  } finally {
    await client.dispose();
  }
});

function service() {
  const [only] = world.services;
  if (!only) throw new Error('the world has no service');
  return only;
}

async function expectAway(...answering: readonly Promise<TimedAnswer>[]): Promise<void> {
  for (const { status, retryAfter, took } of await Promise.all(answering)) {
    expect(status).toBe(503);
    expect(retryAfter).toBeDefined();
    expect(took).toBeLessThan(ANSWER_WITHIN_MS);
  }
}

async function placed(): Promise<string> {
  const answer = await caller.post('/orders', pizza());
  expect(answer.status).toBe(201);
  return (answer.body as { readonly id: string }).id;
}

/** The read model has it. */
async function shown(orderId: string): Promise<void> {
  await until('the order is shown', async () => (await caller.get(`/orders/${orderId}`)).status === 200);
}

/** It is the service that was started first, it is ready, and it does its work. */
async function serves(orderId: string): Promise<void> {
  expect(await readyAfter(service(), READY_WITHIN_MS)).toBeDefined();
  expect(service().process().exit()).toBeUndefined();
  const { status } = await caller.post(`/orders/${orderId}/status`, { status: 'OUT_FOR_DELIVERY' });
  expect(status).toBe(200);
}

async function eventsInLog(): Promise<number> {
  return (await readHistory(world.eventStoreUrl())).events.length;
}
