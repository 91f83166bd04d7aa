import type { Static } from 'typebox';
import { newOrderId, newRefundId } from '../../src/commands/idempotency.ts';
import type { PizzaOrderEvent } from '../../src/domain/events.ts';
import { evolve, type OrderState } from '../../src/domain/order-state.ts';
import type { Refund } from '../../src/domain/refunds.ts';
import { plainOrderJson, refundJson } from '../../src/http/routes/order-json.ts';
import { type DeliveryAddress, type Order, PlainOrder } from '../../src/http/schemas/orders.ts';

/**
 * All examples tell one story: Mario orders two pizzas, which are confirmed, paid for, and made ready. In another ending,
 * he cancels, and gets his money back.
 */
export const orderKey = 'order-0001';
export const cancelKey = 'cancel-0001';
export const orderId = newOrderId({ idempotencyKey: orderKey }, new Date(0));
export const refundId = newRefundId(orderId, cancelKey);
export const customerId = 'mario';
export const actor = 'anna';
export const sku = 'lanterna_m';
export const correlationId = 'web-7f3a';
export const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
export const placedAt = '2026-01-31T18:00:00.000Z';
export const discountedAt = '2026-01-31T18:01:00.000Z';
export const confirmedAt = '2026-01-31T18:02:30.000Z';
export const paidAt = '2026-01-31T18:04:00.000Z';
export const readyAt = '2026-01-31T18:20:00.000Z';
export const refundedAt = '2026-02-01T09:00:00.000Z';
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

const refundRequested = (amount: string, reason: string): PizzaOrderEvent => ({
  type: 'RefundRequested',
  data: { orderId, refundId, amount, reason, requestedAt: readyAt },
});
const cancellation: readonly PizzaOrderEvent[] = [
  ...events,
  {
    type: 'OrderCancelled',
    data: { orderId, previousStatus: 'COOKING', reason: 'The guest rang up', cancelledAt: readyAt },
  },
  refundRequested('25.00', 'Order cancelled'),
];
const failed = (reason: string, final: boolean): PizzaOrderEvent => ({
  type: 'RefundFailed',
  data: { orderId, refundId, reason, final, failedAt: refundedAt },
});

export const placed = orderAfter(events.slice(0, 1));
export const confirmed = orderAfter(events.slice(0, 2));
export const paid = orderAfter(events);
export const cancelled = orderAfter(cancellation);
export const refundPending = refundJson(stateAfter(cancellation).refunds[0] as Refund);
export const refundedInPart = orderAfter([...events, refundRequested('5.00', 'The pizza was cold')]);
export const refunded = orderAfter([
  ...cancellation,
  {
    type: 'RefundCompleted',
    data: { orderId, refundId, amount: '25.00', transactionId: 're-123456', completedAt: refundedAt },
  },
]);
export const refundFailed = orderAfter([...cancellation, failed('The bank did not answer', false)]);
export const refundFailedForGood = orderAfter([...cancellation, failed('The account is closed', true)]);
export const order: Static<typeof Order> = { ...paid, customerName: 'Mario Rossi', customerEmail: 'mario@example.com' };

function stateAfter(some: readonly PizzaOrderEvent[]): OrderState {
  const state = some.reduce<OrderState | undefined>(evolve, undefined);
  if (!state) throw new RangeError('an order begins with its first event');
  return state;
}

/** The order after these events, as it is written: without what the schema does not name. */
function orderAfter(some: readonly PizzaOrderEvent[]): Static<typeof PlainOrder> {
  const json = plainOrderJson({ state: stateAfter(some), revision: some.length - 1 });
  const fields = Object.keys(PlainOrder.properties) as (keyof typeof json)[];
  return Object.fromEntries(fields.map((field) => [field, json[field]])) as unknown as typeof json;
}
