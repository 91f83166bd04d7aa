import type { RecordedEvent } from '@eventstore/db-client';
import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { MongoBulkWriteError } from 'mongodb';
import type { OrderState } from '../domain/order-state.ts';
import { decodeOrderEvent, type StoredOrderEvent } from '../eventstoredb/codec.ts';
import { UnreadableEventError } from '../eventstoredb/errors.ts';
import { isOnlyDuplicates } from '../mongodb/errors.ts';
import { chunksOf, groupBy, inRevisionOrder, type Outcome, reasonOf } from './deliveries.ts';
import type { CustomerDocument } from './customer-document.ts';
import {
  changedFields,
  customerFields,
  evolveOrder,
  type OrderDocument,
  type Stall,
  toFields,
  toState,
} from './order-document.ts';
import type { RecentOrders } from './recent-orders.ts';

export interface OrderTarget {
  readonly orders: Collection<OrderDocument>;
  readonly customers: Collection<CustomerDocument>;
  /** Reads `count` events of an order's stream from `revision` on: those that a gap is missing. */
  readonly readGap: (stream: string, revision: number, count: number) => Promise<RecordedEvent[]>;
  /** Saves reading documents; undefined: each is read. */
  readonly recent?: RecentOrders | undefined;
  readonly decode?: (event: RecordedEvent) => StoredOrderEvent;
}

/** What an order is folded on from. */
interface Base {
  readonly revision: number;
  readonly state: OrderState | undefined;
  readonly hasDocument: boolean;
  readonly stalledAt: number | undefined;
  /** Whether it was folded here, from the first event of the stream on. */
  readonly isFolded: boolean;
}

interface Plan {
  readonly orderId: string;
  readonly from: Base;
  readonly state: OrderState | undefined;
  readonly revision: number;
  readonly stall: Stall | undefined;
}

/** A lost guard means that another worker was first; each round at least one of them gets on. */
const MOST_ROUNDS = 50;
/** Orders that are read and written together: so few that there is work for this process while MongoDB works. */
const ORDERS_PER_WRITE = 250;
const NOTHING: Base = { revision: -1, state: undefined, hasDocument: false, stalledAt: undefined, isFolded: true };

/**
 * Brings the documents of some orders up to the events given, in whatever order and however often these come.
 *
 * Every document carries the revision it has seen: an event at or before it is a duplicate, the next one is folded
 * in, and before a later one the missing ones are read from the stream. A save is guarded by the revision it
 * started from.
 *
 * @returns what became of each event, by its place in `events`
 */
export async function projectOrders(target: OrderTarget, events: readonly RecordedEvent[]): Promise<Outcome[]> {
  const byOrder = groupBy(events, ({ streamId }) => orderIdOf(streamId));
  const stalls = new Map<string, Stall>();
  const parts = chunksOf([...byOrder.keys()], ORDERS_PER_WRITE);
  await Promise.all(parts.map((orderIds) => projectSome(target, orderIds, byOrder, stalls)));
  if (stalls.size === 0) return events.map(() => ({ type: 'done' }));
  return events.map(({ streamId, revision }) => {
    const stall = stalls.get(orderIdOf(streamId));
    return stall && Number(revision) >= stall.revision ? { type: 'park', reason: stall.reason } : { type: 'done' };
  });
}

/** A stream is named `{prefix}PizzaOrder-{orderId}`. */
export function orderIdOf(stream: string): string {
  return stream.slice(stream.indexOf('PizzaOrder-') + 'PizzaOrder-'.length);
}

async function projectSome(
  target: OrderTarget,
  orderIds: readonly string[],
  byOrder: ReadonlyMap<string, readonly RecordedEvent[]>,
  stalls: Map<string, Stall>,
): Promise<void> {
  let open = orderIds;
  for (let round = 1; open.length > 0; round += 1) {
    if (round > MOST_ROUNDS) throw new Error(`${open.length} orders could not be saved against other workers`);
    const bases = await basesOf(target, open);
    const plans: Plan[] = [];
    for (const orderId of open) {
      const plan = await fold(target, orderId, bases.get(orderId) ?? NOTHING, byOrder.get(orderId) ?? []);
      if (plan.stall) stalls.set(orderId, plan.stall);
      if (plan.revision > plan.from.revision || isNewStall(plan)) plans.push(plan);
    }
    for (const { orderId } of plans) target.recent?.delete(orderId);
    const isSaved = await save(target, plans);
    if (isSaved && target.recent) remember(target.recent, plans);
    open = isSaved ? [] : plans.map(({ orderId }) => orderId);
  }
}

function remember(recent: RecentOrders, plans: readonly Plan[]): void {
  for (const { orderId, from, state, revision, stall } of plans) {
    if (from.isFolded && state && !stall) recent.set(orderId, { state, revision });
  }
}

