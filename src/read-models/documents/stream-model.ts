import type { Collection, IndexDescription } from 'mongodb';
import type { ReadModelContext, Stall } from '../read-model.ts';
import type { Evolve } from './fold.ts';

/**
 * What a document has in place of a revision, and nothing else but its id, when its stream is gone. Without it, an event
 * that is delivered late would make the document anew.
 */
export const GONE_REVISION = -2;

/** A document of one stream; its `_id` is the aggregate's. */
export interface StreamDocument {
  readonly _id: string;
  /** Revision of the last event folded in; −1 if the first one cannot be read; `GONE_REVISION`. */
  readonly revision: number;
  readonly stalled?: Stall;
}

/** A read model with one document per stream of a category. */
export interface StreamReadModel<State, Document extends StreamDocument> {
  readonly name: string;
  readonly version: number;
  readonly category: string;
  readonly indexes: readonly IndexDescription[];
  /** Pure; throws if the event cannot follow the state. */
  readonly evolve: Evolve<State>;
  /** The fields that depend on the stream alone, and the inverse, so that events can be folded onto a document. */
  readonly toFields: (state: State) => Omit<Document, '_id' | 'revision' | 'stalled'> | object;
  readonly toState: (document: Document) => State;
  /** Fields that come from other read models. */
  readonly joined?: Joined<State>;
  /** Runs after documents were saved, or found to be saved already, and before their events are acknowledged. */
  readonly saved?: (context: ReadModelContext, collection: Collection<Document>, saved: Saved<State>) => Promise<void>;
}

export interface Joined<State> {
  readonly fields: readonly string[];
  /** Looks up what some documents need. @returns the fields of one; no state: its first event cannot be read */
  load(context: ReadModelContext, states: readonly State[]): Promise<(state: State | undefined) => object>;
}

export interface Saved<State> {
  readonly states: readonly State[];
  /** Those of them whose first event is among the ones just projected. */
  readonly begun: readonly State[];
  /** Whether some streams are gone; what their documents showed may be known no longer. */
  readonly hasGone: boolean;
}
