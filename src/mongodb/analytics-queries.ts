import type { AnalyticsDayDocument } from '../projections/analytics.ts';
import { dayOf, itemId } from '../projections/analytics.ts';
import { type Database, withTimeLimit } from './database.ts';

export interface DayFigures {
  /** `2026-01-31`, UTC. */
  readonly day: string;
  readonly orders: number;
  readonly confirmed: number;
  /** Hundredths. */
  readonly revenueMinor: number;
  readonly quantity: number;
}

export interface PeriodFigures {
  /** Days with orders, oldest first. */
  readonly days: readonly DayFigures[];
  /** Pizzas sold by item, most sold first, ties by name. */
  readonly items: readonly { readonly name: string; readonly sold: number }[];
}

export type AnalyticsQueries = ReturnType<typeof createAnalyticsQueries>;

const DAY_MS = 86_400_000;

/** Reads of the analytics read model; each throws ReadModelsUnavailableError. */
export function createAnalyticsQueries({ analytics, orders }: Database, timeLimitMs: number) {
  return {
    /**
     * What the orders placed in [from, to) add up to. Whole days come from their documents; the ends of a period
     * that begins or ends within a day are added up from the orders themselves.
     */
    async period(from: Date, to: Date): Promise<PeriodFigures> {
      const { first, end, edges } = split(from, to);
      const whole = first < end;
      const [days, items, ...parts] = await withTimeLimit(
        timeLimitMs,
        Promise.all([
          whole ? wholeDays(dayOf(first), dayOf(end)) : [],
          whole ? wholeItems(dayOf(first), dayOf(end)) : [],
          ...edges.map((edge) => partOfDay(edge.from, edge.to)),
        ]),
      );
      const sold = new Map(items.map(({ _id, sold: count }) => [_id, count]));
      for (const part of parts) {
        for (const [name, count] of part.items) sold.set(name, (sold.get(name) ?? 0) + count);
      }
      return {
        days: [...days, ...parts.map(({ figures }) => figures)]
          .filter((day) => day.orders > 0)
          .sort((a, b) => (a.day < b.day ? -1 : 1)),
        items: [...sold]
          .map(([name, count]) => ({ name, sold: count }))
          .sort((a, b) => b.sold - a.sold || (a.name < b.name ? -1 : 1)),
      };
    },
  };

  async function wholeDays(first: string, end: string): Promise<DayFigures[]> {
    const found = await analytics.days.find({ _id: { $gte: first, $lt: end } }).toArray();
    return found.map(({ _id, orders: count, confirmed, revenueMinor, quantity }: AnalyticsDayDocument) => ({
      day: _id,
      orders: count,
      confirmed,
      revenueMinor,
      quantity,
    }));
  }

  async function wholeItems(first: string, end: string): Promise<{ _id: string; sold: number }[]> {
    return analytics.items
      .aggregate<{ _id: string; sold: number }>([
        { $match: { _id: { $gte: itemId(first, ''), $lt: itemId(end, '') } } },
        { $group: { _id: '$name', sold: { $sum: '$sold' } } },
      ])
      .toArray();
  }

  async function partOfDay(from: Date, to: Date) {
    const found = orders.find({ placedAt: { $gte: from, $lt: to }, revision: { $gte: 0 } }).project<{
      totalMinor: number;
      quantity: number;
      confirmedAt: Date | null;
      items: { name: string; quantity: number }[];
    }>({
      totalMinor: 1,
      quantity: 1,
      confirmedAt: 1,
      items: 1,
    });
    const figures = { day: dayOf(from), orders: 0, confirmed: 0, revenueMinor: 0, quantity: 0 };
    const items = new Map<string, number>();
    for await (const order of found) {
      figures.orders += 1;
      figures.confirmed += order.confirmedAt ? 1 : 0;
      figures.revenueMinor += order.totalMinor;
      figures.quantity += order.quantity;
      for (const { name, quantity } of order.items) items.set(name, (items.get(name) ?? 0) + quantity);
    }
    return { figures, items };
  }
}

interface Split {
  /** Midnights between which the days are whole. */
  readonly first: Date;
  readonly end: Date;
  /** What lies before and after them, each within one day. */
  readonly edges: readonly { readonly from: Date; readonly to: Date }[];
}

function split(from: Date, to: Date): Split {
  const first = new Date(Math.ceil(from.getTime() / DAY_MS) * DAY_MS);
  const end = new Date(Math.floor(to.getTime() / DAY_MS) * DAY_MS);
  if (first > end) return { first, end, edges: [{ from, to }] };
  return {
    first,
    end,
    edges: [
      { from, to: first },
      { from: end, to },
    ].filter((edge) => edge.from < edge.to),
  };
}