async function basesOf(
  { orders, recent }: Pick<OrderTarget, 'orders' | 'recent'>,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, Base>> {
  const bases = new Map<string, Base>();
  for (const orderId of orderIds) {
    const known = recent?.get(orderId);
    if (known) bases.set(orderId, { ...known, hasDocument: true, stalledAt: undefined, isFolded: true });
  }
  const unknown = orderIds.filter((orderId) => !bases.has(orderId));
  if (unknown.length === 0) return bases;
  for (const document of await orders.find({ _id: { $in: unknown } }).toArray()) {
    const { revision, stalled } = document;
    const hasState = revision >= 0;
    const state = hasState ? toState(document) : undefined;
    bases.set(document._id, {
      revision,
      state,
      hasDocument: true,
      stalledAt: stalled?.revision,
      isFolded: !hasState,
    });
  }
  return bases;
}

async function fold(target: OrderTarget, orderId: string, from: Base, events: readonly RecordedEvent[]): Promise<Plan> {
  const { decode = decodeOrderEvent } = target;
  let { state, revision } = from;
  for (const event of inRevisionOrder(events)) {
    const at = Number(event.revision);
    if (at <= revision) continue;
    const missing = at > revision + 1 ? await target.readGap(event.streamId, revision + 1, at - revision - 1) : [];
    for (const next of [...missing, event]) {
      try {
        if (Number(next.revision) !== revision + 1) {
          throw new UnreadableEventError(`revision ${revision + 1} is missing from ${next.streamId}`);
        }
        state = evolveOrder(state, decode(next));
        revision += 1;
      } catch (error) {
        return { orderId, from, state, revision, stall: { revision: revision + 1, reason: reasonOf(error) } };
      }
    }
  }
  return { orderId, from, state, revision, stall: undefined };
}

function isNewStall({ from, stall }: Plan): boolean {
  return stall !== undefined && from.stalledAt !== stall.revision;
}

/** @returns whether every document was saved; if not, another worker saved one of them first */
async function save(target: OrderTarget, plans: readonly Plan[]): Promise<boolean> {
  if (plans.length === 0) return true;
  const fresh = plans.filter(({ from, state }) => from.revision < 0 && state !== undefined);
  const customers = await customersOf(target, fresh);
  const writes = plans.map((plan) => writeOf(plan, customers));
  let saved: number;
  try {
    const result = await target.orders.bulkWrite(writes, { ordered: false });
    saved = result.insertedCount + result.matchedCount;
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || !isOnlyDuplicates(error)) throw error;
    saved = error.result.insertedCount + error.result.matchedCount;
  }
  if (fresh.length > 0) await catchUpWithCustomers(target, fresh, customers);
  return saved === plans.length;
}

function writeOf(
  { orderId, from, state, revision, stall }: Plan,
  customers: ReadonlyMap<string, CustomerDocument>,
): AnyBulkWriteOperation<OrderDocument> {
  const fields = state ? toFields(state, revision) : ({ revision } as OrderDocument);
  const stalled = stall && { stalled: stall };
  if (from.hasDocument) {
    // What this process has written before needs not be written again; what it has read may be anything.
    const changed = from.isFolded && from.state ? changedFields(toFields(from.state, from.revision), fields) : fields;
    const unset = !stall && from.stalledAt !== undefined ? { $unset: { stalled: true as const } } : {};
    // A document without an order yet has no customer either.
    const contact =
      from.revision < 0 && state ? customerFields(state.customerEmail, customers.get(state.customerId)) : {};
    return {
      updateOne: {
        filter: { _id: orderId, revision: from.revision },
        update: { $set: { ...changed, ...contact, ...stalled }, ...unset },
      },
    };
  }
  const contact = customerFields(state?.customerEmail ?? null, state && customers.get(state.customerId));
  return { insertOne: { document: { _id: orderId, ...fields, ...contact, ...stalled } } };
}

async function customersOf(
  target: OrderTarget,
  plans: readonly Plan[],
): Promise<ReadonlyMap<string, CustomerDocument>> {
  const ids = [...new Set(plans.flatMap(({ state }) => state?.customerId ?? []))];
  if (ids.length === 0) return new Map();
  const found = await target.customers.find({ _id: { $in: ids } }).toArray();
  return new Map(found.map((customer) => [customer._id, customer]));
}

/**
 * A customer saved between our look-up and our insert has missed the new orders: look again. Whichever came first,
 * one of the two sees the other.
 */
async function catchUpWithCustomers(
  target: OrderTarget,
  plans: readonly Plan[],
  seen: ReadonlyMap<string, CustomerDocument>,
): Promise<void> {
  const now = await customersOf(target, plans);
  for (const customer of now.values()) {
    if (seen.get(customer._id)?.revision !== customer.revision) await showCustomer(target.orders, customer);
  }
}

/** Writes a customer's present details into all its orders that have older ones. */
export async function showCustomer(orders: Collection<OrderDocument>, customer: CustomerDocument): Promise<void> {
  await orders.updateMany(
    { customerId: customer._id, customerRevision: { $lt: customer.revision } },
    { $set: customerFields(null, customer) },
  );
}
