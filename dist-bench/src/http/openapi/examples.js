import { newOrderId } from "../../commands/idempotency.js";
import { eventCatalogue } from "../routes/catalogue.js";
import { encodeCursor } from "../cursor.js";
import { commandProblems, problemsOf } from "./examples-problems.js";
/** All examples tell one story: Mario orders two pizzas, which are confirmed, paid for, and made ready. */
const orderKey = 'order-0001';
const orderId = newOrderId(orderKey, new Date(0));
const customerId = 'mario';
const actor = 'anna';
const sku = 'lanterna_m';
const correlationId = 'web-7f3a';
const placedAt = '2026-01-31T18:00:00.000Z';
const discountedAt = '2026-01-31T18:01:00.000Z';
const confirmedAt = '2026-01-31T18:02:30.000Z';
const paidAt = '2026-01-31T18:04:00.000Z';
const readyAt = '2026-01-31T18:20:00.000Z';
const estimatedDelivery = '2026-01-31T18:45:00.000Z';
const address = {
    street: 'Via Roma 1',
    city: 'Napoli',
    postalCode: '80100',
    notes: 'Ring twice',
};
const margherita = { name: 'Margherita', quantity: 2, unitPrice: '12.50' };
const placed = {
    id: orderId,
    revision: 0,
    customerId,
    items: [margherita],
    itemCount: 1,
    quantity: 2,
    totalAmount: '25.00',
    currency: 'USD',
    status: 'PENDING',
    paymentStatus: 'UNPAID',
    kitchenNotes: null,
    deliveryAddress: null,
    placedAt,
    estimatedDelivery: null,
    lastUpdated: placedAt,
    timeToConfirmation: null,
    timeToPayment: null,
};
const confirmed = {
    ...placed,
    revision: 1,
    status: 'CONFIRMED',
    kitchenNotes: 'Extra cheese',
    estimatedDelivery,
    lastUpdated: confirmedAt,
    timeToConfirmation: 150,
};
const paid = {
    ...confirmed,
    revision: 2,
    status: 'COOKING',
    paymentStatus: 'PAID',
    lastUpdated: paidAt,
    timeToPayment: 240,
};
const order = { ...paid, customerName: 'Mario Rossi', customerEmail: 'mario@example.com' };
const customerBody = { name: 'Mario Rossi', email: 'mario@example.com' };
const customer = {
    customerId,
    revision: 0,
    ...customerBody,
    phone: null,
    registeredAt: placedAt,
    lastUpdated: placedAt,
};
const moved = { ...customer, revision: 1, phone: '+39 081 5550100', lastUpdated: confirmedAt };
const menuItemBody = {
    name: 'Lanterna',
    category: 'Classic',
    size: 'M',
    price: '11.50',
    ingredients: ['Tomato Sauce', 'Fior di Latte', 'Basil', 'Olive Oil'],
};
const menuItem = {
    sku,
    ...menuItemBody,
    size: 'M',
    ingredients: menuItemBody.ingredients ?? [],
};
const timeline = {
    items: [
        {
            timestamp: placedAt,
            revision: 0,
            eventType: 'PizzaOrderPlaced',
            description: 'Order placed: 2 × Margherita for 25.00 USD',
            details: { orderId, customerId, items: [margherita], totalAmount: '25.00', currency: 'USD', placedAt },
            actor,
        },
        {
            timestamp: confirmedAt,
            revision: 1,
            eventType: 'PizzaOrderConfirmed',
            description: `Order confirmed, delivery estimated for ${estimatedDelivery}; kitchen notes: Extra cheese`,
            details: {
                orderId,
                estimatedDeliveryTime: estimatedDelivery,
                kitchenNotes: 'Extra cheese',
                confirmedBy: actor,
                confirmedAt,
            },
            actor,
        },
        {
            timestamp: paidAt,
            revision: 2,
            eventType: 'PaymentProcessed',
            description: 'Payment of 25.00 by credit_card, transaction txn-123456',
            details: {
                orderId,
                paymentMethod: 'credit_card',
                amount: '25.00',
                transactionId: 'txn-123456',
                processedAt: paidAt,
            },
            actor,
        },
    ],
};
const diff = {
    orderId,
    from: 0,
    to: 2,
    changes: Object.keys(placed)
        .filter((field) => field !== 'revision' && placed[field] !== paid[field])
        .map((field) => ({ field, from: placed[field], to: paid[field] })),
};
const audit = {
    items: [
        {
            eventId: 'a6bd81c5-5fa1-5f7c-9d5e-0b6f4e1f7a52',
            timestamp: paidAt,
            type: 'PaymentProcessed',
            orderId,
            revision: 2,
            actor,
            correlationId,
            description: 'Payment of 25.00 by credit_card, transaction txn-123456',
        },
    ],
    nextCursor: encodeCursor(new Date(paidAt), 'a6bd81c5-5fa1-5f7c-9d5e-0b6f4e1f7a52', {}),
};
const analytics = {
    period: { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' },
    totalOrders: 1,
    confirmedOrders: 1,
    confirmationRate: 100,
    totalRevenue: '25.00',
    averageOrderValue: '25.00',
    totalItemsSold: 2,
    popularItems: [{ itemName: 'Margherita', totalSold: 2 }],
    dailyBreakdown: [{ date: '2026-01-31', orderCount: 1, dailyRevenue: '25.00' }],
};
const menu = {
    currency: 'USD',
    categories: [
        {
            category: 'Classic',
            items: [
                {
                    name: menuItem.name,
                    ingredients: menuItem.ingredients,
                    sizes: [
                        { sku: 'lanterna_s', size: 'S', price: '8.50' },
                        { sku, size: 'M', price: '11.50' },
                    ],
                },
            ],
        },
    ],
};
const projection = {
    name: 'orders',
    state: 'rebuilding',
    position: 48_211,
    head: 48_302,
    lag: { events: 2, seconds: 0.031 },
    inFlight: 2,
    retried: 0,
    parked: 1,
    stalled: 1,
    lastError: null,
    rebuild: { state: 'running', events: 31_000, percent: 64, startedAt: paidAt, finishedAt: null, error: null },
};
const projections = {
    items: [
        { ...projection, name: 'customers', state: 'consuming', stalled: 0, rebuild: null },
        projection,
        { ...projection, name: 'audit', state: 'consuming', stalled: 0, rebuild: null },
        {
            ...projection,
            name: 'analytics',
            state: 'consuming',
            position: 48_302,
            lag: { events: 0, seconds: 0 },
            inFlight: 0,
            parked: 0,
            rebuild: null,
        },
    ],
};
const parked = {
    items: [
        {
            eventId: '5f0c8e4e-9a38-5a0b-9d0f-2f8f8d1b7c11',
            type: 'PaymentProcessed',
            stream: `PizzaOrder-${orderId}`,
            revision: 3,
            reason: `PaymentProcessed v2 at revision 3 of PizzaOrder-${orderId}: newer than this service, which knows versions up to 1`,
            parkedAt: readyAt,
        },
    ],
    total: 1,
};
/** Of the parameters that mean the same everywhere. */
export const parameterExamples = {
    orderId,
    customerId,
    sku,
    actor,
    limit: 20,
    type: 'PizzaOrderPlaced',
    status: 'COOKING',
    paymentStatus: 'PAID',
    minRevision: 2,
    revision: 1,
    asOf: '2026-01-31T18:03:00Z',
    from: '2026-01-01',
    to: '2026-02-01',
    placedFrom: '2026-01-31',
    placedTo: '2026-02-01T00:00:00+01:00',
    repair: true,
    name: 'orders',
    'x-actor': actor,
    'x-correlation-id': correlationId,
};
/** Of parameters that are the same everywhere, and whose schemas say nothing since their texts end up in problems. */
export const parameterDescriptions = {
    minRevision: 'the answer shows this revision or a later one: it waits up to 2 s for the read model, then it is 503',
    customerId: 'the customer’s id',
    limit: 'entries of a page',
    cursor: '`nextCursor` of the page before, with the same filters',
    actor: 'who did it',
    type: 'type of the event',
    status: 'orders in this status',
    paymentStatus: 'orders with this payment status',
    repair: 'write what differs as it should be',
    'if-none-match': 'ETags that the caller has answers for; a match is 304',
};
const orderTag = '"2.0"';
const changed = (description, examples) => ({
    description,
    headers: ['ETag'],
    examples,
});
/** By operation id. */
export const documentation = {
    isLive: {
        answers: { 200: { description: 'It is', examples: { alive: { status: 'alive' } } } },
        problems: problemsOf({}),
    },
    isReady: {
        answers: {
            200: {
                description: 'It can',
                examples: {
                    ready: { status: 'ready', checks: { eventStore: 'up', readModels: 'up', projection: 'consuming' } },
                },
            },
            503: {
                description: 'It cannot, or not now',
                headers: ['Retry-After'],
                examples: {
                    stopping: { status: 'not ready', checks: { eventStore: 'up', readModels: 'up', projection: 'stopping' } },
                    mongoDbAway: { status: 'not ready', checks: { eventStore: 'up', readModels: 'down', projection: 'waiting' } },
                },
            },
        },
        problems: problemsOf({}),
    },
    metrics: {
        answers: {
            200: {
                description: 'The figures of this instance',
                examples: {
                    lag: '# HELP projection_lag_events Events not yet projected\n# TYPE projection_lag_events gauge\nprojection_lag_events{projection="group"} 0\nprojection_lag_events{projection="analytics"} 0\n',
                },
            },
        },
        problems: problemsOf({}),
    },
    eventCatalogue: {
        answers: {
            200: {
                description: 'Every event type; the example has one of them',
                examples: {
                    orderPlaced: { events: eventCatalogue().events.filter(({ type }) => type === 'PizzaOrderPlaced') },
                },
            },
        },
        problems: problemsOf({}),
    },
    placeOrder: {
        parameters: { 'idempotency-key': orderKey },
        bodies: {
            byPrice: { customerId, items: [margherita], totalAmount: '25.00' },
            bySku: {
                customerId,
                customerEmail: customerBody.email,
                items: [{ sku, quantity: 1 }],
                deliveryAddress: address,
            },
        },
        answers: {
            201: {
                description: 'Placed, or what was placed with this Idempotency-Key before',
                headers: ['ETag', 'Location'],
                examples: {
                    byPrice: placed,
                    bySku: {
                        ...placed,
                        items: [{ name: menuItem.name, quantity: 1, unitPrice: menuItem.price, sku }],
                        quantity: 1,
                        totalAmount: '11.50',
                        deliveryAddress: address,
                    },
                },
            },
        },
        problems: problemsOf({
            field: ['body', '#/items/0/quantity', 'must be a whole number from 1 to 1000'],
            conflict: 'Order',
            invalidOrder: true,
        }),
    },
    confirmOrder: {
        parameters: { 'idempotency-key': 'confirm-0001', 'if-match': '"0"' },
        bodies: {
            withNotes: { estimatedDeliveryTime: '2026-01-31T18:45:00Z', kitchenNotes: 'Extra cheese' },
            plain: { estimatedDeliveryTime: '2026-01-31T19:45:00+01:00' },
        },
        answers: {
            200: changed('Confirmed', { withNotes: confirmed, plain: { ...confirmed, kitchenNotes: null } }),
        },
        problems: commandProblems(['body', '#/estimatedDeliveryTime', 'must be an RFC 3339 time, such as 2026-01-31T18:30:00Z'], orderId, 'Cannot confirm order in status: DELIVERED'),
    },
    payOrder: {
        parameters: { 'idempotency-key': 'pay-0001', 'if-match': '"1"' },
        bodies: {
            byCard: { paymentMethod: 'credit_card', transactionId: 'txn-123456' },
        },
        answers: { 200: changed('Paid; an order that is confirmed too is COOKING', { byCard: paid }) },
        problems: commandProblems(['body', '#/transactionId', 'is required'], orderId, 'Order is already paid'),
    },
    changeStatus: {
        parameters: { 'idempotency-key': 'ready-0001', 'if-match': '"2"' },
        bodies: {
            ready: { status: 'READY' },
            cancelled: { status: 'CANCELLED', reason: 'The guest rang up' },
        },
        answers: {
            200: changed('Changed, or the present status again, which stores nothing', {
                ready: { ...paid, revision: 3, status: 'READY', lastUpdated: readyAt },
                cancelled: { ...paid, revision: 3, status: 'CANCELLED', lastUpdated: readyAt },
            }),
        },
        problems: commandProblems(['body', '#/status', 'must be one of PENDING, CONFIRMED, COOKING, READY, OUT_FOR_DELIVERY, DELIVERED, CANCELLED'], orderId, 'Cannot change status from DELIVERED to READY'),
    },
    applyDiscount: {
        parameters: { 'idempotency-key': 'discount-0001', 'if-match': '"0"' },
        bodies: {
            tenPercent: { discountCode: 'TEN', discountAmount: '2.50' },
        },
        answers: {
            200: changed('Applied', {
                tenPercent: { ...placed, revision: 1, totalAmount: '22.50', lastUpdated: discountedAt },
            }),
        },
        problems: commandProblems([
            'body',
            '#/discountAmount',
            'must be a decimal amount of at most 7 digits and two decimals, as a string, such as "25.00"',
        ], orderId, 'Cannot apply discount to a paid order'),
    },
    changeDeliveryAddress: {
        parameters: { 'idempotency-key': 'address-0001', 'if-match': '"0"' },
        bodies: {
            withNotes: address,
            plain: { street: 'Via Toledo 5', city: 'Napoli', postalCode: '80134' },
        },
        answers: {
            200: changed('Set or changed, or the present address again, which stores nothing', {
                withNotes: { ...placed, revision: 1, deliveryAddress: address, lastUpdated: discountedAt },
            }),
        },
        problems: commandProblems(['body', '#/planet', 'is not a known field'], orderId, 'Cannot change delivery address of order in status: DELIVERED'),
    },
    getOrder: {
        parameters: { 'if-none-match': orderTag },
        answers: {
            200: {
                description: 'The order as the read model has it',
                headers: ['ETag'],
                examples: {
                    cooking: order,
                    stalled: { ...order, projection: 'stalled' },
                },
            },
            304: { description: 'Not modified: If-None-Match names this very answer', headers: ['ETag'] },
        },
        problems: problemsOf({
            field: ['params', '#/orderId', 'must be a UUID'],
            notFound: `Order ${orderId} not found`,
            notYetProjected: `The read model is at revision 2 of order ${orderId}, not yet at 9`,
        }),
    },
    listOrders: {
        parameters: { cursor: encodeCursor(new Date(placedAt), orderId, {}) },
        answers: {
            200: {
                description: 'A page of orders, newest first',
                examples: {
                    page: { items: [order], nextCursor: encodeCursor(new Date(placedAt), orderId, {}) },
                    last: { items: [] },
                },
            },
        },
        problems: problemsOf({ field: ['', '#/cursor', 'not a cursor that this query gave'] }),
    },
    getOrderState: {
        answers: {
            200: {
                description: 'The order as it was then',
                examples: { revision: confirmed, asOf: confirmed, latest: paid },
            },
        },
        problems: problemsOf({
            field: ['', '#/revision', 'cannot be given together with asOf'],
            notFound: `Order ${orderId} did not exist yet at 2026-01-30T00:00:00.000Z: it was placed at ${placedAt}`,
        }),
    },
    diffOrder: {
        parameters: { from: 0, to: 2 },
        answers: { 200: { description: 'The fields that differ', examples: { fromPlacedToPaid: diff } } },
        problems: problemsOf({
            field: ['querystring', '#/to', 'is required'],
            notFound: `Order ${orderId} has no revision 9: its last one is 2`,
        }),
    },
    getOrderTimeline: {
        answers: { 200: { description: 'Its events, oldest first', examples: { paid: timeline } } },
        problems: problemsOf({
            field: ['params', '#/orderId', 'must be a UUID'],
            notFound: `Order ${orderId} not found`,
        }),
    },
    listAudit: {
        parameters: { cursor: audit.nextCursor },
        answers: {
            200: { description: 'A page of events, newest first', examples: { page: audit, last: { items: [] } } },
        },
        problems: problemsOf({ field: ['', '#/to', 'must not be before from'] }),
    },
    putCustomer: {
        parameters: { 'idempotency-key': 'mario-0001', 'if-match': '"0"' },
        bodies: {
            plain: customerBody,
            withPhone: { ...customerBody, phone: '+39 081 5550100' },
        },
        answers: {
            200: {
                description: 'Changed, or the present details again, which store nothing',
                headers: ['ETag'],
                examples: { withPhone: moved },
            },
            201: { description: 'Registered', headers: ['ETag', 'Location'], examples: { plain: customer } },
        },
        problems: problemsOf({
            field: ['body', '#/email', 'must be an email address of at most 200 characters'],
            conflict: 'Customer',
            stale: 'The customer is at revision 0, which If-Match does not name',
            keyReused: true,
        }),
    },
    getCustomer: {
        parameters: { minRevision: 0, 'if-none-match': '"0"' },
        answers: {
            200: { description: 'The customer as the read model has it', headers: ['ETag'], examples: { plain: customer } },
            304: { description: 'Not modified: If-None-Match names this very answer', headers: ['ETag'] },
        },
        problems: problemsOf({
            field: ['querystring', '#/colour', 'is not a known field'],
            notFound: 'Customer nobody not found',
            notYetProjected: `The read model is at revision 0 of customer ${customerId}, not yet at 9`,
        }),
    },
    getMenu: {
        answers: { 200: { description: 'The menu', examples: { menu, empty: { currency: 'USD', categories: [] } } } },
        problems: problemsOf({}),
    },
    putMenuItem: {
        bodies: {
            withSize: menuItemBody,
            plain: { name: 'Lanterna', category: 'Classic', price: '11.50' },
        },
        answers: {
            200: {
                description: 'Changed; orders keep the price that they were placed at',
                examples: { plain: { ...menuItem, size: null, ingredients: [] } },
            },
            201: { description: 'Put on the menu', examples: { withSize: menuItem } },
        },
        problems: problemsOf({
            field: [
                'body',
                '#/price',
                'must be a decimal amount from "0" to "10000.00" with at most two decimals, as a string',
            ],
        }),
    },
    deleteMenuItem: {
        answers: { 204: { description: 'Withdrawn; orders that have it keep it' } },
        problems: problemsOf({
            field: ['params', '#/sku', 'must be an item of the menu: 1 to 200 characters, no control characters'],
            notFound: 'There is no item nothing on the menu',
        }),
    },
    orderAnalytics: {
        answers: {
            200: {
                description: 'Their figures',
                examples: {
                    january: analytics,
                    nothing: {
                        ...analytics,
                        totalOrders: 0,
                        confirmedOrders: 0,
                        confirmationRate: 0,
                        totalRevenue: '0.00',
                        averageOrderValue: '0.00',
                        totalItemsSold: 0,
                        popularItems: [],
                        dailyBreakdown: [],
                        message: 'No orders found in date range',
                    },
                },
            },
        },
        problems: problemsOf({ field: ['', '#/to', 'must be at most 10 years after from'] }),
    },
    listProjections: {
        answers: { 200: { description: 'Every read model', examples: { rebuilding: projections } } },
        problems: problemsOf({}),
    },
    listParked: {
        answers: {
            200: {
                description: 'The parked events, oldest first',
                examples: { newerVersion: parked, none: { items: [], total: 0 } },
            },
        },
        problems: problemsOf({ field: ['querystring', '#/limit', 'must be >= 1'] }),
    },
    replayParked: {
        answers: {
            202: {
                description: 'They are delivered again',
                examples: { nothing: { replayed: 0 }, one: { replayed: 1 } },
            },
        },
        problems: problemsOf({}),
    },
    rebuildProjection: {
        answers: { 202: { description: 'It runs: `Location` shows how far it is', headers: ['Location'] } },
        problems: problemsOf({
            notFound: 'There is no read model menu, but customers, orders, audit, analytics',
            rebuildRunning: 'The read model orders is being rebuilt already',
        }),
    },
    verifyProjection: {
        answers: {
            200: {
                description: 'What was found',
                examples: {
                    equal: { name: 'orders', checked: 25_000, differences: 0, listed: [], repaired: 0 },
                    repaired: {
                        name: 'orders',
                        checked: 25_000,
                        differences: 2,
                        listed: [
                            { id: orderId, kind: 'different', fields: ['totalMinor'] },
                            { id: '0f2f4b1e-7d3c-5d39-8f0a-6a1b5c7d9e02', kind: 'missing', fields: [] },
                        ],
                        repaired: 2,
                    },
                },
            },
        },
        problems: problemsOf({
            field: ['querystring', '#/repair', 'must be boolean'],
            notFound: 'There is no read model menu, but customers, orders, audit, analytics',
        }),
    },
};
