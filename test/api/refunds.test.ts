import { randomUUID } from 'node:crypto';
import { jsonEvent } from '@eventstore/db-client';
import type { Static } from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListedRefund, Refund } from '../../src/http/schemas/refunds.ts';
import { besides, caughtUp } from '../support/projections.ts';
import { type Answer, startTestService, type TestService } from '../support/service.ts';

let service: TestService;
let other: TestService;
/** The time that the services believe it is. */
let now: Date | undefined;
beforeAll(async () => {
  const clock = () => now ?? new Date();
  service = await startTestService({ clock });
  other = await startTestService({ like: service, clock });
});
afterAll(async () => {
  await other.close();
  await service.close();
});

interface Order {
  readonly id: string;
  readonly revision: number;
  readonly status: string;
  readonly paymentStatus: string;
  readonly refunds: readonly Static<typeof Refund>[];
}

const REASON = { reason: 'The guest rang up' };
const payment = (transactionId = 't-1') => ({ paymentMethod: 'cash', transactionId });
const orderOf = ({ body }: Answer) => body as Order;

async function place(unitPrice = '25.00'): Promise<string> {
  const items = [{ name: 'Margherita', quantity: 1, unitPrice }];
  return orderOf(await service.post('/orders', { customerId: 'c1', items })).id;
}

async function paid(unitPrice?: string): Promise<string> {
  const id = await place(unitPrice);
  expect((await service.post(`/orders/${id}/payment`, payment())).status).toBe(200);
  return id;
}

async function refunding(amount?: string): Promise<{ id: string; refundId: string; path: string }> {
  const id = await paid();
  const requested = await service.post(`/orders/${id}/refunds`, { ...REASON, ...(amount && { amount }) });
  expect(requested.status).toBe(201);
  const refundId = orderOf(requested).refunds[0]?.refundId ?? '';
  return { id, refundId, path: `/orders/${id}/refunds/${refundId}` };
}

async function timeline(id: string): Promise<{ eventType: string; description: string }[]> {
  return (await service.get(`/orders/${id}/timeline`)).body.items;
}

async function typesOf(id: string): Promise<string[]> {
  return (await timeline(id)).map(({ eventType }) => eventType);
}

