import { randomBytes } from 'node:crypto';
import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import fc from 'fast-check';
import type { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type CustomerState, evolveCustomer } from '../../src/domain/customer.ts';
import { evolve, type OrderState } from '../../src/domain/order-state.ts';
import { decodeEvent, isCustomerEvent, isOrderEvent } from '../../src/eventstoredb/codec.ts';
import { connectMongo, openDatabase } from '../../src/read-models/database.ts';
import type { AnalyticsDayDocument, AnalyticsItemDocument } from '../../src/read-models/analytics/document.ts';
import type { AuditDocument } from '../../src/read-models/audit/document.ts';
import type { CustomerDocument } from '../../src/read-models/customers/document.ts';
import { customerFields, type OrderDocument, toFields } from '../../src/read-models/orders/document.ts';
import type { LogPage } from '../../src/read-models/rebuild/log-reader.ts';
import { gatherReadModels } from '../../src/read-models/rebuild/gather-read-models.ts';
import { gatherLog } from '../../src/read-models/rebuild/gather.ts';
import { project } from '../../src/read-models/project.ts';
import { createRecentOrders } from '../../src/read-models/orders/recent.ts';
import { createAnalyticsReader, projectAnalytics } from '../../src/read-models/analytics/project.ts';
import { histories } from './history.ts';

let mongo: MongoClient;
const name = `test_${randomBytes(6).toString('hex')}`;
beforeAll(() => {
  mongo = connectMongo(inject('mongoUrl'));
});
afterAll(async () => {
  await mongo.db(name).dropDatabase();
  await mongo.close();
});

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
});

/** What the documents must be, folded from the streams without any projection. */
function expected(log: readonly AllStreamRecordedEvent[]) {
  const orders = new Map<string, { state: OrderState; revision: number }>();
  const customers = new Map<string, { state: CustomerState; revision: number }>();
  for (const recorded of log) {
    const stored = decodeEvent(recorded);
    const { revision } = stored;
    if (isOrderEvent(stored)) {
      const id = stored.event.data.orderId;
      orders.set(id, { state: evolve(orders.get(id)?.state, stored.event), revision });
    } else if (isCustomerEvent(stored)) {
      const id = stored.event.data.customerId;
      customers.set(id, { state: evolveCustomer(customers.get(id)?.state, stored.event), revision });
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
    ...toFields(state, revision),
    ...customerFields(state.customerEmail, customerDocuments.get(state.customerId)),
  }));
  return {
    states: [...orders.values()].map(({ state }) => state),
    orderDocuments,
    customerDocuments: [...customerDocuments.values()],
  };
}

const isOrderAt = (stream: string, revision: bigint, wanted: bigint) =>
  stream.startsWith('PizzaOrder-') && revision === wanted;

function withoutCustomer(document: OrderDocument | undefined) {
  return { ...document, customerName: '', customerEmail: '', customerRevision: 0 };
}

const byId = (a: { _id: string }, b: { _id: string }) => (a._id < b._id ? -1 : 1);

function collections(suffix: string) {
  const { db } = openDatabase(mongo, name);
  return {
    orders: db.collection<OrderDocument>(`orders_${suffix}`),
    customers: db.collection<CustomerDocument>(`customers_${suffix}`),
    audit: db.collection<AuditDocument>(`audit_${suffix}`),
  };
}

