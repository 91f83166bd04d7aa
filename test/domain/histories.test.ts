import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidOrderError } from '../../src/domain/errors.ts';
import { PAYMENT_STATUSES, type PaymentStatus, type PizzaOrderEvent } from '../../src/domain/events.ts';
import { formatMoney } from '../../src/domain/money.ts';
import { evolve, type OrderState } from '../../src/domain/order-state.ts';
import { PizzaOrder } from '../../src/domain/pizza-order.ts';
import { centsToText, commands, history, isRefused, order, placeOrder, textToCents, timeOf } from './arbitraries.ts';
import { deepFreeze, fold } from './given.ts';

describe('any legal history', () => {
  it('folds, from its events alone, to the state of the aggregate that made them', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(order, (made) => {
        made.uncommittedEvents.forEach((event) => seen.add(event.type));
        expect(fold(made.uncommittedEvents)).toStrictEqual(made.state);
        expect(made.version).toBe(made.uncommittedEvents.length);
      }),
      { numRuns: 400 },
    );
    expect([...seen].sort()).toEqual([
      'DeliveryAddressChanged',
      'DiscountApplied',
      'LatePaymentReceived',
      'OrderCancelled',
      'OrderStatusChanged',
      'PaymentProcessed',
      'PizzaOrderConfirmed',
      'PizzaOrderPlaced',
      'RefundCompleted',
      'RefundFailed',
      'RefundRequested',
    ]);
  });

  it('folds, from events that were written as JSON, to the same state', () => {
    fc.assert(
      fc.property(order, (made) => {
        const stored = JSON.parse(JSON.stringify(made.uncommittedEvents)) as PizzaOrderEvent[];
        expect(fold(stored)).toStrictEqual(made.state);
      }),
      { numRuns: 200 },
    );
  });

  it('folds, in two parts cut anywhere and from frozen inputs, to the same state', () => {
    fc.assert(
      fc.property(history, fc.nat(), (events, seed) => {
        const cut = 1 + (seed % events.length);
        const first = deepFreeze(fold(deepFreeze(events.slice(0, cut))));
        const both = deepFreeze(events.slice(cut)).reduce<OrderState>(evolve, first);
        expect(both).toStrictEqual(fold(events));
      }),
      { numRuns: 200 },
    );
  });

  it('raises the same events, when the order is loaded anew before each command, as in one go', () => {
    fc.assert(
      fc.property(placeOrder, commands, (place, rest) => {
        const inOneGo = PizzaOrder.place(place, timeOf(0));
        const log = [...inOneGo.uncommittedEvents];
        rest.forEach((command, index) => {
          const loaded = PizzaOrder.from(deepFreeze(fold(log)), log.length);
          const refused = isRefused(loaded, command, timeOf(index + 1));
          expect(isRefused(inOneGo, command, timeOf(index + 1))).toBe(refused);
          if (refused) expect(loaded.uncommittedEvents).toEqual([]);
          log.push(...loaded.uncommittedEvents);
        });
        expect(log).toStrictEqual(inOneGo.uncommittedEvents);
      }),
      { numRuns: 150 },
    );
  });

  it('is left as it was, by a refused command, in state, version and events', () => {
    let refusals = 0;
    fc.assert(
      fc.property(placeOrder, commands, (place, rest) => {
        const made = PizzaOrder.place(place, timeOf(0));
        rest.forEach((command, index) => {
          const before = { state: made.state, version: made.version, events: [...made.uncommittedEvents] };
          if (!isRefused(made, command, timeOf(index + 1))) return;
          refusals += 1;
          expect(made.state).toBe(before.state);
          expect(made.version).toBe(before.version);
          expect(made.uncommittedEvents).toEqual(before.events);
        });
      }),
      { numRuns: 200 },
    );
    expect(refusals).toBeGreaterThan(0);
  });

  it('never rests in CONFIRMED, once it is paid, and is paid at most once', () => {
    fc.assert(
      fc.property(history, (events) => {
        const state = fold(events);
        const payments = events.filter(({ type }) => type === 'PaymentProcessed').length;
        if (payments > 0) expect(state.status).not.toBe('CONFIRMED');
        expect(payments).toBeLessThanOrEqual(1);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the money of any legal history', () => {
  it('loses no cent, over items and discounts, against integers', () => {
    fc.assert(
      fc.property(history, (events) => {
        let cents = 0n;
        for (const event of events) {
          if (event.type === 'PizzaOrderPlaced') {
            for (const { quantity, unitPrice } of event.data.items) cents += BigInt(quantity) * textToCents(unitPrice);
            expect(event.data.totalAmount).toBe(centsToText(cents));
          } else if (event.type === 'DiscountApplied') {
            expect(event.data.originalTotal).toBe(centsToText(cents));
            cents -= textToCents(event.data.discountAmount);
            expect(event.data.newTotal).toBe(centsToText(cents));
          } else if (event.type === 'PaymentProcessed' || event.type === 'LatePaymentReceived') {
            expect(event.data.amount).toBe(centsToText(cents));
          }
        }
        expect(formatMoney(fold(events).totalAmount)).toBe(centsToText(cents));
        expect(cents > 0n).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the money that was paid in any legal history', () => {
  it('is kept, owed or given back, each cent once, and all of it owed or given back once cancelled', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(history, (events) => {
        let paid = 0n;
        let given = 0n;
        let isCancelled = false;
        const pending = new Map<string, bigint>();
        const sum = () => [...pending.values()].reduce((total, cents) => total + cents, 0n);
        events.forEach((event, index) => {
          if (event.type === 'PaymentProcessed' || event.type === 'LatePaymentReceived') {
            paid += textToCents(event.data.amount);
          } else if (event.type === 'RefundRequested') {
            expect(pending.has(event.data.refundId)).toBe(false);
            pending.set(event.data.refundId, textToCents(event.data.amount));
            expect(textToCents(event.data.amount) > 0n).toBe(true);
          } else if (event.type === 'RefundCompleted') {
            expect(textToCents(event.data.amount)).toBe(pending.get(event.data.refundId));
            given += textToCents(event.data.amount);
            pending.delete(event.data.refundId);
          } else if (event.type === 'RefundFailed') {
            expect(pending.has(event.data.refundId)).toBe(true);
            if (event.data.final) pending.delete(event.data.refundId);
          } else if (event.type === 'OrderCancelled') {
            isCancelled = true;
          }
          expect(given + sum() <= paid).toBe(true);
          const state = fold(events.slice(0, index + 1));
          const owed = textToCents(formatMoney(state.owed));
          expect(owed >= sum() && owed + given <= paid).toBe(true);
          if (isCancelled) expect(owed + given).toBe(paid);
          expect(state.paymentStatus).toBe(expectedStatus({ paid, given, owed }));
          seen.add(state.paymentStatus);
        });
      }),
      { numRuns: 400 },
    );
    expect([...seen].sort()).toEqual([...PAYMENT_STATUSES].sort());
  });

  function expectedStatus({ paid, given, owed }: Readonly<Record<'paid' | 'given' | 'owed', bigint>>): PaymentStatus {
    if (paid === 0n) return 'UNPAID';
    if (owed > 0n) return 'REFUND_PENDING';
    if (given === 0n) return 'PAID';
    return given < paid ? 'PARTIALLY_REFUNDED' : 'REFUNDED';
  }
});

describe('a given total', () => {
  it('is accepted, for any items, exactly when it is what they add up to', () => {
    const difference = fc.oneof(
      fc.constant(0n),
      fc.bigInt({ min: -3n, max: 3n }),
      fc.bigInt({ min: -100_000n, max: 100_000n }),
    );
    fc.assert(
      fc.property(placeOrder, difference, (place, cents) => {
        const total = place.items.reduce(
          (sum, { quantity, unitPrice }) => sum + BigInt(quantity) * textToCents(unitPrice),
          0n,
        );
        fc.pre(total + cents >= 0n);
        const command = { ...place, totalAmount: centsToText(total + cents) };
        if (cents === 0n) {
          expect(formatMoney(PizzaOrder.place(command, timeOf(0)).state.totalAmount)).toBe(command.totalAmount);
        } else {
          expect(() => PizzaOrder.place(command, timeOf(0))).toThrow(
            new InvalidOrderError('Order total does not match its items', 'totalAmount'),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});
