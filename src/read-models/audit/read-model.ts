import type { RecordedEvent } from '@eventstore/db-client';
import type { Collection } from 'mongodb';
import { ORDER } from '../../eventstoredb/aggregates.ts';
import { decodeEvent, type StoredEvent, type StoredOrderEvent } from '../../eventstoredb/codec.ts';
import { UnreadableEventError } from '../../eventstoredb/errors.ts';
import { chunksOf, DOCUMENTS_PER_WRITE, forEachOf, WRITES_AT_ONCE } from '../batches.ts';
import { isOnlyDuplicates } from '../errors.ts';
import { removeGone } from '../orders/gone.ts';
import { NOTHING_FOUND, type Projection, type ReadModel, type ReadModelContext } from '../read-model.ts';
import { verifyDocuments } from '../verify/documents.ts';
import type { Verification } from '../verify/verification.ts';
import { type AuditDocument, toAuditDocument } from './document.ts';

const MOST_WAITING = 12_000;

/** What happened to orders: one document per event, except for events that cannot be read. */
export const audit: ReadModel = {
  name: 'audit',
  version: 1,
  categories: ['PizzaOrder'],
  after: ['orders'],
  indexes: [
    { key: { recordedAt: -1, _id: -1 } },
    { key: { orderId: 1, recordedAt: -1, _id: -1 } },
    { key: { actor: 1, recordedAt: -1, _id: -1 } },
    { key: { type: 1, recordedAt: -1, _id: -1 } },
  ],
  removes: true,
  project: ({ db }, name) => projectAudit(db.collection(name)),
  verify: (context, run, findings) => verifyDocuments(context, verification(context), run, findings),
};

/** A document's `_id` is its event's id, so a duplicate changes nothing. */
function projectAudit(collection: Collection<AuditDocument>): Projection {
  let waiting: AuditDocument[] = [];
  let gone = new Set<string>();
  let begun = 0;
  return {
    add(events) {
      const documents = events.flatMap(({ isGone, stored }) => (isGone ? [] : (documentOf(stored) ?? [])));
      for (const { isGone, id } of events) if (isGone) gone.add(id);
      waiting.push(...documents);
      begun += documents.length;
      return Promise.resolve();
    },
    isFull: () => waiting.length >= MOST_WAITING,
    begun: () => begun,
    async write(ready) {
      const documents = waiting;
      waiting = [];
      const deleted = gone;
      gone = new Set();
      await forEachOf(chunksOf(documents, DOCUMENTS_PER_WRITE), WRITES_AT_ONCE, (some) => insert(collection, some));
      await removeGone(collection, deleted, ready);
      return NOTHING_FOUND;
    },
  };
}

async function insert(collection: Collection<AuditDocument>, documents: readonly AuditDocument[]): Promise<void> {
  try {
    await collection.insertMany(documents, { ordered: false });
  } catch (error) {
    if (!isOnlyDuplicates(error)) throw error;
  }
}

function documentOf(stored: () => StoredEvent): AuditDocument | undefined {
  try {
    return toAuditDocument(stored() as StoredOrderEvent); // an order's stream holds no other events
  } catch (error) {
    if (error instanceof UnreadableEventError) return undefined;
    throw error;
  }
}

function verification({ db, streams }: ReadModelContext): Verification<AuditDocument, AuditDocument> {
  const prefix = streams.streamOf(ORDER.category, '');
  const fold = (before: AuditDocument | undefined, event: RecordedEvent) =>
    before ?? documentOf(() => decodeEvent(event));
  return {
    collection: db.collection<AuditDocument>('audit'),
    prefixes: [prefix],
    idOf: ({ id }) => id,
    fold,
    forget(folds, gone) {
      for (const [id, { orderId }] of folds) if (gone.has(orderId)) folds.delete(id);
    },
    async foldOn({ id, fold: before, document }) {
      if (before || !document || !Number.isSafeInteger(document.revision) || document.revision < 0) return before;
      const stream = `${prefix}${document.orderId}`;
      const at = (from: number) => streams.readRecorded(stream, { from, maxCount: 1 });
      const [[first], [event]] = await Promise.all([at(0), at(document.revision)]);
      if (await streams.isGone(stream, first)) return undefined;
      return event?.id === id ? fold(undefined, event) : undefined;
    },
    expect: (folds) => Promise.resolve(folds),
    revisionOf: () => undefined,
    guard: ({ _id }) => ({ _id }),
    afterRepair: () => Promise.resolve(),
  };
}
