import { type PizzaOrderEvent, unknownEvent } from '../../domain/events.ts';

/** One sentence that a person can read: what happened, with the notes and reasons given for it. */
export function describe({ type, data }: PizzaOrderEvent): string {
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
    case 'OrderCancelled':
      return `Order cancelled while ${data.previousStatus}${data.reasonCode === undefined ? '' : ` (${data.reasonCode})`}${data.reason === '' ? '' : `: ${data.reason}`}`;
    case 'RefundRequested':
      return `Refund of ${data.amount} requested: ${data.reason}`;
    case 'RefundCompleted':
      return `Refund of ${data.amount} completed, transaction ${data.transactionId}`;
    case 'RefundFailed':
      return `Refund failed${data.final ? ' for good' : ', still pending'}: ${data.reason}`;
    case 'LatePaymentReceived':
      return `Payment of ${data.amount} by ${data.paymentMethod} after the order was cancelled, transaction ${data.transactionId}`;
    default:
      return unknownEvent(type);
  }
}
