import type { Collection, Db } from 'mongodb';
import type { OrderState } from '../../domain/order-state.ts';
import type { CustomerDocument } from '../customers/document.ts';
import { customerFields, type CustomerFields, type OrderDocument } from './document.ts';

/** Looks up the customers of some orders. @returns the fields of one order */
export async function joinCustomers(
  db: Db,
  states: readonly OrderState[],
): Promise<(state: OrderState | undefined) => CustomerFields> {
  const known = new Map((await findCustomers(db, customersOf(states))).map((customer) => [customer._id, customer]));
  return (state) => customerFields(state?.customerEmail ?? null, state && known.get(state.customerId));
}

/**
 * Updates all orders of these customers that show older details.
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
    await orders.updateMany(
      { customerId: customer._id, customerRevision: { $lt: customer.revision } },
      { $set: customerFields(null, customer) },
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
  return customers.find({ _id: { $in: wanted }, revision: { $gte: 0 } }).toArray();
}
