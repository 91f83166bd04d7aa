import type { Address, OrderItem, OrderStatus } from './events.ts';

export interface PlaceOrder {
  readonly orderId: string;
  readonly customerId: string;
  readonly customerEmail?: string | undefined;
  readonly items: readonly OrderItem[];
  /** What the caller believes the order costs; refused when it is not what the items add up to. */
  readonly totalAmount?: string | undefined;
  readonly deliveryAddress?: Address | undefined;
  readonly currency: string;
}

export interface ConfirmOrder {
  readonly estimatedDeliveryTime: string;
  readonly kitchenNotes?: string;
  readonly confirmedBy?: string;
}

export interface PayOrder {
  readonly paymentMethod: string;
  readonly transactionId: string;
}

export interface ChangeOrderStatus {
  readonly status: OrderStatus;
  readonly reason?: string;
}

export interface ApplyDiscount {
  readonly discountCode: string;
  readonly discountAmount: string;
}

export interface CancelOrder {
  readonly reason: string;
  readonly reasonCode?: string;
}

export interface RequestRefund {
  /** All that can be refunded, if it is left out. */
  readonly amount?: string;
  readonly reason: string;
}

export interface CompleteRefund {
  readonly refundId: string;
  readonly transactionId: string;
}

export interface FailRefund {
  readonly refundId: string;
  readonly reason: string;
  /** Whether it will not be tried again, so that its amount can be requested anew. */
  readonly final?: boolean;
}