describe('cancelling', () => {
  it('a paid order makes its money owed, in the same append, until it is given back', async () => {
    const id = await paid();
    const cancelled = await service.post(`/orders/${id}/cancel`, { ...REASON, reasonCode: 'CUSTOMER_REQUEST' });
    expect(cancelled).toMatchObject({
      status: 200,
      headers: { etag: '"3"' },
      body: {
        status: 'CANCELLED',
        paymentStatus: 'REFUND_PENDING',
        refunds: [{ amount: '25.00', status: 'PENDING', reason: 'Order cancelled', completedAt: null }],
      },
    });
    const path = `/orders/${id}/refunds/${orderOf(cancelled).refunds[0]?.refundId ?? ''}`;
    expect(await service.get(path)).toMatchObject({ status: 200, body: orderOf(cancelled).refunds[0] });
    const completed = await service.post(`${path}/complete`, { transactionId: 're-1' });
    expect(completed).toMatchObject({
      status: 200,
      body: { paymentStatus: 'REFUNDED', refunds: [{ status: 'COMPLETED', transactionId: 're-1' }] },
    });
    const read = await service.getProjected(`/orders/${id}?minRevision=4`);
    expect(read.body).toEqual({ ...completed.body, customerName: 'Unknown', customerEmail: '' });
    expect((await timeline(id)).slice(2)).toMatchObject([
      {
        eventType: 'OrderCancelled',
        description: 'Order cancelled while PENDING (CUSTOMER_REQUEST): The guest rang up',
      },
      { eventType: 'RefundRequested', description: 'Refund of 25.00 requested: Order cancelled' },
      { eventType: 'RefundCompleted', description: 'Refund of 25.00 completed, transaction re-1' },
    ]);
    const before = await service.get(`/orders/${id}/state?revision=1`);
    expect(before.body).toMatchObject({ status: 'PENDING', paymentStatus: 'PAID', refunds: [] });
    const { body } = await service.get(`/orders/${id}/diff?from=1&to=4`);
    expect(body.changes.map(({ field }: { field: string }) => field).sort()).toEqual([
      'lastUpdated',
      'paymentStatus',
      'refunds',
      'status',
    ]);
    await caughtUp(service);
    const { items } = (await service.get(`/audit?orderId=${id}&type=RefundCompleted`)).body;
    expect(items).toMatchObject([{ description: 'Refund of 25.00 completed, transaction re-1' }]);
  });

  it('by the staff’s override is the same command', async () => {
    const id = await paid();
    const cancelled = await service.post(`/orders/${id}/status`, { status: 'CANCELLED', reason: 'No more dough' });
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'CANCELLED', paymentStatus: 'REFUND_PENDING' } });
    expect(await typesOf(id)).toEqual(['PizzaOrderPlaced', 'PaymentProcessed', 'OrderCancelled', 'RefundRequested']);
  });

  it('then paying takes the money and owes it back, once for each transaction', async () => {
    const id = await place();
    await service.post(`/orders/${id}/cancel`, REASON);
    const late = await service.post(`/orders/${id}/payment`, payment('late'));
    expect(late).toMatchObject({
      status: 200,
      body: { status: 'CANCELLED', paymentStatus: 'REFUND_PENDING', refunds: [{ amount: '25.00' }] },
    });
    const again = await service.post(`/orders/${id}/payment`, payment('late'));
    expect(again).toMatchObject({ status: 200, body: late.body });
    const second = await service.post(`/orders/${id}/payment`, payment('later'));
    expect(orderOf(second).refunds).toHaveLength(2);
    expect((await typesOf(id)).slice(1)).toEqual([
      'OrderCancelled',
      'LatePaymentReceived',
      'RefundRequested',
      'LatePaymentReceived',
      'RefundRequested',
    ]);
  });

  it.each([
    ['no reason', {}, '#/reason'],
    ['an empty reason', { reason: '' }, '#/reason'],
    ['a number for a reason', { reason: 7 }, '#/reason'],
    ['an unknown field', { ...REASON, refund: true }, '#/refund'],
    ['a code of two lines', { ...REASON, reasonCode: 'A\nB' }, '#/reasonCode'],
  ])('with %s is 400 and stores nothing', async (_, body, pointer) => {
    const id = await place();
    const refused = await service.post(`/orders/${id}/cancel`, body);
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    expect(await typesOf(id)).toEqual(['PizzaOrderPlaced']);
  });

  it('an order that is delivered, or not there, is 409 or 404', async () => {
    const id = await place();
    await service.post(`/orders/${id}/status`, { status: 'DELIVERED' });
    expect(await service.post(`/orders/${id}/cancel`, REASON)).toMatchObject({
      status: 409,
      body: { detail: 'Cannot cancel order in status: DELIVERED' },
    });
    expect((await service.post(`/orders/${randomUUID()}/cancel`, REASON)).status).toBe(404);
  });
});

