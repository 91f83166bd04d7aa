import { type PizzaOrderEvent, unknownEvent } from '../../domain/events.ts';
import { parseMoney, toMinorUnits } from '../../domain/money.ts';

/** What the orders placed on one day (UTC) add up to; its `_id` is the day, `2026-01-31`. */
export interface AnalyticsDayDocument {
  readonly _id: string;
  readonly orders: number;
  readonly confirmed: number;
  /** Hundredths. */
  readonly revenueMinor: number;
  /** Pizzas. */
  readonly quantity: number;
  /** Position in the log of the last event counted in: an event at or before it is a duplicate. */
  readonly position: number;
}

/** How often one item was sold in the orders placed on one day; its `_id` is day and name. */
export interface AnalyticsItemDocument {
  readonly _id: string;
  readonly day: string;
  readonly name: string;
  readonly sold: number;
  readonly position: number;
}

/** What one event adds to the figures of the day on which its order was placed. */
export interface Contribution {
  readonly orders: number;
  readonly confirmed: number;
  readonly revenueMinor: number;
  readonly quantity: number;
  readonly items: ReadonlyMap<string, number>;
}

const NO_ITEMS: ReadonlyMap<string, number> = new Map();
const NOTHING: Contribution = { orders: 0, confirmed: 0, revenueMinor: 0, quantity: 0, items: NO_ITEMS };

/** `undefined` for an event that changes no figure. */
export function contributionOf({ type, data }: PizzaOrderEvent): Contribution | undefined {
  switch (type) {
    case 'PizzaOrderPlaced': {
      const items = new Map<string, number>();
      for (const { name, quantity } of data.items) items.set(name, (items.get(name) ?? 0) + quantity);
      const quantity = data.items.reduce((sum, item) => sum + item.quantity, 0);
      return { orders: 1, confirmed: 0, revenueMinor: minor(data.totalAmount), quantity, items };
    }
    case 'PizzaOrderConfirmed':
      return { ...NOTHING, confirmed: 1 };
    case 'DiscountApplied':
      return { ...NOTHING, revenueMinor: minor(data.newTotal) - minor(data.originalTotal) };
    case 'PaymentProcessed':
    case 'OrderStatusChanged':
    case 'DeliveryAddressChanged':
      return undefined;
    default:
      return unknownEvent(type);
  }
}

/** The day (UTC) that an order placed at `placedAt` counts for. */
export function dayOf(placedAt: string | Date): string {
  return new Date(placedAt).toISOString().slice(0, 10);
}

export function addToDay(
  day: AnalyticsDayDocument | undefined,
  id: string,
  { orders, confirmed, revenueMinor, quantity }: Contribution,
  position: number,
): AnalyticsDayDocument {
  return {
    _id: id,
    orders: (day?.orders ?? 0) + orders,
    confirmed: (day?.confirmed ?? 0) + confirmed,
    revenueMinor: (day?.revenueMinor ?? 0) + revenueMinor,
    quantity: (day?.quantity ?? 0) + quantity,
    position,
  };
}

export function itemId(day: string, name: string): string {
  return `${day} ${name}`;
}

function minor(amount: string): number {
  return toMinorUnits(parseMoney(amount));
}
