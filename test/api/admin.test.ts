import { randomUUID } from 'node:crypto';
import { jsonEvent, PARK } from '@eventstore/db-client';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { createProjectionAdmin } from '../../src/read-models/admin.ts';
import { LEASE_MS, rebuildStates } from '../../src/read-models/rebuild/lease.ts';
import { withMongoAway } from '../support/mongo-away.ts';
import { besides, caughtUp, placeOrder, projectionOptions } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

interface Projection {
  readonly name: string;
  readonly state: string;
  readonly position: number | null;
  readonly head: number | null;
  readonly lag: { readonly events: number; readonly seconds: number };
  readonly parked: number;
  readonly stalled: number;
  readonly rebuild: { readonly state: string; readonly percent: number; readonly events: number } | null;
}

interface Parked {
  readonly parkedAt: string;
  readonly eventId: string;
  readonly stream: string;
  readonly reason: string;
}

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

async function projections(): Promise<Map<string, Projection>> {
  const { status, body } = await service.get('/admin/projections');
  expect(status).toBe(200);
  return new Map((body as { items: Projection[] }).items.map((item) => [item.name, item]));
}

async function parked(): Promise<{ items: Parked[]; total: number }> {
  const { status, body } = await service.get('/admin/parked?limit=1000');
  expect(status).toBe(200);
  return body as { items: Parked[]; total: number };
}

function streamOf(orderId: string): string {
  return `${service.config.streamPrefix}PizzaOrder-${orderId}`;
}

/** Puts an event into an order's stream that has the right type and nothing of its data. */
async function poison(orderId: string): Promise<string> {
  const id = randomUUID();
  const event = jsonEvent({ id, type: 'PaymentProcessed', data: { orderId, amount: 'much' } });
  await service.eventStore.appendToStream(streamOf(orderId), [event]);
  return id;
}

describe('GET /admin/projections', () => {
  test('projections, with everything projected, show each read model without a lag', async () => {
    await placeOrder(service);
    await caughtUp(service);
    const items = await projections();
    expect([...items.keys()]).toEqual(['customers', 'menu_items', 'orders', 'audit', 'refunds', 'analytics']);
    for (const item of items.values()) {
      expect(item).toMatchObject({ state: 'consuming', lag: { events: 0, seconds: 0 }, lastError: null });
      expect(item.position).toBeGreaterThan(0);
      expect(item.head).toBeGreaterThanOrEqual(item.position ?? Infinity);
    }
  });

  test('projections, asked for, read no collection without an index that leads there', async () => {
    await placeOrder(service);
    await caughtUp(service);
    const mongo = new MongoClient(inject('mongoUrl'), { monitorCommands: true });
    const reads: { collection: string; field: string | undefined }[] = [];
    mongo.on('commandStarted', ({ commandName, command }) => {
      if (!['find', 'aggregate', 'count'].includes(commandName)) return;
      const { filter = {}, pipeline } = command as { filter?: object; pipeline?: { $match?: object }[] };
      const [field] = Object.keys(pipeline ? (pipeline[0]?.$match ?? {}) : filter);
      reads.push({ collection: String(command[commandName]), field });
    });
    const options = projectionOptions(service);
    const context = { ...options.context, db: mongo.db(service.config.mongoDatabase) };
    await createProjectionAdmin({ ...options, context }).status();
    expect(reads).not.toEqual([]);
    for (const { collection, field } of reads) {
      const indexes = await context.db.collection(collection).indexes();
      expect({ [collection]: indexes.map(({ key }) => Object.keys(key)[0]) }).toEqual({
        [collection]: expect.arrayContaining([field]) as unknown,
      });
    }
    await mongo.close();
  });

  test('projections, with MongoDB away, are 503 with Retry-After', async () => {
    await withMongoAway(service, async (app) => {
      const { statusCode, headers } = await app.inject('/admin/projections');
      expect(statusCode).toBe(503);
      expect(headers['retry-after']).toBe('1');
    });
  });
});

