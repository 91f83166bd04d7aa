import { uuidV5 } from '../uuid.ts';
import { PizzaOrder } from '../domain/pizza-order.ts';
import type { Pizza } from './price-list.ts';

/** An order as the files tell it. */
export interface HistoricalOrder {
  /** Its `order_id` in the file. */
  readonly number: string;
  /** RFC 3339 in UTC. */
  readonly placedAt: string;
  readonly items: readonly { readonly pizza: Pizza; readonly quantity: number }[];
}

/** What all orders of a run share. */
export interface Origin {
  readonly customerId: string;
  readonly currency: string;
}

/** Never change it: under other ids, orders that are imported already would be imported again. */
const ORDER_NAMESPACE = '8d6ac1d5-7d5c-5c0b-9e0e-2f2a6b1c7f43';

/** The same order gets the same id in every run: that is what makes an import repeatable. */
export function orderIdOf({ number, placedAt }: HistoricalOrder, { customerId }: Origin): string {
  return uuidV5(JSON.stringify([number, placedAt, customerId]), ORDER_NAMESPACE);
}

/** @throws InvalidOrderError when the domain refuses it */
export function placeOrder(order: HistoricalOrder, origin: Origin): PizzaOrder {
  const items = order.items.map(({ pizza: { name, unitPrice, sku }, quantity }) => ({
    name,
    quantity,
    unitPrice,
    sku,
  }));
  return PizzaOrder.place({ ...origin, orderId: orderIdOf(order, origin), items }, order.placedAt);
}
