import { type Collection, type Db, MongoBulkWriteError } from 'mongodb';
import { isOnlyDuplicates } from '../errors.ts';

/**
 * How often orders placed on a day (UTC) were saved; its `_id` is the day, `2026-01-31`. What is derived from the orders
 * of a day counts only as long as `changes` is what it was before they were read. Every day with orders has one.
 */
export interface OrderDay {
  readonly _id: string;
  readonly changes: number;
}

const DAY_MS = 86_400_000;

export function orderDays(db: Db): Collection<OrderDay> {
  return db.collection<OrderDay>('order_days');
}

/** The day (UTC) on which an order placed at `placedAt` counts. */
export function dayOf(placedAt: string | Date): string {
  return new Date(placedAt).toISOString().slice(0, 10);
}

/** Midnights at which days begin and end. */
export function boundsOf(first: string, last = first): { readonly $gte: Date; readonly $lt: Date } {
  return { $gte: new Date(first), $lt: new Date(Date.parse(last) + DAY_MS) };
}

/** Notes that orders of these days were saved, after they were and before their events are acknowledged. */
export async function raiseChanges(db: Db, days: Iterable<string>): Promise<void> {
  const writes = [...new Set(days)].map((day) => ({
    updateOne: { filter: { _id: day }, update: { $inc: { changes: 1 } }, upsert: true },
  }));
  if (writes.length === 0) return;
  const raise = () => orderDays(db).bulkWrite(writes, { ordered: false });
  await raise().catch((error: unknown) => {
    // Of two processes that begin a day at once, MongoDB may refuse one. To raise a day twice does no harm.
    if (error instanceof MongoBulkWriteError && isOnlyDuplicates(error)) return raise();
    throw error;
  });
}

/** Notes that the orders of all days may be others. */
export async function raiseAllChanges(db: Db): Promise<void> {
  await orderDays(db).updateMany({}, { $inc: { changes: 1 } });
}
