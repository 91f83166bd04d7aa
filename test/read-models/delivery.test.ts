import { randomBytes } from 'node:crypto';
import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import fc from 'fast-check';
import type { Collection, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type CustomerState, evolveCustomer } from '../../src/domain/customer.ts';
import { evolveMenuItem, type MenuItemState } from '../../src/domain/menu-item.ts';
import { evolve, type OrderState } from '../../src/domain/order-state.ts';
import { CUSTOMER, MENU_ITEM, ORDER } from '../../src/eventstoredb/aggregates.ts';
import { decodeEvent, isOf } from '../../src/eventstoredb/codec.ts';
import { createAnalyticsQueries } from '../../src/read-models/analytics/queries.ts';
import type { CustomerDocument } from '../../src/read-models/customers/document.ts';
import { connectMongo } from '../../src/read-models/database.ts';
import { type Database, openDatabase } from '../../src/read-models/collections.ts';
import { READ_MODELS } from '../../src/read-models/index.ts';
import { toFields as toMenuFields } from '../../src/read-models/menu/document.ts';
import type { LogPage } from '../../src/read-models/log-reader.ts';
import { customerFields, type OrderDocument, toFields } from '../../src/read-models/orders/document.ts';
import { type ReadModelContext, toLogEvent } from '../../src/read-models/read-model.ts';
import type { RefundDocument } from '../../src/read-models/refunds/document.ts';
import { projectLog } from '../../src/read-models/rebuild/project-log.ts';
import { projectTogether } from '../../src/read-models/together.ts';
import { histories } from './history.ts';

let mongo: MongoClient;
const name = `test_${randomBytes(6).toString('hex')}`;
beforeAll(() => {
  mongo = connectMongo(inject('mongoUrl'));
});
afterAll(async () => {
  await Promise.all(databases.map(({ db }) => db.dropDatabase()));
  await mongo.close();
});

/** Each on a database of its own, which takes time to make. */
const RUNS = 20;
const TIME_LIMIT_MS = 120_000;
const databases: Database[] = [];

/** An empty database, dropped in the end. */
function newDatabase(): Database {
  const database = openDatabase(mongo, `${name}_${databases.length}`);
  databases.push(database);
  return database;
}

/** A projection into every read model, over streams as a log has them. */
const contextOf = ({ db }: Database, log: readonly AllStreamRecordedEvent[]) => ({
  db,
  streams: { ...streamsOf(log), streamOf: (category: string, id: string) => `${category}-${id}` },
  streamPrefix: '',
});

function projectInto({ db }: Database, log: readonly AllStreamRecordedEvent[]) {
  const context = { streams: streamsOf(log), db, streamPrefix: '' } as unknown as ReadModelContext;
  return projectTogether(READ_MODELS, (model) => model.project(context, model.name));
}

const toLogEvents = (events: readonly AllStreamRecordedEvent[]) => events.map((event) => toLogEvent('', event));

/** The log's events, each once to three times, cut into batches for several workers, in any order. */
const deliveries = histories('').chain((log) =>
  fc.record({
    log: fc.constant(log),
    batches: fc
      .array(fc.nat({ max: Math.max(0, log.length - 1) }), { maxLength: log.length * 2 })
      .chain((again) => fc.shuffledSubarray([...log.keys(), ...again], { minLength: log.length + again.length }))
      .chain((order) =>
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }).map((sizes) => cut(order, sizes)),
      ),
    workers: fc.integer({ min: 1, max: 3 }),
  }),
);

function cut(order: readonly number[], sizes: readonly number[]): number[][] {
  const batches: number[][] = [];
  for (let at = 0, turn = 0; at < order.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    batches.push(order.slice(at, at + size));
    at += size;
  }
  return batches;
}

const streamsOf = (log: readonly AllStreamRecordedEvent[]) => ({
  readRecorded: (stream: string, { from = 0, maxCount = Number.POSITIVE_INFINITY } = {}) =>
    Promise.resolve(
      log.filter((event) => event.streamId === stream && Number(event.revision) >= from).slice(0, maxCount),
    ),
  isGone: (_: string, first: object | undefined) => Promise.resolve(first === undefined),
});

