import { describe, expect, it } from 'vitest';
import type { PlaceOrder } from '../../src/domain/commands.ts';
import { DomainError, InvalidOrderError } from '../../src/domain/errors.ts';
import { ORDER_STATUSES, type OrderItem, type OrderStatus, type PizzaOrderEvent } from '../../src/domain/events.ts';
import { formatMoney } from '../../src/domain/money.ts';
import { PizzaOrder } from '../../src/domain/pizza-order.ts';
import {
  addressChanged,
  cancelled,
  CHANGED_AT,
  confirmed,
  CONFIRMED_AT,
  discounted,
  ETA,
  historyTo,
  home,
  office,
  ORDER_ID,
  paid,
  PAID_AT,
  placed,
  PLACED_AT,
  placedWithAddress,
  REFUND_ID,
  refundCompleted,
  refundRequested,
  statusChanged,
} from './examples.ts';
import { deepFreeze, fold, given } from './given.ts';

const margherita: OrderItem = { name: 'Margherita', quantity: 2, unitPrice: '12.50' };
const seed: PlaceOrder = {
  orderId: ORDER_ID,
  customerId: 'customer-1',
  customerEmail: 'mario@example.com',
  items: [margherita],
  currency: 'USD',
};
const place = (changes: Partial<PlaceOrder> = {}) => PizzaOrder.place(deepFreeze({ ...seed, ...changes }), PLACED_AT);
const refusal = (command: () => unknown): unknown => {
  try {
    command();
  } catch (error) {
    return error;
  }
  throw new Error('the command was not refused');
};
const confirm = (order: PizzaOrder) =>
  order.confirm({ estimatedDeliveryTime: ETA, kitchenNotes: 'Extra cheese' }, CONFIRMED_AT);
const pay = (order: PizzaOrder) =>
  order.pay({ paymentMethod: 'credit_card', transactionId: 'txn-123456' }, PAID_AT, REFUND_ID);
const change = (status: OrderStatus) => (order: PizzaOrder) => order.changeStatus({ status }, CHANGED_AT, REFUND_ID);
const discount = (discountAmount: string, discountCode = 'WELCOME5') => {
  return (order: PizzaOrder) => order.applyDiscount({ discountCode, discountAmount }, CHANGED_AT);
};
const allBut = (...excluded: OrderStatus[]) => ORDER_STATUSES.filter((status) => !excluded.includes(status));

