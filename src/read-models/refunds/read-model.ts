import type { RecordedEvent } from '@eventstore/db-client';
import type { Collection, Db } from 'mongodb';
import { ORDER } from '../../eventstoredb/aggregates.ts';
import { decodeEvent, type StoredEvent, type StoredOrderEvent } from '../../eventstoredb/codec.ts';
import { UnreadableEventError } from '../../eventstoredb/errors.ts';
import { chunksOf, DOCUMENTS_PER_WRITE, forEachOf, WRITES_AT_ONCE } from '../batches.ts';
import { writeAgainIfInserted } from '../errors.ts';
import { dayOf, raiseAllChanges, raiseChanges } from '../orders/days.ts';
import { removeGone } from '../orders/gone.ts';
import { NOTHING_FOUND, type Projection, type ReadModel, type ReadModelContext } from '../read-model.ts';
import { verifyDocuments } from '../verify/documents.ts';
import type { Verification } from '../verify/verification.ts';
import { type RefundDocument, type RefundFields, refundFieldsOf } from './document.ts';

const MOST_WAITING = 3000;

/** The refunds of all orders, one document each. */
export const refunds: ReadModel = {
  name: 'refunds',
  version: 1,
  categories: ['PizzaOrder'],
  after: ['orders'],
  indexes: [
    { key: { status: 1, requestedAt: 1, _id: 1 } },
    { key: { completedAt: 1 }, sparse: true },
    { key: { orderId: 1 } },
  ],
  removes: true,
  project: ({ db }, name) => projectRefunds(db, db.collection(name)),
  verify: (context, run, findings) => verifyDocuments(context, verification(context), run, findings),
  replaced: ({ db }) => raiseAllChanges(db),
};

function projectRefunds(db: Db, collection: Collection<RefundDocument>): Projection {
  let waiting = new Map<string, RefundFields>();
  let gone = new Set<string>();
  let begun = 0;
  return {
    add(events) {
      for (const { recorded, stored, isGone, id } of events) {
        if (isGone) gone.add(id);
        const said = isGone ? undefined : fieldsOf(recorded, stored);
        if (!said) continue;
        if (recorded.type === 'RefundRequested') begun += 1;
        waiting.set(said.id, { ...waiting.get(said.id), ...said.fields });
      }
      return Promise.resolve();
    },
    isFull: () => waiting.size >= MOST_WAITING,
    begun: () => begun,
    async write(ready) {
      const written = waiting;
      const deleted = gone;
      waiting = new Map();
      gone = new Set();
      await forEachOf(chunksOf([...written], DOCUMENTS_PER_WRITE), WRITES_AT_ONCE, (some) => save(collection, some));
      const orderIds = await removeGone(collection, deleted, ready);
      await (orderIds.length > 0 ? raiseAllChanges(db) : raiseChanges(db, daysOf(written.values())));
      return NOTHING_FOUND;
    },
  };
}

async function save(collection: Collection<RefundDocument>, some: readonly (readonly [string, RefundFields])[]) {
  const writes = some.map(([_id, fields]) => ({
    updateOne: {
      filter: { _id },
      update: { $set: fields, ...(fields.status === undefined && { $setOnInsert: { status: 'PENDING' as const } }) },
      upsert: true,
    },
  }));
  await writeAgainIfInserted(() => collection.bulkWrite(writes, { ordered: false }));
}

/** The days whose figures the refunds count in. */
function daysOf(some: Iterable<RefundFields>): string[] {
  return [...some].flatMap(({ completedAt }) => (completedAt ? [dayOf(completedAt)] : []));
}

function fieldsOf({ type }: RecordedEvent, stored: () => StoredEvent): ReturnType<typeof refundFieldsOf> {
  if (!type.startsWith('Refund')) return undefined;
  try {
    return refundFieldsOf((stored() as StoredOrderEvent).event); // an order's stream holds no other events
  } catch (error) {
    if (error instanceof UnreadableEventError) return undefined;
    throw error;
  }
}

function verification({ db, streams }: ReadModelContext): Verification<RefundDocument, RefundFields> {
  const prefix = streams.streamOf(ORDER.category, '');
  const said = (event: RecordedEvent) => fieldsOf(event, () => decodeEvent(event));
  const fold = (before: RefundFields | undefined, event: RecordedEvent) => {
    const fields = said(event)?.fields;
    return fields ? { ...before, ...fields } : before;
  };
  return {
    collection: db.collection<RefundDocument>('refunds'),
    prefixes: [prefix],
    idOf: (event) => said(event)?.id,
    fold,
    forget(folds, gone) {
      for (const [id, { orderId }] of folds) if (orderId !== undefined && gone.has(orderId)) folds.delete(id);
    },
    async foldOn({ id, fold: before, document }) {
      if (!document) return before;
      const stream = `${prefix}${document.orderId}`;
      const events = await streams.readRecorded(stream);
      if (await streams.isGone(stream, events[0])) return undefined;
      return events.filter((event) => said(event)?.id === id).reduce(fold, before);
    },
    expect: (folds) =>
      Promise.resolve(
        new Map([...folds].map(([_id, fields]) => [_id, { _id, status: 'PENDING', ...fields } as RefundDocument])),
      ),
    revisionOf: () => undefined,
    lagging: new Set(['status', 'amountMinor', 'reason', 'requestedAt', 'completedAt', 'transactionId']),
    guard: (document) => ({ ...document }),
    afterRepair: (expected) => raiseChanges(db, daysOf(expected)),
  };
}
