import { Problem, ref } from "./schemas/schemas.js";
const TITLES = {
    400: 'Malformed, or against the schema',
    404: 'No such thing',
    408: 'The request came too slowly',
    409: 'A rule forbids it, or a concurrent change that retries did not settle',
    412: 'If-Match is stale',
    413: 'The body is too large',
    415: 'Not application/json',
    422: 'Well-formed, but no order can be placed like this; or the Idempotency-Key belongs to another request',
    429: 'Too many requests',
    500: 'Unexpected error',
    503: 'A store is away, or there is more to do than can be done; try again after Retry-After',
};
/** The answers of a route: its own, and the problems it can end in, all of one shape. */
export function answers(good, problems) {
    const problem = (status) => ({
        description: TITLES[status],
        content: { 'application/problem+json': { schema: ref(Problem) } },
    });
    return { ...good, ...Object.fromEntries(problems.map((status) => [status, problem(status)])) };
}