describe('place', () => {
  it('raises PizzaOrderPlaced, for valid items, with their total', () => {
    const order = place();
    expect(order.uncommittedEvents).toStrictEqual([placed]);
    expect(order.version).toBe(1);
    expect(order.state).toStrictEqual(fold([placed]));
  });

  it('leaves email and address out of the event, when none is given, rather than undefined', () => {
    const order = PizzaOrder.place(
      { orderId: ORDER_ID, customerId: 'customer-1', items: [margherita], currency: 'USD' },
      PLACED_AT,
    );
    expect(Object.keys(order.uncommittedEvents[0]?.data ?? {})).toEqual([
      'orderId',
      'customerId',
      'items',
      'totalAmount',
      'currency',
      'placedAt',
    ]);
  });

  it('keeps the delivery address, when one is given, in event and state', () => {
    const order = place({ deliveryAddress: home });
    expect(order.uncommittedEvents).toStrictEqual([placedWithAddress]);
    expect(order.state.deliveryAddress).toEqual(home);
  });

  it('writes every price with two decimals, however it was given, and keeps name, quantity and sku', () => {
    const items = [
      { name: 'Marinara', quantity: 1, unitPrice: '9' },
      { name: 'Diavola', quantity: 3, unitPrice: '11.5', sku: 'DIA' },
    ];
    const order = place({ items });
    expect(order.state.items).toEqual([
      { name: 'Marinara', quantity: 1, unitPrice: '9.00' },
      { name: 'Diavola', quantity: 3, unitPrice: '11.50', sku: 'DIA' },
    ]);
    expect(formatMoney(order.state.totalAmount)).toBe('43.50');
  });

  it.each(['25.00', '25.0', '25'])(
    'accepts a given total, when %s is what the items cost, as the total',
    (totalAmount) => {
      expect(place({ totalAmount }).uncommittedEvents).toStrictEqual([placed]);
    },
  );

  it('adds up exactly, where floats would not: 3 × 0.10 and 0.20, to 0.50', () => {
    const items = [
      { name: 'Olive', quantity: 3, unitPrice: '0.10' },
      { name: 'Basil', quantity: 1, unitPrice: '0.20' },
    ];
    expect(formatMoney(place({ items, totalAmount: '0.50' }).state.totalAmount)).toBe('0.50');
  });

  it('accepts the largest order, 100 lines of 1,000 at 10,000.00, to the cent', () => {
    const items = Array.from({ length: 100 }, () => ({ name: 'Tartufo', quantity: 1000, unitPrice: '10000.00' }));
    expect(place({ items }).uncommittedEvents[0]?.data).toMatchObject({ totalAmount: '1000000000.00' });
  });

  it('accepts a line that is free, when the total is positive, as part of the order', () => {
    const order = place({ items: [margherita, { name: 'Water', quantity: 1, unitPrice: '0.00' }] });
    expect(formatMoney(order.state.totalAmount)).toBe('25.00');
  });

  it.each([
    ['no items', { items: [] }, 'Order must contain at least one item', 'items'],
    ['no items but a total', { items: [], totalAmount: '25.00' }, 'Order must contain at least one item', 'items'],
    ['a total of zero', { items: [{ ...margherita, unitPrice: '0' }] }, 'Order total must be positive', 'items'],
    ['a quantity of zero', { items: [{ ...margherita, quantity: 0 }] }, 'Order total must be positive', 'items'],
    ['a negative quantity', { items: [{ ...margherita, quantity: -1 }] }, 'Order total must be positive', 'items'],
    ['a total one cent low', { totalAmount: '24.99' }, 'Order total does not match its items', 'totalAmount'],
    ['a total one cent high', { totalAmount: '25.01' }, 'Order total does not match its items', 'totalAmount'],
    ['a given total of zero', { totalAmount: '0' }, 'Order total does not match its items', 'totalAmount'],
  ])('refuses an order, given %s, with the rule and the field', (_, changes, message, field) => {
    const error = refusal(() => place(changes));
    expect(error).toBeInstanceOf(InvalidOrderError);
    expect(error).toMatchObject({ name: 'InvalidOrderError', message, field });
  });

  it.each(['-1', '1e3', '12.345', 'NaN', '0x10', ''])('refuses a price, written as "%s", as no amount', (unitPrice) => {
    expect(() => place({ items: [{ ...margherita, unitPrice }] })).toThrow(RangeError);
    expect(() => place({ totalAmount: unitPrice })).toThrow(RangeError);
  });
});

describe('confirm', () => {
  it('raises PizzaOrderConfirmed, from PENDING, with time and notes', () => {
    given([placed]).when(confirm).then([confirmed]);
  });

  it('raises empty notes and no confirmedBy, when neither is given, and the state says null', () => {
    const withoutNotes: PizzaOrderEvent = { ...confirmed, data: { ...confirmed.data, kitchenNotes: '' } };
    given([placed])
      .when((order) => order.confirm({ estimatedDeliveryTime: ETA }, CONFIRMED_AT))
      .then([withoutNotes]);
    expect(fold([placed, withoutNotes]).kitchenNotes).toBeNull();
  });

  it('raises confirmedBy, when given, as it is', () => {
    given([placed])
      .when((order) =>
        order.confirm({ estimatedDeliveryTime: ETA, kitchenNotes: '', confirmedBy: 'luigi' }, CONFIRMED_AT),
      )
      .then([{ ...confirmed, data: { ...confirmed.data, kitchenNotes: '', confirmedBy: 'luigi' } }]);
  });

  it.each(allBut('PENDING'))('is refused, when the order is %s, with its status', (status) => {
    given(historyTo(status))
      .when(confirm)
      .then(new DomainError(`Cannot confirm order in status: ${status}`));
  });

  it('is refused, when the order is cooking after confirmation and payment, with that status', () => {
    given([placed, confirmed, paid]).when(confirm).then(new DomainError('Cannot confirm order in status: COOKING'));
  });
});

