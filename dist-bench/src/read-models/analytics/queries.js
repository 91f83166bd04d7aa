import { withTimeLimit } from "../database.js";
import { isDuplicateKey } from "../errors.js";
import { dayOf, orderDays } from "../orders/days.js";
import { addUp, addUpDays, figuresOf } from "./figures.js";
const DAY_MS = 86_400_000;
/** Days that are added up and kept together: what was computed is not lost when the rest takes too long. */
const MOST_DAYS = 40;
/** Reads of the figures; each throws ReadModelsUnavailableError. */
export function createAnalyticsQueries({ db }, timeLimitMs) {
    return {
        /**
         * What the orders placed in [from, to) come to. Figures of whole days are kept until an order of that day changes;
         * the ends of a period that begins or ends within a day are added up from the orders each time.
         */
        period: (from, to) => withTimeLimit(timeLimitMs, readPeriod(db, from, to)),
    };
}
async function readPeriod(db, from, to) {
    const first = new Date(Math.ceil(from.getTime() / DAY_MS) * DAY_MS);
    const end = new Date(Math.floor(to.getTime() / DAY_MS) * DAY_MS);
    const edges = first > end
        ? [[from, to]]
        : [
            [from, first],
            [end, to],
        ].filter(([a, b]) => a < b);
    const parts = await Promise.all([
        first < end ? wholeDays(db, dayOf(first), dayOf(end)) : new Map(),
        ...edges.map(([$gte, $lt]) => addUp(db, { $gte, $lt })),
    ]);
    const days = parts.flatMap((part) => [...part]).map(([day, figures]) => ({ day, ...figures }));
    const sold = new Map();
    for (const { name, sold: count } of days.flatMap(({ items }) => items))
        sold.set(name, (sold.get(name) ?? 0) + count);
    return {
        days: days.filter(({ orders }) => orders > 0).sort((one, other) => (one.day < other.day ? -1 : 1)),
        items: [...sold]
            .map(([name, count]) => ({ name, sold: count }))
            .sort((one, other) => other.sold - one.sold || (one.name < other.name ? -1 : 1)),
    };
}
/** The days in [first, end) that have orders. */
async function wholeDays(db, first, end) {
    const range = { _id: { $gte: first, $lt: end } };
    // The changes are read before the orders: an order that is saved later makes what was computed invalid.
    const days = await orderDays(db).find(range).sort({ _id: 1 }).toArray();
    const kept = new Map((await figuresOf(db).find(range).toArray()).map((figures) => [figures._id, figures]));
    const figures = new Map();
    let stale = [];
    const addUpStale = async () => {
        const some = stale;
        stale = [];
        const [begin, last] = [some[0]?.day, some.at(-1)?.day];
        if (begin === undefined || last === undefined)
            return;
        const sums = await addUpDays(db, begin, last);
        const documents = some.flatMap(({ day, changes }) => {
            const sum = sums.get(day);
            if (sum)
                figures.set(day, sum);
            return sum ? [{ _id: day, changes, ...sum }] : [];
        });
        await keep(db, documents);
    };
    for (const { _id: day, changes } of days) {
        const known = kept.get(day);
        if (known?.changes === changes) {
            const { _id, changes: counted, ...sums } = known;
            figures.set(day, sums);
        }
        else
            stale.push({ day, changes });
        if (known?.changes === changes || stale.length >= MOST_DAYS)
            await addUpStale();
    }
    await addUpStale();
    return figures;
}
async function keep(db, documents) {
    const writes = documents.map((replacement) => ({
        replaceOne: { filter: { _id: replacement._id }, replacement, upsert: true },
    }));
    if (writes.length === 0)
        return;
    await figuresOf(db)
        .bulkWrite(writes, { ordered: false })
        .catch((error) => {
        // Another reader has just kept the same day.
        if (!isDuplicateKey(error))
            throw error;
    });
}
