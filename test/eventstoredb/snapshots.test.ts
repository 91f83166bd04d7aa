import { randomBytes, randomUUID } from 'node:crypto';
import { type EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { PizzaOrderEvent } from '../../src/domain/events.ts';
import { evolve, type OrderState } from '../../src/domain/order-state.ts';
import { PizzaOrder } from '../../src/domain/pizza-order.ts';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { ORDER } from '../../src/eventstoredb/aggregates.ts';
import { EventSourcingRepository } from '../../src/eventstoredb/repository.ts';
import { createSnapshotStore } from '../../src/eventstoredb/snapshots.ts';
import { orderSnapshots } from '../../src/eventstoredb/order-snapshot.ts';
import { createStreamStore } from '../../src/eventstoredb/streams.ts';
import { until } from '../support/until.ts';

type Orders = EventSourcingRepository<OrderState, PizzaOrderEvent>;

let client: EventStoreDBClient;
beforeAll(() => {
  client = connectEventStore(inject('eventStoreUrl'));
});
afterAll(() => client.dispose());

const streamPrefix = `t${randomBytes(6).toString('hex')}-`;

function repository(snapshotEvery: number, write?: () => Promise<void>) {
  const logged: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => logged.push(line) });
  const streams = createStreamStore({ client, streamPrefix, timeLimitMs: 5000 });
  const stored = createSnapshotStore(streams, ORDER.category, orderSnapshots);
  const snapshots = write ? { ...stored, write } : stored;
  return {
    orders: new EventSourcingRepository(ORDER, { streams, snapshots, snapshotEvery, log }),
    snapshots: stored,
    streams,
    logged,
  };
}

const context = () => ({ commandId: randomUUID(), correlationId: 'c', actor: 'test' });
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString();

function placed(): PizzaOrder {
  return PizzaOrder.place(
    {
      orderId: randomUUID(),
      customerId: 'c1',
      items: [{ name: 'Margherita', quantity: 1, unitPrice: '10' }],
      currency: 'USD',
    },
    at(0),
  );
}

function toggle(order: PizzaOrder, times: number): void {
  for (let count = 0; count < times; count += 1) {
    const status = order.state.status === 'READY' ? 'COOKING' : 'READY';
    order.changeStatus({ status }, at(order.version), randomUUID());
  }
}

async function save(orders: Orders, order: PizzaOrder): Promise<void> {
  const { state, version, uncommittedEvents } = order;
  const revision = version - uncommittedEvents.length - 1;
  const before = revision < 0 ? undefined : (await orders.getById(state.id)).state;
  await orders.save(state.id, { state: before, revision, keys: new Map() }, uncommittedEvents, context());
  order.markEventsAsCommitted();
}

/** Saves an order with `length` events, some per append. */
async function saved(orders: Orders, length: number, perAppend = 30): Promise<OrderState> {
  const order = placed();
  while (order.version < length) {
    toggle(order, Math.min(perAppend, length - order.version));
    await save(orders, order);
  }
  return order.state;
}

async function fullFold(
  orders: Orders,
  orderId: string,
  upTo = Number.MAX_SAFE_INTEGER,
): Promise<OrderState | undefined> {
  const events = (await orders.history(orderId)).filter(({ revision }) => revision <= upTo);
  return events.reduce<OrderState | undefined>((state, { event }) => evolve(state, event), undefined);
}

const snapshotStream = (orderId: string) => `${streamPrefix}PizzaOrderSnapshot-${orderId}`;

async function snapshotsOf(orderId: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { event } of client.readStream(snapshotStream(orderId))) found.push(event?.data);
  return found;
}

/** At the same revision, as after a log was restored. */
function ofAnotherStream(good: object) {
  const { state, ...snapshot } = snapshotFrom(good);
  return orderSnapshots.encode({ ...snapshot, state: { ...state, kitchenNotes: 'other' }, eventId: randomUUID() });
}