describe('pay', () => {
  it.each(allBut('CANCELLED'))('raises PaymentProcessed, when an unpaid order is %s, with the total', (status) => {
    given(historyTo(status)).when(pay).then([paid]);
  });

  it('takes the total of that moment, after a discount, as the amount', () => {
    given([placed, discounted])
      .when(pay)
      .then([{ ...paid, data: { ...paid.data, amount: '20.00' } }]);
  });

  it.each([
    ['PENDING', [placed, paid]],
    ['COOKING', [placed, confirmed, paid]],
    ['DELIVERED', [placed, paid, statusChanged('PENDING', 'DELIVERED')]],
    ['PENDING, being refunded,', [placed, paid, refundRequested('5.00', 'cold')]],
    ['PENDING, refunded,', [placed, paid, refundRequested('25.00', 'cold'), refundCompleted('25.00')]],
  ])('is refused, when a %s order is paid, as already paid', (_, history) => {
    given(history).when(pay).then(new DomainError('Order is already paid'));
  });
});

describe('confirmed and paid', () => {
  it.each([
    ['confirmed first', [placed, confirmed, paid]],
    ['paid first', [placed, paid, confirmed]],
  ])('make an order COOKING, when it is %s, and PAID', (_, history) => {
    expect(fold(history)).toMatchObject({ status: 'COOKING', paymentStatus: 'PAID' });
  });

  it('stays PENDING, when only paid, until it is confirmed', () => {
    expect(fold([placed, paid])).toMatchObject({ status: 'PENDING', paymentStatus: 'PAID' });
  });

  it('stays CONFIRMED, when only confirmed, until it is paid', () => {
    expect(fold([placed, confirmed])).toMatchObject({ status: 'CONFIRMED', paymentStatus: 'UNPAID' });
  });

  it.each(['READY', 'OUT_FOR_DELIVERY', 'DELIVERED'] as const)(
    'do not turn back an order, when it is already %s, to COOKING',
    (status) => {
      expect(fold([placed, confirmed, statusChanged('CONFIRMED', status), paid])).toMatchObject({
        status,
        paymentStatus: 'PAID',
      });
    },
  );
});

describe('change status', () => {
  const open: readonly OrderStatus[] = ['PENDING', 'CONFIRMED', 'COOKING', 'READY', 'OUT_FOR_DELIVERY'];
  const targets: readonly OrderStatus[] = ['COOKING', 'READY', 'OUT_FOR_DELIVERY', 'DELIVERED', 'CANCELLED'];
  const pairs = ORDER_STATUSES.flatMap((from) => ORDER_STATUSES.map((to) => [from, to] as const));
  const isAllowed = (from: OrderStatus, to: OrderStatus) => open.includes(from) && targets.includes(to);

  it.each(ORDER_STATUSES)('raises nothing and succeeds, when the order is %s already, as nothing changes', (status) => {
    given(historyTo(status)).when(change(status)).then([]);
  });

  it.each(pairs.filter(([from, to]) => from !== to && isAllowed(from, to)))(
    'raises OrderStatusChanged, or OrderCancelled, from %s, to %s',
    (from, to) => {
      given(historyTo(from))
        .when(change(to))
        .then([to === 'CANCELLED' ? cancelled(from, '') : statusChanged(from, to)]);
    },
  );

  it.each(pairs.filter(([from, to]) => from !== to && !isAllowed(from, to)))(
    'is refused, from %s, to %s',
    (from, to) => {
      given(historyTo(from))
        .when(change(to))
        .then(new DomainError(`Cannot change status from ${from} to ${to}`));
    },
  );

  it('raises the reason, when one is given, for the log', () => {
    const { data, ...event } = statusChanged('PENDING', 'READY');
    const changed = { ...event, data: { ...data, reason: 'no more dough' } };
    for (const [status, raised] of [
      ['READY', changed],
      ['CANCELLED', cancelled('PENDING')],
    ] as const) {
      given([placed])
        .when((order) => order.changeStatus({ status, reason: 'no more dough' }, CHANGED_AT, REFUND_ID))
        .then([raised]);
    }
  });
});

