import { randomUUID } from 'node:crypto';
import { jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestService, type TestService } from '../support/service.ts';

const START = Date.parse('2026-01-10T12:00:00.000Z');
const MINUTE = 60_000;

let service: TestService;
let now: number;

beforeAll(async () => {
  service = await startTestService({ clock: () => new Date(now), config: { snapshotEvery: 10 } });
});
afterAll(() => service.close());
beforeEach(() => (now = START));

const time = (ms: number) => new Date(ms).toISOString();
const address = { street: 'Via Roma 1', city: 'Napoli', postalCode: '80100' };

async function placeOrder(headers: Record<string, string> = {}): Promise<string> {
  const items = [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }];
  const { status, body } = await service.post('/orders', { customerId: 'ada', items }, headers);
  expect(status).toBe(201);
  return (body as { id: string }).id;
}

async function change(id: string, command: string, body: object, headers: Record<string, string> = {}): Promise<void> {
  expect((await service.post(`/orders/${id}/${command}`, body, headers)).status).toBe(200);
}

/** Placed at START by nobody, confirmed a minute later by gina, discounted another minute later. */
async function orderWithHistory(): Promise<string> {
  const id = await placeOrder();
  now = START + MINUTE;
  const confirm = { estimatedDeliveryTime: time(START + 30 * MINUTE), kitchenNotes: 'no olives' };
  await change(id, 'confirm', confirm, { 'x-actor': 'gina' });
  now = START + 2 * MINUTE;
  await change(id, 'discount', { discountCode: 'TEN', discountAmount: '5.00' });
  return id;
}

async function appendRaw(id: string, type: string, data: object, schemaVersion: number): Promise<void> {
  const stream = `${service.config.streamPrefix}PizzaOrder-${id}`;
  await service.eventStore.appendToStream(stream, jsonEvent({ type, data: { ...data }, metadata: { schemaVersion } }));
}

function unexpectedErrors(): string[] {
  return service.logged
    .filter(({ msg }) => msg === 'unexpected error')
    .map(({ err }) => (err as { message: string }).message);
}

