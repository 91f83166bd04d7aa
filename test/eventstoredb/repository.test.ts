import { randomBytes, randomUUID } from 'node:crypto';
import { type EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { CustomerEvent } from '../../src/domain/customer.ts';
import type { PizzaOrderEvent } from '../../src/domain/events.ts';
import type { OrderState } from '../../src/domain/order-state.ts';
import { PizzaOrder } from '../../src/domain/pizza-order.ts';
import { CUSTOMER, ORDER } from '../../src/eventstoredb/aggregates.ts';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { UnreadableEventError } from '../../src/eventstoredb/errors.ts';
import { EventSourcingRepository, NEW } from '../../src/eventstoredb/repository.ts';
import type { SnapshotStore } from '../../src/eventstoredb/snapshots.ts';
import { type CommandContext, createStreamStore, type StreamStore } from '../../src/eventstoredb/streams.ts';

let client: EventStoreDBClient;
beforeAll(() => {
  client = connectEventStore(inject('eventStoreUrl'));
});
afterAll(() => client.dispose());

const streamPrefix = `t${randomBytes(6).toString('hex')}-`;
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString();
const context = (more: Partial<CommandContext> = {}): CommandContext => ({
  ...{ commandId: randomUUID(), correlationId: 'c', actor: 'test' },
  ...more,
});

/** A repository that has seen nothing yet, on the streams of all; `reads` is what it asked for, as `stream from+count`. */
function repository(snapshotEvery = 40, snapshots?: SnapshotStore<OrderState>) {
  const reads: string[] = [];
  const logged: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'warn' },
    { write: (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const streams = createStreamStore({ client, streamPrefix, timeLimitMs: 5000 });
  const nameOf = (stream: string) => (stream.includes('Snapshot-') ? 'snapshot' : 'order');
  const watched: StreamStore = {
    ...streams,
    readRecorded(stream, options = {}) {
      const { from = 0, maxCount = Number.MAX_SAFE_INTEGER } = options;
      reads.push(`${nameOf(stream)} ${from}+${maxCount > 1000 ? 'rest' : maxCount}`);
      return streams.readRecorded(stream, options);
    },
    readLast(stream) {
      reads.push(`${nameOf(stream)} last`);
      return streams.readLast(stream);
    },
  };
  const orders = new EventSourcingRepository(ORDER, { streams: watched, snapshotEvery, snapshots, log });
  return { orders, reads, logged, streams: watched, log };
}

/** Stores an order of so many events, in appends of at most 20, and says its id. */
async function stored(length: number, snapshotEvery?: number): Promise<string> {
  const { orders } = repository(snapshotEvery);
  const order = PizzaOrder.place(
    {
      ...{ orderId: randomUUID(), customerId: 'c1', currency: 'USD' },
      items: [{ name: 'Margherita', quantity: 1, unitPrice: '10' }],
    },
    at(0),
  );
  let loaded: Parameters<typeof orders.save>[1] = NEW;
  while (order.uncommittedEvents.length > 0) {
    const saved = await orders.save(order.state.id, loaded, order.uncommittedEvents, context());
    loaded = { ...saved, keys: new Map() };
    order.markEventsAsCommitted();
    const until = Math.min(length, order.version + 20);
    while (order.version < until) {
      const status = order.state.status === 'READY' ? 'COOKING' : 'READY';
      order.changeStatus({ status }, at(order.version), randomUUID());
    }
  }
  await orders.close();
  return order.state.id;
}

describe('loading an order', () => {
  it.each([
    ['that is short', 3, ['order 0+32']],
    ['one event shorter than the first read', 31, ['order 0+32']],
    ['as long as the first read', 32, ['order 0+32', 'snapshot last', 'order 32+rest']],
    ['that is long, and has no snapshot yet', 39, ['order 0+32', 'snapshot last', 'order 32+rest']],
    [
      'that has a snapshot, which is checked, and gone on from',
      100,
      ['order 0+32', 'snapshot last', 'order 80+1', 'order 81+rest'],
    ],
  ])('%s, reads no more than it needs', async (_, length, wanted) => {
    const id = await stored(length);
    const { orders, reads } = repository();
    expect((await orders.getById(id)).revision).toBe(length - 1);
    expect(reads).toEqual(wanted);
  });

  it.each([
    [10, ['order 0+11']],
    [31, ['order 0+32']],
    [50, ['order 0+32', 'snapshot last', 'order 80+1', 'order 32+19']],
    [80, ['order 0+32', 'snapshot last', 'order 80+1', 'order 81+0']],
    [90, ['order 0+32', 'snapshot last', 'order 80+1', 'order 81+10']],
  ])('at revision %i, reads up to there, from the snapshot if that is before', async (revision, wanted) => {
    const id = await stored(100);
    const { orders, reads } = repository();
    expect((await orders.atRevision(id, revision))?.revision).toBe(revision);
    expect(reads).toEqual(wanted);
  });

  it.each([
    [10, ['snapshot last', 'order 80+1', 'order 0+rest']],
    [80, ['snapshot last', 'order 80+1', 'order 0+1', 'order 81+rest']],
  ])('at the time of event %i, reads all of it, or what follows the snapshot', async (revision, wanted) => {
    const id = await stored(100);
    const { orders, reads } = repository();
    expect((await orders.asOf(id, Date.parse(at(revision))))?.revision).toBe(revision);
    expect(reads).toEqual(wanted);
  });

  it('writes its snapshot if it is long enough to have one and has none; looking at its past writes none', async () => {
    const snapshotOf = async (id: string) => {
      const { streams } = repository();
      return (await streams.readLast(streams.streamOf('PizzaOrderSnapshot', id)))?.data;
    };
    const [long, short] = [await stored(40, 1000), await stored(39, 1000)];
    const { orders } = repository(40);
    await orders.atRevision(long, 39);
    await orders.close();
    expect(await snapshotOf(long)).toBeUndefined();
    for (const id of [long, short]) await orders.getFresh(id);
    await orders.close();
    expect(await snapshotOf(long)).toMatchObject({ revision: 39 });
    expect(await snapshotOf(short)).toBeUndefined();
  });

  it('whose events do not follow one another, says which and where', async () => {
    const id = randomUUID();
    const stream = `${streamPrefix}PizzaOrder-${id}`;
    const data = { orderId: id, estimatedDeliveryTime: at(1), kitchenNotes: '', confirmedAt: at(0) };
    await client.appendToStream(stream, jsonEvent({ type: 'PizzaOrderConfirmed', data }));
    const loading = repository().orders.getFresh(id);
    await expect(loading).rejects.toThrow(
      new UnreadableEventError(`PizzaOrderConfirmed v1 at revision 0 of ${stream} cannot follow the events before it`),
    );
    await expect(loading).rejects.toMatchObject({ cause: expect.any(Error) as Error });
  });

  it('in whose stream something else stands, says so', async () => {
    const id = 'Customer-c1';
    const data = { customerId: 'c1', name: 'Ada', email: 'ada@example.com', registeredAt: at(0) };
    const stream = `${streamPrefix}PizzaOrder-${id}`;
    await client.appendToStream(stream, jsonEvent({ type: 'CustomerRegistered', data }));
    await expect(repository().orders.getFresh(id)).rejects.toThrow(
      new UnreadableEventError(`CustomerRegistered does not belong in ${stream}`),
    );
  });
});

describe('saving an order', () => {
  const confirmed = (orderId: string): PizzaOrderEvent => ({
    type: 'PizzaOrderConfirmed',
    data: { orderId, estimatedDeliveryTime: at(9), kitchenNotes: '', confirmedAt: at(1) },
  });

  it('without a key reads nothing back; with one it does, and has the key from then on', async () => {
    const [plain, keyed] = [await stored(1), await stored(1)];
    const { orders, reads } = repository();
    const save = async (id: string, more: Partial<CommandContext>) => {
      const loaded = await orders.getById(id);
      reads.length = 0;
      return orders.save(id, loaded, [confirmed(id)], context(more));
    };
    expect((await save(plain, {})).revision).toBe(1);
    expect(reads).toEqual([]);
    expect((await save(keyed, { idempotencyKey: 'k', requestHash: 'h' })).revision).toBe(1);
    expect(reads).toEqual(['order 0+2']);
    expect([...(await orders.getById(keyed)).keys]).toEqual([['k', { requestHash: 'h', lastRevision: 1 }]]);
    expect((await orders.getById(plain)).keys.size).toBe(0);
  });

  it.each([{ idempotencyKey: 'k' }, { requestHash: 'h' }])('with only %j in its metadata, has no key', async (more) => {
    const id = await stored(1);
    const { orders } = repository();
    await orders.save(id, await orders.getById(id), [confirmed(id)], context(more));
    expect((await orders.getFresh(id)).keys.size).toBe(0);
  });

  it('whose snapshot cannot be written, is logged with its stream; closing waits for one under way', async () => {
    const id = await stored(1);
    let fail: (error: Error) => void = () => undefined;
    const writing = new Promise<void>((_, reject) => (fail = reject));
    const { orders, logged } = repository(2, { read: () => Promise.resolve(undefined), write: () => writing });
    await orders.save(id, await orders.getById(id), [confirmed(id)], context());
    let isClosed = false;
    const closing = orders.close().then(() => (isClosed = true));
    await orders.getFresh(id);
    expect(isClosed).toBe(false);
    fail(new Error('no room'));
    await closing;
    expect(logged).toMatchObject([
      { msg: 'snapshot not written', stream: `${streamPrefix}PizzaOrder-${id}`, err: { message: 'no room' } },
    ]);
  });
});

describe('the cache', () => {
  it('has an order that was loaded or saved, until it is evicted, even while it is loaded', async () => {
    const id = await stored(3);
    const { orders, reads } = repository();
    const look = async () => {
      const { fromCache } = await orders.getById(id);
      return [fromCache, reads.splice(0).length];
    };
    expect(await look()).toEqual([false, 1]);
    expect(await look()).toEqual([true, 0]);
    orders.evict(id);
    expect(await look()).toEqual([false, 1]);
    expect(await look()).toEqual([true, 0]);
    const loading = orders.getFresh(id);
    orders.evict(id);
    await loading;
    reads.length = 0;
    expect(await look()).toEqual([false, 1]);
  });

  it('begins anew, also for what is being loaded, or is not used', async () => {
    const id = await stored(3);
    const { orders } = repository();
    await orders.getById(id);
    orders.cacheAnew(true);
    expect((await orders.getById(id)).fromCache).toBe(false);
    expect((await orders.getById(id)).fromCache).toBe(true);
    const loading = orders.getFresh(id);
    orders.cacheAnew(true);
    await loading;
    expect((await orders.getById(id)).fromCache).toBe(false);
    orders.cacheAnew(false);
    expect((await orders.getById(id)).fromCache).toBe(false);
    expect((await orders.getById(id)).fromCache).toBe(false);
    orders.cacheAnew(true);
    await orders.getById(id);
    expect((await orders.getById(id)).fromCache).toBe(true);
  });

  it.each([
    [0, 0, 1],
    [1, 0, 1],
    [2, 3, 5],
  ])('weighs an order of %i lines and %i refunds as %i', (items, refunds, weight) => {
    const state = { items: { length: items }, refunds: { length: refunds } } as unknown as OrderState;
    expect(ORDER.cacheWeight?.(state)).toBe(weight);
  });

  it('has no customers, and nothing to evict', async () => {
    const { streams, log } = repository();
    const customers = new EventSourcingRepository(CUSTOMER, { streams, log, snapshotEvery: 1 });
    const id = randomUUID();
    const registered: CustomerEvent = {
      type: 'CustomerRegistered',
      data: { customerId: id, name: 'Ada', email: 'ada@example.com', registeredAt: at(0) },
    };
    await customers.save(id, NEW, [registered], context());
    expect((await customers.getById(id)).fromCache).toBe(false);
    customers.evict(id);
    customers.cacheAnew(true);
    expect((await customers.getById(id)).fromCache).toBe(false);
    expect(await customers.rebuildSnapshot(id)).toBe(true);
    expect(await streams.readLast(streams.streamOf('CustomerSnapshot', id))).toBeUndefined();
  });
});

describe('a snapshot', () => {
  it('is written anew of an order, whatever its length, and of nothing else', async () => {
    const id = await stored(3);
    const { orders, streams } = repository();
    const snapshotOf = async (of: string) => (await streams.readLast(streams.streamOf('PizzaOrderSnapshot', of)))?.data;
    expect(await orders.rebuildSnapshot(id)).toBe(true);
    expect(await snapshotOf(id)).toMatchObject({ revision: 2 });
    const nobody = randomUUID();
    expect(await orders.rebuildSnapshot(nobody)).toBe(false);
    expect(await snapshotOf(nobody)).toBeUndefined();
  });
});
