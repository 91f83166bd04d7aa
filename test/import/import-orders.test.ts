import { randomBytes } from 'node:crypto';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { isUnavailable } from '../../src/eventstoredb/errors.ts';
import { decodeEvent } from '../../src/eventstoredb/codec.ts';
import { ORDER } from '../../src/eventstoredb/aggregates.ts';
import { createStreamStore } from '../../src/eventstoredb/streams.ts';
import { type HistoricalOrder, placeOrder } from '../../src/import/historical-order.ts';
import { importOrders, type ImportOptions } from '../../src/import/import-orders.ts';
import { createRetry } from '../../src/import/retry.ts';
import { historicalOrders, origin } from './support.ts';

let client: EventStoreDBClient;
beforeAll(() => {
  client = connectEventStore(inject('eventStoreUrl'));
});
afterAll(() => client.dispose());

/** An importer into streams that no other test uses. */
function setUp() {
  const streamPrefix = `t${randomBytes(6).toString('hex')}-`;
  const streams = createStreamStore({ client, streamPrefix, timeLimitMs: 5000 });
  const streamOf = (order: HistoricalOrder) => streams.streamOf(ORDER.category, placeOrder(order, origin).state.id);
  const read = async (order: HistoricalOrder) => (await streams.readRecorded(streamOf(order))).map(decodeEvent);
  return {
    read,
    streams,
    streamOf,
    run: (orders: readonly HistoricalOrder[], options: Partial<ImportOptions> = {}) => {
      const signal = options.signal ?? new AbortController().signal;
      const retry = createRetry({ patienceMs: 10_000, signal, isUnavailable, onAway: () => undefined });
      return importOrders(orders, { streams, origin, correlationId: 'run-1', retry, signal, ...options });
    },
    revisionsOf: (orders: readonly HistoricalOrder[]) =>
      Promise.all(orders.map(async (order) => (await read(order)).map(({ revision }) => revision))),
  };
}

describe('an import', () => {
  it('of an order writes one event, by the actor import, at the time of the file', async () => {
    const { run, read } = setUp();
    const [order] = historicalOrders(1) as [HistoricalOrder];
    expect(await run([order])).toEqual({ imported: 1, alreadyThere: 0, deleted: 0 });
    const stored = await read(order);
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({
      revision: 0,
      event: { type: 'PizzaOrderPlaced', data: { placedAt: order.placedAt, totalAmount: '10.50' } },
      metadata: { actor: 'import', $correlationId: 'run-1', schemaVersion: 2 },
    });
  });

  it('that is repeated adds nothing and says so', async () => {
    const { run, revisionsOf } = setUp();
    const orders = historicalOrders(200);
    expect(await run(orders)).toEqual({ imported: 200, alreadyThere: 0, deleted: 0 });
    expect(await run(orders)).toEqual({ imported: 0, alreadyThere: 200, deleted: 0 });
    expect(await revisionsOf(orders)).toEqual(orders.map(() => [0]));
  });

  it('that is interrupted half-way and run again has each order once', async () => {
    const { run, revisionsOf } = setUp();
    const orders = historicalOrders(500);
    const interrupt = new AbortController();
    const first = await run(orders, {
      signal: interrupt.signal,
      onProgress: ({ imported }) => {
        if (imported === 100) interrupt.abort();
      },
    });
    expect(first.imported).toBeGreaterThanOrEqual(100);
    expect(first.imported).toBeLessThan(500);
    const second = await run(orders);
    expect(second).toEqual({ imported: 500 - first.imported, alreadyThere: first.imported, deleted: 0 });
    expect(await revisionsOf(orders)).toEqual(orders.map(() => [0]));
  });

  it('that runs twice at the same time has each order once, counted by one of the two', async () => {
    const { run, revisionsOf } = setUp();
    const orders = historicalOrders(200);
    const [one, other] = await Promise.all([run(orders), run([...orders].reverse())]);
    expect(one.imported + other.imported).toBe(200);
    expect(one.alreadyThere + other.alreadyThere).toBe(200);
    expect(await revisionsOf(orders)).toEqual(orders.map(() => [0]));
  });

  it('over an order that has gone on since leaves it as it is', async () => {
    const { run, read, streams, streamOf } = setUp();
    const [order] = historicalOrders(1) as [HistoricalOrder];
    await run([order]);
    const placed = placeOrder(order, origin);
    placed.markEventsAsCommitted();
    placed.pay({ paymentMethod: 'cash', transactionId: 'T1' }, '2024-05-01T12:30:00.000Z');
    await streams.append(streamOf(order), 0, placed.uncommittedEvents, {
      commandId: streamOf(order).slice(-36),
      correlationId: 'c',
      actor: 'a',
    });
    expect(await run([order])).toEqual({ imported: 0, alreadyThere: 1, deleted: 0 });
    expect((await read(order)).map(({ event }) => event.type)).toEqual(['PizzaOrderPlaced', 'PaymentProcessed']);
  });

  it('over an order whose stream was deleted for good does not stop and brings nothing back', async () => {
    const { run, streamOf } = setUp();
    const orders = historicalOrders(3);
    await run(orders);
    await client.tombstoneStream(streamOf(orders[1] as HistoricalOrder));
    expect(await run(orders)).toEqual({ imported: 0, alreadyThere: 2, deleted: 1 });
  });

  it('which the store refuses stops, with no more than what is in flight written', async () => {
    const { run, streams } = setUp();
    const refusal = new Error('refused');
    let appends = 0;
    const refusing: ImportOptions['streams'] = {
      streamOf: (category, id) => streams.streamOf(category, id),
      append: () => {
        appends += 1;
        return Promise.reject(refusal);
      },
    };
    await expect(run(historicalOrders(500), { streams: refusing })).rejects.toBe(refusal);
    expect(appends).toBeLessThanOrEqual(64);
  });

  it('has at most 64 appends in flight', async () => {
    const { run, streams } = setUp();
    let inFlight = 0;
    let most = 0;
    const counting: ImportOptions['streams'] = {
      streamOf: (category, id) => streams.streamOf(category, id),
      async append(...args) {
        inFlight += 1;
        most = Math.max(most, inFlight);
        try {
          return await streams.append(...args);
        } finally {
          inFlight -= 1;
        }
      },
    };
    await run(historicalOrders(300), { streams: counting });
    expect(most).toBe(64);
  });
});
