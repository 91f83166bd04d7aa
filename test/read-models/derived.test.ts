import { randomUUID } from 'node:crypto';
import type { Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { OrderState } from '../../src/domain/order-state.ts';
import { addUp, addUpDays, figuresOf } from '../../src/read-models/analytics/figures.ts';
import { connectMongo } from '../../src/read-models/database.ts';
import { idsByCustomer, joinCustomers, showCustomers } from '../../src/read-models/orders/customers.ts';
import { boundsOf, dayOf, orderDays, raiseAllChanges, raiseChanges } from '../../src/read-models/orders/days.ts';
import type { OrderDocument } from '../../src/read-models/orders/document.ts';
import { orders as orderModel } from '../../src/read-models/orders/read-model.ts';
import type { LogEvent, ReadModelContext } from '../../src/read-models/read-model.ts';

const name = `derived_${randomUUID().slice(0, 8)}`;
let mongo: MongoClient;
let db: Db;

beforeAll(() => {
  mongo = connectMongo(inject('mongoUrl'));
  db = mongo.db(name);
});
beforeEach(() => db.dropDatabase());
afterAll(async () => {
  await db.dropDatabase();
  await mongo.close();
});

interface Keyed {
  readonly _id: string;
}
const insert = (collection: string, documents: readonly Keyed[]) =>
  db.collection<Keyed>(collection).insertMany(documents);
const at = (time: string) => new Date(`2026-${time}Z`);

describe('days', () => {
  test('are those of UTC, from midnight to midnight', () => {
    expect(dayOf('2026-01-31T23:59:59.999Z')).toBe('2026-01-31');
    expect(dayOf(at('02-01T00:00'))).toBe('2026-02-01');
    expect(boundsOf('2026-02-28')).toEqual({ $gte: at('02-28T00:00'), $lt: at('03-01T00:00') });
    expect(boundsOf('2026-02-28', '2026-03-02')).toEqual({ $gte: at('02-28T00:00'), $lt: at('03-03T00:00') });
  });

  const changes = async () => {
    const days = await orderDays(db).find().sort({ _id: 1 }).toArray();
    return Object.fromEntries(days.map((day) => [day._id, day.changes]));
  };

  test('are counted up once for each time that something of them is saved, and all of them on request', async () => {
    await raiseChanges(db, []);
    expect(await changes()).toEqual({});
    await raiseChanges(db, ['2026-01-31', '2026-02-01', '2026-01-31']);
    await raiseChanges(db, new Set(['2026-02-01']));
    expect(await changes()).toEqual({ '2026-01-31': 1, '2026-02-01': 2 });
    await raiseAllChanges(db);
    expect(await changes()).toEqual({ '2026-01-31': 2, '2026-02-01': 3 });
  });

  test('counted up by many at once, lose no count', async () => {
    await Promise.all(Array.from({ length: 20 }, () => raiseChanges(db, ['2026-01-31', '2026-02-01'])));
    expect(await changes()).toEqual({ '2026-01-31': 20, '2026-02-01': 20 });
  });
});

describe('figures', () => {
  const line = (pizza: string, quantity: number) => ({ name: pizza, quantity, unitPrice: '1.00' });
  const orders = [
    {
      ...{ _id: '1', placedAt: at('01-31T00:00'), confirmedAt: at('01-31T00:01'), status: 'COOKING', totalMinor: 1250 },
      items: [line('Funghi', 1), line('Margherita', 2)],
    },
    {
      ...{ _id: '2', placedAt: at('01-31T23:59:59.999'), confirmedAt: null, status: 'CANCELLED', totalMinor: 300 },
      items: [line('Diavola', 1), line('Margherita', 3)],
    },
    {
      ...{ _id: '3', placedAt: at('02-01T00:00'), confirmedAt: null, status: 'PENDING', totalMinor: 7 },
      items: [line('Funghi', 4)],
    },
  ];
  const refunds = [
    { _id: 'a', completedAt: at('01-31T12:00'), amountMinor: 200 },
    { _id: 'b', completedAt: at('01-31T13:00'), amountMinor: 50 },
    { _id: 'c', completedAt: at('02-03T13:00'), amountMinor: 9 },
    { _id: 'd', completedAt: null, amountMinor: 1000 },
  ];
  const NONE = { orders: 0, confirmed: 0, cancelled: 0, revenueMinor: 0, refundedMinor: 0, quantity: 0, items: [] };
  const january = {
    ...{ orders: 2, confirmed: 1, cancelled: 1, revenueMinor: 1550, refundedMinor: 250, quantity: 7 },
    items: [
      { name: 'Diavola', sold: 1 },
      { name: 'Funghi', sold: 1 },
      { name: 'Margherita', sold: 5 },
    ],
  };
  const february = { ...NONE, orders: 1, revenueMinor: 7, quantity: 4, items: [{ name: 'Funghi', sold: 4 }] };

  beforeEach(async () => {
    await insert('orders', orders);
    await insert('refunds', refunds);
  });

  test('are those of the days of orders and of completed refunds, and of no others', async () => {
    expect(Object.fromEntries(await addUpDays(db, '2026-01-31', '2026-02-03'))).toStrictEqual({
      '2026-01-31': january,
      '2026-02-01': february,
      '2026-02-03': { ...NONE, refundedMinor: 9 },
    });
    expect(Object.fromEntries(await addUpDays(db, '2026-02-01', '2026-02-02'))).toStrictEqual({
      '2026-02-01': february,
    });
    expect(await addUpDays(db, '2025-01-01', '2025-12-31')).toEqual(new Map());
  });

  test('of a part of a day, are what was placed and given back in it', async () => {
    const part = await addUp(db, { $gte: at('01-31T12:30'), $lt: at('01-31T23:59:59.999') });
    expect(Object.fromEntries(part)).toStrictEqual({ '2026-01-31': { ...NONE, refundedMinor: 50 } });
  });

  test('of equal orders are equal, whichever was read first', async () => {
    const names = ['b', 'd', 'a', 'c'];
    await db.collection('orders').deleteMany({});
    await insert('orders', [Object.assign({}, orders[0], { _id: '1', items: names.map((pizza) => line(pizza, 1)) })]);
    const [day] = (await addUpDays(db, '2026-01-31', '2026-01-31')).values();
    expect(day?.items.map((item) => item.name)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('are kept in the collection `analytics`', () => {
    expect(figuresOf(db).collectionName).toBe('analytics');
  });
});

describe('customers of orders', () => {
  const state = (id: string, customerId: string, customerEmail: string | null = null) =>
    ({ id, customerId, customerEmail }) as OrderState;
  const details = (who: string, revision: number) => ({ _id: who, revision, name: `${who} ${revision}`, email: who });
  const shown = (who: string, revision: number) => ({
    ...{ customerName: `${who} ${revision}`, customerEmail: who, customerRevision: revision },
  });
  const NOBODY = { customerName: 'Unknown', customerEmail: '', customerRevision: -1 };
  const orders = () => db.collection<OrderDocument>('orders');
  const fieldsOf = async () => {
    const found = await orders().find().sort({ _id: 1 }).toArray();
    return found.map(({ customerName, customerEmail, customerRevision }) => ({
      ...{ customerName, customerEmail, customerRevision },
    }));
  };

  test('by customer, have all of their orders', () => {
    const states = [state('1', 'ada'), state('2', 'bob'), state('3', 'ada')];
    expect(idsByCustomer(states)).toEqual(
      new Map([
        ['ada', ['1', '3']],
        ['bob', ['2']],
      ]),
    );
  });

  test('are looked up for some orders; one whose first event is unreadable, or whose stream is gone, is nobody', async () => {
    await insert('customers', [details('ada', 0), details('bob', -1), { _id: 'eve', revision: -2 } as Keyed]);
    const states = ['ada', 'bob', 'eve', 'dan'].map((who) => state('1', who, `${who}@example.com`));
    const fields = await joinCustomers(db, states);
    expect(states.map(fields)).toStrictEqual([
      shown('ada', 0),
      ...['bob', 'eve', 'dan'].map((who) => ({ ...NOBODY, customerEmail: `${who}@example.com` })),
    ]);
    expect(fields(undefined)).toStrictEqual(NOBODY);
    expect((await joinCustomers(db, []))(undefined)).toStrictEqual(NOBODY);
  });

  const order = (id: string, who: string, fields: object) => ({
    _id: id,
    customerId: who,
    orderEmail: null,
    ...fields,
  });

  test('are shown in their orders, which show older details or none, and in no newer ones', async () => {
    await insert('customers', [details('ada', 4), details('bob', -1), details('dan', 1)]);
    await insert('orders', [
      order('1', 'ada', NOBODY),
      order('2', 'ada', shown('ada', 3)),
      order('3', 'ada', shown('ada', 5)),
      order('4', 'bob', NOBODY),
      order('5', 'dan', NOBODY),
    ]);
    await showCustomers(db, orders(), new Set(['ada', 'bob', 'nobody']));
    const expected = [shown('ada', 4), shown('ada', 4), shown('ada', 5), NOBODY, NOBODY];
    expect(await fieldsOf()).toEqual(expected);
    await showCustomers(db, orders(), new Set());
    expect(await fieldsOf()).toEqual(expected);
  });

  test('given with their orders, are shown in these only', async () => {
    await insert('customers', [details('ada', 4), { _id: 'eve', revision: -2 } as Keyed]);
    const mine = ['1', '2'].map((id) => order(id, 'ada', NOBODY));
    const hers = ['3', '4'].map((id) => order(id, 'eve', shown('eve', 0)));
    await insert('orders', [...mine, ...hers]);
    const some = [
      ['ada', ['2']],
      ['eve', ['3']],
    ] as const;
    await showCustomers(db, orders(), new Map<string, readonly string[]>(some));
    expect(await fieldsOf()).toEqual([NOBODY, shown('ada', 4), NOBODY, shown('eve', 0)]);
  });

  test('who are gone, are forgotten by all of their orders, which show their own emails again', async () => {
    await insert('customers', [{ _id: 'eve', revision: -2 } as Keyed]);
    await insert('orders', [
      order('1', 'eve', { ...shown('eve', 2), orderEmail: 'own@example.com' }),
      order('2', 'eve', shown('eve', 0)),
      order('3', 'ada', shown('ada', 2)),
    ]);
    await showCustomers(db, orders(), new Set(['eve']));
    expect(await fieldsOf()).toEqual([{ ...NOBODY, customerEmail: 'own@example.com' }, NOBODY, shown('ada', 2)]);
  });

  test('of more orders than fit one write, are shown and forgotten in each', async () => {
    await orders().createIndex({ customerId: 1 });
    const ids = Array.from({ length: 1100 }, (_, index) => String(index).padStart(4, '0'));
    await insert(
      'orders',
      ids.map((id) => order(id, `c${id}`, NOBODY)),
    );
    await insert(
      'customers',
      ids.map((id) => details(`c${id}`, 0)),
    );
    await showCustomers(db, orders(), new Set(ids.map((id) => `c${id}`)));
    expect(await fieldsOf()).toEqual(ids.map((id) => shown(`c${id}`, 0)));
    await orders().updateMany({}, { $set: { customerId: 'eve' } });
    await insert('customers', [{ _id: 'eve', revision: -2 } as Keyed]);
    await showCustomers(db, orders(), new Set(['eve']));
    expect(await fieldsOf()).toEqual(ids.map(() => NOBODY));
  });

  test('that have changed, are written once there are five hundred of them', async () => {
    const projection = orderModel.project({ db, streamPrefix: '' } as ReadModelContext, 'orders');
    const change = (index: number) => ({ category: 'Customer', id: `c${index}`, isGone: false }) as LogEvent;
    await insert('customers', [details('c0', 1), details('c499', 2)]);
    await insert('orders', [order('1', 'c0', NOBODY), order('2', 'c499', NOBODY), order('3', 'c500', NOBODY)]);
    const changes = Array.from({ length: 499 }, (_, index) => change(index));
    await projection.add([...changes, ...changes, { ...change(500), category: 'MenuItem' }]);
    expect(projection.isFull()).toBe(false);
    await projection.add([change(499)]);
    expect(projection.isFull()).toBe(true);
    await projection.write();
    expect(projection.isFull()).toBe(false);
    expect(await fieldsOf()).toEqual([shown('c0', 1), shown('c499', 2), NOBODY]);
  });
});
