import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import type { PizzaOrderEvent } from '../../src/domain/events.ts';
import type { StoredOrderEvent } from '../../src/eventstoredb/codec.ts';
import { describe as describeEvent } from '../../src/read-models/audit/describe.ts';
import { toAuditDocument } from '../../src/read-models/audit/document.ts';
import { toFields as toCustomerFields, toState as toCustomer } from '../../src/read-models/customers/document.ts';
import { customerFields, toFields, toState } from '../../src/read-models/orders/document.ts';
import { order } from '../domain/arbitraries.ts';
import * as example from '../domain/examples.ts';
import { fold } from '../domain/given.ts';

const { placed, placedWithAddress, confirmed, paid, discounted } = example;

const NOBODY = { customerName: 'Unknown', customerEmail: '', customerRevision: -1 };
const ada = {
  ...{ _id: 'customer-1', revision: 3, name: 'Ada', email: 'ada@example.com', phone: null },
  ...{ registeredAt: new Date(0), lastUpdated: new Date(1) },
};

describe('the document of an order', () => {
  test('that was just placed, shows its lines, its total and no account', () => {
    expect(toFields(fold([placedWithAddress]))).toStrictEqual({
      customerId: 'customer-1',
      orderEmail: 'mario@example.com',
      items: [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }],
      itemCount: 1,
      quantity: 2,
      totalMinor: 2500,
      currency: 'USD',
      status: 'PENDING',
      paymentStatus: 'UNPAID',
      discountCodes: [],
      kitchenNotes: null,
      deliveryAddress: example.home,
      placedAt: new Date(example.PLACED_AT),
      estimatedDelivery: null,
      confirmedAt: null,
      paidAt: null,
      lastUpdated: new Date(example.PLACED_AT),
      timeToConfirmation: null,
      timeToPayment: null,
    });
  });

  test('that was confirmed and paid, shows how many seconds each took, and what was paid', () => {
    expect(toFields(fold([placed, confirmed, discounted, paid]))).toMatchObject({
      status: 'COOKING',
      paymentStatus: 'PAID',
      totalMinor: 2000,
      discountCodes: ['WELCOME5'],
      kitchenNotes: 'Extra cheese',
      estimatedDelivery: new Date(example.ETA),
      confirmedAt: new Date(example.CONFIRMED_AT),
      paidAt: new Date(example.PAID_AT),
      timeToConfirmation: 120,
      timeToPayment: 180,
      payments: [{ transactionId: 'txn-123456', amountMinor: 2500 }],
      refunds: [],
      owedMinor: 0,
      undecided: null,
    });
  });

  test('confirmed within the second, tells whole seconds', () => {
    const soon = { ...confirmed, data: { ...confirmed.data, confirmedAt: '2026-03-01T18:00:01.999Z' } };
    expect(toFields(fold([placed, soon])).timeToConfirmation).toBe(1);
  });

  test('of several lines, counts lines and pizzas', () => {
    const items = [1, 3, 5].map((quantity) => ({ name: `Pizza ${quantity}`, quantity, unitPrice: '1.00' }));
    const several = { ...placed, data: { ...placed.data, items } };
    expect(toFields(fold([several]))).toMatchObject({ itemCount: 3, quantity: 9 });
  });

  test('that was paid and cancelled, shows its refund, asked for and completed', () => {
    const cancelled = [placed, paid, example.cancelled('PENDING'), example.refundRequested('25.00', 'no more dough')];
    const requested = {
      ...{ refundId: example.REFUND_ID, amountMinor: 2500, reason: 'no more dough' },
      ...{ requestedAt: new Date(example.CHANGED_AT), completedAt: null, status: 'PENDING' },
    };
    expect(toFields(fold(cancelled))).toMatchObject({ refunds: [requested], owedMinor: 2500, undecided: null });
    expect(toFields(fold([...cancelled, example.refundCompleted('25.00')])).refunds).toMatchObject([
      { ...requested, completedAt: new Date(example.REFUNDED_AT), status: 'COMPLETED' },
    ]);
  });

  test('that was paid and cancelled before there were refunds, shows what nobody decided on', () => {
    const old = [placed, paid, example.statusChanged('PENDING', 'CANCELLED')];
    expect(toFields(fold(old)).undecided).toStrictEqual({
      amountMinor: 2500,
      placedAt: new Date(example.PLACED_AT),
      orderId: example.ORDER_ID,
    });
    const refunded = [...old, example.refundRequested('25.00', 'asked for'), example.refundCompleted('25.00')];
    expect(toFields(fold(refunded)).undecided).toBeNull();
    expect(toFields(fold([placed, example.statusChanged('PENDING', 'CANCELLED')])).undecided).toBeUndefined();
  });

  test('reads back as the state that it was made of, whatever happened to it', () => {
    fc.assert(
      fc.property(order, ({ state }) => {
        const fields = { ...toFields(state), ...customerFields(state.customerEmail, ada) };
        const stalled = { revision: 5, reason: 'unreadable' };
        expect(toState({ _id: state.id, revision: 4, stalled, ...fields })).toEqual(state);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['a registered customer', 'own@example.com', ada, { customerName: 'Ada', customerEmail: 'ada@example.com' }],
    ['nobody who is registered', 'own@example.com', undefined, { ...NOBODY, customerEmail: 'own@example.com' }],
    ['nobody, and has no email', null, undefined, NOBODY],
    ['nobody, and is older than emails', 'unknown@example.com', undefined, NOBODY],
  ])('of %s, shows name and email', (_, email, customer, shown) => {
    expect(customerFields(email, customer)).toMatchObject({ ...shown, customerRevision: customer?.revision ?? -1 });
  });
});

test.each([['+39 081 1'], [null]])(
  'the document of a customer, with the phone %s, reads back as the state',
  (phone) => {
    const state = { id: 'ada', name: 'Ada', email: 'ada@example.com', phone };
    const times = { registeredAt: example.PLACED_AT, lastUpdated: example.PAID_AT };
    const fields = toCustomerFields({ ...state, ...times });
    expect(fields.registeredAt).toEqual(new Date(example.PLACED_AT));
    expect(toCustomer({ _id: 'ada', revision: 0, ...fields })).toStrictEqual({ ...state, ...times });
  },
);

const with_ = <Event extends PizzaOrderEvent>(event: Event, data: Partial<Event['data']>): Event => ({
  ...event,
  data: { ...event.data, ...data },
});
const PIZZAS = [2, 1].map((quantity) => ({ name: `Pizza ${quantity}`, quantity, unitPrice: '9.00' }));

describe('an entry of the audit trail', () => {
  test.each<[PizzaOrderEvent, string]>([
    [placed, 'Order placed: 2 × Margherita for 25.00 USD'],
    [with_(placed, { items: PIZZAS }), 'Order placed: 2 × Pizza 2, 1 × Pizza 1 for 25.00 USD'],
    [confirmed, `Order confirmed, delivery estimated for ${example.ETA}; kitchen notes: Extra cheese`],
    [with_(confirmed, { kitchenNotes: '' }), `Order confirmed, delivery estimated for ${example.ETA}`],
    [paid, 'Payment of 25.00 by credit_card, transaction txn-123456'],
    [example.statusChanged('PENDING', 'READY'), 'Status changed from PENDING to READY'],
    [
      with_(example.statusChanged('READY', 'COOKING'), { reason: 'recall' }),
      'Status changed from READY to COOKING: recall',
    ],
    [discounted, 'Discount WELCOME5 of 5.00 applied: 25.00 became 20.00'],
    [example.addressChanged, 'Delivery address set'],
    [with_(example.addressChanged, { oldAddress: example.office }), 'Delivery address changed'],
    [example.cancelled('COOKING'), 'Order cancelled while COOKING: no more dough'],
    [with_(example.cancelled('READY', 'burnt'), { reasonCode: 'OVEN' }), 'Order cancelled while READY (OVEN): burnt'],
    [example.cancelled('PENDING', ''), 'Order cancelled while PENDING'],
    [example.refundRequested('5.00', 'cold'), 'Refund of 5.00 requested: cold'],
    [example.refundCompleted('5.00'), 'Refund of 5.00 completed, transaction re-123456'],
    [example.refundFailed(true), 'Refund failed for good: The account is closed'],
    [example.refundFailed(false), 'Refund failed, still pending: The account is closed'],
    [example.paidLate(), 'Payment of 25.00 by credit_card after the order was cancelled, transaction txn-late'],
  ])('of %o', (event, sentence) => {
    expect(describeEvent(event)).toBe(sentence);
  });

  test('of an event that there is not, is a bug', () => {
    expect(() => describeEvent({ type: 'OrderEaten', data: {} } as never)).toThrow(TypeError);
  });

  const stored = (event: PizzaOrderEvent, metadata: StoredOrderEvent['metadata']): StoredOrderEvent => ({
    ...{ id: 'event-1', stream: 'PizzaOrder-1', revision: 7, recordedAt: new Date(example.PAID_AT) },
    ...{ event, metadata },
  });
  const entry = {
    ...{ _id: 'event-1', recordedAt: new Date(example.PAID_AT), orderId: example.ORDER_ID, revision: 7 },
    ...{ type: 'PaymentProcessed', description: 'Payment of 25.00 by credit_card, transaction txn-123456' },
  };

  test('names who did it, and by which request and trace', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const metadata = { actor: 'chef', $correlationId: 'request-1', traceparent };
    expect(toAuditDocument(stored(paid, metadata))).toStrictEqual({
      ...entry,
      actor: 'chef',
      correlationId: 'request-1',
      traceId: 'a'.repeat(32),
    });
  });

  test('of an event that says nothing of it, is of nobody', () => {
    expect(toAuditDocument(stored(paid, {}))).toStrictEqual({ ...entry, actor: 'anonymous', correlationId: null });
  });

  test.each([
    ['of a thousand characters, is kept as it is', 1000, 'x'],
    ['of a thousand characters of two units, is kept as it is', 1000, '🍕'],
    ['of more, is cut', 1001, 'x'],
    ['of more of two units, is cut between them', 1001, '🍕'],
  ])('%s', (_, length, character) => {
    const start = 'Refund of 5.00 requested: ';
    const reason = character.repeat(length - start.length);
    const { description } = toAuditDocument(stored(example.refundRequested('5.00', reason), {}));
    const expected = length > 1000 ? `${start}${character.repeat(999 - start.length)}…` : `${start}${reason}`;
    expect(description).toBe(expected);
  });
});
