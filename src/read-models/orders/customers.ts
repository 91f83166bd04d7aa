import type { AnyBulkWriteOperation, Collection, Db, Filter } from 'mongodb';
import { DOCUMENTS_PER_WRITE, chunksOf } from '../batches.ts';
import { GONE_REVISION } from '../documents/stream-model.ts';
import { readAgainIfReplaced } from '../errors.ts';
import type { OrderState } from '../../domain/order-state.ts';
import type { CustomerDocument } from '../customers/document.ts';
import { customerFields, type CustomerFields, type OrderDocument } from './document.ts';

/** Looks up the customers of some orders. @returns the fields of one order */
export async function joinCustomers(
  db: Db,
  states: readonly OrderState[],
): Promise<(state: OrderState | undefined) => CustomerFields> {
  const found = await findCustomers(db, idsByCustomer(states).keys());
  const known = new Map(found.filter(({ revision }) => revision >= 0).map((customer) => [customer._id, customer]));
  return (state) => customerFields(state?.customerEmail ?? null, state && known.get(state.customerId));
}

/**
 * Updates the orders of these customers that show older details, or the details of one who is gone.
 *
 * Customers are written before their orders are updated, and new orders before their customers are looked up a second
 * time. So whichever comes first, the later one sees the other.
 *
 * @param customers ids; as a map, with those of the orders to be updated: all of one customer's may be millions
 */
export async function showCustomers(
  db: Db,
  orders: Collection<OrderDocument>,
  customers: ReadonlySet<string> | ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const writes: AnyBulkWriteOperation<OrderDocument>[] = [];
  for (const customer of await findCustomers(db, customers.keys())) {
    const its: Filter<OrderDocument> =
      'get' in customers ? { _id: { $in: customers.get(customer._id) ?? [] } } : { customerId: customer._id };
    if (customer.revision === GONE_REVISION) await forgetCustomer(orders, its);
    if (customer.revision < 0) continue;
    const filter = { ...its, customerRevision: { $lt: customer.revision } };
    writes.push({ updateMany: { filter, update: { $set: customerFields(null, customer) } } });
  }
  for (const some of chunksOf(writes, DOCUMENTS_PER_WRITE)) await orders.bulkWrite(some, { ordered: false });
}

async function forgetCustomer(orders: Collection<OrderDocument>, its: Filter<OrderDocument>): Promise<void> {
  const shown = await readAgainIfReplaced(() =>
    orders.find({ ...its, customerRevision: { $gte: 0 } }, { projection: { orderEmail: 1 } }).toArray(),
  );
  for (const some of chunksOf(shown, DOCUMENTS_PER_WRITE)) {
    await orders.bulkWrite(
      some.map(({ _id, orderEmail }) => ({
        updateOne: {
          filter: { _id, customerRevision: { $gte: 0 } },
          update: { $set: customerFields(orderEmail, undefined) },
        },
      })),
      { ordered: false },
    );
  }
}

export function idsByCustomer(orders: readonly OrderState[]): ReadonlyMap<string, readonly string[]> {
  const ids = new Map<string, string[]>();
  for (const { customerId, id } of orders) {
    const its = ids.get(customerId);
    if (its) its.push(id);
    else ids.set(customerId, [id]);
  }
  return ids;
}

async function findCustomers(db: Db, ids: Iterable<string>): Promise<CustomerDocument[]> {
  const wanted = [...ids];
  if (wanted.length === 0) return [];
  const customers = db.collection<CustomerDocument>('customers');
  return readAgainIfReplaced(() => customers.find({ _id: { $in: wanted } }).toArray());
}
