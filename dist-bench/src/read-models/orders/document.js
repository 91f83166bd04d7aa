import { fromMinorUnits, toMinorUnits } from "../../domain/money.js";
/** An order's state as it is stored: amounts in hundredths, times as dates; durations are whole seconds. */
export function toFields(state) {
    const placedAt = new Date(state.placedAt);
    const confirmedAt = toDate(state.confirmedAt);
    const paidAt = toDate(state.paidAt);
    return {
        customerId: state.customerId,
        /** The email in the order's own event, whatever is registered for the customer. */
        orderEmail: state.customerEmail,
        items: state.items,
        /** Lines. */
        itemCount: state.items.length,
        /** Pizzas. */
        quantity: quantityOf(state.items),
        totalMinor: toMinorUnits(state.totalAmount),
        currency: state.currency,
        status: state.status,
        paymentStatus: state.paymentStatus,
        discountCodes: state.discountCodes,
        kitchenNotes: state.kitchenNotes,
        deliveryAddress: state.deliveryAddress,
        placedAt,
        estimatedDelivery: toDate(state.estimatedDelivery),
        confirmedAt,
        paidAt,
        lastUpdated: new Date(state.lastUpdated),
        timeToConfirmation: confirmedAt && secondsBetween(placedAt, confirmedAt),
        timeToPayment: paidAt && secondsBetween(placedAt, paidAt),
    };
}
/** The way back, so that a document can be folded on. */
export function toState({ _id, orderEmail, totalMinor, placedAt, estimatedDelivery, confirmedAt, paidAt, lastUpdated, 
// What follows from the rest, or is the customer's.
revision, stalled, itemCount, quantity, timeToConfirmation, timeToPayment, customerName, customerEmail, customerRevision, ...same }) {
    return {
        ...same,
        id: _id,
        customerEmail: orderEmail,
        totalAmount: fromMinorUnits(totalMinor),
        placedAt: placedAt.toISOString(),
        estimatedDelivery: estimatedDelivery?.toISOString() ?? null,
        confirmedAt: confirmedAt?.toISOString() ?? null,
        paidAt: paidAt?.toISOString() ?? null,
        lastUpdated: lastUpdated.toISOString(),
    };
}
function toDate(time) {
    return time === null ? null : new Date(time);
}
/** Pizzas, of all lines together. */
export function quantityOf(items) {
    return items.reduce((sum, { quantity }) => sum + quantity, 0);
}
/** Whole seconds. */
export function secondsBetween(from, to) {
    return Math.floor((to.getTime() - from.getTime()) / 1000);
}