describe('GET /orders/{id}/state', () => {
  test('state, without a time or revision, is the order as it is now', async () => {
    const id = await orderWithHistory();
    const { status, body, headers } = await service.get(`/orders/${id}/state`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id,
      revision: 2,
      status: 'CONFIRMED',
      totalAmount: '20.00',
      kitchenNotes: 'no olives',
    });
    expect(body).not.toHaveProperty('customerName');
    expect(headers.etag).toBeUndefined();
  });

  test.each([
    ['at the very millisecond of an event', START, 0],
    ['a millisecond before the second event', START + MINUTE - 1, 0],
    ['at the very millisecond of the second event', START + MINUTE, 1],
    ['a millisecond before the third event', START + 2 * MINUTE - 1, 1],
    ['at the very millisecond of the last event', START + 2 * MINUTE, 2],
    ['in the future', Date.parse('2999-01-01T00:00:00Z'), 2],
  ])('state as of a time, %s, is folded from the events until then', async (_, asOf, revision) => {
    const id = await orderWithHistory();
    const { status, body } = await service.get(`/orders/${id}/state?asOf=${time(asOf)}`);
    expect(status).toBe(200);
    const expected = [
      { revision: 0, status: 'PENDING', totalAmount: '25.00', kitchenNotes: null, lastUpdated: time(START) },
      { revision: 1, status: 'CONFIRMED', totalAmount: '25.00', timeToConfirmation: 60 },
      { revision: 2, status: 'CONFIRMED', totalAmount: '20.00', lastUpdated: time(START + 2 * MINUTE) },
    ];
    expect(body).toMatchObject(expected[revision] ?? {});
  });

  test('state as of a time, in another offset or as a plain date, is understood', async () => {
    const id = await orderWithHistory();
    const offset = encodeURIComponent('2026-01-10T14:01:00+02:00');
    expect((await service.get(`/orders/${id}/state?asOf=${offset}`)).body).toMatchObject({ revision: 1 });
    expect((await service.get(`/orders/${id}/state?asOf=2026-01-11`)).body).toMatchObject({ revision: 2 });
    expect((await service.get(`/orders/${id}/state?asOf=2026-01-10`)).status).toBe(404);
  });

  test('state as of a time, a millisecond before the order was placed, is 404 that says so', async () => {
    const id = await placeOrder();
    const { status, body } = await service.get(`/orders/${id}/state?asOf=${time(START - 1)}`);
    expect(status).toBe(404);
    expect(body).toMatchObject({
      type: '/problems/not-found',
      detail: `Order ${id} did not exist yet at ${time(START - 1)}: it was placed at ${time(START)}`,
      instance: `/orders/${id}/state`,
    });
  });

  test('state at a revision, for each one, equals what the command answered', async () => {
    const id = await placeOrder();
    const placed = (await service.get(`/orders/${id}/state`)).body as object;
    const set = await service.post(`/orders/${id}/delivery-address`, address);
    await change(id, 'payment', { paymentMethod: 'cash', transactionId: 't1' });
    expect((await service.get(`/orders/${id}/state?revision=0`)).body).toEqual(placed);
    expect((await service.get(`/orders/${id}/state?revision=1`)).body).toEqual(set.body);
  });

  test('state, of an order with snapshots, is right before, at and after them', async () => {
    const id = await placeOrder();
    for (let revision = 1; revision <= 45; revision += 1) {
      now = START + revision * MINUTE;
      await change(id, 'delivery-address', { ...address, street: `Via Roma ${revision}` });
    }
    for (const revision of [0, 1, 8, 9, 10, 31, 32, 33, 38, 39, 40, 44, 45]) {
      const expected = {
        revision,
        deliveryAddress: revision === 0 ? null : { ...address, street: `Via Roma ${revision}` },
        lastUpdated: time(START + revision * MINUTE),
      };
      const atRevision = await service.get(`/orders/${id}/state?revision=${revision}`);
      const justBeforeNext = await service.get(`/orders/${id}/state?asOf=${time(START + (revision + 1) * MINUTE - 1)}`);
      expect(atRevision.body).toMatchObject(expected);
      expect(justBeforeNext.body).toEqual(atRevision.body);
    }
    expect((await service.get(`/orders/${id}/state?revision=46`)).status).toBe(404);
  });

  test('state at a revision, beyond the last one, is 404 that names the last one', async () => {
    const id = await orderWithHistory();
    const { status, body } = await service.get(`/orders/${id}/state?revision=3`);
    expect(status).toBe(404);
    expect(body).toMatchObject({ detail: `Order ${id} has no revision 3: its last one is 2` });
  });

  test.each(['', '?asOf=2026-01-01', '?revision=0', '?revision=2147483647'])(
    'state%s, of an unknown order, is 404 that says so',
    async (query) => {
      const id = randomUUID();
      const { status, body } = await service.get(`/orders/${id}/state${query}`);
      expect(status).toBe(404);
      expect(body).toMatchObject({ detail: `Order ${id} not found` });
    },
  );

  test.each([
    ['asOf=yesterday', '#/asOf'],
    ['asOf=2026-02-30', '#/asOf'],
    ['asOf=2026-01-10T12:00:00', '#/asOf'],
    ['asOf=', '#/asOf'],
    ['revision=-1', '#/revision'],
    ['revision=1.5', '#/revision'],
    ['revision=last', '#/revision'],
    ['revision=1&asOf=2026-01-10', '#/revision'],
    ['at=2026-01-10', '#/at'],
  ])('state?%s, which is no good query, is 400 that names the parameter', async (query, pointer) => {
    const id = await placeOrder();
    const { status, body } = await service.get(`/orders/${id}/state?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ status: 400, errors: [{ pointer }] });
  });

  test('state, diff and timeline, of what is not a UUID, are 400', async () => {
    for (const what of ['state', 'diff?from=0&to=1', 'timeline']) {
      expect((await service.get(`/orders/42/${what}`)).status).toBe(400);
    }
  });

  test('state, diff and timeline, of an id in capitals, find the order', async () => {
    const id = (await placeOrder()).toUpperCase();
    for (const what of ['state', 'diff?from=0&to=0', 'timeline']) {
      expect((await service.get(`/orders/${id}/${what}`)).status).toBe(200);
    }
  });
});

describe('GET /orders/{id}/diff', () => {
  test('diff, between two revisions, has the fields that differ with both values', async () => {
    const id = await orderWithHistory();
    const { status, body } = await service.get(`/orders/${id}/diff?from=0&to=2`);
    expect(status).toBe(200);
    expect(body).toEqual({
      orderId: id,
      from: 0,
      to: 2,
      changes: [
        { field: 'totalAmount', from: '25.00', to: '20.00' },
        { field: 'status', from: 'PENDING', to: 'CONFIRMED' },
        { field: 'kitchenNotes', from: null, to: 'no olives' },
        { field: 'estimatedDelivery', from: null, to: time(START + 30 * MINUTE) },
        { field: 'lastUpdated', from: time(START), to: time(START + 2 * MINUTE) },
        { field: 'timeToConfirmation', from: null, to: 60 },
      ],
    });
  });

  test('diff, from a later revision to an earlier one, is the same the other way round', async () => {
    const id = await orderWithHistory();
    const forwards = (await service.get(`/orders/${id}/diff?from=0&to=2`)).body as {
      changes: { field: string; from: unknown; to: unknown }[];
    };
    const backwards = await service.get(`/orders/${id}/diff?from=2&to=0`);
    const turned = forwards.changes.map(({ field, from, to }) => ({ field, from: to, to: from }));
    expect(backwards.body).toEqual({ orderId: id, from: 2, to: 0, changes: turned });
  });

  test('diff, over a field that is an object, compares it as a whole', async () => {
    const id = await placeOrder();
    await change(id, 'delivery-address', address);
    await change(id, 'delivery-address', { ...address, notes: 'ring twice' });
    const { body } = await service.get(`/orders/${id}/diff?from=1&to=2`);
    expect(body).toMatchObject({
      changes: [{ field: 'deliveryAddress', from: address, to: { ...address, notes: 'ring twice' } }],
    });
  });

  test('diff, of a revision with itself, has no changes', async () => {
    const id = await orderWithHistory();
    expect((await service.get(`/orders/${id}/diff?from=1&to=1`)).body).toMatchObject({ changes: [] });
  });

  test.each(['from=0&to=3', 'from=3&to=0', 'from=3&to=3'])('diff?%s, beyond the stream, is 404', async (query) => {
    const id = await orderWithHistory();
    const { status, body } = await service.get(`/orders/${id}/diff?${query}`);
    expect(status).toBe(404);
    expect(body).toMatchObject({ detail: `Order ${id} has no revision 3: its last one is 2` });
  });

  test('diff, of an unknown order, is 404', async () => {
    const id = randomUUID();
    const { status, body } = await service.get(`/orders/${id}/diff?from=0&to=1`);
    expect(status).toBe(404);
    expect(body).toMatchObject({ detail: `Order ${id} not found` });
  });

  test.each(['', 'from=0', 'to=0', 'from=0&to=x', 'from=-1&to=0', 'from=0&to=1&asOf=2026-01-01'])(
    'diff?%s, which is no good query, is 400',
    async (query) => {
      expect((await service.get(`/orders/${randomUUID()}/diff?${query}`)).status).toBe(400);
    },
  );
});

describe('GET /orders/{id}/timeline', () => {
  test('timeline, of an order with every type of event, tells each with its details and actor', async () => {
    const id = await placeOrder({ 'x-actor': 'web' });
    const estimatedDeliveryTime = time(START + 30 * MINUTE);
    const payment = { paymentMethod: 'credit_card', transactionId: 'tx-1' };
    now = START + 1;
    await change(id, 'discount', { discountCode: 'TEN', discountAmount: '5' }, { 'x-actor': 'boss' });
    now = START + 2;
    await change(id, 'confirm', { estimatedDeliveryTime, kitchenNotes: 'no olives' }, { 'x-actor': 'gina' });
    now = START + 3;
    await change(id, 'payment', payment);
    now = START + 4;
    await change(id, 'delivery-address', address);
    now = START + 5;
    await change(id, 'status', { status: 'READY', reason: 'quick' });
    const { status, body } = await service.get(`/orders/${id}/timeline`);
    expect(status).toBe(200);
    const item = (revision: number, eventType: string, description: string, actor: string, details: object) => ({
      timestamp: time(START + revision),
      revision,
      eventType,
      description,
      details: { orderId: id, ...details },
      actor,
      traceId: expect.stringMatching(/^[\da-f]{32}$/) as string,
    });
    expect(body).toEqual({
      items: [
        item(0, 'PizzaOrderPlaced', 'Order placed: 2 × Margherita for 25.00 USD', 'web', {
          customerId: 'ada',
          items: [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }],
          totalAmount: '25.00',
          currency: 'USD',
          placedAt: time(START),
        }),
        item(1, 'DiscountApplied', 'Discount TEN of 5.00 applied: 25.00 became 20.00', 'boss', {
          discountCode: 'TEN',
          originalTotal: '25.00',
          discountAmount: '5.00',
          newTotal: '20.00',
          appliedAt: time(START + 1),
        }),
        item(
          2,
          'PizzaOrderConfirmed',
          `Order confirmed, delivery estimated for ${estimatedDeliveryTime}; kitchen notes: no olives`,
          'gina',
          { estimatedDeliveryTime, kitchenNotes: 'no olives', confirmedBy: 'gina', confirmedAt: time(START + 2) },
        ),
        item(3, 'PaymentProcessed', 'Payment of 20.00 by credit_card, transaction tx-1', 'anonymous', {
          ...payment,
          amount: '20.00',
          processedAt: time(START + 3),
        }),
        item(4, 'DeliveryAddressChanged', 'Delivery address set', 'anonymous', {
          oldAddress: null,
          newAddress: address,
          changedAt: time(START + 4),
        }),
        item(5, 'OrderStatusChanged', 'Status changed from COOKING to READY: quick', 'anonymous', {
          previousStatus: 'COOKING',
          newStatus: 'READY',
          reason: 'quick',
          changedAt: time(START + 5),
        }),
      ],
    });
  });

  test('timeline, of an order that an old version of the service stored, shows its event lifted', async () => {
    const id = randomUUID();
    const items = [{ name: 'Marinara', quantity: 1, unitPrice: '9.00' }];
    const placed = {
      orderId: id,
      customerId: 'ada',
      items,
      totalAmount: '9.00',
      currency: 'USD',
      placedAt: time(START),
    };
    await appendRaw(id, 'PizzaOrderPlaced', placed, 1);
    const { body } = await service.get(`/orders/${id}/timeline`);
    expect(body).toMatchObject({
      items: [{ actor: 'anonymous', details: { ...placed, customerEmail: 'unknown@example.com' } }],
    });
  });

  test('timeline, of an unknown order, is 404', async () => {
    const id = randomUUID();
    const { status, body } = await service.get(`/orders/${id}/timeline`);
    expect(status).toBe(404);
    expect(body).toMatchObject({ detail: `Order ${id} not found` });
  });
});

describe('history of a stream with an event that cannot be read', () => {
  test('history, over an event of a newer version, is 500 and logged with stream, revision and version', async () => {
    const id = await placeOrder();
    await appendRaw(id, 'OrderStatusChanged', { orderId: id, newer: true }, 99);
    for (const what of ['state', 'state?revision=1', 'state?asOf=2999-01-01', 'diff?from=0&to=1', 'timeline']) {
      service.logged.length = 0;
      const { status, body } = await service.get(`/orders/${id}/${what}`);
      expect(status).toBe(500);
      expect(body).toMatchObject({ type: '/problems/unexpected', detail: 'An unexpected error occurred.' });
      const [logged] = unexpectedErrors();
      expect(logged).toContain(
        `OrderStatusChanged v99 at revision 1 of ${service.config.streamPrefix}PizzaOrder-${id}`,
      );
    }
  });

  test('history, at a revision before the unreadable event, is answered', async () => {
    const id = await placeOrder();
    await appendRaw(id, 'SomethingElse', { orderId: id }, 1);
    expect((await service.get(`/orders/${id}/state?revision=0`)).body).toMatchObject({
      revision: 0,
      status: 'PENDING',
    });
  });

  test('state, over a readable event that cannot come first, is 500 and logged with stream and revision', async () => {
    const id = randomUUID();
    const data = { orderId: id, previousStatus: 'COOKING', newStatus: 'READY', changedAt: time(START) };
    await appendRaw(id, 'OrderStatusChanged', data, 1);
    service.logged.length = 0;
    expect((await service.get(`/orders/${id}/state`)).status).toBe(500);
    const stream = `${service.config.streamPrefix}PizzaOrder-${id}`;
    expect(unexpectedErrors()).toEqual([
      `OrderStatusChanged v1 at revision 0 of ${stream} cannot follow the events before it: ` +
        'OrderStatusChanged cannot be the first event of an order',
    ]);
  });
});
