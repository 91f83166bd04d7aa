import type { Collection, Db } from 'mongodb';
import { writeAgainIfInserted } from '../errors.ts';

/**
 * Counts how often orders placed on a day (UTC), or refunds completed on it, were saved; its `_id` is the day,
 * `2026-01-31`. Whatever is derived from the orders and refunds of a day is valid while `changes` is what it was before
 * they were read. Each day with orders or completed refunds has one.
 */
export interface OrderDay {
  readonly _id: string;
  readonly changes: number;
}

export const ORDER_DAYS = 'order_days';
export const DAY_MS = 86_400_000;

export function orderDays(db: Db): Collection<OrderDay> {
  return db.collection<OrderDay>(ORDER_DAYS);
}

/** The day (UTC) on which an order placed at `time`, or a refund completed then, counts. */
export function dayOf(time: string | Date): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** From the midnight at which `first` begins to the one at which `last` ends. */
export function boundsOf(first: string, last = first): { readonly $gte: Date; readonly $lt: Date } {
  return { $gte: new Date(first), $lt: new Date(Date.parse(last) + DAY_MS) };
}

/** Invalidates what was derived of these days; to be called between saving them and acknowledging. */
export async function raiseChanges(db: Db, days: Iterable<string>): Promise<void> {
  const writes = [...new Set(days)].map((day) => ({
    updateOne: { filter: { _id: day }, update: { $inc: { changes: 1 } }, upsert: true },
  }));
  if (writes.length === 0) return;
  await writeAgainIfInserted(() => orderDays(db).bulkWrite(writes, { ordered: false }));
}

/** Invalidates what was derived of any day: all orders, or all refunds, may have been replaced. */
export async function raiseAllChanges(db: Db): Promise<void> {
  await orderDays(db).updateMany({}, { $inc: { changes: 1 } });
}
