import type { Static } from 'typebox';
import { formatMinorUnits, formatMoney } from '../../domain/money.ts';
import type { OrderAtRevision } from '../../commands/order-commands.ts';
import { type OrderDocument, quantityOf, secondsBetween } from '../../read-models/orders/document.ts';
import type { Order, PlainOrder } from '../schemas/orders.ts';

/** The order as a command answers it. Fields of the state that the schema does not name are not written. */
export function plainOrderJson({ state, revision }: OrderAtRevision): Static<typeof PlainOrder> {
  const { items, placedAt, estimatedDelivery, confirmedAt, paidAt } = state;
  const secondsUntil = (time: string | null) =>
    time === null ? null : secondsBetween(new Date(placedAt), new Date(time));
  return {
    ...state,
    revision,
    items: [...items],
    itemCount: items.length,
    quantity: quantityOf(items),
    totalAmount: formatMoney(state.totalAmount),
    placedAt: timestamp(placedAt),
    estimatedDelivery: estimatedDelivery && timestamp(estimatedDelivery),
    lastUpdated: timestamp(state.lastUpdated),
    timeToConfirmation: secondsUntil(confirmedAt),
    timeToPayment: secondsUntil(paidAt),
  };
}

/** The order as the read model has it. Fields of the document that the schema does not name are not written. */
export function orderJson(document: OrderDocument): Static<typeof Order> {
  return {
    ...document,
    id: document._id,
    items: [...document.items],
    totalAmount: formatMinorUnits(document.totalMinor),
    placedAt: document.placedAt.toISOString(),
    estimatedDelivery: document.estimatedDelivery?.toISOString() ?? null,
    lastUpdated: document.lastUpdated.toISOString(),
    ...(document.stalled && { projection: 'stalled' as const }),
  };
}

const TIMESTAMP_LENGTH = '2030-01-31T19:30:00.000Z'.length;

/** In the form that the read model gives it: other writers of events may have left out the milliseconds. */
function timestamp(time: string): string {
  return time.length === TIMESTAMP_LENGTH && time.endsWith('Z') ? time : new Date(time).toISOString();
}
