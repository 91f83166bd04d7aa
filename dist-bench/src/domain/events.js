export const ORDER_STATUSES = [
    'PENDING',
    'CONFIRMED',
    'COOKING',
    'READY',
    'OUT_FOR_DELIVERY',
    'DELIVERED',
    'CANCELLED',
];
export const PAYMENT_STATUSES = ['UNPAID', 'PAID'];
/** When the event happened, by the clock of the one who caused it. */
export function occurredAt(event) {
    switch (event.type) {
        case 'PizzaOrderPlaced':
            return event.data.placedAt;
        case 'PizzaOrderConfirmed':
            return event.data.confirmedAt;
        case 'PaymentProcessed':
            return event.data.processedAt;
        case 'OrderStatusChanged':
        case 'DeliveryAddressChanged':
            return event.data.changedAt;
        case 'DiscountApplied':
            return event.data.appliedAt;
        default:
            return unknownEvent(event);
    }
}
/** Ends a switch over a union of events: the compiler proves that it is never reached. */
export function unknownEvent(event) {
    throw new TypeError(`unknown event ${JSON.stringify(event)}`);
}
