import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createCustomerCommands } from '../../src/commands/customer-commands.ts';
import {
  ConcurrentModificationError,
  MenuItemNotFoundError,
  StaleRevisionError,
  UnknownSkuError,
  WithheldEventError,
} from '../../src/commands/errors.ts';
import { type Caller, newRefundId } from '../../src/commands/idempotency.ts';
import { createMenuCommands } from '../../src/commands/menu-commands.ts';
import { createOrderCommands, type OrderCommand, type PlaceRequest } from '../../src/commands/order-commands.ts';
import { DomainError } from '../../src/domain/errors.ts';
import { CUSTOMER, MENU_ITEM, ORDER } from '../../src/eventstoredb/aggregates.ts';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { ConcurrencyError } from '../../src/eventstoredb/errors.ts';
import { EventSourcingRepository, type Loaded } from '../../src/eventstoredb/repository.ts';
import { createStreamStore } from '../../src/eventstoredb/streams.ts';
import { Trace } from '../../src/tracing/trace.ts';

let client: EventStoreDBClient;
beforeAll(() => {
  client = connectEventStore(inject('eventStoreUrl'));
});
afterAll(() => client.dispose());

const CALLER: Caller = { requestId: 'r-1', correlationId: 'c-1', actor: 'anna' };
const PLACE: PlaceRequest = { customerId: 'c1', items: [{ name: 'Margherita', quantity: 1, unitPrice: '10.00' }] };
const PIZZA = { name: 'Margherita', category: 'Pizza', price: '10.00', ingredients: ['Basil'] };
const CONFIRM: OrderCommand = { type: 'confirm', estimatedDeliveryTime: '2026-05-01T19:00:00.000Z' };
const PAY: OrderCommand = { type: 'pay', paymentMethod: 'card', transactionId: 't-1' };

function scene(options: { readonly withheld?: readonly string[] } = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'info' },
    { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const streamPrefix = `t${randomBytes(6).toString('hex')}-`;
  const streams = createStreamStore({ client, streamPrefix, timeLimitMs: 5000 });
  const now = { time: Date.UTC(2026, 4, 1, 18) };
  const clock = () => new Date(now.time);
  const repositories = {
    orders: new EventSourcingRepository(ORDER, { streams, log }),
    customers: new EventSourcingRepository(CUSTOMER, { streams, log }),
    menu: new EventSourcingRepository(MENU_ITEM, { streams, log }),
  };
  let conflicts = 0;
  const common = { clock, log, onConflict: () => (conflicts += 1), ...options };
  return {
    orders: createOrderCommands({
      ...{ repository: repositories.orders, ...common, currency: 'USD' },
      menu: {
        pricesOf: (skus) =>
          Promise.resolve(
            new Map(skus.filter((sku) => sku !== 'none').map((sku) => [sku, { name: sku, unitPrice: '1.00' }])),
          ),
      },
    }),
    customers: createCustomerCommands({ repository: repositories.customers, ...common }),
    menu: createMenuCommands({ repository: repositories.menu, ...common }),
    repositories,
    lines,
    now,
    conflicts: () => conflicts,
  };
}

/** What stands in the log of a request, from whichever version: the present one has to make the same of it. */
function hashOf(name: string, subject: string, request: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([name, subject, request]))
    .digest('base64url');
}

