import type { Address, OrderItem, OrderStatus, PaymentStatus } from '../../domain/events.ts';
import { fromMinorUnits, toMinorUnits } from '../../domain/money.ts';
import { evolve, type OrderState } from '../../domain/order-state.ts';
import type { StoredOrderEvent } from '../../eventstoredb/codec.ts';
import { UNKNOWN_EMAIL } from '../../eventstoredb/upcasters.ts';
import type { CustomerDocument } from '../customers/document.ts';

/** What the events of the order alone say; `totalMinor` is in hundredths, durations are whole seconds. */
export interface OrderFields {
  readonly revision: number;
  readonly customerId: string;
  /** The email in the order's own event, whatever is registered for the customer. */
  readonly orderEmail: string | null;
  readonly items: readonly OrderItem[];
  /** Lines. */
  readonly itemCount: number;
  /** Pizzas. */
  readonly quantity: number;
  readonly totalMinor: number;
  readonly currency: string;
  readonly status: OrderStatus;
  readonly paymentStatus: PaymentStatus;
  readonly discountCodes: readonly string[];
  readonly kitchenNotes: string | null;
  readonly deliveryAddress: Address | null;
  readonly placedAt: Date;
  readonly estimatedDelivery: Date | null;
  readonly confirmedAt: Date | null;
  readonly paidAt: Date | null;
  readonly lastUpdated: Date;
  readonly timeToConfirmation: number | null;
  readonly timeToPayment: number | null;
}

/** What the customer's own stream says, as far as it has been seen; `customerRevision` is −1 until then. */
export interface CustomerFields {
  readonly customerName: string;
  readonly customerEmail: string;
  readonly customerRevision: number;
}

/** Why the projection of an order stands still: the event after its `revision` cannot be read. */
export interface Stall {
  readonly revision: number;
  readonly reason: string;
}

/** Document of the collection `orders`; its `_id` is the order's id. */
export type OrderDocument = OrderFields & CustomerFields & { readonly _id: string; readonly stalled?: Stall };

/** The same rule as the aggregate's, so that the two can't disagree. */
export function evolveOrder(state: OrderState | undefined, { event }: StoredOrderEvent): OrderState {
  return evolve(state, event);
}

export function toFields(state: OrderState, revision: number): OrderFields {
  const placedAt = new Date(state.placedAt);
  const confirmedAt = toDate(state.confirmedAt);
  const paidAt = toDate(state.paidAt);
  return {
    revision,
    customerId: state.customerId,
    orderEmail: state.customerEmail,
    items: state.items,
    itemCount: state.items.length,
    quantity: quantityOf(state.items),
    totalMinor: toMinorUnits(state.totalAmount),
    currency: state.currency,
    status: state.status,
    paymentStatus: state.paymentStatus,
    discountCodes: state.discountCodes,
    kitchenNotes: state.kitchenNotes,
    deliveryAddress: state.deliveryAddress,
    placedAt,
    estimatedDelivery: toDate(state.estimatedDelivery),
    confirmedAt,
    paidAt,
    lastUpdated: new Date(state.lastUpdated),
    timeToConfirmation: confirmedAt && secondsBetween(placedAt, confirmedAt),
    timeToPayment: paidAt && secondsBetween(placedAt, paidAt),
  };
}

/** What of an order's state each field is made of; the revision is of the stream. */
const SOURCES: Readonly<Record<keyof OrderFields, keyof OrderState | undefined>> = {
  revision: undefined,
  customerId: 'customerId',
  orderEmail: 'customerEmail',
  items: 'items',
  itemCount: 'items',
  quantity: 'items',
  totalMinor: 'totalAmount',
  currency: 'currency',
  status: 'status',
  paymentStatus: 'paymentStatus',
  discountCodes: 'discountCodes',
  kitchenNotes: 'kitchenNotes',
  deliveryAddress: 'deliveryAddress',
  placedAt: 'placedAt',
  estimatedDelivery: 'estimatedDelivery',
  confirmedAt: 'confirmedAt',
  paidAt: 'paidAt',
  lastUpdated: 'lastUpdated',
  timeToConfirmation: 'confirmedAt',
  timeToPayment: 'paidAt',
};

/** Those of an order's fields whose sources are not what they were: a fold keeps what an event leaves alone. */
export function changedFields(before: OrderState, now: OrderState, fields: OrderFields): Partial<OrderFields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name]) => {
      const source = SOURCES[name as keyof OrderFields];
      return source === undefined || before[source] !== now[source];
    }),
  );
}

/** The way back, so that a document can be folded on. */
export function toState(document: OrderFields & { readonly _id: string }): OrderState {
  return {
    id: document._id,
    customerId: document.customerId,
    customerEmail: document.orderEmail,
    items: document.items,
    totalAmount: fromMinorUnits(document.totalMinor),
    currency: document.currency,
    status: document.status,
    paymentStatus: document.paymentStatus,
    discountCodes: document.discountCodes,
    kitchenNotes: document.kitchenNotes,
    deliveryAddress: document.deliveryAddress,
    placedAt: document.placedAt.toISOString(),
    estimatedDelivery: document.estimatedDelivery?.toISOString() ?? null,
    confirmedAt: document.confirmedAt?.toISOString() ?? null,
    paidAt: document.paidAt?.toISOString() ?? null,
    lastUpdated: document.lastUpdated.toISOString(),
  };
}

/** Registered details first; else the email of the order's own event; else "Unknown" and nothing. */
export function customerFields(orderEmail: string | null, customer: CustomerDocument | undefined): CustomerFields {
  if (customer) {
    return { customerName: customer.name, customerEmail: customer.email, customerRevision: customer.revision };
  }
  const customerEmail = orderEmail === null || orderEmail === UNKNOWN_EMAIL ? '' : orderEmail;
  return { customerName: 'Unknown', customerEmail, customerRevision: -1 };
}

function toDate(time: string | null): Date | null {
  return time === null ? null : new Date(time);
}

/** Pizzas, of all lines together. */
export function quantityOf(items: readonly OrderItem[]): number {
  return items.reduce((sum, { quantity }) => sum + quantity, 0);
}

/** Whole seconds. */
export function secondsBetween(from: Date, to: Date): number {
  return Math.floor((to.getTime() - from.getTime()) / 1000);
}
