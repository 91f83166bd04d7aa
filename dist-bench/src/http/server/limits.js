import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import { ProblemError, problems } from "../problems.js";
/** Milliseconds that the event loop may lag before new work is refused; `isUnderPressure` says so. */
const MOST_EVENT_LOOP_DELAY_MS = 1000;
/** Refuses what one client asks for too often, and watches the event loop for the server's admission. */
export async function registerLimits(app, rateLimitPerMinute) {
    await app.register(underPressure, {
        maxEventLoopDelay: MOST_EVENT_LOOP_DELAY_MS,
        pressureHandler: () => undefined, // the server has asked already, before the framework was asked to work
    });
    if (rateLimitPerMinute === undefined)
        return;
    await app.register(rateLimit, {
        max: rateLimitPerMinute,
        timeWindow: '1 minute',
        errorResponseBuilder: (_, { ttl }) => new ProblemError(problems.tooManyRequests(Math.max(1, Math.ceil(ttl / 1000)))),
    });
}
