import type { Collection, Db } from 'mongodb';
import type { OrderItem } from '../../domain/events.ts';
import { readAgainIfReplaced } from '../errors.ts';
import { boundsOf, DAY_MS, dayOf } from '../orders/days.ts';
import type { OrderDocument } from '../orders/document.ts';
import type { RefundDocument } from '../refunds/document.ts';

/** Figures of the orders placed on a day (UTC), and of the refunds completed on it. */
export interface DayFigures {
  readonly orders: number;
  readonly confirmed: number;
  readonly cancelled: number;
  /** Hundredths. */
  readonly revenueMinor: number;
  /** Hundredths that were given back on this day, of whichever orders. */
  readonly refundedMinor: number;
  /** Pizzas. */
  readonly quantity: number;
  /** Pizzas sold, sorted by name so that equal figures are equal documents. */
  readonly items: readonly { readonly name: string; readonly sold: number }[];
}

/** Document of the collection `analytics`; its `_id` is the day, `2026-01-31`. */
export interface FiguresDocument extends DayFigures {
  readonly _id: string;
  /** The day's `changes` before its orders were read. The figures are valid while the two are equal. */
  readonly changes: number;
}

export function figuresOf(db: Db): Collection<FiguresDocument> {
  return db.collection<FiguresDocument>('analytics');
}

type Counted = Pick<OrderDocument, 'placedAt' | 'confirmedAt' | 'status' | 'totalMinor'> & {
  readonly items: readonly Pick<OrderItem, 'name' | 'quantity'>[];
};
/** The least that figures take: half of the time that a year takes goes into making documents. */
const COUNTED = { _id: 0, placedAt: 1, confirmedAt: 1, status: 1, totalMinor: 1, 'items.name': 1, 'items.quantity': 1 };

/** Adds up the days from `first` to `last`; those without orders and refunds are left out. */
export async function addUpDays(db: Db, first: string, last: string): Promise<Map<string, DayFigures>> {
  return addUp(db, boundsOf(first, last));
}

/** Adds up the orders placed, and the refunds completed, in a period, by day. */
export function addUp(db: Db, period: { $gte: Date; $lt: Date }): Promise<Map<string, DayFigures>> {
  return readAgainIfReplaced(() => addUpOnce(db, period));
}

async function addUpOnce(db: Db, period: { $gte: Date; $lt: Date }): Promise<Map<string, DayFigures>> {
  const placed = db.collection<OrderDocument>('orders').find({ placedAt: period }).project<Counted>(COUNTED);
  const days = new Map<number, Sum>();
  const sumOf = (time: Date) => {
    const day = Math.floor(time.getTime() / DAY_MS);
    let sum = days.get(day);
    if (!sum) days.set(day, (sum = { ...ZERO, sold: new Map() }));
    return sum;
  };
  for await (const order of placed) addOrder(sumOf(order.placedAt), order);
  const completed = db.collection<RefundDocument>('refunds').find({ completedAt: period });
  for await (const { completedAt, amountMinor } of completed) {
    if (completedAt) sumOf(completedAt).refundedMinor += amountMinor;
  }
  return new Map([...days].map(([day, sum]) => [dayOf(new Date(day * DAY_MS)), toFigures(sum)]));
}

const ZERO = { orders: 0, confirmed: 0, cancelled: 0, revenueMinor: 0, refundedMinor: 0 };

type Sum = typeof ZERO & { readonly sold: Map<string, number> };

function addOrder(sum: Sum, { confirmedAt, status, totalMinor, items }: Counted): void {
  sum.orders += 1;
  sum.confirmed += confirmedAt ? 1 : 0;
  sum.cancelled += status === 'CANCELLED' ? 1 : 0;
  sum.revenueMinor += totalMinor;
  for (const { name, quantity } of items) sum.sold.set(name, (sum.sold.get(name) ?? 0) + quantity);
}

function toFigures({ sold, ...sums }: Sum): DayFigures {
  const items = [...sold].map(([name, count]) => ({ name, sold: count }));
  const quantity = items.reduce((sum, item) => sum + item.sold, 0);
  return { ...sums, quantity, items: items.sort((one, other) => (one.name < other.name ? -1 : 1)) };
}