describe('apply discount', () => {
  it('raises DiscountApplied, for an unpaid order, with the totals before and after', () => {
    given([placed]).when(discount('5')).then([discounted]);
  });

  it('takes a second code, after a first one, off the reduced total', () => {
    given([placed, discounted])
      .when(discount('0.01', 'CENT'))
      .then([
        {
          ...discounted,
          data: {
            ...discounted.data,
            discountCode: 'CENT',
            originalTotal: '20.00',
            discountAmount: '0.01',
            newTotal: '19.99',
          },
        },
      ]);
  });

  it('leaves one cent, when the discount is a cent below the total, as the smallest new total', () => {
    given([placed])
      .when(discount('24.99'))
      .then([{ ...discounted, data: { ...discounted.data, discountAmount: '24.99', newTotal: '0.01' } }]);
  });

  it.each([
    ['the order is paid', [placed, paid], discount('5'), 'Cannot apply discount to a paid order'],
    [
      'the order was paid and is being refunded',
      [placed, paid, refundRequested('5.00', 'cold')],
      discount('5'),
      'Cannot apply discount to a paid order',
    ],
    [
      'the order is delivered',
      historyTo('DELIVERED'),
      discount('5'),
      'Cannot apply discount to order in status: DELIVERED',
    ],
    [
      'the order is cancelled',
      historyTo('CANCELLED'),
      discount('5'),
      'Cannot apply discount to order in status: CANCELLED',
    ],
    ['the code was used', [placed, discounted], discount('1'), 'Discount code already applied: WELCOME5'],
    ['the amount is zero', [placed], discount('0.00'), 'Discount amount must be positive'],
    ['the new total is zero', [placed], discount('25.00'), 'Order total after discount must be positive'],
    ['the new total is negative', [placed], discount('25.01'), 'Order total after discount must be positive'],
  ])('is refused, when %s, with that rule', (_, history, command, message) => {
    given(history).when(command).then(new DomainError(message));
  });

  it('is no amount, when it is written as a negative one, and changes nothing', () => {
    const order = PizzaOrder.from(fold([placed]), 1);
    expect(() => discount('-5')(order)).toThrow(RangeError);
    expect(order.uncommittedEvents).toEqual([]);
    expect(order.version).toBe(1);
  });
});