describe('POST /admin/projections/{name}/rebuild', () => {
  test.each(['customers', 'menu_items', 'orders', 'audit', 'refunds', 'analytics'])(
    'rebuild of %s, asked for, is 202 and its end is shown',
    async (name) => {
      const { status, headers, body } = await service.post(`/admin/projections/${name}/rebuild`, undefined);
      expect({ status, location: headers['location'], body: body as unknown }).toEqual({
        status: 202,
        location: '/admin/projections',
        body: undefined,
      });
      const rebuild = await until('it is done', async () => {
        const found = (await projections()).get(name);
        return found?.rebuild?.state === 'done' && found.rebuild;
      });
      expect(rebuild).toMatchObject({ percent: 100, error: null });
      expect(await service.post(`/admin/projections/${name}/verify`, undefined)).toMatchObject({
        status: 200,
        body: { name, differences: 0, listed: [], repaired: 0 },
      });
    },
  );

  test('rebuild, while another instance is at it, is 409 and shown as running', async () => {
    const { database, rebuilds } = besides(service);
    await (
      await rebuilds.start('audit')
    ).finished;
    const states = rebuildStates(database.db);
    const held = { phase: 'filling', owner: 'another', heartbeat: new Date() } as const;
    await states.updateOne({ _id: 'rebuild:audit' }, { $set: held });
    const { status, body } = await service.post('/admin/projections/audit/rebuild', undefined);
    expect(status).toBe(409);
    expect(body).toMatchObject({ type: '/problems/rebuild-running', status: 409 });
    expect((await projections()).get('audit')).toMatchObject({ state: 'rebuilding', rebuild: { state: 'running' } });
    const heartbeat = new Date(Date.now() - LEASE_MS);
    await states.updateOne({ _id: 'rebuild:audit' }, { $set: { heartbeat } });
    expect((await projections()).get('audit')).toMatchObject({ state: 'consuming', rebuild: { state: 'interrupted' } });
    await states.deleteOne({ _id: 'rebuild:audit' });
  });

  test.each(['rebuild', 'verify'])('%s, of a read model that there is not, is 404', async (action) => {
    const { status, body } = await service.post(`/admin/projections/menu/${action}`, undefined);
    expect(status).toBe(404);
    expect(body).toMatchObject({ status: 404, type: '/problems/not-found' });
  });

  test.each(['rebuild', 'verify'])('%s, while MongoDB is away, is 503', async (action) => {
    await withMongoAway(service, async (app) => {
      const { statusCode } = await app.inject({ method: 'POST', url: `/admin/projections/orders/${action}` });
      expect(statusCode).toBe(503);
    });
  });
});

describe('POST /admin/projections/{name}/verify', () => {
  test('verify, with a damaged document, lists it, and with repair=true puts it right', async () => {
    const id = await placeOrder(service);
    await caughtUp(service);
    const { orders } = besides(service).database;
    await orders.updateOne({ _id: id }, { $set: { totalMinor: 1 } });
    const listed = [{ id, kind: 'different', fields: ['totalMinor'] }];
    const checked = await orders.countDocuments({});
    const found = await service.post('/admin/projections/orders/verify', undefined);
    const result = { name: 'orders', checked, differences: 1, listed, behind: null };
    expect(found.body).toEqual({ ...result, repaired: 0 });
    const repaired = await service.post('/admin/projections/orders/verify?repair=true', undefined);
    expect(repaired.body).toEqual({ ...result, repaired: 1 });
    expect((await service.get(`/orders/${id}`)).body).toMatchObject({ totalAmount: '20.00' });
  });

  test('verify, with a repair that is neither true nor false, is 400', async () => {
    const { status, body } = await service.post('/admin/projections/orders/verify?repair=maybe', undefined);
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ pointer: '#/repair' }] });
  });
});

