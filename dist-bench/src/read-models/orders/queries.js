import { withTimeLimit } from "../database.js";
import { findTogether } from "./find-together.js";
/** Reads of the `orders` read model; each throws ReadModelsUnavailableError. */
export function createOrderQueries({ orders }, timeLimitMs) {
    const findOrder = findTogether(orders);
    return {
        find: (orderId) => withTimeLimit(timeLimitMs, findOrder(orderId)),
        /** Newest first. A page is bounded by the last document of the one before, so that each costs the same. */
        async list({ placedFrom, placedTo, ...equal }, limit, after) {
            const placedAt = { ...(placedFrom && { $gte: placedFrom }), ...(placedTo && { $lt: placedTo }) };
            const filter = {
                ...equal,
                revision: { $gte: 0 },
                ...(Object.keys(placedAt).length > 0 && { placedAt }),
                ...(after && { $or: [{ placedAt: { $lt: after.time } }, { placedAt: after.time, _id: { $lt: after.id } }] }),
            };
            return withTimeLimit(timeLimitMs, orders.find(filter).sort({ placedAt: -1, _id: -1 }).limit(limit).toArray());
        },
    };
}
