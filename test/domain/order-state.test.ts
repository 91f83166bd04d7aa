import { describe, expect, it } from 'vitest';
import { occurredAt, type PizzaOrderEvent, unknownEvent } from '../../src/domain/events.ts';
import { parseMoney } from '../../src/domain/money.ts';
import { evolve, type OrderState } from '../../src/domain/order-state.ts';
import {
  addressChanged,
  cancelled,
  CHANGED_AT,
  confirmed,
  CONFIRMED_AT,
  discounted,
  ETA,
  home,
  ORDER_ID,
  paid,
  PAID_AT,
  paidLate,
  placed,
  PLACED_AT,
  placedWithAddress,
  refundCompleted,
  REFUNDED_AT,
  refundFailed,
  refundRequested,
  statusChanged,
} from './examples.ts';
import { deepFreeze, fold } from './given.ts';

const pending: OrderState = deepFreeze({
  id: ORDER_ID,
  customerId: 'customer-1',
  customerEmail: 'mario@example.com',
  items: [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }],
  totalAmount: parseMoney('25.00'),
  currency: 'USD',
  status: 'PENDING',
  paymentStatus: 'UNPAID',
  payments: [],
  refunds: [],
  owed: parseMoney('0'),
  discountCodes: [],
  kitchenNotes: null,
  deliveryAddress: null,
  placedAt: PLACED_AT,
  estimatedDelivery: null,
  confirmedAt: null,
  paidAt: null,
  lastUpdated: PLACED_AT,
});
const payment = { transactionId: 'txn-123456', amount: parseMoney('25.00') };
const followUps: readonly PizzaOrderEvent[] = deepFreeze([
  confirmed,
  paid,
  statusChanged('PENDING', 'READY'),
  discounted,
  addressChanged,
  cancelled('PENDING'),
  refundRequested('5.00', 'cold'),
  refundCompleted('5.00'),
  refundFailed(true),
  paidLate(),
]);

describe('evolve', () => {
  it('makes a PENDING, UNPAID order, from PizzaOrderPlaced, with null for what is not known yet', () => {
    expect(evolve(undefined, deepFreeze(placed))).toStrictEqual(pending);
  });

  it('takes the address and a missing email, from PizzaOrderPlaced, as they are', () => {
    const { customerEmail, ...data } = placedWithAddress.data;
    expect(customerEmail).toBeDefined();
    expect(evolve(undefined, { type: 'PizzaOrderPlaced', data })).toStrictEqual({
      ...pending,
      customerEmail: null,
      deliveryAddress: home,
    });
  });

  it.each<[PizzaOrderEvent, Partial<OrderState>]>([
    [
      confirmed,
      {
        status: 'CONFIRMED',
        estimatedDelivery: ETA,
        kitchenNotes: 'Extra cheese',
        confirmedAt: CONFIRMED_AT,
        lastUpdated: CONFIRMED_AT,
      },
    ],
    [paid, { paymentStatus: 'PAID', payments: [payment], paidAt: PAID_AT, lastUpdated: PAID_AT }],
    [statusChanged('PENDING', 'READY'), { status: 'READY', lastUpdated: CHANGED_AT }],
    [discounted, { totalAmount: parseMoney('20.00'), discountCodes: ['WELCOME5'], lastUpdated: CHANGED_AT }],
    [addressChanged, { deliveryAddress: home, lastUpdated: CHANGED_AT }],
    [cancelled('PENDING'), { status: 'CANCELLED', lastUpdated: CHANGED_AT }],
    [refundFailed(false), { lastUpdated: REFUNDED_AT }],
  ])('changes just its own fields, on $type, and when the order was last updated', (event, changes) => {
    expect(evolve(pending, deepFreeze(event))).toStrictEqual({ ...pending, ...changes });
  });

  it('adds a code, on a second discount, behind the first', () => {
    const second: PizzaOrderEvent = {
      ...discounted,
      data: { ...discounted.data, discountCode: 'CENT', newTotal: '19.99' },
    };
    const state = fold([placed, discounted, second]);
    expect(state.discountCodes).toEqual(['WELCOME5', 'CENT']);
    expect(state.totalAmount.toString()).toBe('19.99');
  });

  it('gives the same state, from the same frozen inputs twice, and writes to neither', () => {
    for (const event of followUps) expect(evolve(pending, event)).toStrictEqual(evolve(pending, event));
  });

  it.each(followUps)('refuses $type, as the first event, with what is wrong', (event) => {
    expect(() => evolve(undefined, event)).toThrow(
      new TypeError(`${event.type} cannot be the first event of an order`),
    );
  });

  it('refuses PizzaOrderPlaced, as a later event, with what is wrong', () => {
    expect(() => evolve(pending, placed)).toThrow(
      new TypeError('PizzaOrderPlaced can only be the first event of an order'),
    );
  });

  it('refuses an event, of a type that it does not know, rather than ignoring it', () => {
    const foreign = { type: 'PizzaEaten', data: {} } as unknown as PizzaOrderEvent;
    expect(() => evolve(pending, foreign)).toThrow(new TypeError('unknown event {"type":"PizzaEaten","data":{}}'));
  });
});

describe('occurredAt', () => {
  it.each<[PizzaOrderEvent, string]>([
    [placed, PLACED_AT],
    [confirmed, CONFIRMED_AT],
    [paid, PAID_AT],
    [statusChanged('PENDING', 'READY'), CHANGED_AT],
    [discounted, CHANGED_AT],
    [addressChanged, CHANGED_AT],
    [cancelled('PENDING'), CHANGED_AT],
    [refundRequested('5.00', 'cold'), CHANGED_AT],
    [refundCompleted('5.00'), REFUNDED_AT],
    [refundFailed(true), REFUNDED_AT],
    [paidLate(), CHANGED_AT],
  ])('is the time in the event, of $type, by its own name', (event, at) => {
    expect(occurredAt(event)).toBe(at);
  });

  it('throws, for a type that it does not know, rather than guessing', () => {
    expect(() => occurredAt({ type: 'PizzaEaten' } as unknown as PizzaOrderEvent)).toThrow(TypeError);
    expect(() => unknownEvent('x' as never)).toThrow(new TypeError('unknown event "x"'));
  });
});