describe('a refund', () => {
  it('in parts, of a delivered order, is partial until the last of it is given back', async () => {
    const id = await paid();
    await service.post(`/orders/${id}/status`, { status: 'DELIVERED' });
    for (const [amount, paymentStatus] of [
      ['5.00', 'PARTIALLY_REFUNDED'],
      ['20.00', 'REFUNDED'],
    ] as const) {
      const requested = await service.post(`/orders/${id}/refunds`, { ...REASON, amount });
      const { refunds } = orderOf(requested);
      const refundId = refunds.at(-1)?.refundId ?? '';
      expect(requested).toMatchObject({
        status: 201,
        headers: { location: `/orders/${id}/refunds/${refundId}` },
        body: { status: 'DELIVERED', paymentStatus: 'REFUND_PENDING' },
      });
      const completed = await service.post(`/orders/${id}/refunds/${refundId}/complete`, { transactionId: amount });
      expect(orderOf(completed).paymentStatus).toBe(paymentStatus);
    }
  });

  it.each([
    ['of 0', '0', 409, 'Refund amount must be positive'],
    ['of 0.00', '0.00', 409, 'Refund amount must be positive'],
    ['of −1', '-1', 400, undefined],
    ['of three decimals', '1.005', 400, undefined],
    ['of a number', 5, 400, undefined],
    ['of a cent more than was paid', '25.01', 409, 'Refund of 25.01 exceeds what is left to refund: 25.00'],
    ['of far more', '9999999.99', 409, 'Refund of 9999999.99 exceeds what is left to refund: 25.00'],
  ])('%s is refused and stores nothing', async (_, amount, status, detail) => {
    const id = await paid();
    const refused = await service.post(`/orders/${id}/refunds`, { ...REASON, amount });
    expect(refused).toMatchObject({ status, body: detail === undefined ? {} : { detail } });
    expect(await typesOf(id)).toHaveLength(2);
  });

  it('of an order that is not paid is 409', async () => {
    const refused = await service.post(`/orders/${await place()}/refunds`, REASON);
    expect(refused).toMatchObject({ status: 409, body: { detail: 'Cannot refund an order that is not paid' } });
  });

  it('in parts that add up to a cent more is refused at the last part', async () => {
    const id = await paid();
    const ask = (amount: string) => service.post(`/orders/${id}/refunds`, { ...REASON, amount });
    expect([(await ask('12.50')).status, (await ask('12.49')).status]).toEqual([201, 201]);
    expect(await ask('0.02')).toMatchObject({
      status: 409,
      body: { detail: 'Refund of 0.02 exceeds what is left to refund: 0.01' },
    });
    expect((await ask('0.01')).status).toBe(201);
    expect(await ask('0.01')).toMatchObject({ status: 409, body: { detail: 'Nothing is left to refund' } });
  });

  it('of which two at once are too much is taken once', async () => {
    const id = await paid();
    const ask = (instance: TestService) => instance.post(`/orders/${id}/refunds`, { ...REASON, amount: '12.51' });
    const answers = await Promise.all([ask(service), ask(other), ask(service), ask(other)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect(await typesOf(id)).toEqual(['PizzaOrderPlaced', 'PaymentProcessed', 'RefundRequested']);
  });

  it('completed again is the same for its transaction, and 409 for another', async () => {
    const { id, path } = await refunding();
    const first = await service.post(`${path}/complete`, { transactionId: 're-1' });
    expect(await other.post(`${path}/complete`, { transactionId: 're-1' })).toMatchObject({
      status: 200,
      body: first.body,
    });
    expect(await service.post(`${path}/complete`, { transactionId: 're-2' })).toMatchObject({
      status: 409,
      body: { detail: 'Refund is already completed by transaction re-1' },
    });
    expect(await service.post(`${path}/fail`, REASON)).toMatchObject({
      status: 409,
      body: { detail: 'Cannot fail refund in status: COMPLETED' },
    });
    expect((await typesOf(id)).filter((type) => type.startsWith('Refund'))).toEqual([
      'RefundRequested',
      'RefundCompleted',
    ]);
  });

  it('that failed stays pending; failed for good, its amount is owed and can be requested anew', async () => {
    const { id, path } = await refunding();
    const failed = await service.post(`${path}/fail`, { ...REASON, final: false });
    expect(orderOf(failed)).toMatchObject({ paymentStatus: 'REFUND_PENDING', refunds: [{ status: 'PENDING' }] });
    const ended = await service.post(`${path}/fail`, { ...REASON, final: true });
    expect(orderOf(ended)).toMatchObject({ paymentStatus: 'REFUND_PENDING', refunds: [{ status: 'FAILED' }] });
    expect((await service.post(`${path}/complete`, { transactionId: 're-1' })).status).toBe(409);
    const anew = await service.post(`/orders/${id}/refunds`, REASON);
    expect(anew).toMatchObject({ status: 201, body: { refunds: [{ status: 'FAILED' }, { amount: '25.00' }] } });
  });

  it('of another order, or of none, is 404', async () => {
    const [mine, theirs] = [await refunding(), await refunding()];
    for (const refundId of [theirs.refundId, randomUUID()]) {
      const path = `/orders/${mine.id}/refunds/${refundId}`;
      const detail = `Refund ${refundId} not found`;
      for (const answer of [
        await service.post(`${path}/complete`, { transactionId: 're-1' }),
        await service.post(`${path}/fail`, REASON),
        await service.get(path),
      ]) {
        expect(answer).toMatchObject({ status: 404, body: { type: '/problems/not-found', detail } });
      }
    }
    expect((await service.post(`/orders/${mine.id}/refunds/42/complete`, { transactionId: 're-1' })).status).toBe(400);
    expect((await service.get(`/orders/${randomUUID()}/refunds/${mine.refundId}`)).status).toBe(404);
  });

  it('is found by an id in capitals, as an order is', async () => {
    const { path } = await refunding();
    const [, , orderId = '', , refundId = ''] = path.split('/');
    const shouted = `/orders/${orderId.toUpperCase()}/refunds/${refundId.toUpperCase()}`;
    expect((await service.get(shouted)).status).toBe(200);
    expect((await service.post(`${shouted}/complete`, { transactionId: 're-1' })).status).toBe(200);
  });

  it('under an Idempotency-Key is the same refund, and its Location too', async () => {
    const id = await paid();
    const key = { 'idempotency-key': randomUUID() };
    const first = await service.post(`/orders/${id}/refunds`, { ...REASON, amount: '5.00' }, key);
    await service.post(`/orders/${id}/refunds`, { ...REASON, amount: '6.00' });
    const again = await other.post(`/orders/${id}/refunds`, { ...REASON, amount: '5.00' }, key);
    expect(again).toMatchObject({ status: 201, headers: { location: first.headers['location'] }, body: first.body });
    expect((await other.post(`/orders/${id}/refunds`, { ...REASON, amount: '6.00' }, key)).status).toBe(422);
  });
});

describe('races', () => {
  const both = async (one: () => Promise<Answer>, two: () => Promise<Answer>) => Promise.all([one(), two()]);

  it('of a cancellation with a bump end in one of the two orders', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await paid();
      const [cancelled, bumped] = await both(
        () => service.post(`/orders/${id}/cancel`, REASON),
        () => other.post(`/orders/${id}/status`, { status: 'DELIVERED' }),
      );
      const types = (await typesOf(id)).slice(2);
      if (bumped.status === 200) {
        expect(cancelled.body.detail).toBe('Cannot cancel order in status: DELIVERED');
        expect(types).toEqual(['OrderStatusChanged']);
      } else {
        expect(bumped.body.detail).toBe('Cannot change status from CANCELLED to DELIVERED');
        expect(types).toEqual(['OrderCancelled', 'RefundRequested']);
      }
    }
  });

  it('of a cancellation with a payment end with all money owed', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await place();
      const answers = await both(
        () => service.post(`/orders/${id}/cancel`, REASON),
        () => other.post(`/orders/${id}/payment`, payment()),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      const { body } = await service.get(`/orders/${id}/state`);
      expect(body).toMatchObject({
        status: 'CANCELLED',
        paymentStatus: 'REFUND_PENDING',
        refunds: [{ amount: '25.00', status: 'PENDING' }],
      });
      expect([
        'PaymentProcessed,OrderCancelled,RefundRequested',
        'OrderCancelled,LatePaymentReceived,RefundRequested',
      ]).toContain((await typesOf(id)).slice(1).join());
    }
  });

  it('of fifty cancellations end in one', async () => {
    const id = await paid();
    const cancel = async (instance: TestService) => {
      let answer = await instance.post(`/orders/${id}/cancel`, REASON);
      // In line for longer than a command may take, on a busy machine.
      while (answer.status === 503) answer = await instance.post(`/orders/${id}/cancel`, REASON);
      return answer;
    };
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => cancel(index % 2 ? service : other)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of answers) {
      if (status !== 200) expect([status, body.detail]).toEqual([409, 'Cannot cancel order in status: CANCELLED']);
    }
    expect((await typesOf(id)).slice(2)).toEqual(['OrderCancelled', 'RefundRequested']);
  });
});

