import { ConcurrentModificationError, IdempotencyKeyReusedError, OrderNotFoundError, StaleRevisionError, } from "../../commands/errors.js";
import { InvalidOrderError } from "../../domain/errors.js";
import { problems, toProblem } from "../problems.js";
/** Examples of all problems that an operation may end in, made as the service itself makes them. */
export function problemsOf(details) {
    const { field, notFound, rule, rebuildRunning, conflict, stale, notYetProjected } = details;
    return {
        400: {
            ...(field && { field: wrongField(field) }),
            malformed: problems.badRequest("Body is not valid JSON but content-type is set to 'application/json'"),
        },
        404: { ...(notFound !== undefined && { notFound: problems.notFound(notFound) }) },
        408: { tooSlow: problems.requestTimeout() },
        409: {
            ...(rule !== undefined && { rule: problems.rule(rule) }),
            ...(rebuildRunning !== undefined && { rebuildRunning: problems.rebuildRunning(rebuildRunning) }),
            ...(conflict && { concurrentChange: toProblem(new ConcurrentModificationError({}, conflict)) }),
        },
        412: { ...(stale !== undefined && { stale: problems.stale(stale) }) },
        413: { tooLarge: problems.tooLarge('Request body is too large') },
        415: { unsupported: problems.unsupportedMediaType() },
        422: {
            ...(details.invalidOrder && {
                wrongTotal: toProblem(new InvalidOrderError('Order total does not match its items', 'totalAmount')),
                noItems: toProblem(new InvalidOrderError('Order must contain at least one item', 'items')),
            }),
            ...((details.invalidOrder || details.keyReused) && { keyReused: toProblem(new IdempotencyKeyReusedError()) }),
        },
        429: { tooMany: problems.tooManyRequests(30) },
        500: { unexpected: problems.unexpected() },
        503: {
            unavailable: problems.unavailable(),
            ...(notYetProjected !== undefined && { notYetProjected: problems.notYetProjected(notYetProjected) }),
        },
    };
}
/** Those of a command on an order. */
export function commandProblems(field, orderId, rule) {
    return problemsOf({
        field,
        rule,
        notFound: new OrderNotFoundError(orderId).message,
        conflict: 'Order',
        stale: new StaleRevisionError(0).message,
        keyReused: true,
    });
}
function wrongField([part, pointer, detail]) {
    return problems.badRequest(part === '' ? detail : `${part} ${pointer} ${detail}`, [{ pointer, detail }]);
}