/** What the documents must be, folded from the streams without any projection. */
function expected(log: readonly AllStreamRecordedEvent[]) {
  const orders = new Map<string, { state: OrderState; revision: number }>();
  const customers = new Map<string, { state: CustomerState; revision: number }>();
  const menu = new Map<string, { state: MenuItemState; revision: number }>();
  for (const recorded of log) {
    const stored = decodeEvent(recorded);
    const { revision } = stored;
    if (isOf(ORDER, stored)) {
      const id = stored.event.data.orderId;
      orders.set(id, { state: evolve(orders.get(id)?.state, stored.event), revision });
    } else if (isOf(CUSTOMER, stored)) {
      const id = stored.event.data.customerId;
      customers.set(id, { state: evolveCustomer(customers.get(id)?.state, stored.event), revision });
    } else if (isOf(MENU_ITEM, stored)) {
      const { sku } = stored.event.data;
      menu.set(sku, { state: evolveMenuItem(menu.get(sku)?.state, stored.event), revision });
    }
  }
  const customerDocuments = new Map<string, CustomerDocument>(
    [...customers].map(([id, { state, revision }]) => [
      id,
      {
        _id: id,
        revision,
        name: state.name,
        email: state.email,
        phone: state.phone,
        registeredAt: new Date(state.registeredAt),
        lastUpdated: new Date(state.lastUpdated),
      },
    ]),
  );
  const orderDocuments = [...orders].map(([id, { state, revision }]) => ({
    _id: id,
    revision,
    ...toFields(state),
    ...customerFields(state.customerEmail, customerDocuments.get(state.customerId)),
  }));
  const states = [...orders.values()].map(({ state }) => state);
  return {
    states,
    refundDocuments: states.flatMap(refundDocuments),
    orderDocuments,
    customerDocuments: [...customerDocuments.values()],
    menuDocuments: [...menu].map(([sku, { state, revision }]) => ({ _id: sku, revision, ...toMenuFields(state) })),
  };
}

function refundDocuments({ id: orderId, refunds }: OrderState): RefundDocument[] {
  return refunds.map(({ refundId, amount, status, reason, requestedAt, completedAt, transactionId }) => ({
    _id: refundId,
    orderId,
    status,
    amountMinor: amount.times(100).toNumber(),
    reason,
    requestedAt: new Date(requestedAt),
    ...(completedAt !== null && { completedAt: new Date(completedAt) }),
    ...(transactionId !== null && { transactionId }),
  }));
}

const isOrderAt = (stream: string, revision: bigint, wanted: bigint) =>
  stream.startsWith('PizzaOrder-') && revision === wanted;

function withoutCustomer(document: OrderDocument | undefined) {
  return { ...document, customerName: '', customerEmail: '', customerRevision: 0 };
}

const byId = (a: { _id: string }, b: { _id: string }) => (a._id < b._id ? -1 : 1);

async function expectFolded(database: Database, log: readonly AllStreamRecordedEvent[]): Promise<void> {
  const { orderDocuments, customerDocuments, menuDocuments, refundDocuments: wantedRefunds, states } = expected(log);
  expect((await database.menu.find({}).toArray()).sort(byId)).toEqual(menuDocuments.sort(byId));
  expect((await database.orders.find({}).toArray()).sort(byId)).toEqual(orderDocuments.sort(byId));
  expect((await database.customers.find({}).toArray()).sort(byId)).toEqual(customerDocuments.sort(byId));
  expect((await database.refunds.find({}).toArray()).sort(byId)).toEqual(wantedRefunds.sort(byId));
  const ofOrders = log.filter(({ streamId }) => streamId.startsWith('PizzaOrder-'));
  expect((await database.audit.find({}).toArray()).map(({ _id }) => _id).sort()).toEqual(
    ofOrders.map(({ id }) => id).sort(),
  );
  await expectFigures(database, states);
}