describe('the list of refunds', () => {
  type Listed = Static<typeof ListedRefund>;

  async function list(instance: TestService, status: string | undefined, limit: number): Promise<Listed[]> {
    const found: Listed[] = [];
    let cursor: string | undefined;
    do {
      const parameters = { limit: String(limit), ...(status && { status }), ...(cursor && { cursor }) };
      const answer = await instance.get(`/refunds?${new URLSearchParams(parameters).toString()}`);
      expect(answer.status).toBe(200);
      const page = answer.body as { readonly items: readonly Listed[]; readonly nextCursor?: string };
      expect(page.items.length).toBeLessThanOrEqual(limit);
      found.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return found;
  }

  it('gives each refund once, by status, oldest first, page by page', async () => {
    const own = await startTestService();
    try {
      const paths: string[] = [];
      for (let count = 0; count < 7; count += 1) {
        const items = [{ name: 'Funghi', quantity: 1, unitPrice: '9.00' }];
        const { id } = orderOf(await own.post('/orders', { customerId: 'c1', items }));
        await own.post(`/orders/${id}/payment`, payment());
        const { headers } = await own.post(`/orders/${id}/refunds`, { ...REASON, amount: `${count + 1}.00` });
        paths.push(String(headers['location']));
      }
      await own.post(`${paths[1]}/complete`, { transactionId: 're-1' });
      await own.post(`${paths[4]}/fail`, { ...REASON, final: true });
      await own.post(`${paths[5]}/fail`, { ...REASON, final: false });
      await caughtUp(own);
      const amounts = async (status?: string) => (await list(own, status, 2)).map(({ amount }) => amount);
      expect(await amounts()).toEqual(['1.00', '3.00', '4.00', '6.00', '7.00']);
      expect(await amounts('PENDING')).toEqual(await amounts());
      expect(await amounts('COMPLETED')).toEqual(['2.00']);
      expect(await amounts('FAILED')).toEqual(['5.00']);
      expect(await amounts('UNKNOWN')).toEqual([]);
      const [completed] = await list(own, 'COMPLETED', 100);
      const [, , orderId, , refundId] = paths[1]?.split('/') ?? [];
      expect(completed).toMatchObject({ orderId, refundId, status: 'COMPLETED', transactionId: 're-1', ...REASON });
      for (const name of ['orders', 'refunds', 'analytics']) {
        expect(await besides(own).admin.verify(name, { repair: false })).toMatchObject({ differences: 0 });
      }
    } finally {
      await own.close();
    }
  });

  it.each(['status=DONE', 'status=', 'limit=0', 'cursor=x', 'orderId=1'])('with %s is 400', async (query) => {
    expect((await service.get(`/refunds?${query}`)).status).toBe(400);
  });

  it('a cursor of another status is 400', async () => {
    await Promise.all([refunding(), refunding()]);
    await caughtUp(service);
    const { nextCursor } = (await service.get('/refunds?limit=1')).body;
    expect((await service.get(`/refunds?limit=1&cursor=${nextCursor}`)).status).toBe(200);
    expect((await service.get(`/refunds?status=FAILED&limit=1&cursor=${nextCursor}`)).status).toBe(400);
  });

  describe('of orders that were cancelled before there were refunds', () => {
    /** As the service wrote them then. */
    async function cancelledBefore(hour: number, isPaid: boolean): Promise<string> {
      const orderId = randomUUID();
      const at = (minute: number) => `2026-01-05T${10 + hour}:0${minute}:00.000Z`;
      const items = [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }];
      const placed = { orderId, customerId: 'old', items, totalAmount: '25.00', currency: 'USD', placedAt: at(0) };
      const status = { orderId, previousStatus: 'PENDING', newStatus: 'CANCELLED', changedAt: at(2) };
      const events: [string, Record<string, unknown>][] = [
        ['PizzaOrderPlaced', placed],
        ...(isPaid
          ? [['PaymentProcessed', { orderId, ...payment(), amount: '25.00', processedAt: at(1) }] as never]
          : []),
        ['OrderStatusChanged', status],
      ];
      await service.eventStore.appendToStream(
        `${service.config.streamPrefix}PizzaOrder-${orderId}`,
        events.map(([type, data]) => jsonEvent({ type, data: data as never })),
      );
      return orderId;
    }

    it('UNKNOWN has the paid ones, until somebody decides on the money, and invents nothing', async () => {
      const late = await cancelledBefore(2, true);
      const early = await cancelledBefore(1, true);
      const unpaid = await cancelledBefore(3, false);
      await caughtUp(service);
      const unknown = async () => (await list(service, 'UNKNOWN', 1)).map(({ orderId }) => orderId);
      expect(await unknown()).toEqual([early, late]);
      expect((await list(service, 'UNKNOWN', 100))[0]).toEqual({
        orderId: early,
        refundId: null,
        status: 'UNKNOWN',
        amount: '25.00',
        reason: null,
        requestedAt: null,
        completedAt: null,
        transactionId: null,
      });
      const { body } = await service.getProjected(`/orders/${early}?minRevision=2`);
      expect(body).toMatchObject({ status: 'CANCELLED', paymentStatus: 'PAID', refunds: [] });

      // A late payment of another transaction is owed, and leaves open what becomes of the first.
      await service.post(`/orders/${late}/payment`, payment('t-2'));
      await service.post(`/orders/${unpaid}/payment`, payment('t-2'));
      await service.post(`/orders/${early}/refunds`, REASON);
      await caughtUp(service);
      expect(await unknown()).toEqual([late]);
      await service.post(`/orders/${late}/refunds`, REASON);
      await caughtUp(service);
      expect(await unknown()).toEqual([]);
      expect(await besides(service).admin.verify('orders', { repair: false })).toMatchObject({ differences: 0 });
    });
  });
});

