import { formatMinorUnits } from "../../domain/money.js";
import { withTimeLimit } from "../database.js";
import { isDuplicateKey } from "../errors.js";
/** The price list: plain documents, since nobody asks what a price was; what an order paid is in its events. */
export function createMenuStore({ menu }, timeLimitMs) {
    return {
        /** Name and price (two decimals) of those of the skus that are on the menu. */
        async pricesOf(skus) {
            const found = await withTimeLimit(timeLimitMs, menu.find({ _id: { $in: [...new Set(skus)] } }).toArray());
            return new Map(found.map(({ _id, name, priceMinor }) => [_id, { name, unitPrice: formatMinorUnits(priceMinor) }]));
        },
        /** By category and name. */
        async list() {
            return withTimeLimit(timeLimitMs, menu.find({}).sort({ category: 1, name: 1 }).toArray());
        },
        /** @returns whether the item is new */
        async put({ _id, ...item }) {
            const upsert = async () => menu.replaceOne({ _id }, item, { upsert: true });
            // Of two upserts of a new document at once, MongoDB may refuse one: then it is there, and replaced.
            const settled = upsert().catch((error) => {
                if (isDuplicateKey(error))
                    return upsert();
                throw error;
            });
            return (await withTimeLimit(timeLimitMs, settled)).upsertedCount === 1;
        },
        /** @returns whether there was such an item */
        async remove(sku) {
            return (await withTimeLimit(timeLimitMs, menu.deleteOne({ _id: sku }))).deletedCount === 1;
        },
    };
}
