import { randomUUID } from 'node:crypto';
import { jsonEvent } from '@eventstore/db-client';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { readModelStates } from '../../src/read-models/database.ts';
import { prepareReadModels } from '../../src/read-models/rebuild/prepare.ts';
import { showCustomers } from '../../src/read-models/orders/customers.ts';
import type { OrderDocument } from '../../src/read-models/orders/document.ts';
import { readLog } from '../../src/read-models/log-reader.ts';
import { streamPrefixes, toLogEvent } from '../../src/read-models/read-model.ts';
import { rebuildStates } from '../../src/read-models/rebuild/lease.ts';
import { besides, caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

const confirmation = { estimatedDeliveryTime: '2999-01-01T00:00:00Z' };
const unstopped = new AbortController().signal;

let service: TestService;
beforeEach(async () => {
  service = await startTestService();
  onTestFinished(() => service.close());
});

test('a document that somebody has changed so that it cannot be read is folded anew with its next event', async () => {
  const [damaged, other] = [await placeOrder(service), await placeOrder(service)];
  await caughtUp(service);
  const { context, models, database, admin } = besides(service);
  await database.orders.updateOne({ _id: damaged }, { $set: { placedAt: 'yesterday' as never, items: 7 as never } });
  await service.service.worker.stop();
  for (const id of [damaged, other]) {
    expect((await service.post(`/orders/${id}/confirm`, confirmation)).status).toBe(200);
  }

  const orders = models.find(({ name }) => name === 'orders');
  const projection = orders?.project(context, 'orders');
  for await (const { events } of readLog(context.client, streamPrefixes(context.streamPrefix, models)))
    await projection?.add(events.map((event) => toLogEvent(context.streamPrefix, event)));
  expect([...((await projection?.write())?.stalls ?? [])]).toEqual([]);

  const found = await database.orders.find({}).toArray();
  expect(found.map(({ _id, revision, status }) => [_id, revision, status]).sort()).toEqual(
    [damaged, other].map((id) => [id, 1, 'CONFIRMED']).sort(),
  );
  expect(found.every(({ placedAt }) => placedAt instanceof Date)).toBe(true);
  expect((await admin.verify('orders', { repair: false, settleMs: 0 })).listed).toEqual([]);
});

test('a read model of another version, built by a clock that was ahead, is rebuilt once', async () => {
  await placeOrder(service);
  await caughtUp(service);
  const { context, models, rebuilds } = besides(service);
  const ahead = new Date(Date.now() + 3_600_000);
  await readModelStates(context.db).updateOne({ _id: 'orders' }, { $set: { version: 1, builtAt: ahead } });
  await prepareReadModels(context, models, rebuilds, unstopped);
  const first = await rebuildStates(context.db).findOne({ _id: 'rebuild:orders' });
  expect(first).toMatchObject({ phase: 'done' });
  await prepareReadModels(context, models, rebuilds, unstopped);
  expect(await rebuildStates(context.db).findOne({ _id: 'rebuild:orders' })).toEqual(first);
});

test('a build that is told to stop ends at once, and goes on later', async () => {
  for (let count = 0; count < 3; count += 1) await placeOrder(service);
  await caughtUp(service);
  await service.service.worker.stop();
  const { context, models, rebuilds, database } = besides(service);
  await readModelStates(context.db).deleteMany({ _id: { $in: models.map(({ name }) => name) } });
  await database.orders.deleteMany({});
  const stopping = new AbortController();
  stopping.abort(new Error('stopping'));
  await expect(prepareReadModels(context, models, rebuilds, stopping.signal)).rejects.toThrow('stopping');
  expect(await database.orders.countDocuments({})).toBe(0);
  await prepareReadModels(context, models, rebuilds, unstopped);
  expect(await database.orders.countDocuments({})).toBe(3);
});

test('refunds, of which one was requested in an event that cannot be read, can be rebuilt', async () => {
  const id = await placeOrder(service);
  const refundId = randomUUID();
  const metadata = { schemaVersion: 1, actor: 'x' };
  const refund = { orderId: id, refundId, amount: '10.00' };
  const at = new Date().toISOString();
  await service.eventStore.appendToStream(`${service.config.streamPrefix}PizzaOrder-${id}`, [
    jsonEvent({ type: 'RefundRequested', data: { ...refund }, metadata: { ...metadata, schemaVersion: 99 } }),
    jsonEvent({ type: 'RefundCompleted', data: { ...refund, transactionId: 't', completedAt: at }, metadata }),
  ]);
  const { context, rebuilds } = besides(service);
  const count = () => context.db.collection<{ _id: string }>('refunds').countDocuments({ _id: refundId });
  await until('the completion is projected', async () => (await count()) === 1);
  const { finished } = await rebuilds.start('refunds');
  expect(await finished).toMatchObject({ phase: 'done', error: null });
  expect(await count()).toBe(1);
});

test('new orders of many customers take as many calls as there are parts, not customers', async () => {
  const { context } = besides(service);
  const ids = Array.from({ length: 400 }, (_, at) => `c${at}`);
  await context.db
    .collection<{ _id: string }>('customers')
    .insertMany(ids.map((_id) => ({ _id, revision: 0, name: 'Ada', email: 'ada@example.com' })));
  let calls = 0;
  const collection = context.db.collection<OrderDocument>('orders');
  const counting = new Proxy(collection, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name === 'bulkWrite' || name === 'updateMany') calls += 1;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  await showCustomers(context.db, counting, new Set(ids));
  expect(calls).toBeGreaterThan(0);
  expect(calls).toBeLessThanOrEqual(2);
});
