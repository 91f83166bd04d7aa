import type { RecordedEvent } from '@eventstore/db-client';
import type { Collection, Filter } from 'mongodb';

/** A document and what it should be. */
export interface Pair<Document, Fold> {
  readonly id: string;
  readonly fold: Fold | undefined;
  readonly document: Document | undefined;
}

/** How to derive what the documents of a read model should be from the log. */
export interface Verification<Document, Fold> {
  readonly collection: Collection<Document & { readonly _id: string }>;
  /** What the names of the streams begin with that the documents are made of. */
  readonly prefixes: readonly string[];
  /** Id of the document that an event belongs to; undefined if it belongs to none. */
  idOf(event: RecordedEvent): string | undefined;
  /** Folds in the next event of a document's stream. */
  fold(before: Fold | undefined, event: RecordedEvent): Fold | undefined;
  /** Some aggregates' streams are gone: so is what was folded of them. `isMine` tells which documents are looked at. */
  forget(folds: Map<string, Fold>, gone: ReadonlySet<string>, isMine: (id: string) => boolean): void;
  /** If the document has seen more than the fold, folds up to that. */
  foldOn(pair: Pair<Document, Fold>): Promise<Fold | undefined>;
  /** What the documents should be. */
  expect(folds: ReadonlyMap<string, Fold>): Promise<ReadonlyMap<string, Document>>;
  /** Revision of its stream that a document has seen; undefined for documents that never change. */
  revisionOf(document: Document): number | undefined;
  /** Whether a field may differ. */
  readonly ignored?: (field: string, expected: unknown, actual: unknown) => boolean;
  /** Fields that come from another stream and may lag behind it for a moment. */
  readonly lagging?: ReadonlySet<string>;
  /** Matches a document only if it is still as it was read. */
  guard(document: Document): Filter<Document & { readonly _id: string }>;
  /** Runs after documents were repaired. */
  afterRepair(expected: readonly Document[]): Promise<void>;
}
