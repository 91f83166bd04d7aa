import { MongoBulkWriteError } from 'mongodb';
import { decodeEvent } from "../../eventstoredb/codec.js";
import { UnreadableEventError } from "../../eventstoredb/errors.js";
import { chunksOf, DOCUMENTS_PER_WRITE, forEachOf, WRITES_AT_ONCE } from "../batches.js";
import { isOnlyDuplicates } from "../errors.js";
import { verifyDocuments } from "../verify/documents.js";
import { toAuditDocument } from "./document.js";
const MOST_WAITING = 12_000;
/** What happened to orders, one document for each event; an event that cannot be read has none. */
export const audit = {
    name: 'audit',
    version: 1,
    categories: ['PizzaOrder'],
    indexes: [
        { key: { recordedAt: -1, _id: -1 } },
        { key: { orderId: 1, recordedAt: -1, _id: -1 } },
        { key: { actor: 1, recordedAt: -1, _id: -1 } },
        { key: { type: 1, recordedAt: -1, _id: -1 } },
    ],
    project: ({ db }, name) => projectAudit(db.collection(name)),
    verify: (context, run, findings) => verifyDocuments(context, verification(context), run, findings),
};
/** The `_id` of a document is its event's, so that a duplicate changes nothing. */
function projectAudit(collection) {
    let waiting = [];
    let begun = 0;
    return {
        add(events) {
            const documents = events.flatMap(({ stored }) => documentOf(stored) ?? []);
            waiting.push(...documents);
            begun += documents.length;
            return Promise.resolve();
        },
        isFull: () => waiting.length >= MOST_WAITING,
        begun: () => begun,
        async write() {
            const documents = waiting;
            waiting = [];
            await forEachOf(chunksOf(documents, DOCUMENTS_PER_WRITE), WRITES_AT_ONCE, (some) => insert(collection, some));
            return new Map();
        },
    };
}
async function insert(collection, documents) {
    try {
        await collection.insertMany(documents, { ordered: false });
    }
    catch (error) {
        if (!(error instanceof MongoBulkWriteError) || !isOnlyDuplicates(error))
            throw error;
    }
}
function documentOf(stored) {
    try {
        return toAuditDocument(stored()); // the stream of an order holds no others
    }
    catch (error) {
        if (error instanceof UnreadableEventError)
            return undefined;
        throw error;
    }
}
function verification({ db, streams }) {
    const prefix = streams.streamOf('PizzaOrder', '');
    const fold = (before, event) => before ?? documentOf(() => decodeEvent(event));
    return {
        collection: db.collection('audit'),
        prefixes: [prefix],
        idOf: ({ id }) => id,
        fold,
        async foldOn({ id, fold: before, document }) {
            if (before || !document || !Number.isSafeInteger(document.revision) || document.revision < 0)
                return before;
            const { orderId, revision: from } = document;
            const [event] = await streams.readRecorded(`${prefix}${orderId}`, { from, maxCount: 1 });
            return event?.id === id ? fold(undefined, event) : undefined;
        },
        expect: (folds) => Promise.resolve(folds),
        revisionOf: () => undefined,
        guard: ({ _id }) => ({ _id }),
        afterRepair: () => Promise.resolve(),
    };
}
