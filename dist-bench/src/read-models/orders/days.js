import { MongoBulkWriteError } from 'mongodb';
import { isOnlyDuplicates } from "../errors.js";
const DAY_MS = 86_400_000;
export function orderDays(db) {
    return db.collection('order_days');
}
/** The day (UTC) on which an order placed at `placedAt` counts. */
export function dayOf(placedAt) {
    return new Date(placedAt).toISOString().slice(0, 10);
}
/** Midnights at which days begin and end. */
export function boundsOf(first, last = first) {
    return { $gte: new Date(first), $lt: new Date(Date.parse(last) + DAY_MS) };
}
/** Notes that orders of these days were saved, after they were and before their events are acknowledged. */
export async function raiseChanges(db, days) {
    const writes = [...new Set(days)].map((day) => ({
        updateOne: { filter: { _id: day }, update: { $inc: { changes: 1 } }, upsert: true },
    }));
    if (writes.length === 0)
        return;
    const raise = () => orderDays(db).bulkWrite(writes, { ordered: false });
    await raise().catch((error) => {
        // Of two processes that begin a day at once, MongoDB may refuse one. To raise a day twice does no harm.
        if (error instanceof MongoBulkWriteError && isOnlyDuplicates(error))
            return raise();
        throw error;
    });
}
/** Notes that the orders of all days may be others. */
export async function raiseAllChanges(db) {
    await orderDays(db).updateMany({}, { $inc: { changes: 1 } });
}