/** The figures, asked for now, are the sums of the orders as they are now. */
async function expectFigures({ db }: Database, states: readonly OrderState[]): Promise<void> {
  const { period } = createAnalyticsQueries({ db }, 10_000);
  const { days, items, refundedMinor } = await period(new Date(0), new Date('2100-01-01'));
  const zero = { orders: 0, confirmed: 0, cancelled: 0, revenueMinor: 0, quantity: 0 };
  const figures: Record<string, typeof zero> = {};
  const refunded: Record<string, number> = {};
  const sold: Record<string, number> = {};
  for (const { placedAt, confirmedAt, status, totalAmount, items: lines, refunds } of states) {
    const day = (figures[placedAt.slice(0, 10)] ??= { ...zero });
    day.orders += 1;
    day.cancelled += status === 'CANCELLED' ? 1 : 0;
    for (const { completedAt, amount } of refunds) {
      if (completedAt === null) continue;
      refunded[completedAt.slice(0, 10)] = (refunded[completedAt.slice(0, 10)] ?? 0) + amount.times(100).toNumber();
    }
    day.confirmed += confirmedAt ? 1 : 0;
    day.revenueMinor += totalAmount.times(100).toNumber();
    for (const line of lines) {
      day.quantity += line.quantity;
      sold[line.name] = (sold[line.name] ?? 0) + line.quantity;
    }
  }
  expect(Object.fromEntries(days.map(({ day, items: _, refundedMinor: __, ...sums }) => [day, sums]))).toEqual(figures);
  expect(refundedMinor).toBe(Object.values(refunded).reduce((sum, minor) => sum + minor, 0));
  for (let day = Date.UTC(2026, 0, 1); day < Date.UTC(2026, 0, 6); day += 86_400_000) {
    const found = await period(new Date(day), new Date(day + 86_400_000));
    expect(found.refundedMinor).toBe(refunded[new Date(day).toISOString().slice(0, 10)] ?? 0);
  }
  expect(Object.fromEntries(items.map((item) => [item.name, item.sold]))).toEqual(sold);
}

