import { Type } from 'typebox';
import { ORDER_STATUSES } from "../domain/events.js";
const Text = (maxLength) => Type.String({ minLength: 1, maxLength });
const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339' });
const Amount = Type.String({ pattern: '^\\d{1,10}(\\.\\d{1,2})?$', description: 'decimal amount, e.g. "25.00"' });
const OrderId = Type.String({ format: 'uuid' });
const Status = Type.Enum([...ORDER_STATUSES], { type: 'string' });
const Item = Type.Object({
    name: Text(200),
    quantity: Type.Integer({ minimum: 1, maximum: 1000 }),
    unitPrice: Amount,
    sku: Type.Optional(Text(200)),
});
const Address = Type.Object({
    street: Text(200),
    city: Text(200),
    postalCode: Text(200),
    notes: Type.Optional(Type.String({ maxLength: 2000 })),
});
const placedV1 = {
    orderId: OrderId,
    customerId: Text(200),
    items: Type.Array(Item, { minItems: 1, maxItems: 100 }),
    totalAmount: Amount,
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
    deliveryAddress: Type.Optional(Address),
    placedAt: Timestamp,
};
const PizzaOrderPlacedV1 = Type.Object(placedV1);
const PizzaOrderPlacedV2 = Type.Object({ ...placedV1, customerEmail: Type.Optional(Text(200)) });
const PizzaOrderConfirmedV1 = Type.Object({
    orderId: OrderId,
    estimatedDeliveryTime: Timestamp,
    kitchenNotes: Type.String({ maxLength: 2000 }),
    confirmedBy: Type.Optional(Text(200)),
    confirmedAt: Timestamp,
});
const PaymentProcessedV1 = Type.Object({
    orderId: OrderId,
    paymentMethod: Text(200),
    amount: Amount,
    transactionId: Text(200),
    processedAt: Timestamp,
});
const OrderStatusChangedV1 = Type.Object({
    orderId: OrderId,
    previousStatus: Status,
    newStatus: Status,
    reason: Type.Optional(Type.String({ maxLength: 2000 })),
    changedAt: Timestamp,
});
const DiscountAppliedV1 = Type.Object({
    orderId: OrderId,
    discountCode: Text(200),
    originalTotal: Amount,
    discountAmount: Amount,
    newTotal: Amount,
    appliedAt: Timestamp,
});
const DeliveryAddressChangedV1 = Type.Object({
    orderId: OrderId,
    oldAddress: Type.Union([Address, Type.Null()]),
    newAddress: Address,
    changedAt: Timestamp,
});
const customerDetails = { customerId: Text(200), name: Text(200), email: Text(200), phone: Type.Optional(Text(200)) };
const CustomerRegisteredV1 = Type.Object({ ...customerDetails, registeredAt: Timestamp });
const CustomerDetailsChangedV1 = Type.Object({ ...customerDetails, changedAt: Timestamp });
/**
 * The JSON Schema of every version of every event, oldest first: version n is at index n − 1. A published version is
 * never edited. Properties that a schema doesn't name are let through, so that a reader survives an added one.
 */
export const eventSchemas = {
    PizzaOrderPlaced: [PizzaOrderPlacedV1, PizzaOrderPlacedV2],
    PizzaOrderConfirmed: [PizzaOrderConfirmedV1],
    PaymentProcessed: [PaymentProcessedV1],
    OrderStatusChanged: [OrderStatusChangedV1],
    DiscountApplied: [DiscountAppliedV1],
    DeliveryAddressChanged: [DeliveryAddressChangedV1],
    CustomerRegistered: [CustomerRegisteredV1],
    CustomerDetailsChanged: [CustomerDetailsChangedV1],
};
