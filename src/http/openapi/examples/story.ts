import type { Static } from 'typebox';
import { newOrderId } from '../../../commands/idempotency.ts';
import type { DeliveryAddress, Order, PlainOrder } from '../../schemas/orders.ts';

/** All examples tell one story: Mario orders two pizzas, which are confirmed, paid for, and made ready. */
export const orderKey = 'order-0001';
export const orderId = newOrderId(orderKey, new Date(0));
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

export const placed: Static<typeof PlainOrder> = {
  id: orderId,
  revision: 0,
  customerId,
  items: [margherita],
  itemCount: 1,
  quantity: 2,
  totalAmount: '25.00',
  currency: 'USD',
  status: 'PENDING',
  paymentStatus: 'UNPAID',
  kitchenNotes: null,
  deliveryAddress: null,
  placedAt,
  estimatedDelivery: null,
  lastUpdated: placedAt,
  timeToConfirmation: null,
  timeToPayment: null,
};
export const confirmed: typeof placed = {
  ...placed,
  revision: 1,
  status: 'CONFIRMED',
  kitchenNotes: 'Extra cheese',
  estimatedDelivery,
  lastUpdated: confirmedAt,
  timeToConfirmation: 150,
};
export const paid: typeof placed = {
  ...confirmed,
  revision: 2,
  status: 'COOKING',
  paymentStatus: 'PAID',
  lastUpdated: paidAt,
  timeToPayment: 240,
};
export const order: Static<typeof Order> = { ...paid, customerName: 'Mario Rossi', customerEmail: 'mario@example.com' };
