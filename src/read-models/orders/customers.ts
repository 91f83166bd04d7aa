import type { Collection, Db } from 'mongodb';
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
  const found = await findCustomers(db, customersOf(states));
  const known = new Map(found.filter(({ revision }) => revision >= 0).map((customer) => [customer._id, customer]));
  return (state) => customerFields(state?.customerEmail ?? null, state && known.get(state.customerId));
}

/**
 * Updates all orders of these customers that show older details, or the details of one who is gone.
 *
 * Customers are written before their orders are updated, and new orders before their customers are looked up a second
 * time. So whichever comes first, the later one sees the other.
 */
export async function showCustomers(
  db: Db,
  orders: Collection<OrderDocument>,
  customerIds: Iterable<string>,
): Promise<void> {
  for (const customer of await findCustomers(db, customerIds)) {
    if (customer.revision === GONE_REVISION) await forgetCustomer(orders, customer._id);
    if (customer.revision < 0) continue;
    await orders.updateMany(
      { customerId: customer._id, customerRevision: { $lt: customer.revision } },
      { $set: customerFields(null, customer) },
    );
  }
}

async function forgetCustomer(orders: Collection<OrderDocument>, customerId: string): Promise<void> {
  const shown = await readAgainIfReplaced(() =>
    orders.find({ customerId, customerRevision: { $gte: 0 } }, { projection: { orderEmail: 1 } }).toArray(),
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

export function customersOf(states: readonly OrderState[]): Set<string> {
  return new Set(states.map(({ customerId }) => customerId));
}

async function findCustomers(db: Db, ids: Iterable<string>): Promise<CustomerDocument[]> {
  const wanted = [...ids];
  if (wanted.length === 0) return [];
  const customers = db.collection<CustomerDocument>('customers');
  return customers.find({ _id: { $in: wanted } }).toArray();
}
