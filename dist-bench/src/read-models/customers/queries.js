import { withTimeLimit } from "../database.js";
/** Reads of the `customers` read model; each throws ReadModelsUnavailableError. */
export function createCustomerQueries({ customers }, timeLimitMs) {
    return {
        async find(customerId) {
            const found = await withTimeLimit(timeLimitMs, customers.findOne({ _id: customerId, revision: { $gte: 0 } }));
            return found ?? undefined;
        },
    };
}
