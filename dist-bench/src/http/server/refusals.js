import { randomUUID } from 'node:crypto';
import { problems } from "../problems.js";
/** In the place of the route, in the metrics of requests. */
const REFUSED = 'refused';
const TELL_EVERY_MS = 1000;
/** Refusing takes a third of the work that it saves: so many a second are done at once, the rest in their turn. */
const MOST_PER_SECOND = 500;
const MOST_AT_ONCE = 50;
const RELEASE_EVERY_MS = 20;
const LONGEST_HELD_MS = 1000;
const MOST_HELD = 10_000;
/**
 * Refuses requests with 503 and Retry-After, without the framework. When there are so many that refusing would be
 * paid for by those that are served, each waits for its turn, up to a second: clients that ask again as soon as they
 * are refused slow down, and nothing but the answer is held meanwhile.
 */
export function createRefusals({ pressure, metrics, log }) {
    const recorders = new Map();
    const held = [];
    let allowance = MOST_AT_ONCE;
    let refilledAt = performance.now();
    let refused = 0;
    let releasing;
    return function refuse({ method = '', url = '' }, response) {
        count(method);
        const body = `${REFUSAL},"instance":${JSON.stringify(url.split('?', 1)[0])}}`;
        const now = performance.now();
        refill(now);
        if (held.length === 0 && allowance >= 1) {
            allowance -= 1;
            answer(response, body);
            return;
        }
        held.push({ response, body, since: now });
        releasing ??= setInterval(release, RELEASE_EVERY_MS).unref();
    };
    function release() {
        const now = performance.now();
        refill(now);
        let released = 0;
        for (const { response, body, since } of held) {
            if (allowance < 1 && now - since < LONGEST_HELD_MS && held.length - released < MOST_HELD)
                break;
            released += 1;
            if (response.destroyed)
                continue;
            allowance = Math.max(0, allowance - 1);
            answer(response, body);
        }
        held.splice(0, released);
        if (held.length > 0)
            return;
        clearInterval(releasing);
        releasing = undefined;
    }
    function refill(now) {
        allowance = Math.min(MOST_AT_ONCE, allowance + ((now - refilledAt) * MOST_PER_SECOND) / 1000);
        refilledAt = now;
    }
    function count(method) {
        let record = recorders.get(method);
        if (!record)
            recorders.set(method, (record = metrics.requestRecorder(method, REFUSED, 503)));
        record(0);
        if (refused === 0)
            setTimeout(tell, TELL_EVERY_MS).unref(); // a line for each would cost more than the refusal
        refused += 1;
    }
    function tell() {
        log.warn({ refused, inFlight: pressure.requests }, 'refused requests: more than can be served');
        refused = 0;
    }
}
const { retryAfter = 1, ...problem } = problems.unavailable();
const REFUSAL = JSON.stringify(problem).slice(0, -1);
function answer(response, body) {
    response.writeHead(503, [
        'content-type',
        'application/problem+json',
        'content-length',
        String(Buffer.byteLength(body)),
        'retry-after',
        String(retryAfter),
        'x-request-id',
        randomUUID(),
    ]);
    response.end(body);
}
