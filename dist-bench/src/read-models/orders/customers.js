import { UNKNOWN_EMAIL } from "../../eventstoredb/upcasters.js";
/** Registered details first; else the email of the order's own event; else "Unknown" and nothing. */
export function customerFields(orderEmail, customer) {
    if (customer) {
        return { customerName: customer.name, customerEmail: customer.email, customerRevision: customer.revision };
    }
    const customerEmail = orderEmail === null || orderEmail === UNKNOWN_EMAIL ? '' : orderEmail;
    return { customerName: 'Unknown', customerEmail, customerRevision: -1 };
}
/** Looks up the customers of some orders. @returns the fields of one order */
export async function joinCustomers(db, states) {
    const known = new Map((await findCustomers(db, customersOf(states))).map((customer) => [customer._id, customer]));
    return (state) => customerFields(state?.customerEmail ?? null, state && known.get(state.customerId));
}
/**
 * Shows the present details of customers in all their orders that have older ones.
 *
 * Customers are written before their orders are looked at, and orders before their customers are looked up again.
 * Whichever comes first, one of the two sees the other.
 */
export async function showCustomers(db, orders, customerIds) {
    for (const customer of await findCustomers(db, customerIds)) {
        await orders.updateMany({ customerId: customer._id, customerRevision: { $lt: customer.revision } }, { $set: customerFields(null, customer) });
    }
}
export function customersOf(states) {
    return new Set(states.map(({ customerId }) => customerId));
}
async function findCustomers(db, ids) {
    const wanted = [...ids];
    if (wanted.length === 0)
        return [];
    const customers = db.collection('customers');
    return customers.find({ _id: { $in: wanted }, revision: { $gte: 0 } }).toArray();
}
