import { withTimeLimit } from "../database.js";
/** Reads of the `audit` read model; each throws ReadModelsUnavailableError. */
export function createAuditQueries({ audit }, timeLimitMs) {
    return {
        /** Newest first. A page is bounded by the last document of the one before, so that each costs the same. */
        async list({ from, to, ...equal }, limit, after) {
            const recordedAt = { ...(from && { $gte: from }), ...(to && { $lt: to }) };
            const filter = {
                ...equal,
                ...(Object.keys(recordedAt).length > 0 && { recordedAt }),
                ...(after && {
                    $or: [{ recordedAt: { $lt: after.time } }, { recordedAt: after.time, _id: { $lt: after.id } }],
                }),
            };
            return withTimeLimit(timeLimitMs, audit.find(filter).sort({ recordedAt: -1, _id: -1 }).limit(limit).toArray());
        },
    };
}
