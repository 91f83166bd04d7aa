import type { Static } from 'typebox';
import { newOrderId } from '../../../commands/idempotency.ts';
import type { PizzaOrderEvent } from '../../../domain/events.ts';
import { evolve, type OrderState } from '../../../domain/order-state.ts';
import { plainOrderJson } from '../../routes/order-json.ts';
import { type DeliveryAddress, type Order, PlainOrder } from '../../schemas/orders.ts';

/** All examples tell one story: Mario orders two pizzas, which are confirmed, paid for, and made ready. */
export const orderKey = 'order-0001';
export const orderId = newOrderId({ idempotencyKey: orderKey }, new Date(0));
export const customerId = 'mario';
export const actor = 'anna';
export const sku = 'lanterna_m';
export const correlationId = 'web-7f3a';
export const placedAt = '2026-01-31T18:00:00.000Z';
export const discountedAt = '2026-01-31T18:01:00.000Z';
export const confirmedAt = '2026-01-31T18:02:30.000Z';
export const paidAt = '2026-01-31T18:04:00.000Z';
export const readyAt = '2026-01-31T18:20:00.000Z';
export const estimatedDelivery = '2026-01-31T18:45:00.000Z';

export const address: Static<typeof DeliveryAddress> = {
  street: 'Via Roma 1',
  city: 'Napoli',
  postalCode: '80100',
  notes: 'Ring twice',
};
export const margherita = { name: 'Margherita', quantity: 2, unitPrice: '12.50' };

/** The events of the story's order. */
export const events: readonly PizzaOrderEvent[] = [
  {
    type: 'PizzaOrderPlaced',
    data: { orderId, customerId, items: [margherita], totalAmount: '25.00', currency: 'USD', placedAt },
  },
  {
    type: 'PizzaOrderConfirmed',
    data: {
      orderId,
      estimatedDeliveryTime: estimatedDelivery,
      kitchenNotes: 'Extra cheese',
      confirmedBy: actor,
      confirmedAt,
    },
  },
  {
    type: 'PaymentProcessed',
    data: {
      orderId,
      paymentMethod: 'credit_card',
      amount: '25.00',
      transactionId: 'txn-123456',
      processedAt: paidAt,
    },
  },
];

export const placed = orderAt(0);
export const confirmed = orderAt(1);
export const paid = orderAt(2);
export const order: Static<typeof Order> = { ...paid, customerName: 'Mario Rossi', customerEmail: 'mario@example.com' };

/** The order after so many of its events, as it is written: without what the schema does not name. */
function orderAt(revision: number): Static<typeof PlainOrder> {
  const state = events.slice(0, revision + 1).reduce<OrderState | undefined>(evolve, undefined);
  if (!state) throw new RangeError('an order begins with its first event');
  const json = plainOrderJson({ state, revision });
  const fields = Object.keys(PlainOrder.properties) as (keyof typeof json)[];
  return Object.fromEntries(fields.map((field) => [field, json[field]])) as unknown as typeof json;
}
