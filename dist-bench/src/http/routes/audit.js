import Type, {} from 'typebox';
import { answers } from "../answers.js";
import { decodeCursor, encodeCursor } from "../cursor.js";
import { BadRequestError } from "../problems.js";
import { AuditPage, OrderEventType, ref } from "../schemas/schemas.js";
import { TimeOrDate, toTime } from "../times.js";
/** The route that answers who did what when, across orders. */
export const auditRoutes = (app, { audit }, done) => {
    app.get('/audit', {
        schema: {
            tags: ['Audit'],
            operationId: 'listAudit',
            summary: 'Events across orders, newest first, page by page; those recorded at or after `from` and before `to`',
            querystring: Type.Object({
                type: Type.Optional(OrderEventType),
                actor: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
                orderId: Type.Optional(Type.String({ format: 'uuid', description: 'a UUID' })),
                from: Type.Optional(TimeOrDate),
                to: Type.Optional(TimeOrDate),
                limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
                cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
            }, { additionalProperties: false }),
            response: answers({ 200: ref(AuditPage) }, [400, 429, 500, 503]),
        },
    }, async ({ query: { type, actor, orderId, from, to, limit, cursor } }) => {
        const filter = {
            ...(type !== undefined && { type }),
            ...(actor !== undefined && { actor }),
            ...(orderId !== undefined && { orderId: orderId.toLowerCase() }),
            ...(from !== undefined && { from: toTime(from) }),
            ...(to !== undefined && { to: toTime(to) }),
        };
        if (filter.from && filter.to && filter.from > filter.to)
            throw new BadRequestError('must not be before from', '#/to');
        const after = cursor === undefined ? undefined : decodeCursor(cursor, filter);
        const found = await audit.list(filter, limit + 1, after);
        const items = found.slice(0, limit);
        const last = items.at(-1);
        return {
            items: items.map(auditJson),
            ...(found.length > limit && last && { nextCursor: encodeCursor(last.recordedAt, last._id, filter) }),
        };
    });
    done();
};
function auditJson({ _id, recordedAt, ...rest }) {
    return { eventId: _id, timestamp: recordedAt.toISOString(), ...rest };
}
