import type {
  Address,
  DeliveryAddressChanged,
  DiscountApplied,
  LatePaymentReceived,
  OrderCancelled,
  OrderStatus,
  OrderStatusChanged,
  PaymentProcessed,
  PizzaOrderConfirmed,
  PizzaOrderEvent,
  PizzaOrderPlaced,
  RefundCompleted,
  RefundFailed,
  RefundRequested,
} from '../../src/domain/events.ts';

/** One order's life, an event of each type; the times are distinct so that a mix-up shows. */
export const ORDER_ID = '6f1c1c0e-8f57-4a53-9a3c-0d8f6e3f7a11';
export const PLACED_AT = '2026-03-01T18:00:00.000Z';
export const CONFIRMED_AT = '2026-03-01T18:02:00.000Z';
export const PAID_AT = '2026-03-01T18:03:00.000Z';
export const CHANGED_AT = '2026-03-01T18:04:00.000Z';
export const REFUNDED_AT = '2026-03-02T09:00:00.000Z';
export const REFUND_ID = 'c7f2f0a4-2d1b-5e0f-9b4e-3a1d5c8e7f20';
export const OTHER_REFUND_ID = '0a9c1f6e-7b35-5d42-8f10-9e2b4d6c8a31';
export const ETA = '2026-03-01T18:45:00.000Z';

export const home: Address = { street: 'Via Roma 1', city: 'Napoli', postalCode: '80100', notes: 'second floor' };
export const office: Address = { street: 'Via Toledo 9', city: 'Napoli', postalCode: '80132' };

export const placed: PizzaOrderPlaced = {
  type: 'PizzaOrderPlaced',
  data: {
    orderId: ORDER_ID,
    customerId: 'customer-1',
    customerEmail: 'mario@example.com',
    items: [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }],
    totalAmount: '25.00',
    currency: 'USD',
    placedAt: PLACED_AT,
  },
};

export const placedWithAddress: PizzaOrderPlaced = { ...placed, data: { ...placed.data, deliveryAddress: home } };

export const confirmed: PizzaOrderConfirmed = {
  type: 'PizzaOrderConfirmed',
  data: {
    orderId: ORDER_ID,
    estimatedDeliveryTime: ETA,
    kitchenNotes: 'Extra cheese',
    confirmedAt: CONFIRMED_AT,
  },
};

export const paid: PaymentProcessed = {
  type: 'PaymentProcessed',
  data: {
    orderId: ORDER_ID,
    paymentMethod: 'credit_card',
    amount: '25.00',
    transactionId: 'txn-123456',
    processedAt: PAID_AT,
  },
};

export const statusChanged = (previousStatus: OrderStatus, newStatus: OrderStatus): OrderStatusChanged => ({
  type: 'OrderStatusChanged',
  data: { orderId: ORDER_ID, previousStatus, newStatus, changedAt: CHANGED_AT },
});

export const discounted: DiscountApplied = {
  type: 'DiscountApplied',
  data: {
    orderId: ORDER_ID,
    discountCode: 'WELCOME5',
    originalTotal: '25.00',
    discountAmount: '5.00',
    newTotal: '20.00',
    appliedAt: CHANGED_AT,
  },
};

export const addressChanged: DeliveryAddressChanged = {
  type: 'DeliveryAddressChanged',
  data: { orderId: ORDER_ID, oldAddress: null, newAddress: home, changedAt: CHANGED_AT },
};

export const cancelled = (previousStatus: OrderStatus, reason = 'no more dough'): OrderCancelled => ({
  type: 'OrderCancelled',
  data: { orderId: ORDER_ID, previousStatus, reason, cancelledAt: CHANGED_AT },
});

export const refundRequested = (amount: string, reason: string, refundId = REFUND_ID): RefundRequested => ({
  type: 'RefundRequested',
  data: { orderId: ORDER_ID, refundId, amount, reason, requestedAt: CHANGED_AT },
});

export const refundCompleted = (amount: string, refundId = REFUND_ID): RefundCompleted => ({
  type: 'RefundCompleted',
  data: { orderId: ORDER_ID, refundId, amount, transactionId: 're-123456', completedAt: REFUNDED_AT },
});

export const refundFailed = (final: boolean, refundId = REFUND_ID): RefundFailed => ({
  type: 'RefundFailed',
  data: { orderId: ORDER_ID, refundId, reason: 'The account is closed', final, failedAt: REFUNDED_AT },
});

export const paidLate = (transactionId = 'txn-late'): LatePaymentReceived => ({
  type: 'LatePaymentReceived',
  data: { orderId: ORDER_ID, paymentMethod: 'credit_card', amount: '25.00', transactionId, receivedAt: CHANGED_AT },
});

/** The shortest history that leaves an unpaid order in `status`. */
export function historyTo(status: OrderStatus): PizzaOrderEvent[] {
  if (status === 'PENDING') return [placed];
  return status === 'CONFIRMED' ? [placed, confirmed] : [placed, statusChanged('PENDING', status)];
}