describe('a command with a key', () => {
  it('on an order is for ever told by the same hash', async () => {
    const { orders, repositories } = scene();
    const caller = (key: string) => ({ ...CALLER, idempotencyKey: key });
    const { state } = await orders.place({ customerId: 'c1', items: [{ sku: 'cola', quantity: 2 }] }, caller('place'));
    const address = { city: 'Rome', postalCode: '00184', street: 'Via Cavour 1' };
    const run = (command: OrderCommand) => orders.run(state.id, command, caller(command.type));
    await run({ type: 'change-delivery-address', address });
    await run({ type: 'apply-discount', discountAmount: '0.50', discountCode: 'HALF' });
    await run(CONFIRM);
    await run({ type: 'change-status', status: 'COOKING' });
    await run(PAY);
    const { refunds } = (await run({ type: 'request-refund', reason: 'cold' })).state;
    const refundId = refunds[0]?.refundId ?? '';
    await run({ type: 'fail-refund', reason: 'no card', refundId });
    await run({ type: 'complete-refund', refundId, transactionId: 't-2' });
    await run({ type: 'cancel', reason: 'late' });
    const { keys } = await repositories.orders.getFresh(state.id);
    expect(Object.fromEntries([...keys].map(([key, { requestHash }]) => [key, requestHash]))).toEqual({
      place: hashOf('place', state.id, { customerId: 'c1', items: [{ quantity: 2, sku: 'cola' }] }),
      'change-delivery-address': hashOf('change-delivery-address', state.id, { address }),
      'apply-discount': hashOf('apply-discount', state.id, { discountAmount: '0.50', discountCode: 'HALF' }),
      confirm: hashOf('confirm', state.id, { estimatedDeliveryTime: '2026-05-01T19:00:00.000Z' }),
      'change-status': hashOf('change-status', state.id, { status: 'COOKING' }),
      pay: hashOf('pay', state.id, { paymentMethod: 'card', transactionId: 't-1' }),
      'request-refund': hashOf('request-refund', state.id, { reason: 'cold' }),
      'fail-refund': hashOf('fail-refund', state.id, { reason: 'no card', refundId }),
      'complete-refund': hashOf('complete-refund', state.id, { refundId, transactionId: 't-2' }),
      cancel: hashOf('cancel', state.id, { reason: 'late' }),
    });
  });

  it('on a customer and on the menu is, too', async () => {
    const { customers, menu, repositories } = scene();
    const details = { email: 'c1@example.com', name: 'Carla' };
    await customers.setDetails('c1', details, { ...CALLER, idempotencyKey: 'set' });
    await menu.put('cola', PIZZA, { ...CALLER, idempotencyKey: 'put' });
    await menu.withdraw('cola', { ...CALLER, idempotencyKey: 'withdraw' });
    await menu.carryOver('water', PIZZA);
    const keysOf = async (repository: { getFresh(id: string): Promise<Loaded<unknown>> }, id: string) =>
      Object.fromEntries([...(await repository.getFresh(id)).keys].map(([key, { requestHash }]) => [key, requestHash]));
    expect(await keysOf(repositories.customers, 'c1')).toEqual({ set: hashOf('set-customer-details', 'c1', details) });
    const { category, ingredients, name, price } = PIZZA;
    expect(await keysOf(repositories.menu, 'cola')).toEqual({
      put: hashOf('put-menu-item', 'cola', { category, ingredients, name, price }),
      withdraw: hashOf('withdraw-menu-item', 'cola', null),
    });
    expect(await keysOf(repositories.menu, 'water')).toEqual({
      'carry over': hashOf('carry-over-menu-item', 'water', null),
    });
  });
});

describe('a command that is done', () => {
  it('is logged with whose it was; of customers and the menu not which', async () => {
    const { orders, customers, menu, lines } = scene();
    const trace = new Trace();
    const { state } = await orders.place(PLACE, { ...CALLER, id: 'luca', trace });
    await orders.run(state.id, CONFIRM, CALLER);
    await customers.setDetails('c1', { email: 'c1@example.com', name: 'Carla' }, CALLER);
    await menu.put('cola', PIZZA, CALLER);
    const common = { msg: 'command done', requestId: 'r-1', correlationId: 'c-1' };
    expect(lines).toMatchObject([
      { ...common, command: 'place', orderId: state.id, revision: 0, caller: 'luca', traceId: trace.id },
      { ...common, command: 'confirm', orderId: state.id, revision: 1 },
      { ...common, command: 'set-customer-details', revision: 0 },
      { ...common, command: 'put-menu-item', revision: 0 },
    ]);
    for (const line of lines.slice(2)) expect(line).not.toHaveProperty('orderId');
  });

  it('says whether it is the one that changed anything', async () => {
    const { customers, menu } = scene();
    const details = { email: 'c1@example.com', name: 'Carla' };
    const keyed = async () => (await customers.setDetails('c2', details, { ...CALLER, idempotencyKey: 'k' })).isNew;
    expect([await keyed(), await keyed()]).toEqual([true, true]);
    const set = async (name: string) => (await customers.setDetails('c1', { ...details, name }, CALLER)).isNew;
    expect([await set('Carla'), await set('Carla'), await set('Carlo')]).toEqual([true, false, false]);
    const put = async (price: string) => (await menu.put('cola', { ...PIZZA, price }, CALLER)).isNew;
    expect([await put('1.00'), await put('1.00'), await put('2.00')]).toEqual([true, false, false]);
    await menu.withdraw('cola', CALLER);
    expect(await put('2.00')).toBe(true);
  });

  it('has its time, and never one before the last event’s', async () => {
    const { orders, now } = scene();
    const { state } = await orders.place(PLACE, CALLER);
    expect(state.lastUpdated).toBe('2026-05-01T18:00:00.000Z');
    now.time -= 60_000;
    const confirmed = await orders.run(state.id, CONFIRM, CALLER);
    expect(confirmed.state.lastUpdated).toBe('2026-05-01T18:00:00.000Z');
    now.time += 120_000;
    const paid = await orders.run(state.id, PAY, CALLER);
    expect(paid.state.lastUpdated).toBe('2026-05-01T18:01:00.000Z');
  });
});