describe('an order whose document is of before there were refunds', () => {
  it('has no account in it either while nothing was paid', async () => {
    const id = await place();
    await caughtUp(service);
    const document = await besides(service).database.orders.findOne({ _id: id });
    for (const field of ['payments', 'refunds', 'owedMinor', 'undecided']) expect(document).not.toHaveProperty(field);
    expect((await service.get(`/orders/${id}`)).body).toMatchObject({ paymentStatus: 'UNPAID', refunds: [] });
  });

  it('is shown without any, until its read model is rebuilt', async () => {
    const id = await paid();
    expect((await service.getProjected(`/orders/${id}?minRevision=1`)).status).toBe(200);
    const { database, admin } = besides(service);
    const fields = { payments: true, refunds: true, owedMinor: true, undecided: true } as const;
    await database.orders.updateOne({ _id: id }, { $unset: fields });
    expect((await service.get(`/orders/${id}`)).body).toMatchObject({ paymentStatus: 'PAID', refunds: [] });
    expect((await service.get('/orders?limit=1')).body.items).toMatchObject([{ id, refunds: [] }]);
    expect(await admin.verify('orders', { repair: true })).toMatchObject({ differences: 1, repaired: 1 });
  });
});

describe('orders by payment status', () => {
  it.each(['REFUND_PENDING', 'PARTIALLY_REFUNDED', 'REFUNDED'])('%s are found', async (paymentStatus) => {
    const { id, path } = await refunding(paymentStatus === 'PARTIALLY_REFUNDED' ? '5.00' : undefined);
    if (paymentStatus !== 'REFUND_PENDING') await service.post(`${path}/complete`, { transactionId: 're-1' });
    await caughtUp(service);
    const { items } = (await service.get(`/orders?paymentStatus=${paymentStatus}&limit=1`)).body;
    expect(items).toMatchObject([{ id, paymentStatus }]);
  });
});

