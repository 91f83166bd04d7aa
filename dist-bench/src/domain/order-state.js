import { unknownEvent, } from "./events.js";
import { parseMoney } from "./money.js";
/** An order that is both confirmed and paid is being cooked, whichever came second. */
function cookingOnceBoth(status, paymentStatus) {
    return status === 'CONFIRMED' && paymentStatus === 'PAID' ? 'COOKING' : status;
}
/**
 * The only thing that changes an order: aggregate, read model and time travel all fold with it.
 *
 * @throws TypeError when the first event is not `PizzaOrderPlaced`, or a later one is
 */
export function evolve(state, event) {
    if (event.type === 'PizzaOrderPlaced') {
        if (state !== undefined)
            throw new TypeError('PizzaOrderPlaced can only be the first event of an order');
        const { data } = event;
        return {
            id: data.orderId,
            customerId: data.customerId,
            customerEmail: data.customerEmail ?? null,
            items: data.items,
            totalAmount: parseMoney(data.totalAmount),
            currency: data.currency,
            status: 'PENDING',
            paymentStatus: 'UNPAID',
            discountCodes: [],
            kitchenNotes: null,
            deliveryAddress: data.deliveryAddress ?? null,
            placedAt: data.placedAt,
            estimatedDelivery: null,
            confirmedAt: null,
            paidAt: null,
            lastUpdated: data.placedAt,
        };
    }
    if (state === undefined)
        throw new TypeError(`${event.type} cannot be the first event of an order`);
    switch (event.type) {
        case 'PizzaOrderConfirmed':
            return {
                ...state,
                status: cookingOnceBoth('CONFIRMED', state.paymentStatus),
                estimatedDelivery: event.data.estimatedDeliveryTime,
                kitchenNotes: event.data.kitchenNotes === '' ? null : event.data.kitchenNotes,
                confirmedAt: event.data.confirmedAt,
                lastUpdated: event.data.confirmedAt,
            };
        case 'PaymentProcessed':
            return {
                ...state,
                status: cookingOnceBoth(state.status, 'PAID'),
                paymentStatus: 'PAID',
                paidAt: event.data.processedAt,
                lastUpdated: event.data.processedAt,
            };
        case 'OrderStatusChanged':
            return { ...state, status: event.data.newStatus, lastUpdated: event.data.changedAt };
        case 'DiscountApplied':
            return {
                ...state,
                totalAmount: parseMoney(event.data.newTotal),
                discountCodes: [...state.discountCodes, event.data.discountCode],
                lastUpdated: event.data.appliedAt,
            };
        case 'DeliveryAddressChanged':
            return { ...state, deliveryAddress: event.data.newAddress, lastUpdated: event.data.changedAt };
        default:
            return unknownEvent(event);
    }
}
