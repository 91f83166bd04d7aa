import type { OrderItem } from '../../domain/events.ts';
import { fromMinorUnits, toMinorUnits } from '../../domain/money.ts';
import type { OrderState } from '../../domain/order-state.ts';
import { kept, type Payment, type Refund } from '../../domain/refunds.ts';
import { UNKNOWN_EMAIL } from '../../eventstoredb/upcasters.ts';
import type { StreamDocument } from '../documents/stream-model.ts';
import type { CustomerDocument } from '../customers/document.ts';

/** Document of the collection `orders`; its `_id` is the order's id. */
export type OrderDocument = StreamDocument & OrderFields & CustomerFields;

/** The fields that depend on the order's own events alone. */
export type OrderFields = ReturnType<typeof toPlainFields> & Partial<ReturnType<typeof toAccountFields>>;

/** An order's state as it is stored: amounts in hundredths, times as dates; durations are whole seconds. */
export function toFields(state: OrderState): OrderFields {
  const fields = toPlainFields(state);
  // Before the first payment there is no account, and most of what is listed is new.
  return state.payments.length + state.refunds.length === 0 ? fields : Object.assign(fields, toAccountFields(state));
}

function toPlainFields(state: OrderState) {
  const placedAt = new Date(state.placedAt);
  const confirmedAt = toDate(state.confirmedAt);
  const paidAt = toDate(state.paidAt);
  return {
    customerId: state.customerId,
    /** The email in the order's own event, whatever is registered for the customer. */
    orderEmail: state.customerEmail,
    items: state.items,
    /** Lines. */
    itemCount: state.items.length,
    /** Pizzas. */
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

function toAccountFields(state: OrderState) {
  return {
    payments: state.payments.map(toPaymentFields),
    refunds: state.refunds.map(toRefundFields),
    owedMinor: toMinorUnits(state.owed),
    undecided: undecided(state),
  };
}

/** A refund as it is stored. */
export function toRefundFields({ amount, requestedAt, completedAt, ...same }: Refund) {
  return {
    ...same,
    amountMinor: toMinorUnits(amount),
    requestedAt: new Date(requestedAt),
    completedAt: toDate(completedAt),
  };
}

function toPaymentFields({ transactionId, amount }: Payment) {
  return { transactionId, amountMinor: toMinorUnits(amount) };
}

/**
 * What nobody decided on when a paid order was cancelled: null unless it was cancelled by an `OrderStatusChanged` of
 * before there were refunds. Its keys are those of the list of such orders, oldest first.
 */
function undecided(state: OrderState) {
  if (state.status !== 'CANCELLED') return null;
  const amount = kept(state);
  if (amount.isZero()) return null;
  return { amountMinor: toMinorUnits(amount), placedAt: new Date(state.placedAt), orderId: state.id };
}

/** The inverse, so that further events can be folded onto a document. */
export function toState({
  _id,
  orderEmail,
  totalMinor,
  owedMinor = 0,
  payments = [],
  refunds = [],
  placedAt,
  estimatedDelivery,
  confirmedAt,
  paidAt,
  lastUpdated,
  // Left out: derived from the rest, or the customer's.
  revision,
  stalled,
  undecided,
  itemCount,
  quantity,
  timeToConfirmation,
  timeToPayment,
  customerName,
  customerEmail,
  customerRevision,
  ...same
}: OrderDocument): OrderState {
  return {
    ...same,
    id: _id,
    customerEmail: orderEmail,
    totalAmount: fromMinorUnits(totalMinor),
    owed: fromMinorUnits(owedMinor),
    payments: payments.map(({ transactionId, amountMinor }) => ({
      transactionId,
      amount: fromMinorUnits(amountMinor),
    })),
    refunds: refunds.map(({ amountMinor, requestedAt, completedAt, ...rest }) => ({
      ...rest,
      amount: fromMinorUnits(amountMinor),
      requestedAt: requestedAt.toISOString(),
      completedAt: completedAt?.toISOString() ?? null,
    })),
    placedAt: placedAt.toISOString(),
    estimatedDelivery: estimatedDelivery?.toISOString() ?? null,
    confirmedAt: confirmedAt?.toISOString() ?? null,
    paidAt: paidAt?.toISOString() ?? null,
    lastUpdated: lastUpdated.toISOString(),
  };
}

/** What an order shows of its customer; `customerRevision` is −1 until the customer is known. */
export interface CustomerFields {
  readonly customerName: string;
  readonly customerEmail: string;
  readonly customerRevision: number;
}

/** Registered details; else the email in the order's own event; else "Unknown" and the empty string. */
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
