import type { Db } from 'mongodb';
import { forEachOf } from '../batches.ts';
import { withTimeLimit } from '../database.ts';
import { isDuplicateKey } from '../errors.ts';
import { DAY_MS, dayOf, type OrderDay, orderDays } from '../orders/days.ts';
import { addUp, addUpDays, type DayFigures, figuresOf } from './figures.ts';

export interface PeriodFigures {
  /** Days with orders, oldest first; `day` is UTC, `2026-01-31`. */
  readonly days: readonly (DayFigures & { readonly day: string })[];
  /** Hundredths that were given back in the period, of whichever orders. */
  readonly refundedMinor: number;
  /** Pizzas sold by item, most sold first, ties by name. */
  readonly items: readonly { readonly name: string; readonly sold: number }[];
}

export type AnalyticsQueries = ReturnType<typeof createAnalyticsQueries>;

/** Days that are computed and stored at a time, so that nothing computed is lost if the rest takes too long. */
const MOST_DAYS = 40;
/** Of those: MongoDB reads some while this process adds up others. */
const RUNS_AT_ONCE = 2;

/** Reads of the figures; each throws ReadModelsUnavailableError. */
export function createAnalyticsQueries({ db }: { readonly db: Db }, timeLimitMs: number) {
  return {
    /**
     * Figures of the orders placed, and the refunds completed, in [from, to). Those of whole days are cached until an
     * order or refund of that day changes. If the period begins or ends within a day, that end is computed each time.
     */
    period: (from: Date, to: Date): Promise<PeriodFigures> => withTimeLimit(timeLimitMs, readPeriod(db, from, to)),
  };
}

async function readPeriod(db: Db, from: Date, to: Date): Promise<PeriodFigures> {
  const first = new Date(Math.ceil(from.getTime() / DAY_MS) * DAY_MS);
  const end = new Date(Math.floor(to.getTime() / DAY_MS) * DAY_MS);
  const edges =
    first > end
      ? [[from, to] as const]
      : (
          [
            [from, first],
            [end, to],
          ] as const
        ).filter(([a, b]) => a < b);
  const parts = await Promise.all([
    first < end ? wholeDays(db, dayOf(first), dayOf(end)) : new Map<string, DayFigures>(),
    ...edges.map(([$gte, $lt]) => addUp(db, { $gte, $lt })),
  ]);
  const days = parts.flatMap((part) => [...part]).map(([day, figures]) => ({ day, ...figures }));
  const sold = new Map<string, number>();
  for (const { name, sold: count } of days.flatMap(({ items }) => items)) sold.set(name, (sold.get(name) ?? 0) + count);
  return {
    days: days.filter(({ orders }) => orders > 0).sort((one, other) => (one.day < other.day ? -1 : 1)),
    refundedMinor: days.reduce((sum, day) => sum + day.refundedMinor, 0),
    items: [...sold]
      .map(([name, count]) => ({ name, sold: count }))
      .sort((one, other) => other.sold - one.sold || (one.name < other.name ? -1 : 1)),
  };
}

/** The days in [first, end) that have orders or refunds. */
async function wholeDays(db: Db, first: string, end: string): Promise<Map<string, DayFigures>> {
  const range = { _id: { $gte: first, $lt: end } };
  // The counters are read before orders and refunds: what is saved later invalidates what was computed.
  const days = await orderDays(db).find(range).sort({ _id: 1 }).toArray();
  const kept = new Map((await figuresOf(db).find(range).toArray()).map((figures) => [figures._id, figures]));
  const figures = new Map<string, DayFigures>();
  const stale: OrderDay[][] = [];
  let run: OrderDay[] | undefined;
  for (const day of days) {
    const known = kept.get(day._id);
    if (known?.changes === day.changes) {
      const { _id, changes, ...sums } = known;
      figures.set(_id, sums);
      run = undefined;
    } else {
      if (!run || run.length >= MOST_DAYS) stale.push((run = []));
      run.push(day);
    }
  }
  await forEachOf(stale, RUNS_AT_ONCE, async (some) => {
    const [begin, last] = [some[0]?._id, some.at(-1)?._id];
    if (begin === undefined || last === undefined) return;
    const sums = await addUpDays(db, begin, last);
    const documents = some.flatMap(({ _id, changes }) => {
      const sum = sums.get(_id);
      if (sum) figures.set(_id, sum);
      return sum ? [{ _id, changes, ...sum }] : [];
    });
    await keep(db, documents);
  });
  return figures;
}

async function keep(db: Db, documents: readonly ({ readonly _id: string; readonly changes: number } & DayFigures)[]) {
  const writes = documents.map((replacement) => ({
    replaceOne: { filter: { _id: replacement._id }, replacement, upsert: true },
  }));
  if (writes.length === 0) return;
  await figuresOf(db)
    .bulkWrite(writes, { ordered: false })
    .catch((error: unknown) => {
      // Another reader has just stored the same day.
      if (!isDuplicateKey(error)) throw error;
    });
}
