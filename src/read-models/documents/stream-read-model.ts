import type { IndexDescription } from 'mongodb';
import type { ReadModel } from '../read-model.ts';
import { verifyDocuments } from '../verify/documents.ts';
import { projectStreams } from './project-streams.ts';
import type { StreamDocument, StreamReadModel } from './stream-model.ts';
import { streamVerification } from './verify-streams.ts';

/** Finds the stalled documents without a scan. */
const STALLED_INDEX: IndexDescription = { key: { 'stalled.revision': 1 }, sparse: true };

/** Makes a read model out of what is specific to it: how a stream is folded, and what a document shows of the state. */
export function streamReadModel<State, Document extends StreamDocument>(
  model: StreamReadModel<State, Document>,
): ReadModel {
  return {
    name: model.name,
    version: model.version,
    categories: [model.category],
    indexes: [...model.indexes, STALLED_INDEX],
    countStalled: ({ db }) => db.collection(model.name).countDocuments({ 'stalled.revision': { $gte: 0 } }),
    project: (context, collection) => projectStreams(model, context, context.db.collection<Document>(collection)),
    verify: (context, run, findings) => verifyDocuments(context, streamVerification(model, context), run, findings),
  };
}