describe('figures', () => {
  it('count cancelled orders by when they were placed, and refunds by the day that they were completed', async () => {
    const own = await startTestService({ clock: () => now ?? new Date() });
    const at = (time: string) => (now = new Date(time));
    const figures = async (from: string, to: string) => {
      await caughtUp(own);
      return (await own.get(`/analytics/orders?from=${from}&to=${to}`)).body;
    };
    try {
      at('2026-02-01T12:00:00Z');
      const items = [{ name: 'Funghi', quantity: 1, unitPrice: '25.00' }];
      const ids: string[] = [];
      for (let count = 0; count < 3; count += 1) {
        const { id } = orderOf(await own.post('/orders', { customerId: 'c1', items }));
        await own.post(`/orders/${id}/payment`, payment());
        ids.push(id);
      }
      at('2026-02-02T12:00:00Z');
      const cancelled = orderOf(await own.post(`/orders/${ids[0]}/cancel`, REASON));
      const requested = orderOf(await own.post(`/orders/${ids[1]}/refunds`, { ...REASON, amount: '5.00' }));
      const pathOf = ({ id, refunds }: Order) => `/orders/${id}/refunds/${refunds[0]?.refundId ?? ''}`;
      expect(await figures('2026-02-01', '2026-02-04')).toMatchObject({
        totalOrders: 3,
        cancelledOrders: 1,
        totalRevenue: '75.00',
        refunded: '0.00',
        netRevenue: '75.00',
      });
      at('2026-02-03T12:00:00Z');
      await own.post(`${pathOf(cancelled)}/complete`, { transactionId: 're-1' });
      await own.post(`${pathOf(requested)}/complete`, { transactionId: 're-2' });
      expect(await figures('2026-02-01', '2026-02-04')).toMatchObject({
        totalOrders: 3,
        cancelledOrders: 1,
        totalRevenue: '75.00',
        refunded: '30.00',
        netRevenue: '45.00',
        averageOrderValue: '25.00',
        dailyBreakdown: [{ date: '2026-02-01', orderCount: 3, dailyRevenue: '75.00' }],
      });
      expect(await figures('2026-02-01', '2026-02-02')).toMatchObject({ refunded: '0.00', netRevenue: '75.00' });
      expect(await figures('2026-02-03', '2026-02-04')).toMatchObject({
        totalOrders: 0,
        cancelledOrders: 0,
        refunded: '30.00',
        netRevenue: '-30.00',
        message: 'No orders found in date range',
      });
      const halves = ['2026-02-03T00:00:00Z', '2026-02-03T12:00:00Z', '2026-02-03T12:00:01Z'];
      expect(await figures(halves[0] ?? '', halves[1] ?? '')).toMatchObject({ refunded: '0.00' });
      expect(await figures(halves[1] ?? '', halves[2] ?? '')).toMatchObject({ refunded: '30.00' });
    } finally {
      now = undefined;
      await own.close();
    }
  });
});

