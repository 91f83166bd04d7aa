import type { Collection, IndexDescription } from 'mongodb';
import { verifyDocuments } from '../verify/documents.ts';
import type { ReadModel, ReadModelContext, Stall } from '../read-model.ts';
import type { Evolve } from './fold.ts';
import { projectStreams } from './project-streams.ts';
import { streamVerification } from './verify-streams.ts';

/** A document of one stream; its `_id` is the aggregate's. */
export interface StreamDocument {
  readonly _id: string;
  /** Of the last event folded in; −1 where the first one cannot be read. */
  readonly revision: number;
  readonly stalled?: Stall;
}

/** A read model with one document for each stream of a category. */
export interface StreamReadModel<State, Document extends StreamDocument> {
  readonly name: string;
  readonly version: number;
  readonly category: string;
  readonly indexes: readonly IndexDescription[];
  /** Pure; throws where the event cannot follow the state. */
  readonly evolve: Evolve<State>;
  /** The fields that the stream alone decides, and the way back, so that a document can be folded on. */
  readonly toFields: (state: State) => Omit<Document, '_id' | 'revision' | 'stalled'> | object;
  readonly toState: (document: Document) => State;
  /** Fields that other read models decide. */
  readonly joined?: Joined<State>;
  /** Runs after documents were saved, or found to be saved already, and before their events are acknowledged. */
  readonly saved?: (context: ReadModelContext, collection: Collection<Document>, saved: Saved<State>) => Promise<void>;
}

export interface Joined<State> {
  readonly fields: readonly string[];
  /** Looks up what is needed for some documents. @returns the fields of one; undefined: one without a state */
  load(context: ReadModelContext, states: readonly State[]): Promise<(state: State | undefined) => object>;
}

export interface Saved<State> {
  readonly states: readonly State[];
  /** Of those that their first event has come for. */
  readonly begun: readonly State[];
}

/** Where the live projection of the documents of a category stands still is kept in the documents. */
const STALLED_INDEX: IndexDescription = { key: { 'stalled.revision': 1 }, sparse: true };

/** Makes a read model of what is particular to it: how a stream is folded, and what of that a document shows. */
export function streamReadModel<State, Document extends StreamDocument>(
  model: StreamReadModel<State, Document>,
): ReadModel {
  return {
    name: model.name,
    version: model.version,
    categories: [model.category],
    indexes: [...model.indexes, STALLED_INDEX],
    project: (context, collection) => projectStreams(model, context, context.db.collection<Document>(collection)),
    verify: (context, run, findings) => verifyDocuments(context, streamVerification(model, context), run, findings),
  };
}
