import { type AnyBulkWriteOperation, type Collection, MongoBulkWriteError } from 'mongodb';
import type { OrderState } from '../../domain/order-state.ts';
import { isOnlyDuplicates } from '../errors.ts';
import type { CustomerDocument } from '../customers/document.ts';
import { changedFields, customerFields, type OrderDocument, type Stall, toFields } from './document.ts';

export interface OrderCollections {
  readonly orders: Collection<OrderDocument>;
  readonly customers: Collection<CustomerDocument>;
}

/** What an order is folded on from. */
export interface OrderBase {
  readonly revision: number;
  readonly state: OrderState | undefined;
  readonly hasDocument: boolean;
  readonly stalledAt: number | undefined;
  /** Whether it was folded here, from the first event of the stream on. */
  readonly isFolded: boolean;
}

/** What an order has become. */
export interface OrderPlan {
  readonly orderId: string;
  readonly from: OrderBase;
  readonly state: OrderState | undefined;
  readonly revision: number;
  readonly stall: Stall | undefined;
}

/** Orders that are read and written together: so few that there is work for this process while MongoDB works. */
export const ORDERS_PER_WRITE = 250;

/** An order without a document. */
export const NOTHING: OrderBase = {
  revision: -1,
  state: undefined,
  hasDocument: false,
  stalledAt: undefined,
  isFolded: true,
};

/** @returns whether every document was saved; if not, another worker saved one of them first */
export async function saveOrders(target: OrderCollections, plans: readonly OrderPlan[]): Promise<boolean> {
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
  { orderId, from, state, revision, stall }: OrderPlan,
  customers: ReadonlyMap<string, CustomerDocument>,
): AnyBulkWriteOperation<OrderDocument> {
  const fields = state ? toFields(state, revision) : ({ revision } as OrderDocument);
  const stalled = stall && { stalled: stall };
  if (from.hasDocument) {
    // What this process has written before needs not be written again; what it has read may be anything.
    const changed = from.isFolded && from.state && state ? changedFields(from.state, state, fields) : fields;
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
  target: OrderCollections,
  plans: readonly OrderPlan[],
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
  target: OrderCollections,
  plans: readonly OrderPlan[],
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