describe('snapshots', () => {
  it('save, that crosses a multiple with several events at once, writes one, and only the newest is kept', async () => {
    const { orders } = repository(50);
    const { id } = await saved(orders, 135, 45);
    await orders.close();
    const kept = await snapshotsOf(id);
    expect(kept).toHaveLength(1);
    expect(orderSnapshots.decode(kept[0])).toMatchObject({ revision: 134 });
  });

  it('save, that crosses no multiple, writes none', async () => {
    const { orders, snapshots } = repository(50);
    const { id } = await saved(orders, 49);
    await orders.close();
    await expect(snapshots.read(id)).resolves.toBeUndefined();
  });

  it('load, through a snapshot, equals the full fold and goes on from it', async () => {
    const { orders } = repository(50);
    const state = await saved(orders, 175);
    await orders.close();
    const loaded = await repository(50).orders.getFresh(state.id);
    expect(loaded.revision).toBe(174);
    expect(loaded.state).toEqual(state);
    expect(loaded.state).toEqual(await fullFold(orders, state.id));
  });

  it('a failed write, at a save that is due, is logged and the save succeeds', async () => {
    const { orders, logged } = repository(10, () => Promise.reject(new Error('no room')));
    const state = await saved(orders, 25);
    await orders.close();
    expect(logged.join()).toContain('snapshot not written');
    expect((await orders.getFresh(state.id)).revision).toBe(24);
  });

  it.each([
    ['garbage', () => ({ hello: 'world' })],
    ['of another version', (good: object) => ({ ...good, snapshotVersion: 99 })],
    ['of a changed state', (good: { state: object }) => ({ ...good, state: { ...good.state, status: 'CANCELLED' } })],
    ['ahead of the stream', (good: object) => orderSnapshots.encode({ ...snapshotFrom(good), revision: 5000 })],
    ['of another stream', ofAnotherStream],
  ])('a snapshot, %s, is ignored and replaced', async (_, spoil) => {
    const { orders, snapshots } = repository(50);
    const state = await saved(orders, 120);
    await orders.close();
    const [good] = (await snapshotsOf(state.id)) as [{ state: object }];
    await client.appendToStream(
      snapshotStream(state.id),
      jsonEvent({ type: 'PizzaOrderSnapshot', data: spoil(good) as Record<string, unknown> }),
    );
    const other = repository(50);
    expect((await other.orders.getFresh(state.id)).state).toEqual(state);
    await other.orders.close();
    await until('the snapshot is replaced', async () => (await snapshots.read(state.id))?.revision === 119);
  });

  it('time travel, with a snapshot before, at and after the moment, gives what the full fold gives', async () => {
    const { orders } = repository(40);
    const { id } = await saved(orders, 100);
    await orders.close();
    for (const revision of [0, 31, 32, 39, 40, 79, 80, 81, 99]) {
      const folded = await fullFold(orders, id, revision);
      expect(await orders.atRevision(id, revision)).toMatchObject({ state: folded, revision });
      expect(await orders.asOf(id, Date.parse(at(revision)))).toMatchObject({ state: folded, revision });
    }
    await expect(orders.atRevision(id, 100)).resolves.toBeUndefined();
    await expect(orders.asOf(id, Date.parse(at(0)) - 1)).resolves.toBeUndefined();
  });

  it('any history, with snapshots at any revisions, some of them corrupted, loads as the full fold', async () => {
    const step = fc.record({ events: fc.integer({ min: 1, max: 60 }), spoiled: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 60 }),
        async (steps, every) => {
          const { orders } = repository(every);
          const order = placed();
          for (const { events, spoiled } of steps) {
            toggle(order, events);
            await save(orders, order);
            await orders.close();
            if (!spoiled) continue;
            const data = { snapshotVersion: 1, revision: order.version, broken: true };
            await client.appendToStream(
              snapshotStream(order.state.id),
              jsonEvent({ type: 'PizzaOrderSnapshot', data }),
            );
          }
          const loaded = await repository(every).orders.getFresh(order.state.id);
          expect(loaded.revision).toBe(order.version - 1);
          expect(loaded.state).toEqual(order.state);
          expect(loaded.state).toEqual(await fullFold(orders, order.state.id));
        },
      ),
      { numRuns: 20 },
    );
  });
});

function snapshotFrom(data: object) {
  const snapshot = orderSnapshots.decode(data);
  if (!snapshot) throw new Error('the snapshot to spoil is not readable');
  return snapshot;
}
