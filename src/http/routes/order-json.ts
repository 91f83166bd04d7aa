import type { Static } from 'typebox';
import { formatMinorUnits, formatMoney } from '../../domain/money.ts';
import type { OrderAtRevision } from '../../commands/order-commands.ts';
import { type OrderDocument, quantityOf, secondsBetween } from '../../read-models/orders/document.ts';
import type { Order, PlainOrder } from '../schemas/orders.ts';

/** The order as a command answers it. Fields one by one: a spread of so many takes several times as long. */
export function plainOrderJson({ state, revision }: OrderAtRevision): Static<typeof PlainOrder> {
  const { items, placedAt, estimatedDelivery, confirmedAt, paidAt } = state;
  const secondsUntil = (time: string | null) =>
    time === null ? null : secondsBetween(new Date(placedAt), new Date(time));
  return {
    id: state.id,
    revision,
    customerId: state.customerId,
    items: [...items],
    itemCount: items.length,
    quantity: quantityOf(items),
    totalAmount: formatMoney(state.totalAmount),
    currency: state.currency,
    status: state.status,
    paymentStatus: state.paymentStatus,
    kitchenNotes: state.kitchenNotes,
    deliveryAddress: state.deliveryAddress,
    placedAt: timestamp(placedAt),
    estimatedDelivery: estimatedDelivery && timestamp(estimatedDelivery),
    lastUpdated: timestamp(state.lastUpdated),
    timeToConfirmation: secondsUntil(confirmedAt),
    timeToPayment: secondsUntil(paidAt),
  };
}

/** The order as the read model has it. */
export function orderJson(document: OrderDocument): Static<typeof Order> {
  return {
    id: document._id,
    revision: document.revision,
    customerId: document.customerId,
    customerName: document.customerName,
    customerEmail: document.customerEmail,
    items: [...document.items],
    itemCount: document.itemCount,
    quantity: document.quantity,
    totalAmount: formatMinorUnits(document.totalMinor),
    currency: document.currency,
    status: document.status,
    paymentStatus: document.paymentStatus,
    kitchenNotes: document.kitchenNotes,
    deliveryAddress: document.deliveryAddress,
    placedAt: document.placedAt.toISOString(),
    estimatedDelivery: document.estimatedDelivery?.toISOString() ?? null,
    lastUpdated: document.lastUpdated.toISOString(),
    timeToConfirmation: document.timeToConfirmation,
    timeToPayment: document.timeToPayment,
    ...(document.stalled && { projection: 'stalled' as const }),
  };
}

const TIMESTAMP_LENGTH = '2030-01-31T19:30:00.000Z'.length;

/** In the form that the read model gives it: other writers of events may have left out the milliseconds. */
function timestamp(time: string): string {
  return time.length === TIMESTAMP_LENGTH && time.endsWith('Z') ? time : new Date(time).toISOString();
}
