import { MongoServerError } from 'mongodb';
import type { AnalyticsDayDocument } from './document.ts';
import { dayOf, itemId } from './document.ts';
import { type AnalyticsCollections, analyticsOf, type Database, withTimeLimit } from '../database.ts';

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

/** Name of the state document of the analytics read model. */
export const ANALYTICS = 'analytics';
/** What a new database begins with. */
export const FIRST_GENERATION = 1;
/** A reader is that often overtaken by a rebuild before it gives up; rebuilds take longer than reads. */
const MOST_OVERTAKEN = 5;

/** Generation of the collections that hold the figures now. */
export async function liveGeneration({ projections }: Pick<Database, 'projections'>): Promise<number> {
  const state = await projections.findOne({ _id: ANALYTICS }, { projection: { generation: 1 } });
  return state?.generation ?? FIRST_GENERATION;
}

/** Reads of the analytics read model; each throws ReadModelsUnavailableError. */
export function createAnalyticsQueries(database: Pick<Database, 'db' | 'projections' | 'orders'>, timeLimitMs: number) {
  const { orders } = database;
  let generation: number | undefined;

  return {
    /**
     * What the orders placed in [from, to) add up to. Whole days come from their documents; the ends of a period
     * that begins or ends within a day are added up from the orders themselves.
     */
    async period(from: Date, to: Date): Promise<PeriodFigures> {
      return withTimeLimit(timeLimitMs, readPeriod(from, to));
    },
  };

  /** What was read counts only if its collections are still the live ones after it: a rebuild drops the old ones. */
  async function readPeriod(from: Date, to: Date): Promise<PeriodFigures> {
    for (let overtaken = 0; ; overtaken += 1) {
      const used = (generation ??= await liveGeneration(database));
      const figures = await add(analyticsOf(database.db, used), from, to).catch((error: unknown) => {
        if (isCollectionGone(error) && overtaken < MOST_OVERTAKEN) return undefined;
        throw error;
      });
      generation = await liveGeneration(database);
      if (figures && generation === used) return figures;
      if (overtaken === MOST_OVERTAKEN) throw new Error('the figures were rebuilt faster than they can be read');
    }
  }

  async function add(analytics: AnalyticsCollections, from: Date, to: Date): Promise<PeriodFigures> {
    const { first, end, edges } = split(from, to);
    const whole = first < end;
    const [days, items, ...parts] = await Promise.all([
      whole ? wholeDays(analytics, dayOf(first), dayOf(end)) : [],
      whole ? wholeItems(analytics, dayOf(first), dayOf(end)) : [],
      ...edges.map((edge) => partOfDay(edge.from, edge.to)),
    ]);
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
  }

  async function wholeDays({ days }: AnalyticsCollections, first: string, end: string): Promise<DayFigures[]> {
    const found = await days.find({ _id: { $gte: first, $lt: end } }).toArray();
    return found.map(({ _id, orders: count, confirmed, revenueMinor, quantity }: AnalyticsDayDocument) => ({
      day: _id,
      orders: count,
      confirmed,
      revenueMinor,
      quantity,
    }));
  }

  async function wholeItems(
    { items }: AnalyticsCollections,
    first: string,
    end: string,
  ): Promise<{ _id: string; sold: number }[]> {
    return items
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

/** Cursor not found, query plan killed, cursor killed: what reading a collection ends in that a rebuild replaces. */
const COLLECTION_GONE: ReadonlySet<unknown> = new Set([43, 175, 237]);

function isCollectionGone(error: unknown): boolean {
  return error instanceof MongoServerError && COLLECTION_GONE.has(error.code);
}