describe('/admin/parked', () => {
  afterEach(() => caughtUp(service));

  test('parked, after an event that cannot be read, says which, where and why', async () => {
    const id = await placeOrder(service);
    const other = await placeOrder(service);
    const before = Date.now();
    const { etag } = (await service.getProjected(`/orders/${id}?minRevision=0`)).headers;
    const eventId = await poison(id);
    const find = async () => (await parked()).items.find((item) => item.eventId === eventId);
    await until('it is parked', find);
    const entry = await find();
    expect(entry).toMatchObject({ type: 'PaymentProcessed', stream: streamOf(id), revision: 1 });
    expect(entry?.reason).toMatch(/^PaymentProcessed v1 at revision 1 .*must/);
    expect(Date.parse(entry?.parkedAt ?? '')).toBeGreaterThanOrEqual(before - 1000);
    const items = await projections();
    expect(items.get('orders')).toMatchObject({ parked: 1, stalled: 1 });
    const stalled = await service.get(`/orders/${id}`, { 'if-none-match': String(etag) });
    expect(stalled).toMatchObject({ status: 200, headers: { etag: '"0.stalled"' } });
    expect(stalled.body).toMatchObject({ revision: 0, projection: 'stalled' });
    expect((await service.get(`/orders/${id}`, { 'if-match': '"0.stalled"' })).status).toBe(200);
    expect((await service.get(`/orders/${other}`)).body).not.toHaveProperty('projection');
  });

  test('replay, of an event that still cannot be read, parks it again, once', async () => {
    const before = await parked();
    expect(before.total).toBe(1);
    const replayed = await service.post('/admin/parked/replay', undefined);
    expect(replayed).toMatchObject({ status: 202, body: { replayed: 1 } });
    const isNew = ({ items: [item] }: { items: Parked[] }) => item && item.parkedAt !== before.items[0]?.parkedAt;
    await until('it is parked again', async () => isNew(await parked()));
    const after = await parked();
    expect(after.total).toBe(1);
    expect(after.items.map(({ eventId }) => eventId)).toEqual(before.items.map(({ eventId }) => eventId));
  });

  test('replay, of events parked by mistake, projects them', async () => {
    const mistaken = await startTestService();
    try {
      const id = await placeOrder(mistaken);
      await caughtUp(mistaken);
      // Another consumer of the group parks what can very well be projected, while the service is not there.
      await mistaken.service.close();
      const subscription = mistaken.eventStore.subscribeToPersistentSubscriptionToAll(mistaken.group);
      const stream = `${mistaken.config.streamPrefix}PizzaOrder-${id}`;
      const [first] = await besides(mistaken).streams.readRecorded(stream);
      const data = {
        orderId: id,
        paymentMethod: 'cash',
        amount: '20.00',
        transactionId: 't',
        processedAt: first?.created.toISOString(),
      };
      await mistaken.eventStore.appendToStream(stream, [jsonEvent({ type: 'PaymentProcessed', data })]);
      for await (const delivery of subscription) {
        await subscription.nack(PARK, 'by mistake', delivery);
        break;
      }
      await until('it is parked', async () => {
        const { stats } = await mistaken.eventStore.getPersistentSubscriptionToAllInfo(mistaken.group);
        return stats.parkedMessageCount === 1n;
      });
      await subscription.unsubscribe();
      const next = await startTestService({ like: mistaken });
      try {
        expect((await next.get('/admin/parked')).body).toMatchObject({
          total: 1,
          items: [{ stream, revision: 1, reason: 'by mistake' }],
        });
        expect((await next.get(`/orders/${id}`)).body).toMatchObject({ revision: 0, paymentStatus: 'UNPAID' });
        expect(await next.post('/admin/parked/replay', undefined)).toMatchObject({
          status: 202,
          body: { replayed: 1 },
        });
        await until('it is projected', async () => {
          const { body } = await next.get(`/orders/${id}`);
          return (body as { paymentStatus: string }).paymentStatus === 'PAID';
        });
        expect((await next.get('/admin/parked')).body).toEqual({ items: [], total: 0 });
      } finally {
        await next.close();
      }
    } finally {
      await mistaken.close();
    }
  });

  test('replay, with nothing parked, replays nothing', async () => {
    const fresh = await startTestService();
    try {
      expect((await fresh.get('/admin/parked')).body).toEqual({ items: [], total: 0 });
      expect(await fresh.post('/admin/parked/replay', undefined)).toMatchObject({ status: 202, body: { replayed: 0 } });
    } finally {
      await fresh.close();
    }
  });

  test('parked, with a limit, lists so many and counts all', async () => {
    const total = (await parked()).total;
    await poison(await placeOrder(service));
    await until('there is one more', async () => (await parked()).total === total + 1);
    const { body } = await service.get('/admin/parked?limit=1');
    expect(body).toMatchObject({ items: [{}], total: total + 1 });
    expect((body as { items: unknown[] }).items).toHaveLength(1);
    expect((await service.get('/admin/parked?limit=0')).status).toBe(400);
  });
});