/** Readers of a log, each of which crashes once and goes on from a little before where it was. */
const crashingReaders = histories('').chain((log) =>
  fc.record({
    log: fc.constant(log),
    readers: fc.array(
      fc.record({
        crashAt: fc.nat({ max: log.length }),
        back: fc.nat({ max: 10 }),
        parts: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
);

/** A page for each event: what is written together is the gatherer's choice. */
async function* pagesOf(log: readonly AllStreamRecordedEvent[]): AsyncGenerator<LogPage> {
  for (const event of log) yield await Promise.resolve({ events: [event], position: event.position });
}

describe('read models', () => {
  it(
    'all of them, for any history and any delivery, equal the fold of the streams',
    async () => {
      await fc.assert(
        fc.asyncProperty(deliveries, async ({ log, batches, workers }) => {
          const database = newDatabase();
          const work = async (worker: number) => {
            const projection = projectInto(database, log);
            for (const batch of batches.filter((_, at) => at % workers === worker)) {
              await projection.add(toLogEvents(batch.flatMap((at) => log[at] ?? [])));
              expect([...(await projection.write()).stalls]).toEqual([]);
              // Somebody looks at the figures meanwhile.
              if (worker === 0)
                await createAnalyticsQueries(database, 10_000).period(new Date(0), new Date('2100-01-01'));
            }
          };
          await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));

          await expectFolded(database, log);
        }),
        { numRuns: RUNS },
      );
    },
    TIME_LIMIT_MS,
  );

  it(
    'all of them, by workers that crash at any write and whose events come again, equal the fold',
    async () => {
      const crashes = fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(deliveries, crashes, async ({ log, batches }, crashAfter) => {
          const database = newDatabase();
          let turn = 0;
          for (const batch of batches) {
            const events = toLogEvents(batch.flatMap((at) => log[at] ?? []));
            const crashing = projectInto(crashingAfter(database, crashAfter[turn++ % crashAfter.length] ?? 0), log);
            await crashing.add(events).then(
              () => crashing.write().catch(expectCrash),
              (error: unknown) => expectCrash(error),
            );
            await createAnalyticsQueries(database, 10_000).period(new Date(0), new Date('2100-01-01'));
            const again = projectInto(database, log);
            await again.add(events);
            await again.write();
          }

          await expectFolded(database, log);
        }),
        { numRuns: RUNS },
      );
    },
    TIME_LIMIT_MS,
  );

  it(
    'all of them, built from the log by several readers that crash and go on, equal the fold',
    async () => {
      await fc.assert(
        fc.asyncProperty(crashingReaders, async ({ log, readers }) => {
          const database = newDatabase();
          await Promise.all(
            readers.map(async ({ crashAt, back, parts }) => {
              let from = 0;
              for (const to of [crashAt, log.length]) {
                let turn = 0;
                const projection = projectInto(database, log);
                const isFull = () => parts[turn++ % parts.length] ?? false;
                let events = 0;
                await projectLog(
                  pagesOf(log.slice(from, to)),
                  contextOf(database, log),
                  { ...projection, isFull },
                  (written) => {
                    events += written.events;
                    return Promise.resolve();
                  },
                );
                expect(events).toBe(Math.max(0, to - from));
                from = Math.max(0, to - back);
              }
            }),
          );

          await expectFolded(database, log);
        }),
        { numRuns: RUNS },
      );
    },
    TIME_LIMIT_MS,
  );

  it(
    'all of them, built in parts by a reader that stops after any of them, go on from where it told to be',
    async () => {
      const parts = fc.array(fc.boolean(), { minLength: 1, maxLength: 30 });
      const stops = fc.array(fc.nat({ max: 4 }), { maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(histories(''), parts, stops, async (log, full, stopAfter) => {
          const database = newDatabase();
          let [from, events, documents] = [0, 0, 0];
          for (const most of [...stopAfter, Infinity]) {
            let turn = 0;
            let reports = 0;
            const projection = projectInto(database, log);
            const isFull = () => full[turn++ % full.length] ?? false;
            const reading = projectLog(
              pagesOf(log.slice(from)),
              contextOf(database, log),
              { ...projection, isFull },
              (written) => {
                if (reports === most) return Promise.reject(new Error('stopped'));
                reports += 1;
                from = 1 + log.findIndex(({ position }) => position.commit === written.position.commit);
                events += written.events;
                documents += written.documents;
                return Promise.resolve();
              },
            );
            await reading.catch((error: unknown) => expect(error).toMatchObject({ message: 'stopped' }));
          }

          await expectFolded(database, log);
          expect(events).toBe(log.length);
          const { orders, customers, menu, audit, refunds } = database;
          const collections: Collection[] = [orders, customers, menu, audit, refunds].map((each) => each as never);
          const counts = collections.map((each) => each.countDocuments({}));
          expect(documents).toBe((await Promise.all(counts)).reduce((sum, count) => sum + count, 0));
        }),
        { numRuns: RUNS },
      );
    },
    TIME_LIMIT_MS,
  );

  it('an order, built from the log from an event on that cannot be read, stands before it', async () => {
    const [log = []] = fc.sample(
      histories('').filter((events) => events.some(({ streamId, revision }) => isOrderAt(streamId, revision, 3n))),
      { numRuns: 1, seed: 1 },
    );
    const stream = log.find(({ streamId, revision }) => isOrderAt(streamId, revision, 3n))?.streamId ?? '';
    const damaged = log.map((event) => {
      const isUnreadable = event.streamId === stream && event.revision === 2n;
      return isUnreadable ? { ...event, type: 'Unheard' } : event;
    });
    const database = newDatabase();
    await projectLog(pagesOf(damaged), contextOf(database, damaged), projectInto(database, damaged), () =>
      Promise.resolve(),
    );

    const stalled = await database.orders.find({ 'stalled.revision': { $gte: 0 } }).toArray();
    expect(stalled).toMatchObject([{ _id: stream.slice('PizzaOrder-'.length), revision: 1, stalled: { revision: 2 } }]);
    const { orderDocuments } = expected(log);
    const others = orderDocuments.filter(({ _id }) => _id !== stalled[0]?._id).sort(byId);
    expect((await database.orders.find({ stalled: { $exists: false } }).toArray()).sort(byId)).toEqual(others);
  });

  it('an order that is remembered, its document set back meanwhile, is folded on from the document', async () => {
    const [log = []] = fc.sample(
      histories('').filter((events) => events.some(({ streamId, revision }) => isOrderAt(streamId, revision, 2n))),
      { numRuns: 1, seed: 1 },
    );
    const stream = log.find(({ streamId, revision }) => isOrderAt(streamId, revision, 2n))?.streamId ?? '';
    const [first, second, third] = log.filter(({ streamId }) => streamId === stream);
    if (!first || !second || !third) throw new Error('the history has such an order');
    const database = newDatabase();
    const projection = projectInto(database, log);
    const project = async (event: AllStreamRecordedEvent) => {
      await projection.add(toLogEvents([event]));
      return projection.write();
    };
    await project(first);
    const [before] = await database.orders.find({}).toArray();
    await project(second);
    // As a rebuild does whose documents take the place of newer ones.
    await database.orders.replaceOne({ _id: before?._id ?? '' }, before ?? ({} as OrderDocument));

    expect([...(await project(third)).stalls]).toEqual([]);

    const wanted = expected([first, second, third]).orderDocuments[0];
    expect((await database.orders.find({}).toArray()).map(withoutCustomer)).toEqual([withoutCustomer(wanted)]);
  });
});

describe('a customer', () => {
  it('who is written after an order has looked for its customer, and before it is saved, is shown', async () => {
    const registered = (log: readonly AllStreamRecordedEvent[]) => {
      const placed = log.map((event) => decodeEvent(event)).find((stored) => isOf(ORDER, stored));
      const customerId = placed && 'customerId' in placed.event.data ? placed.event.data.customerId : '';
      return log.find(({ streamId, revision }) => streamId === `Customer-${customerId}` && revision === 0n);
    };
    const [log = []] = fc.sample(
      histories('').filter((events) => registered(events) !== undefined),
      { numRuns: 1, seed: 1 },
    );
    const [order, customer] = [log.find(({ streamId }) => streamId.startsWith('PizzaOrder-')), registered(log)];
    if (!order || !customer) throw new Error('the history has such an order');
    const database = newDatabase();
    const project = async (into: Database, event: AllStreamRecordedEvent) => {
      const projection = projectInto(into, log);
      await projection.add(toLogEvents([event]));
      await projection.write();
    };

    let happens: (() => Promise<void>) | undefined = () => project(database, customer);
    const interrupted = beforeWriting(database, async (collection) => {
      if (collection !== 'orders') return;
      const once = happens;
      happens = undefined;
      await once?.();
    });

    await project(interrupted, order);

    const [shown] = await database.orders.find({}).toArray();
    const [known] = await database.db.collection<CustomerDocument>('customers').find({}).toArray();
    expect(shown).toMatchObject({ customerName: known?.name, customerRevision: 0 });
  });
});

/** A database that a process writes to until it dies, after so many writes. */
function crashingAfter(database: Database, most: number): Database {
  let left = most;
  return beforeWriting(database, () => {
    left -= 1;
    return left < 0 ? Promise.reject(new Error('crashed')) : Promise.resolve();
  });
}

/** A database in which something else happens before each write, which fails if that does. */
function beforeWriting(database: Database, happens: (collection: string) => Promise<void>): Database {
  const write = /^(bulkWrite|insertMany|updateMany|replaceOne|insertOne)$/;
  const intercepted = <T extends object>(collection: T, called: string) =>
    new Proxy(collection, {
      get(target, property) {
        const value = Reflect.get(target, property, target) as unknown;
        if (typeof value !== 'function') return value;
        if (!write.test(String(property))) return value.bind(target) as unknown;
        return async (...given: unknown[]) => {
          await happens(called);
          return (value as (...all: unknown[]) => unknown).apply(target, given);
        };
      },
    });
  const db = new Proxy(database.db, {
    get: (target, property) =>
      property === 'collection'
        ? (called: string) => intercepted(target.collection(called), called)
        : (Reflect.get(target, property, target) as unknown),
  });
  return { ...database, db };
}

function expectCrash(error: unknown): void {
  expect(error).toMatchObject({ message: 'crashed' });
}