async function expectFolded(
  database: ReturnType<typeof collections>,
  log: readonly AllStreamRecordedEvent[],
): Promise<void> {
  const { orderDocuments, customerDocuments } = expected(log);
  expect((await database.orders.find({}).toArray()).sort(byId)).toEqual(orderDocuments.sort(byId));
  expect((await database.customers.find({}).toArray()).sort(byId)).toEqual(customerDocuments.sort(byId));
  const ofOrders = log.filter(({ streamId }) => streamId.startsWith('PizzaOrder-'));
  expect((await database.audit.find({}).toArray()).map(({ _id }) => _id).sort()).toEqual(
    ofOrders.map(({ id }) => id).sort(),
  );
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
  it('orders, customers and audit, for any history and any delivery, equal the fold of the streams', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(deliveries, async ({ log, batches, workers }) => {
        run += 1;
        const database = collections(`delivered_${run}`);
        const work = async (worker: number) => {
          const recent = createRecentOrders();
          const options = { streams: streamsOf(log), database, streamPrefix: '', recent };
          for (const batch of batches.filter((_, at) => at % workers === worker)) {
            const outcomes = await project(
              options,
              batch.flatMap((at) => log[at] ?? []),
            );
            expect(outcomes.every(({ type }) => type === 'done')).toBe(true);
          }
        };
        await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));

        await expectFolded(database, log);
      }),
      { numRuns: 40 },
    );
  });

  it('all three, gathered from the log by several readers that crash and go on, equal the fold of the streams', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(crashingReaders, async ({ log, readers }) => {
        run += 1;
        const database = collections(`gathered_${run}`);
        await Promise.all(
          readers.map(async ({ crashAt, back, parts }) => {
            let from = 0;
            for (const to of [crashAt, log.length]) {
              let turn = 0;
              const gatherer = gatherReadModels({ streams: streamsOf(log), database, streamPrefix: '' });
              const isFull = () => parts[turn++ % parts.length] ?? false;
              let events = 0;
              await gatherLog(pagesOf(log.slice(from, to)), { ...gatherer, isFull }, (written) => {
                events += written.events;
                return Promise.resolve();
              });
              expect(events).toBe(Math.max(0, to - from));
              from = Math.max(0, to - back);
            }
          }),
        );

        await expectFolded(database, log);
      }),
      { numRuns: 40 },
    );
  });

  it('all three, gathered in parts by a reader that stops after any of them, go on from where it told to be', async () => {
    let run = 0;
    const parts = fc.array(fc.boolean(), { minLength: 1, maxLength: 30 });
    const stops = fc.array(fc.nat({ max: 4 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(histories(''), parts, stops, async (log, full, stopAfter) => {
        run += 1;
        const database = collections(`stopped_${run}`);
        let [from, events, streams] = [0, 0, 0];
        for (const most of [...stopAfter, Infinity]) {
          let turn = 0;
          let reports = 0;
          const gatherer = gatherReadModels({ streams: streamsOf(log), database, streamPrefix: '' });
          const isFull = () => full[turn++ % full.length] ?? false;
          const reading = gatherLog(pagesOf(log.slice(from)), { ...gatherer, isFull }, (written) => {
            if (reports === most) return Promise.reject(new Error('stopped'));
            reports += 1;
            from = 1 + log.findIndex(({ position }) => position.commit === written.position.commit);
            events += written.events;
            streams += written.streams;
            return Promise.resolve();
          });
          await reading.catch((error: unknown) => expect(error).toMatchObject({ message: 'stopped' }));
        }

        await expectFolded(database, log);
        expect(events).toBe(log.length);
        const isFirst = ({ streamId, revision }: AllStreamRecordedEvent) => isOrderAt(streamId, revision, 0n);
        expect(streams).toBe(log.filter(isFirst).length);
      }),
      { numRuns: 40 },
    );
  });

  it('an order, gathered from an event on that cannot be read, stands before it', async () => {
    const [log = []] = fc.sample(
      histories('').filter((events) => events.some(({ streamId, revision }) => isOrderAt(streamId, revision, 3n))),
      { numRuns: 1, seed: 1 },
    );
    const stream = log.find(({ streamId, revision }) => isOrderAt(streamId, revision, 3n))?.streamId ?? '';
    const damaged = log.map((event) => {
      const isUnreadable = event.streamId === stream && event.revision === 2n;
      return isUnreadable ? { ...event, type: 'Unheard' } : event;
    });
    const database = collections('gathered_damaged');
    const gatherer = gatherReadModels({ streams: streamsOf(damaged), database, streamPrefix: '' });
    await gatherLog(pagesOf(damaged), gatherer, () => Promise.resolve());

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
    const database = collections('set_back');
    const options = { streams: streamsOf(log), database, streamPrefix: '', recent: createRecentOrders() };
    await project(options, [first]);
    const [before] = await database.orders.find({}).toArray();
    await project(options, [second]);
    // As a rebuild does whose documents take the place of newer ones.
    await database.orders.replaceOne({ _id: before?._id ?? '' }, before ?? ({} as OrderDocument));

    expect(await project(options, [third])).toEqual([{ type: 'done' }]);

    const wanted = expected([first, second, third]).orderDocuments[0];
    expect((await database.orders.find({}).toArray()).map(withoutCustomer)).toEqual([withoutCustomer(wanted)]);
  });

  it('analytics, read again from earlier positions by several readers, equal the sums of the orders', async () => {
    let run = 0;
    const readings = histories('').chain((log) =>
      fc.record({
        log: fc.constant(log.filter(({ streamId }) => streamId.startsWith('PizzaOrder-'))),
        starts: fc.array(
          fc.array(fc.record({ back: fc.nat({ max: 10 }), size: fc.integer({ min: 1, max: 9 }) }), {
            minLength: 1,
            maxLength: 6,
          }),
          {
            minLength: 1,
            maxLength: 3,
          },
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(readings, async ({ log, starts }) => {
        run += 1;
        const { db } = openDatabase(mongo, name);
        const target = {
          days: db.collection<AnalyticsDayDocument>(`days_${run}`),
          items: db.collection<AnalyticsItemDocument>(`items_${run}`),
        };
        /** A reader that crashes now and then, and begins again a little before where it was. */
        const read = async (crashes: readonly { back: number; size: number }[]) => {
          let at = 0;
          for (let turn = 0; at < log.length; turn += 1) {
            const { back, size } = crashes[turn] ?? { back: 0, size: 5 };
            const reader = createAnalyticsReader(streamsOf(log));
            const from = Math.max(0, at - back);
            await projectAnalytics(target, await reader.read(log.slice(from, at + size)));
            at += size;
          }
        };
        await Promise.all(starts.map(read));

        const { states } = expected(log);
        const days = await target.days.find({}).toArray();
        const sum = (figure: 'orders' | 'confirmed' | 'revenueMinor') =>
          days.reduce((total, day) => total + day[figure], 0);
        expect(sum('orders')).toBe(states.length);
        expect(sum('confirmed')).toBe(states.filter(({ confirmedAt }) => confirmedAt).length);
        expect(sum('revenueMinor')).toBe(
          states.reduce((total, { totalAmount }) => total + totalAmount.times(100).toNumber(), 0),
        );
        const items = await target.items.find({}).toArray();
        const sold = new Map<string, number>();
        for (const state of states) {
          for (const item of state.items) {
            const key = `${state.placedAt.slice(0, 10)} ${item.name}`;
            sold.set(key, (sold.get(key) ?? 0) + item.quantity);
          }
        }
        expect(new Map(items.map((item) => [`${item.day} ${item.name}`, item.sold]))).toEqual(sold);
        expect(new Set(days.map(({ _id }) => _id))).toEqual(
          new Set(states.map(({ placedAt }) => placedAt.slice(0, 10))),
        );
      }),
      { numRuns: 40 },
    );
  });
});
