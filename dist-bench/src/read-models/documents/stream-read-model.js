import { verifyDocuments } from "../verify/documents.js";
import { projectStreams } from "./project-streams.js";
import { streamVerification } from "./verify-streams.js";
/** Where the live projection of the documents of a category stands still is kept in the documents. */
const STALLED_INDEX = { key: { 'stalled.revision': 1 }, sparse: true };
/** Makes a read model of what is particular to it: how a stream is folded, and what of that a document shows. */
export function streamReadModel(model) {
    return {
        name: model.name,
        version: model.version,
        categories: [model.category],
        indexes: [...model.indexes, STALLED_INDEX],
        project: (context, collection) => projectStreams(model, context, context.db.collection(collection)),
        verify: (context, run, findings) => verifyDocuments(context, streamVerification(model, context), run, findings),
    };
}
