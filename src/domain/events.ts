import type { MoneyString } from './money.ts';

export const ORDER_STATUSES = [
  'PENDING',
  'CONFIRMED',
  'COOKING',
  'READY',
  'OUT_FOR_DELIVERY',
  'DELIVERED',
  'CANCELLED',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export const PAYMENT_STATUSES = ['UNPAID', 'PAID', 'REFUND_PENDING', 'PARTIALLY_REFUNDED', 'REFUNDED'] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export interface OrderItem {
  readonly name: string;
  readonly quantity: number;
  readonly unitPrice: MoneyString;
  readonly sku?: string;
}

export interface Address {
  readonly street: string;
  readonly city: string;
  readonly postalCode: string;
  readonly notes?: string;
}

/** Times are RFC 3339 in UTC with milliseconds. */
export interface PizzaOrderPlaced {
  readonly type: 'PizzaOrderPlaced';
  readonly data: {
    readonly orderId: string;
    readonly customerId: string;
    readonly customerEmail?: string;
    readonly items: readonly OrderItem[];
    readonly totalAmount: MoneyString;
    readonly currency: string;
    readonly deliveryAddress?: Address;
    readonly placedAt: string;
  };
}

export interface PizzaOrderConfirmed {
  readonly type: 'PizzaOrderConfirmed';
  readonly data: {
    readonly orderId: string;
    readonly estimatedDeliveryTime: string;
    readonly kitchenNotes: string;
    readonly confirmedBy?: string;
    readonly confirmedAt: string;
  };
}

export interface PaymentProcessed {
  readonly type: 'PaymentProcessed';
  readonly data: {
    readonly orderId: string;
    readonly paymentMethod: string;
    readonly amount: MoneyString;
    readonly transactionId: string;
    readonly processedAt: string;
  };
}

export interface OrderStatusChanged {
  readonly type: 'OrderStatusChanged';
  readonly data: {
    readonly orderId: string;
    readonly previousStatus: OrderStatus;
    readonly newStatus: OrderStatus;
    readonly reason?: string;
    readonly changedAt: string;
  };
}

export interface DiscountApplied {
  readonly type: 'DiscountApplied';
  readonly data: {
    readonly orderId: string;
    readonly discountCode: string;
    readonly originalTotal: MoneyString;
    readonly discountAmount: MoneyString;
    readonly newTotal: MoneyString;
    readonly appliedAt: string;
  };
}

export interface DeliveryAddressChanged {
  readonly type: 'DeliveryAddressChanged';
  readonly data: {
    readonly orderId: string;
    readonly oldAddress: Address | null;
    readonly newAddress: Address;
    readonly changedAt: string;
  };
}

/** With every payment that was not given back already, a `RefundRequested` follows in the same append. */
export interface OrderCancelled {
  readonly type: 'OrderCancelled';
  readonly data: {
    readonly orderId: string;
    readonly previousStatus: OrderStatus;
    readonly reasonCode?: string;
    readonly reason: string;
    readonly cancelledAt: string;
  };
}

export interface RefundRequested {
  readonly type: 'RefundRequested';
  readonly data: {
    readonly orderId: string;
    readonly refundId: string;
    readonly amount: MoneyString;
    readonly reason: string;
    readonly requestedAt: string;
  };
}

export interface RefundCompleted {
  readonly type: 'RefundCompleted';
  readonly data: {
    readonly orderId: string;
    readonly refundId: string;
    readonly amount: MoneyString;
    readonly transactionId: string;
    readonly completedAt: string;
  };
}

export interface RefundFailed {
  readonly type: 'RefundFailed';
  readonly data: {
    readonly orderId: string;
    readonly refundId: string;
    readonly reason: string;
    /** Whether it will not be tried again. */
    readonly final: boolean;
    readonly failedAt: string;
  };
}

/** A payment of an order that was cancelled before it arrived. */
export interface LatePaymentReceived {
  readonly type: 'LatePaymentReceived';
  readonly data: {
    readonly orderId: string;
    readonly paymentMethod: string;
    readonly amount: MoneyString;
    readonly transactionId: string;
    readonly receivedAt: string;
  };
}

export type PizzaOrderEvent =
  | PizzaOrderPlaced
  | PizzaOrderConfirmed
  | PaymentProcessed
  | OrderStatusChanged
  | DiscountApplied
  | DeliveryAddressChanged
  | OrderCancelled
  | RefundRequested
  | RefundCompleted
  | RefundFailed
  | LatePaymentReceived;

/** When the event happened, by the clock of the one who caused it. */
export function occurredAt(event: PizzaOrderEvent): string {
  switch (event.type) {
    case 'PizzaOrderPlaced':
      return event.data.placedAt;
    case 'PizzaOrderConfirmed':
      return event.data.confirmedAt;
    case 'PaymentProcessed':
      return event.data.processedAt;
    case 'OrderStatusChanged':
    case 'DeliveryAddressChanged':
      return event.data.changedAt;
    case 'DiscountApplied':
      return event.data.appliedAt;
    case 'OrderCancelled':
      return event.data.cancelledAt;
    case 'RefundRequested':
      return event.data.requestedAt;
    case 'RefundCompleted':
      return event.data.completedAt;
    case 'RefundFailed':
      return event.data.failedAt;
    case 'LatePaymentReceived':
      return event.data.receivedAt;
    default:
      return unknownEvent(event);
  }
}

/** Ends a switch over a union of events: the compiler proves that it is never reached. */
export function unknownEvent(event: never): never {
  throw new TypeError(`unknown event ${JSON.stringify(event)}`);
}
