import Type from 'typebox';
import { answers } from "../answers.js";
import { decodeCursor, encodeCursor } from "../cursor.js";
import { orderJson } from "./order-json.js";
import { documentTag, isUnmodified } from "../preconditions.js";
import { ProblemError, problems } from "../problems.js";
import { Order, OrderPage, OrderParams, OrderStatus, PaymentStatus, ref } from "../schemas/schemas.js";
import { TimeOrDate, toTime } from "../times.js";
import { MinRevision, waitForRevision } from "../wait-for-revision.js";
const tags = ['Orders: queries'];
/** The routes that read the orders' read model. */
export const orderQueryRoutes = (app, { orders, pressure }, done) => {
    app.get('/orders/:orderId', {
        schema: {
            tags,
            operationId: 'getOrder',
            summary: 'One order; `minRevision` waits until the read model has seen a change of yours',
            params: OrderParams,
            querystring: Type.Object({ minRevision: Type.Optional(MinRevision) }, { additionalProperties: false }),
            headers: Type.Object({ 'if-none-match': Type.Optional(Type.String({ maxLength: 1000 })) }),
            response: answers({ 200: ref(Order), 304: Type.Null({ description: 'Not modified' }) }, [400, 404, 429, 500, 503]),
        },
    }, async (request, reply) => {
        const orderId = request.params.orderId.toLowerCase();
        const { minRevision } = request.query;
        const find = () => orders.find(orderId);
        const order = await (minRevision === undefined
            ? find()
            : waitForRevision(`order ${orderId}`, minRevision, find, pressure));
        if (!order)
            throw new ProblemError(problems.notFound(`Order ${orderId} not found`));
        if (order.revision < 0)
            throw new ProblemError(problems.unexpected());
        const tag = documentTag(order.revision, order.customerRevision);
        void reply.header('etag', tag);
        if (isUnmodified(request.headers['if-none-match'], tag))
            return reply.code(304).send(null);
        return orderJson(order);
    });
    app.get('/orders', {
        schema: {
            tags,
            operationId: 'listOrders',
            summary: 'Orders, newest first, page by page',
            querystring: Type.Object({
                customerId: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
                status: Type.Optional(OrderStatus),
                paymentStatus: Type.Optional(PaymentStatus),
                placedFrom: Type.Optional(TimeOrDate),
                placedTo: Type.Optional(TimeOrDate),
                limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
                cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
            }, { additionalProperties: false }),
            response: answers({ 200: ref(OrderPage) }, [400, 429, 500, 503]),
        },
    }, async ({ query: { limit, cursor, customerId, status, paymentStatus, placedFrom, placedTo } }) => {
        // In one order of fields, since a cursor is bound to the text of its filter.
        const filter = {
            ...(customerId !== undefined && { customerId }),
            ...(status !== undefined && { status }),
            ...(paymentStatus !== undefined && { paymentStatus }),
            ...(placedFrom !== undefined && { placedFrom: toTime(placedFrom) }),
            ...(placedTo !== undefined && { placedTo: toTime(placedTo) }),
        };
        const after = cursor === undefined ? undefined : decodeCursor(cursor, filter);
        const found = await orders.list(filter, limit + 1, after);
        const items = found.slice(0, limit);
        const last = items.at(-1);
        return {
            items: items.map(orderJson),
            ...(found.length > limit && last && { nextCursor: encodeCursor(last.placedAt, last._id, filter) }),
        };
    });
    done();
};
