import { boundsOf, dayOf } from "../orders/days.js";
export function figuresOf(db) {
    return db.collection('analytics');
}
/** Adds up the orders placed on the days from `first` to `last`; those without orders are left out. */
export async function addUpDays(db, first, last) {
    return addUp(db, boundsOf(first, last));
}
/** Adds up the orders placed in a period, by day. */
export async function addUp(db, placedAt) {
    const found = db
        .collection('orders')
        .find({ placedAt, revision: { $gte: 0 } })
        .project({ placedAt: 1, confirmedAt: 1, totalMinor: 1, quantity: 1, items: 1 });
    const days = new Map();
    for await (const order of found) {
        const day = dayOf(order.placedAt);
        let sum = days.get(day);
        if (!sum)
            days.set(day, (sum = { orders: 0, confirmed: 0, revenueMinor: 0, quantity: 0, sold: new Map() }));
        addOrder(sum, order);
    }
    return new Map([...days].map(([day, sum]) => [day, toFigures(sum)]));
}
function addOrder(sum, { confirmedAt, totalMinor, quantity, items }) {
    sum.orders += 1;
    sum.confirmed += confirmedAt ? 1 : 0;
    sum.revenueMinor += totalMinor;
    sum.quantity += quantity;
    for (const item of items)
        sum.sold.set(item.name, (sum.sold.get(item.name) ?? 0) + item.quantity);
}
function toFigures({ sold, ...sums }) {
    const items = [...sold].map(([name, count]) => ({ name, sold: count }));
    return { ...sums, items: items.sort((one, other) => (one.name < other.name ? -1 : 1)) };
}
