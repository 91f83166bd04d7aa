import DataLoader from 'dataloader';
/** Documents of one query: so few that none of those who ask waits for long behind the others. */
const MOST_TOGETHER = 64;
/**
 * Looks documents up by their ids, those that are asked for in the same turn of the event loop by one query: what the
 * driver and the server do for a query costs several times what they do for a document. Nothing is kept, each query
 * begins after the documents were asked for.
 *
 * @returns finds one document; rejects with the driver's error when its query fails
 */
export function findTogether(collection) {
    const loader = new DataLoader(async (ids) => {
        const found = await collection.find(idIn(ids)).toArray();
        // The driver types what it finds as a document whose `_id` it may have made; these have their own.
        const byId = new Map(found.map((document) => [document._id, document]));
        return ids.map((id) => byId.get(id));
    }, { cache: false, maxBatchSize: MOST_TOGETHER, batchScheduleFn: (query) => void setImmediate(query) });
    return (id) => loader.load(id);
    function idIn(ids) {
        const [only] = ids;
        return { _id: ids.length === 1 ? only : { $in: ids } };
    }
}
