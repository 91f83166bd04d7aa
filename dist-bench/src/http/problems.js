import { ConcurrentModificationError, IdempotencyKeyReusedError, OrderNotFoundError, StaleRevisionError, UnknownSkuError, } from "../commands/errors.js";
import { DomainError, InvalidOrderError } from "../domain/errors.js";
import { EventStoreUnavailableError } from "../eventstoredb/errors.js";
import { ReadModelsUnavailableError } from "../read-models/errors.js";
/** A request that the routes refuse before it becomes a command. */
export class BadRequestError extends Error {
    name = 'BadRequestError';
    pointer;
    constructor(detail, pointer) {
        super(detail);
        this.pointer = pointer;
    }
}
/** A problem that a route answers with, thrown from wherever it is found. */
export class ProblemError extends Error {
    name = 'ProblemError';
    problem;
    constructor(problem) {
        super(problem.detail);
        this.problem = problem;
    }
}
const RETRY_AFTER_SECONDS = 1;
/** Every kind of problem that the service answers with. */
export const problems = {
    badRequest: (detail, errors) => ({
        type: '/problems/bad-request',
        title: 'The request is malformed or breaks its schema',
        status: 400,
        detail,
        ...(errors && { errors }),
    }),
    notFound: (detail) => ({
        type: '/problems/not-found',
        title: 'Not found',
        status: 404,
        detail,
    }),
    methodNotAllowed: (detail) => ({
        type: '/problems/method-not-allowed',
        title: 'Method not allowed',
        status: 405,
        detail,
    }),
    requestTimeout: () => ({
        type: '/problems/request-timeout',
        title: 'The request came too slowly',
        status: 408,
        detail: 'The whole request did not arrive in time.',
    }),
    rule: (detail) => ({
        type: '/problems/rule-broken',
        title: 'A rule of the order forbids this',
        status: 409,
        detail,
    }),
    conflict: (detail) => ({
        type: '/problems/concurrent-change',
        title: 'Another request changed it meanwhile',
        status: 409,
        detail,
    }),
    rebuildRunning: (detail) => ({
        type: '/problems/rebuild-running',
        title: 'A rebuild of it is running already',
        status: 409,
        detail,
    }),
    stale: (detail) => ({
        type: '/problems/stale-revision',
        title: 'If-Match names an older revision',
        status: 412,
        detail,
    }),
    tooLarge: (detail) => ({
        type: '/problems/body-too-large',
        title: 'The body is too large',
        status: 413,
        detail,
    }),
    unsupportedMediaType: () => ({
        type: '/problems/unsupported-media-type',
        title: 'Unsupported media type',
        status: 415,
        detail: 'The body must be application/json.',
    }),
    invalidOrder: (detail, errors) => ({
        type: '/problems/invalid-order',
        title: 'The order cannot be placed like this',
        status: 422,
        detail,
        errors,
    }),
    keyReused: (detail) => ({
        type: '/problems/idempotency-key-reused',
        title: 'The Idempotency-Key belongs to another request',
        status: 422,
        detail,
    }),
    tooManyRequests: (retryAfter) => ({
        type: '/problems/too-many-requests',
        title: 'Too many requests',
        status: 429,
        detail: 'This client has used up its requests. Please try again later.',
        retryAfter,
    }),
    headersTooLarge: () => ({
        type: '/problems/headers-too-large',
        title: 'The headers are too large',
        status: 431,
        detail: 'The request’s headers are larger than this service takes.',
    }),
    unavailable: (detail = 'Unable to process order. Please try again.') => ({
        type: '/problems/unavailable',
        title: 'Temporarily unavailable',
        status: 503,
        detail,
        retryAfter: RETRY_AFTER_SECONDS,
    }),
    notYetProjected: (detail) => ({
        type: '/problems/not-yet-projected',
        title: 'The read model has not reached that revision yet',
        status: 503,
        detail,
        retryAfter: RETRY_AFTER_SECONDS,
    }),
    unexpected: () => ({
        type: '/problems/unexpected',
        title: 'Unexpected error',
        status: 500,
        detail: 'An unexpected error occurred.',
    }),
};
/** The one place where errors become answers. Anything unknown is a 500 that says nothing of its cause. */
export function toProblem(error) {
    if (error instanceof ProblemError)
        return error.problem;
    if (error instanceof BadRequestError) {
        return problems.badRequest(error.message, [{ pointer: error.pointer, detail: error.message }]);
    }
    if (error instanceof InvalidOrderError) {
        return problems.invalidOrder(error.message, [{ pointer: `#/${error.field}`, detail: error.message }]);
    }
    if (error instanceof UnknownSkuError) {
        return problems.invalidOrder(error.message, [{ pointer: `#/items/${error.index}/sku`, detail: error.message }]);
    }
    if (error instanceof DomainError)
        return problems.rule(error.message);
    if (error instanceof OrderNotFoundError)
        return problems.notFound(error.message);
    if (error instanceof StaleRevisionError)
        return problems.stale(error.message);
    if (error instanceof ConcurrentModificationError)
        return problems.conflict(error.message);
    if (error instanceof IdempotencyKeyReusedError)
        return problems.keyReused(error.message);
    if (error instanceof EventStoreUnavailableError)
        return problems.unavailable();
    if (error instanceof ReadModelsUnavailableError)
        return problems.unavailable();
    return fromFastify(error);
}
function fromFastify({ statusCode, validation, validationContext, message = '', }) {
    if (validation) {
        const errors = validation.map(fieldError);
        return problems.badRequest(`${validationContext ?? 'request'} ${errors[0]?.pointer ?? ''} ${errors[0]?.detail ?? ''}`, errors);
    }
    switch (statusCode) {
        case 413:
            return problems.tooLarge(message);
        case 415:
            return problems.unsupportedMediaType();
        default:
            return statusCode !== undefined && statusCode >= 400 && statusCode < 500
                ? problems.badRequest(message)
                : problems.unexpected();
    }
}
/** Says which field is wrong and, where the schema has words for it, what it should be. */
function fieldError({ instancePath, keyword, params, message = 'is not valid', parentSchema, }) {
    const child = params[keyword === 'required' ? 'missingProperty' : 'additionalProperty'];
    const pointer = `#${instancePath}${typeof child === 'string' ? `/${child.replaceAll('~', '~0').replaceAll('/', '~1')}` : ''}`;
    const description = parentSchema?.['description'];
    if (keyword === 'additionalProperties')
        return { pointer, detail: 'is not a known field' };
    if (keyword === 'required')
        return { pointer, detail: 'is required' };
    if (keyword === 'enum')
        return { pointer, detail: `must be one of ${params['allowedValues'].join(', ')}` };
    return { pointer, detail: typeof description === 'string' ? `must be ${description}` : message };
}
export function sendProblem(request, reply, { retryAfter, ...problem }) {
    if (retryAfter !== undefined)
        void reply.header('retry-after', String(retryAfter));
    const body = JSON.stringify({ ...problem, instance: request.url.split('?', 1)[0] });
    return reply.code(problem.status).type('application/problem+json').serializer(asIs).send(body);
}
function asIs(payload) {
    return payload;
}
/** Logs what a person must look at, and answers. */
export function handleError(error, request, reply) {
    const problem = toProblem(error);
    const { id: requestId } = request;
    if (problem.status === 500)
        request.log.error({ err: error, requestId }, 'unexpected error');
    else if (problem.status === 503)
        request.log.warn({ err: error, requestId }, 'store unavailable');
    return sendProblem(request, reply, problem);
}
