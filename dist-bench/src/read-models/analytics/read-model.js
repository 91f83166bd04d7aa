import { isDeepStrictEqual } from 'node:util';
import { dayOf, orderDays, raiseAllChanges, raiseChanges } from "../orders/days.js";
import { note } from "../verify/findings.js";
import { addUpDays, figuresOf } from "./figures.js";
const PAGE = 500;
/**
 * The figures of each day, derived from the orders when somebody asks for them. The log is not read for them a second
 * time, so that duplicates, disorder and crashes can't make them wrong: whoever saves orders raises the day's changes.
 */
export const analytics = {
    name: 'analytics',
    version: 2,
    categories: [],
    indexes: [],
    project: () => NOTHING,
    /** Forgets the figures. Also finds the days of orders that were saved before days were counted. */
    async rebuild({ db }) {
        for await (const day of daysOfOrders(db))
            await raiseChanges(db, [day]);
        await raiseAllChanges(db);
        await figuresOf(db).deleteMany({});
    },
    /** Computes every day anew and compares. Figures of a day that has changed since are not looked at by anybody. */
    async verify({ db }, { repair, signal, onProgress }, findings) {
        const days = new Set();
        for await (const { _id: day } of daysWithChanges(db)) {
            signal.throwIfAborted();
            days.add(day);
            findings.checked += 1;
            const fields = await differingFields(db, day);
            if (fields.length === 0)
                continue;
            if (repair)
                await raiseChanges(db, [day]);
            note(findings, { id: day, kind: 'different', fields }, repair);
        }
        onProgress(0.5);
        for await (const day of daysOfOrders(db)) {
            signal.throwIfAborted();
            if (days.has(day) || (await orderDays(db).findOne({ _id: day })))
                continue;
            days.add(day);
            findings.checked += 1;
            // Its changes begin anew: figures of before must not be taken for new ones.
            if (repair)
                await figuresOf(db).deleteOne({ _id: day });
            if (repair)
                await raiseChanges(db, [day]);
            note(findings, { id: day, kind: 'missing', fields: [] }, repair);
        }
        for (const { _id: day } of await figuresOf(db).find({}).project({ _id: 1 }).toArray()) {
            if (days.has(day) || (await orderDays(db).findOne({ _id: day })))
                continue;
            findings.checked += 1;
            if (repair)
                await figuresOf(db).deleteOne({ _id: day });
            note(findings, { id: day, kind: 'extra', fields: [] }, repair);
        }
        onProgress(1);
    },
};
const NOTHING = {
    add: () => Promise.resolve(),
    isFull: () => false,
    begun: () => 0,
    write: () => Promise.resolve(new Map()),
};
/** @returns names of the figures that are not what the day's orders come to; none while the orders change */
async function differingFields(db, day) {
    const before = await orderDays(db).findOne({ _id: day });
    const kept = await figuresOf(db).findOne({ _id: day });
    if (!kept || kept.changes !== before?.changes)
        return [];
    const sum = (await addUpDays(db, day, day)).get(day);
    const expected = { _id: day, changes: before.changes, ...sum };
    const names = [...new Set([...Object.keys(expected), ...Object.keys(kept)])];
    const differing = names.filter((name) => !isDeepStrictEqual(expected[name], kept[name])).sort();
    const after = differing.length > 0 ? await orderDays(db).findOne({ _id: day }) : before;
    return after?.changes === before.changes ? differing : [];
}
async function* daysWithChanges(db) {
    for (let after = '';;) {
        const page = await orderDays(db)
            .find({ _id: { $gt: after } })
            .sort({ _id: 1 })
            .limit(PAGE)
            .toArray();
        yield* page;
        if (page.length < PAGE)
            return;
        after = page.at(-1)?._id ?? '';
    }
}
/** The days on which orders were placed: one look at the index for each. */
async function* daysOfOrders(db) {
    const orders = db.collection('orders');
    let placedAt = { revision: { $gte: 0 } };
    for (;;) {
        const [first] = await orders.find(placedAt).sort({ placedAt: 1, _id: 1 }).limit(1).toArray();
        if (!first)
            return;
        const day = dayOf(first.placedAt);
        yield day;
        placedAt = { revision: { $gte: 0 }, placedAt: { $gte: new Date(Date.parse(day) + 86_400_000) } };
    }
}
