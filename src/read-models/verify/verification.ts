import type { RecordedEvent } from '@eventstore/db-client';
import type { Collection, Filter } from 'mongodb';

/** A document and what it should be. */
export interface Pair<Document, Fold> {
  readonly id: string;
  readonly fold: Fold | undefined;
  readonly document: Document | undefined;
}

/** How the documents of a read model follow from the log. */
export interface Verification<Document, Fold> {
  readonly collection: Collection<Document & { readonly _id: string }>;
  /** Beginnings of the names of the streams that the documents are made of. */
  readonly prefixes: readonly string[];
  /** Of the document that an event of the log counts for; undefined when it counts for none. */
  idOf(event: RecordedEvent): string | undefined;
  /** Folds the next event of a document's stream in. */
  fold(before: Fold | undefined, event: RecordedEvent): Fold | undefined;
  /** Folds on to what the document has seen, when that is later. */
  foldOn(pair: Pair<Document, Fold>): Promise<Fold | undefined>;
  /** The documents that there should be. */
  expect(folds: ReadonlyMap<string, Fold>): Promise<ReadonlyMap<string, Document>>;
  /** Revision of the stream that a document shows; undefined where documents never change. */
  revisionOf(document: Document): number | undefined;
  /** Fields that need not be the same. */
  readonly ignored?: (field: string, expected: unknown, actual: unknown) => boolean;
  /** Fields that follow another stream, and may lag behind it for a moment. */
  readonly lagging?: ReadonlySet<string>;
  /** Matches a document only as it was read. */
  guard(document: Document): Filter<Document & { readonly _id: string }>;
  /** Runs after documents were repaired. */
  afterRepair(expected: readonly Document[]): Promise<void>;
}
