import { unknownEvent } from "../../domain/events.js";
/** One sentence that a person can read: what happened, with the notes and reasons given for it. */
export function describe({ type, data }) {
    switch (type) {
        case 'PizzaOrderPlaced':
            return `Order placed: ${data.items.map(({ quantity, name }) => `${quantity} × ${name}`).join(', ')} for ${data.totalAmount} ${data.currency}`;
        case 'PizzaOrderConfirmed':
            return `Order confirmed, delivery estimated for ${data.estimatedDeliveryTime}${data.kitchenNotes === '' ? '' : `; kitchen notes: ${data.kitchenNotes}`}`;
        case 'PaymentProcessed':
            return `Payment of ${data.amount} by ${data.paymentMethod}, transaction ${data.transactionId}`;
        case 'OrderStatusChanged':
            return `Status changed from ${data.previousStatus} to ${data.newStatus}${data.reason === undefined ? '' : `: ${data.reason}`}`;
        case 'DiscountApplied':
            return `Discount ${data.discountCode} of ${data.discountAmount} applied: ${data.originalTotal} became ${data.newTotal}`;
        case 'DeliveryAddressChanged':
            return data.oldAddress ? 'Delivery address changed' : 'Delivery address set';
        default:
            return unknownEvent(type);
    }
}
