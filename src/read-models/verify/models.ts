import type { RecordedEvent } from '@eventstore/db-client';
import type { Collection, Filter } from 'mongodb';
import type { OrderState } from '../../domain/order-state.ts';
import { decodeEvent, decodeOrderEvent, isCustomerEvent } from '../../eventstoredb/codec.ts';
import { UnreadableEventError } from '../../eventstoredb/errors.ts';
import { type AuditDocument, toAuditDocument } from '../audit/document.ts';
import { type CustomerDocument, evolveCustomerDocument } from '../customers/document.ts';
import { reasonOf } from '../live/deliveries.ts';
import { customerFields, evolveOrder, type OrderDocument, type Stall, toFields } from '../orders/document.ts';
import { orderIdOf } from '../orders/project.ts';
import { showCustomer } from '../orders/save.ts';
import type { VerifyOptions } from './findings.ts';

/** A document and what it should be. */
export interface Pair<Document, Fold> {
  readonly id: string;
  readonly fold: Fold | undefined;
  readonly document: Document | undefined;
}

/** What `verifyDocuments` has to know of a read model. */
export interface VerifiedModel<Document, Fold> {
  readonly collection: Collection<Document & { readonly _id: string }>;
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

interface OrderFold {
  readonly state: OrderState | undefined;
  readonly revision: number;
  readonly stall: Stall | undefined;
}

export function ordersModel({
  streams,
  database,
  streamPrefix,
}: VerifyOptions): VerifiedModel<OrderDocument, OrderFold> {
  const prefix = `${streamPrefix}PizzaOrder-`;

  const fold = (before: OrderFold = { state: undefined, revision: -1, stall: undefined }, event: RecordedEvent) => {
    const next = before.revision + 1;
    if (before.stall || Number(event.revision) < next) return before;
    try {
      if (Number(event.revision) > next) throw new UnreadableEventError(`revision ${next} is missing`);
      return { state: evolveOrder(before.state, decodeOrderEvent(event)), revision: next, stall: undefined };
    } catch (error) {
      return { ...before, stall: { revision: next, reason: reasonOf(error) } };
    }
  };

  async function customersOf(ids: Iterable<string>): Promise<ReadonlyMap<string, CustomerDocument>> {
    const found = await database.customers.find({ _id: { $in: [...new Set(ids)] } }).toArray();
    return new Map(found.map((customer) => [customer._id, customer]));
  }

  return {
    collection: database.orders,
    idOf: ({ streamId }) => (streamId.startsWith(prefix) ? orderIdOf(streamId) : undefined),
    fold,
    foldOn: ({ id, fold: before, document }) =>
      foldStream(streams, streams.streamOf('PizzaOrder', id), fold, before, before?.revision ?? -1, document?.revision),
    async expect(folds) {
      const customers = await customersOf([...folds.values()].flatMap(({ state }) => state?.customerId ?? []));
      return new Map([...folds].map(([id, folded]) => [id, orderDocument(id, folded, customers)]));
    },
    revisionOf: ({ revision }) => revision,
    ignored: (field, expected, actual) =>
      field === 'stalled' && (expected as Stall | undefined)?.revision === (actual as Stall | undefined)?.revision,
    lagging: new Set(['customerName', 'customerEmail', 'customerRevision']),
    guard: ({ _id, revision, customerRevision }) => ({ _id, revision, customerRevision }),
    async afterRepair(expected) {
      const seen = new Map(expected.map(({ customerId, customerRevision }) => [customerId, customerRevision]));
      for (const customer of (await customersOf(seen.keys())).values()) {
        if (seen.get(customer._id) !== customer.revision) await showCustomer(database.orders, customer);
      }
    },
  };
}

function orderDocument(
  id: string,
  { state, revision, stall }: OrderFold,
  customers: ReadonlyMap<string, CustomerDocument>,
): OrderDocument {
  const fields = state ? toFields(state, revision) : ({ revision } as OrderDocument);
  const contact = customerFields(state?.customerEmail ?? null, state && customers.get(state.customerId));
  return { _id: id, ...fields, ...contact, ...(stall && { stalled: stall }) };
}

interface CustomerFold {
  readonly document: CustomerDocument | undefined;
  readonly isStalled: boolean;
}

export function customersModel({
  streams,
  database,
  streamPrefix,
}: VerifyOptions): VerifiedModel<CustomerDocument, CustomerFold> {
  const prefix = `${streamPrefix}Customer-`;

  const fold = (before: CustomerFold = { document: undefined, isStalled: false }, event: RecordedEvent) => {
    const next = (before.document?.revision ?? -1) + 1;
    if (before.isStalled || Number(event.revision) < next) return before;
    try {
      const stored = decodeEvent(event);
      if (Number(event.revision) > next || !isCustomerEvent(stored)) return { ...before, isStalled: true };
      return { document: evolveCustomerDocument(before.document, stored), isStalled: false };
    } catch (error) {
      if (!(error instanceof UnreadableEventError || error instanceof TypeError)) throw error;
      return { ...before, isStalled: true };
    }
  };

  return {
    collection: database.customers,
    idOf: ({ streamId }) => (streamId.startsWith(prefix) ? streamId.slice(prefix.length) : undefined),
    fold,
    foldOn: ({ id, fold: before, document }) => {
      const revision = before?.document?.revision ?? -1;
      return foldStream(streams, streams.streamOf('Customer', id), fold, before, revision, document?.revision);
    },
    expect: (folds) =>
      Promise.resolve(new Map([...folds].flatMap(([id, { document }]) => (document ? [[id, document] as const] : [])))),
    revisionOf: ({ revision }) => revision,
    guard: ({ _id, revision }) => ({ _id, revision }),
    async afterRepair(expected) {
      for (const customer of expected) await showCustomer(database.orders, customer);
    },
  };
}

/** One document per event: it is there and right, or not. */
export function auditModel({
  streams,
  database,
  streamPrefix,
}: VerifyOptions): VerifiedModel<AuditDocument, AuditDocument> {
  const prefix = `${streamPrefix}PizzaOrder-`;

  const fold = (before: AuditDocument | undefined, event: RecordedEvent) => {
    try {
      return before ?? toAuditDocument(decodeOrderEvent(event));
    } catch (error) {
      if (error instanceof UnreadableEventError) return undefined;
      throw error;
    }
  };

  return {
    collection: database.audit,
    idOf: ({ streamId, id }) => (streamId.startsWith(prefix) ? id : undefined),
    fold,
    async foldOn({ id, fold: before, document }) {
      if (before || !document || !Number.isSafeInteger(document.revision) || document.revision < 0) return before;
      const { orderId, revision: from } = document;
      const [event] = await streams.readRecorded(streams.streamOf('PizzaOrder', orderId), { from, maxCount: 1 });
      return event?.id === id ? fold(undefined, event) : undefined;
    },
    expect: (folds) => Promise.resolve(folds),
    revisionOf: () => undefined,
    guard: ({ _id }) => ({ _id }),
    afterRepair: () => Promise.resolve(),
  };
}

const PAGE = 500;

/** Reads a document's stream on to the revision that the document shows, and folds it. */
async function foldStream<Fold>(
  streams: VerifyOptions['streams'],
  stream: string,
  fold: (before: Fold | undefined, event: RecordedEvent) => Fold,
  before: Fold | undefined,
  seen: number,
  wanted: number | undefined,
): Promise<Fold | undefined> {
  if (wanted === undefined || !(wanted > seen || before === undefined)) return before;
  let folded = before;
  for (let from = seen + 1; from <= Math.max(wanted, 0);) {
    const events = await streams.readRecorded(stream, {
      from,
      maxCount: Math.min(PAGE, Math.max(wanted, 0) - from + 1),
    });
    if (events.length === 0) break;
    for (const event of events) folded = fold(folded, event);
    from += events.length;
  }
  return folded;
}
