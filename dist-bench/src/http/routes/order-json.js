import { formatMinorUnits } from "../../domain/money.js";
import { formatMoney } from "../../domain/money.js";
import { quantityOf, secondsBetween } from "../../read-models/orders/document.js";
/** The order as a command answers it. */
export function plainOrderJson({ state, revision }) {
    const { placedAt, confirmedAt, paidAt } = state;
    return {
        id: state.id,
        revision,
        customerId: state.customerId,
        items: [...state.items],
        itemCount: state.items.length,
        quantity: quantityOf(state.items),
        totalAmount: formatMoney(state.totalAmount),
        currency: state.currency,
        status: state.status,
        paymentStatus: state.paymentStatus,
        kitchenNotes: state.kitchenNotes,
        deliveryAddress: state.deliveryAddress,
        placedAt: timestamp(placedAt),
        estimatedDelivery: state.estimatedDelivery && timestamp(state.estimatedDelivery),
        lastUpdated: timestamp(state.lastUpdated),
        timeToConfirmation: confirmedAt === null ? null : secondsBetween(new Date(placedAt), new Date(confirmedAt)),
        timeToPayment: paidAt === null ? null : secondsBetween(new Date(placedAt), new Date(paidAt)),
    };
}
/** The order as the read model has it. */
export function orderJson(document) {
    return {
        id: document._id,
        revision: document.revision,
        customerId: document.customerId,
        customerName: document.customerName,
        customerEmail: document.customerEmail,
        items: [...document.items],
        itemCount: document.itemCount,
        quantity: document.quantity,
        totalAmount: formatMinorUnits(document.totalMinor),
        currency: document.currency,
        status: document.status,
        paymentStatus: document.paymentStatus,
        kitchenNotes: document.kitchenNotes,
        deliveryAddress: document.deliveryAddress,
        placedAt: document.placedAt.toISOString(),
        estimatedDelivery: document.estimatedDelivery?.toISOString() ?? null,
        lastUpdated: document.lastUpdated.toISOString(),
        timeToConfirmation: document.timeToConfirmation,
        timeToPayment: document.timeToPayment,
        ...(document.stalled && { projection: 'stalled' }),
    };
}
const TIMESTAMP_LENGTH = '2030-01-31T19:30:00.000Z'.length;
/** In the form that the read model gives it: other writers of events may have left out the milliseconds. */
function timestamp(time) {
    return time.length === TIMESTAMP_LENGTH && time.endsWith('Z') ? time : new Date(time).toISOString();
}