describe('a command that another writer overtakes', () => {
  /** Somebody else's command is appended before each of the first saves. */
  function overtaken(times: number) {
    const ours = scene();
    const { orders } = ours.repositories;
    const save = orders.save.bind(orders);
    let left = 0;
    let lost: unknown;
    orders.save = async (...parameters) => {
      if (left === 0) return save(...parameters);
      left -= 1;
      throw (lost = new ConcurrencyError('overtaken'));
    };
    return { ...ours, begin: () => (left = times), lost: () => lost };
  }

  it('three times, is decided a fourth time', async () => {
    const { orders, begin, conflicts } = overtaken(3);
    const { state } = await orders.place(PLACE, CALLER);
    begin();
    const confirmed = await orders.run(state.id, CONFIRM, CALLER);
    expect(confirmed.state.status).toBe('CONFIRMED');
    expect(conflicts()).toBe(3);
  });

  it('four times, is given up, and says what it came of', async () => {
    const { orders, begin, conflicts, lost } = overtaken(4);
    const { state } = await orders.place(PLACE, CALLER);
    begin();
    const running = orders.run(state.id, CONFIRM, CALLER);
    await expect(running).rejects.toThrow(new ConcurrentModificationError('order'));
    await expect(running).rejects.toMatchObject({ cause: lost() });
    expect(conflicts()).toBe(4);
  });

  it('with an error that is no lost race, is not tried again', async () => {
    const { orders, repositories } = scene();
    const { state } = await orders.place(PLACE, CALLER);
    let saves = 0;
    repositories.orders.save = () => {
      saves += 1;
      return Promise.reject(new TypeError('a bug'));
    };
    await expect(orders.run(state.id, CONFIRM, CALLER)).rejects.toThrow(new TypeError('a bug'));
    expect(saves).toBe(1);
  });
});

