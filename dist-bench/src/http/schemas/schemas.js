import Type, {} from 'typebox';
import { ORDER_STATUSES, PAYMENT_STATUSES } from "../../domain/events.js";
import { READ_MODEL_NAMES } from "../../read-models/index.js";
/** No control characters and no lone surrogates, which BSON would change without a word; not only blanks. */
const LINE = '^(?=.*\\S)[^\\p{Cc}\\p{Cs}]+$';
/** Like a line, but may have line breaks and tabs, and may be empty. */
const TEXT = '^(?:[^\\p{Cc}\\p{Cs}]|[\\n\\r\\t])*$';
const line = (description, maxLength = 200) => Type.String({
    minLength: 1,
    maxLength,
    pattern: LINE,
    description: `${description}: 1 to ${maxLength} characters, no control characters`,
});
const notes = (description) => Type.String({ maxLength: 2000, pattern: TEXT, description: `${description}: at most 2000 characters` });
const nullable = (type, description) => Type.Unsafe({ type: [type, 'null'], description });
export const CustomerId = line('the customer’s id');
export const Sku = line('an item of the menu');
const Email = Type.String({
    minLength: 3,
    maxLength: 200,
    pattern: '^[^\\s@\\p{Cc}\\p{Cs}]+@[^\\s@\\p{Cc}\\p{Cs}]+$',
    description: 'an email address of at most 200 characters',
});
const Timestamp = Type.String({ format: 'date-time', description: 'an RFC 3339 time, such as 2026-01-31T18:30:00Z' });
const UnitPrice = Type.String({
    maxLength: 10,
    pattern: '^(?:0{0,3}\\d{1,4}(?:\\.\\d{1,2})?|0{0,2}10000(?:\\.0{1,2})?)$',
    description: 'a decimal amount from "0" to "10000.00" with at most two decimals, as a string',
});
const Amount = Type.String({
    maxLength: 10,
    pattern: '^\\d{1,7}(?:\\.\\d{1,2})?$',
    description: 'a decimal amount of at most 7 digits and two decimals, as a string, such as "25.00"',
});
/** Totals can be larger than what a request may state: 100 lines × 1,000 × 10,000.00. */
const Money = Type.String({
    pattern: '^\\d{1,10}\\.\\d{2}$',
    description: 'a decimal amount with two decimals, such as "25.00"',
});
const Quantity = Type.Integer({ minimum: 1, maximum: 1000, description: 'a whole number from 1 to 1000' });
export const OrderStatus = Type.Enum([...ORDER_STATUSES], { type: 'string' });
export const PaymentStatus = Type.Enum([...PAYMENT_STATUSES], { type: 'string' });
const closed = { additionalProperties: false };
/** A reference to a schema registered by its `$id`, with that schema's type. */
export function ref(schema) {
    return Type.Unsafe({ $ref: `${schema.$id ?? ''}#` });
}
export const DeliveryAddress = Type.Object({
    street: line('the street'),
    city: line('the city'),
    postalCode: line('the postal code'),
    notes: Type.Optional(notes('notes for the driver')),
}, { $id: 'Address', ...closed });
const PlacedItem = Type.Object({
    name: Type.Optional(line('the name of the pizza')),
    quantity: Quantity,
    unitPrice: Type.Optional(UnitPrice),
    sku: Type.Optional(Sku),
}, { ...closed, description: 'either `name` and `unitPrice`, or a `sku`, whose name and price the menu gives' });
export const PlaceOrderBody = Type.Object({
    customerId: CustomerId,
    customerEmail: Type.Optional(Email),
    items: Type.Array(PlacedItem, { maxItems: 100, description: '1 to 100 lines' }),
    totalAmount: Type.Optional(Amount),
    deliveryAddress: Type.Optional(ref(DeliveryAddress)),
}, { $id: 'PlaceOrder', ...closed });
export const ConfirmOrderBody = Type.Object({ estimatedDeliveryTime: Timestamp, kitchenNotes: Type.Optional(notes('notes for the kitchen')) }, { $id: 'ConfirmOrder', ...closed });
export const PayOrderBody = Type.Object({
    paymentMethod: line('how it is paid, such as credit_card'),
    transactionId: line('the payment provider’s id of the transaction'),
}, { $id: 'PayOrder', ...closed });
export const ChangeStatusBody = Type.Object({ status: OrderStatus, reason: Type.Optional(notes('why')) }, { $id: 'ChangeStatus', ...closed });
export const ApplyDiscountBody = Type.Object({ discountCode: line('the code of the discount'), discountAmount: Amount }, { $id: 'ApplyDiscount', ...closed });
export const CustomerBody = Type.Object({ name: line('the name'), email: Email, phone: Type.Optional(line('a phone number', 50)) }, { $id: 'CustomerDetails', ...closed });
const Item = Type.Object({
    name: Type.String(),
    quantity: Type.Integer(),
    unitPrice: Money,
    sku: Type.Optional(Type.String()),
});
const orderProperties = {
    id: Type.String({ format: 'uuid' }),
    revision: Type.Integer({ minimum: 0, description: 'of the last event of the order that is shown here, from 0' }),
    customerId: Type.String(),
    items: Type.Array(Item),
    itemCount: Type.Integer({ description: 'lines' }),
    quantity: Type.Integer({ description: 'pizzas' }),
    totalAmount: Money,
    currency: Type.String(),
    status: OrderStatus,
    paymentStatus: PaymentStatus,
    kitchenNotes: nullable('string', 'null without notes'),
    // Not an anyOf of the two, which every answer would have to be validated against to be written.
    deliveryAddress: Type.Unsafe({
        type: ['object', 'null'],
        properties: DeliveryAddress.properties,
        required: ['street', 'city', 'postalCode'],
        additionalProperties: false,
        description: 'null without one',
    }),
    placedAt: Type.String({ format: 'date-time' }),
    estimatedDelivery: nullable('string', 'null until confirmed'),
    lastUpdated: Type.String({ format: 'date-time' }),
    timeToConfirmation: nullable('integer', 'seconds from placing to confirming'),
    timeToPayment: nullable('integer', 'seconds from placing to paying'),
};
/** What a command answers: the order as its own events have it. */
export const PlainOrder = Type.Object(orderProperties, { $id: 'PlainOrder' });
/** What the read model answers: with the customer's name and email. */
export const Order = Type.Object({
    ...orderProperties,
    customerName: Type.String({ description: '"Unknown" until the customer is registered' }),
    customerEmail: Type.String({ description: 'empty while none is known' }),
    projection: Type.Optional(Type.Enum(['stalled'], {
        type: 'string',
        description: 'an event after this revision cannot be read; the order stands still here',
    })),
}, { $id: 'Order' });
export const OrderPage = Type.Object({
    items: Type.Array(ref(Order)),
    nextCursor: Type.Optional(Type.String({ description: 'of the next page; absent on the last one' })),
}, { $id: 'OrderPage' });
export const Customer = Type.Object({
    customerId: Type.String(),
    revision: Type.Integer({ minimum: 0 }),
    name: Type.String(),
    email: Type.String(),
    phone: nullable('string', 'null without one'),
    registeredAt: Type.String({ format: 'date-time' }),
    lastUpdated: Type.String({ format: 'date-time' }),
}, { $id: 'Customer' });
export const OrderAnalytics = Type.Object({
    period: Type.Object({ from: Type.String({ format: 'date-time' }), to: Type.String({ format: 'date-time' }) }),
    totalOrders: Type.Integer(),
    confirmedOrders: Type.Integer(),
    confirmationRate: Type.Number({ minimum: 0, maximum: 100, description: 'percent, two decimals' }),
    totalRevenue: Type.String({ description: 'of all orders placed, at their present totals' }),
    averageOrderValue: Type.String(),
    totalItemsSold: Type.Integer({ description: 'pizzas' }),
    popularItems: Type.Array(Type.Object({ itemName: Type.String(), totalSold: Type.Integer() }), { maxItems: 10 }),
    dailyBreakdown: Type.Array(Type.Object({
        date: Type.String({ format: 'date', description: 'UTC' }),
        orderCount: Type.Integer(),
        dailyRevenue: Type.String(),
    })),
    message: Type.Optional(Type.String({ description: 'says so when there were no orders' })),
}, { $id: 'OrderAnalytics' });
export const Problem = Type.Object({
    type: Type.String({ description: 'a stable name of the kind of problem' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String({ description: 'JSON pointer to the field' }), detail: Type.String() }))),
}, { $id: 'Problem', description: 'RFC 9457' });
export const OrderParams = Type.Object({ orderId: Type.String({ format: 'uuid', description: 'a UUID' }) });
const callerHeaders = {
    'idempotency-key': Type.Optional(Type.String({
        minLength: 1,
        maxLength: 255,
        pattern: '^[\\x21-\\x7E]+$',
        description: '1 to 255 visible ASCII characters; the same key and body get the first answer again',
    })),
    'x-actor': Type.Optional(Type.String({
        minLength: 1,
        maxLength: 100,
        pattern: LINE,
        description: 'who acts, for the audit trail: 1 to 100 characters',
    })),
    'x-correlation-id': Type.Optional(Type.String({
        minLength: 1,
        maxLength: 200,
        pattern: '^[\\x21-\\x7E]+$',
        description: '1 to 200 visible ASCII characters, kept with every event',
    })),
};
/** Of a command on something new, where there is no revision to insist on. */
export const CallerHeaders = Type.Object(callerHeaders);
export const CommandHeaders = Type.Object({
    ...callerHeaders,
    'if-match': Type.Optional(Type.String({ maxLength: 1000, description: 'the ETag that the caller saw' })),
});
/** A revision of an order, as a query parameter; streams end long before its limit. */
export const Revision = Type.Integer({
    minimum: 0,
    maximum: 2_147_483_647,
    description: 'a revision of the order, from 0',
});
const orderEventTypes = [
    'PizzaOrderPlaced',
    'PizzaOrderConfirmed',
    'PaymentProcessed',
    'OrderStatusChanged',
    'DiscountApplied',
    'DeliveryAddressChanged',
];
export const OrderEventType = Type.Enum([...orderEventTypes], { type: 'string' });
export const TimelineItem = Type.Object({
    timestamp: Type.String({ format: 'date-time', description: 'when it happened' }),
    revision: Type.Integer({ minimum: 0 }),
    eventType: OrderEventType,
    description: Type.String({ description: 'what happened, in a sentence' }),
    details: Type.Unsafe({
        type: 'object',
        additionalProperties: true,
        description: 'the data of the event, by its type',
    }),
    actor: Type.String({ description: 'who did it' }),
});
export const Timeline = Type.Object({ items: Type.Array(TimelineItem) }, { $id: 'OrderTimeline' });
export const OrderDiff = Type.Object({
    orderId: Type.String({ format: 'uuid' }),
    from: Type.Integer({ minimum: 0 }),
    to: Type.Integer({ minimum: 0 }),
    changes: Type.Array(Type.Object({
        field: Type.String({ description: 'a field of the order' }),
        from: Type.Unknown({ description: 'its value at the revision `from`' }),
        to: Type.Unknown({ description: 'its value at the revision `to`' }),
    })),
}, { $id: 'OrderDiff' });
export const AuditEntry = Type.Object({
    eventId: Type.String({ format: 'uuid' }),
    timestamp: Type.String({ format: 'date-time', description: 'when it was recorded' }),
    type: Type.String({ description: 'type of the event, such as PizzaOrderPlaced' }),
    orderId: Type.String({ format: 'uuid' }),
    revision: Type.Integer({ minimum: 0 }),
    actor: Type.String(),
    correlationId: nullable('string', 'null when the event has none'),
    description: Type.String({ description: 'what happened, in a sentence' }),
});
export const AuditPage = Type.Object({
    items: Type.Array(AuditEntry),
    nextCursor: Type.Optional(Type.String({ description: 'of the next page; absent on the last one' })),
}, { $id: 'AuditPage' });
export const MenuItemBody = Type.Object({
    name: line('the name of the pizza'),
    category: line('the category'),
    size: Type.Optional(line('the size, such as S, M, L, XL or XXL', 50)),
    price: UnitPrice,
    ingredients: Type.Optional(Type.Array(line('an ingredient'), { maxItems: 100, description: 'at most 100 ingredients' })),
}, { $id: 'MenuItemDetails', ...closed });
export const MenuItem = Type.Object({
    sku: Type.String(),
    name: Type.String(),
    category: Type.String(),
    size: nullable('string', 'null where there is only one'),
    price: Money,
    ingredients: Type.Array(Type.String()),
}, { $id: 'MenuItem' });
const Dish = Type.Object({
    name: Type.String(),
    ingredients: Type.Array(Type.String()),
    sizes: Type.Array(Type.Object({
        sku: Type.String({ description: 'orders it' }),
        size: nullable('string', 'null where there is only one'),
        price: Money,
    })),
});
export const Menu = Type.Object({
    currency: Type.String(),
    categories: Type.Array(Type.Object({ category: Type.String(), items: Type.Array(Dish) })),
}, { $id: 'Menu' });
export const EventCatalogue = Type.Object({
    events: Type.Array(Type.Object({
        type: Type.String(),
        currentVersion: Type.Integer({ minimum: 1 }),
        versions: Type.Array(Type.Object({
            version: Type.Integer({ minimum: 1 }),
            schema: Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema of the event’s data' }),
        })),
        upcasters: Type.Array(Type.Object({ from: Type.Integer(), to: Type.Integer(), description: Type.String() })),
    })),
}, { $id: 'EventCatalogue' });
const ReadModel = Type.Enum([...READ_MODEL_NAMES], { type: 'string' });
const Rebuild = Type.Object({
    state: Type.Enum(['running', 'interrupted', 'done', 'failed'], { type: 'string' }),
    events: Type.Integer({ description: 'projected so far' }),
    percent: Type.Integer({ minimum: 0, maximum: 100 }),
    startedAt: Type.String({ format: 'date-time' }),
    finishedAt: nullable('string', 'null until it ends'),
    error: nullable('string', 'why it failed'),
}, { $id: 'Rebuild' });
const Projection = Type.Object({
    name: ReadModel,
    state: Type.Enum(['starting', 'consuming', 'waiting', 'stopped', 'rebuilding'], { type: 'string' }),
    position: nullable('integer', 'commit position of the last event projected, as far as known'),
    head: nullable('integer', 'commit position of the end of the log'),
    lag: Type.Object({
        events: Type.Integer({ minimum: 0, description: 'not yet projected; more than 1,000 are an estimate' }),
        seconds: Type.Number({ minimum: 0, description: 'age of the oldest of them' }),
    }),
    inFlight: Type.Integer({ minimum: 0, description: 'delivered, not yet acknowledged' }),
    retried: nullable('integer', 'repeated deliveries to this instance'),
    parked: Type.Integer({ minimum: 0, description: 'events that could not be projected' }),
    stalled: Type.Integer({ minimum: 0, description: 'orders that stand still at such an event' }),
    lastError: nullable('string', 'why it waits'),
    rebuild: Type.Unsafe({ anyOf: [{ $ref: 'Rebuild#' }, { type: 'null' }] }),
});
export const Projections = Type.Object({ items: Type.Array(Projection) }, { $id: 'Projections' });
export const ParkedEvents = Type.Object({
    items: Type.Array(Type.Object({
        eventId: nullable('string', 'null when the event was deleted since'),
        type: nullable('string', 'null when the event was deleted since'),
        stream: Type.String(),
        revision: Type.Integer({ minimum: 0 }),
        reason: Type.String({ description: 'why it was parked' }),
        parkedAt: Type.String({ format: 'date-time' }),
    })),
    total: Type.Integer({ minimum: 0, description: 'parked events, whether listed or not' }),
}, { $id: 'ParkedEvents' });
export const ReplayedEvents = Type.Object({ replayed: Type.Integer({ minimum: 0, description: 'events that are delivered again' }) }, { $id: 'ReplayedEvents' });
export const VerifiedReadModel = Type.Object({
    name: ReadModel,
    checked: Type.Integer({ minimum: 0, description: 'documents looked at, or looked for' }),
    differences: Type.Integer({ minimum: 0 }),
    listed: Type.Array(Type.Object({
        id: Type.String({ description: 'of the document' }),
        kind: Type.Enum(['missing', 'extra', 'behind', 'different'], { type: 'string' }),
        fields: Type.Array(Type.String(), { description: 'that differ' }),
    }), { maxItems: 1000, description: 'the first 1,000 differences' }),
    repaired: Type.Integer({ minimum: 0 }),
}, { $id: 'VerifiedReadModel' });
export const sharedSchemas = [
    DeliveryAddress,
    PlaceOrderBody,
    ConfirmOrderBody,
    PayOrderBody,
    ChangeStatusBody,
    ApplyDiscountBody,
    CustomerBody,
    PlainOrder,
    Order,
    OrderPage,
    Customer,
    OrderAnalytics,
    Timeline,
    OrderDiff,
    AuditPage,
    MenuItemBody,
    MenuItem,
    Menu,
    EventCatalogue,
    Rebuild,
    Projections,
    ParkedEvents,
    ReplayedEvents,
    VerifiedReadModel,
    Problem,
];
