import { randomUUID } from 'node:crypto';
import { jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { figuresOf } from '../../src/read-models/analytics/figures.ts';
import { orderDays, raiseChanges } from '../../src/read-models/orders/days.ts';
import type { ProjectionAdmin } from '../../src/read-models/admin.ts';
import { READ_MODEL_NAMES } from '../../src/read-models/index.ts';
import type { RefundDocument } from '../../src/read-models/refunds/document.ts';
import { besides, caughtUp, keepWriting, placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

const NO_FIGURES = { orders: 0, confirmed: 0, cancelled: 0, revenueMinor: 0, refundedMinor: 0, quantity: 0, items: [] };

let service: TestService;
let admin: ProjectionAdmin;
let database: ReturnType<typeof besides>['database'];
let today: string;

beforeAll(async () => {
  service = await startTestService();
  ({ admin, database } = besides(service));
  await service.put('/customers/ada', { name: 'Ada', email: 'ada@example.com' });
  today = new Date().toISOString().slice(0, 10);
});
afterAll(() => service.close());

async function placed(): Promise<string> {
  const id = await placeOrder(service);
  await service.post(`/orders/${id}/payment`, { paymentMethod: 'cash', transactionId: randomUUID() });
  await caughtUp(service);
  return id;
}

/** Finds the differences, then repairs them, then finds none; nothing is under way that could make them right. */
async function foundAndRepaired(name: string) {
  const found = await admin.verify(name, { repair: false, settleMs: 0 });
  expect(found.repaired).toBe(0);
  const repaired = await admin.verify(name, { repair: true, settleMs: 0 });
  expect(repaired).toMatchObject({ differences: found.differences, repaired: found.differences });
  expect(await admin.verify(name, { repair: false })).toMatchObject({ differences: 0, listed: [] });
  return found.listed;
}

async function poison(stream: string): Promise<void> {
  await service.eventStore.appendToStream(stream, [jsonEvent({ type: 'PaymentProcessed', data: { broken: true } })]);
}

describe('verifying', () => {
  test.each(READ_MODEL_NAMES)('%s, while they are written to, finds no difference', async (name) => {
    const writing = keepWriting(service);
    await until('some orders were placed', () => writing.orderIds.length >= 10);
    const result = await admin.verify(name, { repair: false });
    await writing.stop();
    expect(result).toMatchObject({ name, differences: 0, listed: [], repaired: 0 });
    expect(result.checked).toBeGreaterThan(0);
  });

  test.each(READ_MODEL_NAMES)('%s, in parts of a few documents, checks each once', async (name) => {
    await placed();
    const whole = await admin.verify(name, { repair: false });
    const parts = await admin.verify(name, { repair: false, mostAtOnce: 20 });
    expect(parts).toEqual(whole);
  });

  test('orders, all of them lost, are found missing, a few at a time', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => placeOrder(service)));
    await caughtUp(service);
    await database.orders.deleteMany({});
    const { differences, listed } = await admin.verify('orders', { repair: true, mostAtOnce: 2, settleMs: 0 });
    const missing = listed.map(({ id }) => id);
    expect(missing).toEqual(expect.arrayContaining(ids));
    expect(differences).toBe(new Set(missing).size);
    expect(await admin.verify('orders', { repair: false, mostAtOnce: 2 })).toMatchObject({ differences: 0 });
  });

  test.each(['audit', 'refunds'] as const)(
    '%s, of an order of which only the end is left, is told as too much',
    async (name) => {
      const own = await startTestService();
      const beside = besides(own);
      const documents = beside.database.db.collection<{ _id: string; orderId: string }>(name);
      const id = await placeOrder(own);
      await own.post(`/orders/${id}/payment`, { paymentMethod: 'cash', transactionId: 't' });
      await own.post(`/orders/${id}/refunds`, { amount: '5.00', reason: 'cold' });
      await caughtUp(own);
      const shown = await documents.find({ orderId: id }).toArray();
      expect(shown.length).toBeGreaterThan(0);
      await own.eventStore.setStreamMetadata(`${own.config.streamPrefix}PizzaOrder-${id}`, { truncateBefore: 1 });
      await until('they are gone', async () => (await documents.countDocuments({ orderId: id })) === 0);
      await documents.insertMany(shown);
      const { listed } = await beside.admin.verify(name, { repair: true });
      expect(listed.map(({ kind }) => kind)).toEqual(shown.map(() => 'extra'));
      expect(await documents.countDocuments({ orderId: id })).toBe(0);
      await own.close();
    },
  );

  test('orders, one of them lost, finds it missing and puts it back', async () => {
    const id = await placed();
    const before = await database.orders.findOne({ _id: id });
    await database.orders.deleteOne({ _id: id });
    expect(await foundAndRepaired('orders')).toEqual([{ id, kind: 'missing', fields: [] }]);
    expect(await database.orders.findOne({ _id: id })).toEqual(before);
  });

  test('orders, behind the log for longer than it waits but moving, are no difference', async () => {
    const id = await placed();
    const document = await database.orders.findOne({ _id: id });
    await database.orders.deleteOne({ _id: id });
    let left = 12;
    // As projections catch up: each look finds fewer events, and the last one the document.
    const reached = async () => {
      left = Math.max(0, left - 1);
      if (left === 1 && document) await database.orders.insertOne(document);
      return { events: left, position: null };
    };
    const result = await admin.verify('orders', { repair: false, settleMs: 3000, reached });
    expect(result).toMatchObject({ differences: 0, behind: null });
    expect(left).toBeLessThanOrEqual(1);
  });

  test('orders, missing where more and more is left to do, are behind: a log that grows is no progress', async () => {
    const id = await placed();
    const document = await database.orders.findOne({ _id: id });
    await database.orders.deleteOne({ _id: id });
    let events = 5;
    const reached = () => Promise.resolve({ events: (events += 1), position: 1 });
    const result = await admin.verify('orders', { repair: true, settleMs: 200, reached });
    expect(result).toMatchObject({ differences: 0, repaired: 0, behind: { documents: 1, events, position: 1 } });
    expect(result.behind?.head).toBeGreaterThan(1);
    if (document) await database.orders.insertOne(document);
  });

  test('orders, missing beyond the position that was reached though the log goes on, are a difference', async () => {
    const id = await placed();
    const document = await database.orders.findOne({ _id: id });
    await database.orders.deleteOne({ _id: id });
    const reached = () => Promise.resolve({ events: 7, position: Number.MAX_SAFE_INTEGER });
    const result = await admin.verify('orders', { repair: false, settleMs: 0, reached });
    expect(result).toMatchObject({ differences: 1, listed: [{ id, kind: 'missing' }], behind: null });
    if (document) await database.orders.insertOne(document);
  });

  test('orders, one without a stream, finds it extra and removes it', async () => {
    const id = randomUUID();
    const like = await database.orders.findOne({ _id: await placed() });
    await database.orders.insertOne({ ...like, _id: id } as never);
    expect(await foundAndRepaired('orders')).toEqual([{ id, kind: 'extra', fields: [] }]);
    expect(await database.orders.findOne({ _id: id })).toBeNull();
  });

  test('orders, one that missed an event, finds it behind and brings it up', async () => {
    const id = await placed();
    const before = await database.orders.findOne({ _id: id });
    await database.orders.updateOne({ _id: id }, { $set: { revision: 0, paymentStatus: 'UNPAID', paidAt: null } });
    const [difference] = await foundAndRepaired('orders');
    expect(difference).toEqual({ id, kind: 'behind', fields: ['paidAt', 'paymentStatus', 'revision'] });
    expect(await database.orders.findOne({ _id: id })).toEqual(before);
  });

  test.each([
    ['another total', { totalMinor: 1 }, ['totalMinor']],
    ['a field too many', { more: 'than that' }, ['more']],
    ['another item', { items: [{ name: 'Funghi', quantity: 9 }] }, ['items']],
    ['a stall that is none', { stalled: { revision: 2, reason: 'x' } }, ['stalled']],
    ['another customer’s name', { customerName: 'Eve' }, ['customerName']],
    ['a revision that there is not', { revision: 99 }, ['revision']],
  ])('orders, one with %s, finds the field and rewrites it', async (_, changes, fields) => {
    const id = await placed();
    const before = await database.orders.findOne({ _id: id });
    await database.orders.updateOne({ _id: id }, { $set: changes as never });
    expect(await foundAndRepaired('orders')).toEqual([{ id, kind: 'different', fields }]);
    expect(await database.orders.findOne({ _id: id })).toEqual(before);
  });

  test('orders, one with an unreadable event, stands before it and is as it should be', async () => {
    const id = await placed();
    const stream = `${service.config.streamPrefix}PizzaOrder-${id}`;
    await poison(stream);
    await until('it is stalled', async () => (await database.orders.findOne({ _id: id }))?.stalled);
    expect(await admin.verify('orders', { repair: false })).toMatchObject({ differences: 0 });
    await database.orders.updateOne({ _id: id }, { $unset: { stalled: true } });
    expect(await foundAndRepaired('orders')).toEqual([{ id, kind: 'different', fields: ['stalled'] }]);
    expect(await database.orders.findOne({ _id: id })).toMatchObject({ revision: 1, stalled: { revision: 2 } });
    expect(await admin.verify('analytics', { repair: false })).toMatchObject({ differences: 0 });
    expect(await admin.verify('audit', { repair: false })).toMatchObject({ differences: 0 });
  });

  test('orders, all of them different, counts and repairs each', async () => {
    await placed();
    const orders = await database.orders.countDocuments({});
    await database.orders.updateMany({}, { $set: { currency: 'EUR' } });
    const found = await admin.verify('orders', { repair: true });
    expect(found).toMatchObject({ differences: orders, repaired: orders });
    expect(await admin.verify('orders', { repair: false })).toMatchObject({ differences: 0 });
  });

  test('customers, one lost and one changed, finds and repairs both and their orders', async () => {
    await service.put('/customers/bob', { name: 'Bob', email: 'bob@example.com' });
    await service.put('/customers/bob', { name: 'Bobby', email: 'bob@example.com' });
    await placed();
    await database.customers.deleteOne({ _id: 'ada' });
    await database.customers.updateOne({ _id: 'bob' }, { $set: { name: 'Bob', revision: 0 } });
    const listed = await foundAndRepaired('customers');
    expect(listed).toContainEqual({ id: 'ada', kind: 'missing', fields: [] });
    expect(listed.find(({ id }) => id === 'bob')).toMatchObject({ kind: 'behind' });
    expect(await admin.verify('orders', { repair: false })).toMatchObject({ differences: 0 });
  });

  test('audit, entries lost, changed and invented, finds and repairs each', async () => {
    const orderId = await placed();
    const [lost, changed] = await database.audit.find({ orderId }).sort({ revision: 1 }).toArray();
    await database.audit.deleteOne({ _id: lost?._id ?? '' });
    await database.audit.updateOne({ _id: changed?._id ?? '' }, { $set: { actor: 'somebody else' } });
    await database.audit.insertOne({ ...changed, _id: 'invented' } as never);
    const listed = await foundAndRepaired('audit');
    expect(listed).toHaveLength(3);
    expect(listed).toContainEqual({ id: lost?._id, kind: 'missing', fields: [] });
    expect(listed).toContainEqual({ id: changed?._id, kind: 'different', fields: ['actor'] });
    expect(listed).toContainEqual({ id: 'invented', kind: 'extra', fields: [] });
  });

  test('refunds, lost, changed and invented, finds and repairs each, and the figures of their day', async () => {
    const ids: string[] = [];
    for (const amount of ['1.00', '2.00', '4.00']) {
      const id = await placed();
      const { headers } = await service.post(`/orders/${id}/refunds`, { amount, reason: 'cold' });
      const path = String(headers['location']);
      if (amount !== '4.00') await service.post(`${path}/complete`, { transactionId: id });
      ids.push(path.split('/').at(-1) ?? '');
    }
    await caughtUp(service);
    const before: unknown = (await computeFigures()).body;
    const [lost = '', changed = '', pending = ''] = ids;
    await database.refunds.deleteOne({ _id: lost });
    await database.refunds.updateOne({ _id: changed }, { $set: { amountMinor: 1 } });
    await database.refunds.updateOne({ _id: pending }, { $set: { status: 'COMPLETED' } });
    const [invented] = await database.refunds.find({ _id: changed }).toArray();
    await database.refunds.insertOne({ ...invented, _id: 'invented', orderId: 'nobody' } as RefundDocument);
    const listed = await foundAndRepaired('refunds');
    expect(listed).toHaveLength(4);
    expect(listed).toContainEqual({ id: lost, kind: 'missing', fields: [] });
    expect(listed).toContainEqual({ id: changed, kind: 'different', fields: ['amountMinor'] });
    expect(listed).toContainEqual({ id: pending, kind: 'different', fields: ['status'] });
    expect(listed).toContainEqual({ id: 'invented', kind: 'extra', fields: [] });
    expect((await computeFigures()).body).toEqual(before);
  });

  const computeFigures = () =>
    service.get(`/analytics/orders?from=2020-01-01&to=${new Date().getUTCFullYear() + 1}-01-01`);

  test('analytics, figures changed and invented and a day lost, finds and repairs each', async () => {
    await placed();
    const before: unknown = (await computeFigures()).body;
    await figuresOf(database.db).updateOne({ _id: today }, { $inc: { orders: 1 } });
    await figuresOf(database.db).insertOne({ ...NO_FIGURES, _id: '1999-01-01', changes: 1 });
    expect(await foundAndRepaired('analytics')).toEqual([
      { id: today, kind: 'different', fields: ['orders'] },
      { id: '1999-01-01', kind: 'extra', fields: [] },
    ]);
    await orderDays(database.db).deleteOne({ _id: today });
    expect(await foundAndRepaired('analytics')).toEqual([{ id: today, kind: 'missing', fields: [] }]);
    expect((await computeFigures()).body).toEqual(before);
  });

  test('analytics, a day on which there is nothing but a refund, is found when it is lost', async () => {
    const completedAt = new Date('1999-05-05T12:00:00Z');
    const refund = { _id: 'old', orderId: 'old', amountMinor: 500, reason: 'cold', requestedAt: completedAt };
    await database.refunds.insertOne({ ...refund, status: 'COMPLETED', completedAt });
    expect(await foundAndRepaired('analytics')).toEqual([{ id: '1999-05-05', kind: 'missing', fields: [] }]);
    const figures = await service.get('/analytics/orders?from=1999-05-05&to=1999-05-06');
    expect(figures.body).toMatchObject({ totalOrders: 0, refunded: '5.00', netRevenue: '-5.00' });
    await database.refunds.deleteOne({ _id: 'old' });
    await orderDays(database.db).deleteOne({ _id: '1999-05-05' });
    await figuresOf(database.db).deleteOne({ _id: '1999-05-05' });
  });

  test('analytics, a day whose orders have changed since, are no difference, and are computed anew', async () => {
    await placed();
    await computeFigures();
    const { changes } = (await orderDays(database.db).findOne({ _id: today })) ?? { changes: 0 };
    await placed();
    expect(await orderDays(database.db).findOne({ _id: today })).not.toMatchObject({ changes });
    expect(await admin.verify('analytics', { repair: false })).toMatchObject({ differences: 0 });
    expect((await computeFigures()).body).toMatchObject({ totalOrders: await database.orders.countDocuments({}) });
  });

  test('analytics, figures of a day whose counter is raised a moment after its orders were saved, are no difference', async () => {
    const id = await placed();
    await computeFigures();
    const save = (more: number) => database.orders.updateOne({ _id: id }, { $inc: { totalMinor: more } });
    await save(100);
    let looks = 0;
    const reached = async () => {
      if ((looks += 1) === 3) await raiseChanges(database.db, [today]);
      return { events: 0, position: null };
    };
    expect(await admin.verify('analytics', { repair: false, settleMs: 15_000, reached })).toMatchObject({
      differences: 0,
      behind: null,
    });
    expect(looks).toBeGreaterThanOrEqual(3);
    await save(-100);
    await raiseChanges(database.db, [today]);
  });

  test('analytics, repaired while they are written to, go on right', async () => {
    const writing = keepWriting(service);
    await until('some orders were placed', () => writing.orderIds.length >= 5);
    await computeFigures();
    await figuresOf(database.db).updateOne({ _id: today }, { $inc: { orders: 1000 } });
    await admin.verify('analytics', { repair: true });
    await writing.stop();
    await caughtUp(service);
    expect(await admin.verify('analytics', { repair: false })).toMatchObject({ differences: 0 });
    expect((await computeFigures()).body).toMatchObject({ totalOrders: await database.orders.countDocuments({}) });
  });

  test('orders, told to stop, ends at once', async () => {
    const beside = besides(service);
    const verifying = beside.admin.verify('orders', { repair: false });
    await Promise.all([expect(verifying).rejects.toThrow('stopping'), beside.admin.stop()]);
  });
});