describe('what is decided on a cached order', () => {
  /** Two instances, of which each has what it wrote last in its cache. */
  async function instances() {
    const ours = scene();
    const { state } = await ours.orders.place(PLACE, CALLER);
    const { orders } = ours.repositories;
    const cached = await orders.getById(state.id);
    expect(cached.fromCache).toBe(true);
    const other = await orders.getFresh(state.id);
    const behind = { ...other, fromCache: true };
    let looks = 0;
    const getFresh = orders.getFresh.bind(orders);
    return {
      ...ours,
      id: state.id,
      behind: () => {
        orders.getById = () => Promise.resolve(behind);
        orders.getFresh = (...parameters) => {
          looks += 1;
          return getFresh(...parameters);
        };
      },
      looks: () => looks,
    };
  }

  it('to be refused, is decided again on the order as stored', async () => {
    const { orders, id, behind } = await instances();
    await orders.run(id, CONFIRM, CALLER);
    await orders.run(id, { type: 'change-status', status: 'READY' }, CALLER);
    behind();
    const refused = orders.run(id, CONFIRM, CALLER);
    await expect(refused).rejects.toThrow(new DomainError('Cannot confirm order in status: READY'));
  });

  it('to be refused, and is not, is done', async () => {
    const { orders, id, behind } = await instances();
    await orders.run(id, CONFIRM, CALLER);
    behind();
    const paid = await orders.run(id, PAY, CALLER, (revision) => revision === 1);
    expect(paid.revision).toBe(2);
  });

  it('to be forbidden by a rule, and is not, is done', async () => {
    const { orders, id, behind } = await instances();
    await orders.run(id, PAY, CALLER);
    behind();
    const { state } = await orders.run(id, { type: 'request-refund', reason: 'cold' }, CALLER);
    expect(state.refunds).toHaveLength(1);
  });

  it('to be nothing, is decided again, and then is nothing', async () => {
    const { orders, id, behind, looks } = await instances();
    behind();
    const { revision } = await orders.run(id, { type: 'change-status', status: 'PENDING' }, CALLER);
    expect({ revision, looks: looks() }).toEqual({ revision: 0, looks: 1 });
  });

  it('to be done, needs no second look', async () => {
    const { orders, id, behind, looks } = await instances();
    behind();
    expect((await orders.run(id, CONFIRM, CALLER)).revision).toBe(1);
    expect(looks()).toBe(0);
  });
});

describe('a command that must not be done', () => {
  it('since one of its events is withheld, is refused as a whole', async () => {
    const { orders, repositories } = scene({ withheld: ['RefundRequested'] });
    const { state } = await orders.place(PLACE, CALLER);
    await orders.run(state.id, PAY, CALLER);
    await expect(orders.run(state.id, { type: 'cancel', reason: 'late' }, CALLER)).rejects.toThrow(
      new WithheldEventError(),
    );
    expect((await repositories.orders.getFresh(state.id)).revision).toBe(1);
  });

  it('since its event is withheld, is refused, and others are not', async () => {
    const { orders } = scene({ withheld: ['PaymentProcessed'] });
    const { state } = await orders.place(PLACE, CALLER);
    await expect(orders.run(state.id, PAY, CALLER)).rejects.toThrow(new WithheldEventError());
    expect((await orders.run(state.id, CONFIRM, CALLER)).revision).toBe(1);
  });

  it.each([
    ['an order that is not there', 'orders', -1, 'Order 00000000-0000-4000-8000-000000000000 not found'],
    ['a customer that is not there', 'customers', -1, 'There is no such customer yet, which If-Match rules out'],
    ['an item that is not there', 'menu', -1, 'There is no such menu item yet, which If-Match rules out'],
  ] as const)('on %s, says so', async (_, of, revision, message) => {
    const commands = scene();
    const asked: number[] = [];
    const precondition = (found: number) => {
      asked.push(found);
      return false;
    };
    const running =
      of === 'orders'
        ? commands.orders.run('00000000-0000-4000-8000-000000000000', CONFIRM, CALLER, precondition)
        : of === 'customers'
          ? commands.customers.setDetails('c1', { email: 'c1@example.com', name: 'C' }, CALLER, precondition)
          : commands.menu.put('cola', PIZZA, CALLER, precondition);
    await expect(running).rejects.toThrow(message);
    expect(asked).toEqual(of === 'orders' ? [] : [revision]);
  });

  it('since something that it names is not there, says what', async () => {
    const { orders, menu, repositories } = scene();
    await expect(menu.withdraw('cola', CALLER)).rejects.toThrow(new MenuItemNotFoundError('cola'));
    repositories.orders.getById = () => Promise.reject(new TypeError('a new id needs no look'));
    const items = [...PLACE.items, { sku: 'none', quantity: 1 }];
    await expect(orders.place({ ...PLACE, items }, CALLER)).rejects.toThrow(new UnknownSkuError('none', 1));
    expect((await orders.place(PLACE, CALLER)).revision).toBe(0);
  });

  it('by its precondition, is told the revision; a withdrawn item has none', async () => {
    const { orders, menu } = scene();
    const { state } = await orders.place(PLACE, CALLER);
    const stale = orders.run(state.id, CONFIRM, CALLER, (revision) => revision !== 0);
    await expect(stale).rejects.toThrow(new StaleRevisionError(0, 'order'));
    await menu.put('cola', PIZZA, CALLER);
    await menu.withdraw('cola', CALLER);
    const found: number[] = [];
    await menu.put('cola', PIZZA, CALLER, (revision) => found.push(revision) > 0);
    expect(found).toEqual([-1]);
    await expect(menu.withdraw('cola', CALLER, (revision) => revision === 0)).rejects.toThrow(StaleRevisionError);
  });

  it('by its caller’s rights, is as if nothing were there, or says why', async () => {
    const { orders } = scene();
    const { state } = await orders.place(PLACE, CALLER);
    const rights = { covers: (id: string) => id === 'c1', refusal: () => undefined };
    const stranger = { ...CALLER, rights: { ...rights, covers: () => false } };
    await expect(orders.run(state.id, CONFIRM, stranger)).rejects.toThrow(`Order ${state.id} not found`);
    const refused = { ...CALLER, rights: { ...rights, refusal: () => new RangeError('not yours') } };
    await expect(orders.run(state.id, CONFIRM, refused)).rejects.toThrow(new RangeError('not yours'));
    expect((await orders.run(state.id, CONFIRM, { ...CALLER, rights })).revision).toBe(1);
  });
});