describe('change delivery address', () => {
  const to = (address: typeof home) => (order: PizzaOrder) => order.changeDeliveryAddress(address, CHANGED_AT);

  it('raises DeliveryAddressChanged, when there was none, with null as the old one', () => {
    given([placed]).when(to(home)).then([addressChanged]);
  });

  it('raises DeliveryAddressChanged, when there was another, with both', () => {
    given([placedWithAddress])
      .when(to(office))
      .then([{ ...addressChanged, data: { ...addressChanged.data, oldAddress: home, newAddress: office } }]);
  });

  it.each(['PENDING', 'CONFIRMED', 'COOKING', 'READY'] as const)(
    'raises DeliveryAddressChanged, when the order is %s, with the new one',
    (status) => {
      given(historyTo(status)).when(to(home)).then([addressChanged]);
    },
  );

  it('raises nothing, for the same address again, as nothing changes', () => {
    given([placedWithAddress])
      .when(to({ ...home }))
      .then([]);
    given([placed, addressChanged])
      .when(to({ ...home }))
      .then([]);
  });

  it.each([
    ['street', { ...home, street: 'Via Roma 2' }],
    ['city', { ...home, city: 'Roma' }],
    ['postal code', { ...home, postalCode: '80101' }],
    ['notes', { ...home, notes: 'third floor' }],
    ['absence of notes', { street: home.street, city: home.city, postalCode: home.postalCode }],
  ])('raises an event, when only the %s differs, as that is another address', (_, newAddress) => {
    given([placedWithAddress])
      .when(to(newAddress))
      .then([{ ...addressChanged, data: { ...addressChanged.data, oldAddress: home, newAddress } }]);
  });

  it.each(['OUT_FOR_DELIVERY', 'DELIVERED', 'CANCELLED'] as const)(
    'is refused, when the order is %s, with its status',
    (status) => {
      given(historyTo(status))
        .when(to(home))
        .then(new DomainError(`Cannot change delivery address of order in status: ${status}`));
    },
  );

  it('is refused, when the order is out for delivery, for the same address too', () => {
    given([placedWithAddress, statusChanged('PENDING', 'OUT_FOR_DELIVERY')])
      .when(to(home))
      .then(new DomainError('Cannot change delivery address of order in status: OUT_FOR_DELIVERY'));
  });
});

describe('the seed scenario', () => {
  it('is COOKING and PAID, when placed, confirmed and paid, with every event in order', () => {
    const order = place();
    confirm(order);
    pay(order);
    expect(order.uncommittedEvents).toStrictEqual([placed, confirmed, paid]);
    expect(formatMoney(order.state.totalAmount)).toBe('25.00');
    expect(order.state).toMatchObject({ status: 'COOKING', paymentStatus: 'PAID', kitchenNotes: 'Extra cheese' });
  });

  it('refuses confirmation, when the staff took it from PENDING to DELIVERED, with that status', () => {
    given([placed])
      .when(change('DELIVERED'))
      .then([statusChanged('PENDING', 'DELIVERED')]);
    given([placed, statusChanged('PENDING', 'DELIVERED')])
      .when(confirm)
      .then(new DomainError('Cannot confirm order in status: DELIVERED'));
  });
});

describe('the aggregate', () => {
  it('keeps its version and state, when its events are marked as committed, and has none left', () => {
    const order = place();
    confirm(order);
    const { state } = order;
    order.markEventsAsCommitted();
    expect(order.uncommittedEvents).toEqual([]);
    expect(order.version).toBe(2);
    expect(order.state).toBe(state);
  });

  it('collects only what follows, after its events were marked as committed, and counts on', () => {
    const order = place();
    order.markEventsAsCommitted();
    pay(order);
    expect(order.uncommittedEvents).toStrictEqual([paid]);
    expect(order.version).toBe(2);
  });

  it('leaves a list that was taken, when its events are marked as committed, as it was', () => {
    const order = place();
    const taken = order.uncommittedEvents;
    order.markEventsAsCommitted();
    confirm(order);
    expect(taken).toStrictEqual([placed]);
  });

  it('starts at the version and state, when taken up from a fold, with nothing uncommitted', () => {
    const state = fold([placed, confirmed]);
    const order = PizzaOrder.from(state, 2);
    expect(order.state).toBe(state);
    expect(order.version).toBe(2);
    expect(order.uncommittedEvents).toEqual([]);
  });

  it('keeps earlier uncommitted events, when a later command is refused, as they were', () => {
    const order = place();
    confirm(order);
    expect(() => confirm(order)).toThrow(new DomainError('Cannot confirm order in status: CONFIRMED'));
    expect(order.uncommittedEvents).toStrictEqual([placed, confirmed]);
    expect(order.version).toBe(2);
  });
});