describe('an instance that withholds the events, as the first step of an upgrade', () => {
  const withheldEvents = [
    'OrderCancelled',
    'RefundRequested',
    'RefundCompleted',
    'RefundFailed',
    'LatePaymentReceived',
  ];

  it('reads them, and refuses whatever would write one with 503', async () => {
    const { path } = await refunding();
    const id = await paid();
    const config = { ...service.config, withheldEvents };
    const first = await startTestService({ like: { ...service, config } });
    try {
      for (const [url, body] of [
        [`/orders/${id}/cancel`, REASON],
        [`/orders/${id}/status`, { status: 'CANCELLED' }],
        [`/orders/${id}/refunds`, REASON],
        [`${path}/complete`, { transactionId: 're-1' }],
      ] as const) {
        expect(await first.post(url, body)).toMatchObject({
          status: 503,
          headers: { 'retry-after': '1' },
          body: { detail: 'Not available while the service is being upgraded. Please try again.' },
        });
      }
      expect((await first.get(path)).body).toMatchObject({ status: 'PENDING' });
      expect((await first.post(`/orders/${id}/status`, { status: 'READY' })).status).toBe(200);
      expect(await typesOf(id)).toEqual(['PizzaOrderPlaced', 'PaymentProcessed', 'OrderStatusChanged']);
      expect((await service.post(`/orders/${id}/cancel`, REASON)).status).toBe(200);
    } finally {
      await first.close();
    }
  });

  it('of a type that there is not, does not start', async () => {
    const config = { ...service.config, withheldEvents: ['OrderCanceled'] };
    await expect(startTestService({ like: { ...service, config } })).rejects.toThrow(
      'WITHHOLD_EVENTS names OrderCanceled, which is no type of event',
    );
  });
});
