import type { Static } from 'typebox';
import { formatMinorUnits } from '../domain/money.ts';
import type { OrderAtRevision } from '../eventstoredb/repository.ts';
import { type OrderDocument, type OrderFields, toFields } from '../projections/order-document.ts';
import type { Order, PlainOrder } from './schemas.ts';

/** The order as a command answers it. */
export function plainOrderJson({ state, revision }: OrderAtRevision): Static<typeof PlainOrder> {
  return fieldsJson(state.id, toFields(state, revision));
}

/** The order as the read model has it. */
export function orderJson(document: OrderDocument): Static<typeof Order> {
  return {
    ...fieldsJson(document._id, document),
    customerName: document.customerName,
    customerEmail: document.customerEmail,
    ...(document.stalled && { projection: 'stalled' as const }),
  };
}

function fieldsJson(id: string, fields: OrderFields): Static<typeof PlainOrder> {
  return {
    id,
    revision: fields.revision,
    customerId: fields.customerId,
    items: [...fields.items],
    itemCount: fields.itemCount,
    quantity: fields.quantity,
    totalAmount: formatMinorUnits(fields.totalMinor),
    currency: fields.currency,
    status: fields.status,
    paymentStatus: fields.paymentStatus,
    kitchenNotes: fields.kitchenNotes,
    deliveryAddress: fields.deliveryAddress,
    placedAt: fields.placedAt.toISOString(),
    estimatedDelivery: fields.estimatedDelivery?.toISOString() ?? null,
    lastUpdated: fields.lastUpdated.toISOString(),
    timeToConfirmation: fields.timeToConfirmation,
    timeToPayment: fields.timeToPayment,
  };
}
