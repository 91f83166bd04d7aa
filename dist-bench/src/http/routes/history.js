import { isDeepStrictEqual } from 'node:util';
import Type, {} from 'typebox';
import { occurredAt } from "../../domain/events.js";
import { describe } from "../../read-models/audit/describe.js";
import { answers } from "../answers.js";
import { plainOrderJson } from "./order-json.js";
import { BadRequestError, ProblemError, problems } from "../problems.js";
import { OrderDiff, OrderParams, PlainOrder, ref, Revision, Timeline } from "../schemas/schemas.js";
import { TimeOrDate, toTime } from "../times.js";
const tags = ['Orders: history'];
/** The routes that answer from an order's stream what it was, what changed, and who did it. */
export const historyRoutes = (app, { history }, done) => {
    app.get('/orders/:orderId/state', {
        schema: {
            tags,
            operationId: 'getOrderState',
            summary: 'The order as it was at a time (that very millisecond included), or right after a revision; else as it is',
            params: OrderParams,
            querystring: Type.Object({ asOf: Type.Optional(TimeOrDate), revision: Type.Optional(Revision) }, { additionalProperties: false }),
            response: answers({ 200: ref(PlainOrder) }, [400, 404, 429, 500, 503]),
        },
    }, async (request) => {
        const orderId = request.params.orderId.toLowerCase();
        const { asOf, revision } = request.query;
        if (asOf !== undefined && revision !== undefined) {
            throw new BadRequestError('cannot be given together with asOf', '#/revision');
        }
        if (revision !== undefined)
            return plainOrderJson(await atRevision(orderId, revision));
        return plainOrderJson(await (asOf === undefined ? latest(orderId) : atTime(orderId, toTime(asOf))));
    });
    app.get('/orders/:orderId/diff', {
        schema: {
            tags,
            operationId: 'diffOrder',
            summary: 'The fields in which two revisions of an order differ; `from` may be the later one',
            params: OrderParams,
            querystring: Type.Object({ from: Revision, to: Revision }, { additionalProperties: false }),
            response: answers({ 200: ref(OrderDiff) }, [400, 404, 429, 500, 503]),
        },
    }, async (request) => {
        const orderId = request.params.orderId.toLowerCase();
        const { from, to } = request.query;
        const [before, after] = await Promise.all([atRevision(orderId, from), atRevision(orderId, to)]);
        return { orderId, from, to, changes: changesBetween(plainOrderJson(before), plainOrderJson(after)) };
    });
    app.get('/orders/:orderId/timeline', {
        schema: {
            tags,
            operationId: 'getOrderTimeline',
            summary: 'Every event of an order, oldest first: what happened when, and who did it',
            params: OrderParams,
            response: answers({ 200: ref(Timeline) }, [400, 404, 429, 500, 503]),
        },
    }, async (request) => {
        const orderId = request.params.orderId.toLowerCase();
        const events = await history.history(orderId);
        if (events.length === 0)
            throw unknownOrder(orderId);
        return { items: events.map(timelineItem) };
    });
    done();
    async function latest(orderId) {
        const order = await history.asOf(orderId, Number.POSITIVE_INFINITY);
        if (!order)
            throw unknownOrder(orderId);
        return order;
    }
    async function atTime(orderId, time) {
        const order = await history.asOf(orderId, time.getTime());
        if (order)
            return order;
        const first = await history.atRevision(orderId, 0);
        if (!first)
            throw unknownOrder(orderId);
        const { placedAt } = first.state;
        throw new ProblemError(problems.notFound(`Order ${orderId} did not exist yet at ${time.toISOString()}: it was placed at ${placedAt}`));
    }
    async function atRevision(orderId, revision) {
        const order = await history.atRevision(orderId, revision);
        if (order)
            return order;
        const last = await latest(orderId);
        throw new ProblemError(problems.notFound(`Order ${orderId} has no revision ${revision}: its last one is ${last.revision}`));
    }
};
function unknownOrder(orderId) {
    return new ProblemError(problems.notFound(`Order ${orderId} not found`));
}
function changesBetween(before, after) {
    const fields = Object.keys(after);
    return fields
        .filter((field) => field !== 'revision' && !isDeepStrictEqual(before[field], after[field]))
        .map((field) => ({ field, from: before[field], to: after[field] }));
}
function timelineItem({ event, revision, metadata }) {
    return {
        timestamp: new Date(occurredAt(event)).toISOString(),
        revision,
        eventType: event.type,
        description: describe(event),
        details: { ...event.data },
        actor: metadata.actor ?? 'anonymous',
    };
}