describe('a key that was used before callers were told apart', () => {
  it('answers the same request of a caller that may know of it, and no other', async () => {
    const { orders } = scene();
    const idempotencyKey = randomUUID();
    const before = await orders.place(PLACE, { ...CALLER, idempotencyKey });
    const place = async (caller: Partial<Caller>, request = PLACE) =>
      (await orders.place(request, { ...CALLER, idempotencyKey, id: 'luca', ...caller })).state.id;
    const rights = { refusal: () => undefined };
    expect(await place({})).toBe(before.state.id);
    expect(await place({ rights: { ...rights, covers: (id) => id === 'c1' } })).toBe(before.state.id);
    const own = await place({ id: 'carla', rights: { ...rights, covers: () => false } });
    expect(own).not.toBe(before.state.id);
    expect(await place({ id: 'dora' }, { ...PLACE, customerId: 'c2' })).not.toBe(before.state.id);
  });

  it('on an order answers the same request, and is free for another one', async () => {
    const { orders } = scene();
    const { state } = await orders.place(PLACE, CALLER);
    await orders.run(state.id, CONFIRM, { ...CALLER, idempotencyKey: 'k' });
    const luca = { ...CALLER, idempotencyKey: 'k', id: 'luca' };
    expect((await orders.run(state.id, CONFIRM, luca)).revision).toBe(1);
    expect((await orders.run(state.id, PAY, luca)).revision).toBe(2);
    await orders.run(state.id, { type: 'change-status', status: 'READY' }, CALLER);
    expect((await orders.run(state.id, PAY, luca)).revision).toBe(2);
    await expect(orders.run(state.id, CONFIRM, luca)).rejects.toThrow('was used for another request');
  });
});

describe('a refund', () => {
  it('that a repeated command asks for is the same one; each caller’s key asks for its own', async () => {
    const { orders } = scene();
    const { state } = await orders.place(PLACE, CALLER);
    await orders.run(state.id, PAY, CALLER);
    const ask = async (caller: Partial<Caller>, amount: string) => {
      const request = { type: 'request-refund', reason: 'cold', amount } as const;
      const { state: asked } = await orders.run(state.id, request, { ...CALLER, idempotencyKey: 'k', ...caller });
      return asked.refunds.map(({ refundId }) => refundId);
    };
    const first = await ask({}, '1.00');
    expect(first).toEqual([newRefundId(state.id, 'k')]);
    expect(await ask({}, '1.00')).toEqual(first);
    const second = await ask({ id: 'luca' }, '2.00');
    expect(second).toEqual([...first, expect.any(String)]);
    expect(await ask({ id: 'anna' }, '3.00')).toEqual([...second, expect.any(String)]);
  });
});
