import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { problem } from '../problems/catalogue.ts';
import { ProblemError } from '../problems/errors.ts';

/** Milliseconds that the event loop may lag before new work is refused; `isUnderPressure` says so. */
const MOST_EVENT_LOOP_DELAY_MS = 1000;

/**
 * Refuses what one client asks for too often, and watches the event loop for the server's admission.
 *
 * @param clientOf tells clients apart
 */
export async function registerLimits(
  app: FastifyInstance,
  rateLimitPerMinute: number | undefined,
  clientOf: (request: FastifyRequest) => string,
): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: MOST_EVENT_LOOP_DELAY_MS,
    pressureHandler: () => undefined, // the server has asked already, before the framework was asked to work
  });
  if (rateLimitPerMinute === undefined) return;
  await app.register(rateLimit, {
    max: rateLimitPerMinute,
    timeWindow: '1 minute',
    keyGenerator: clientOf,
    errorResponseBuilder: (_, { ttl }) =>
      new ProblemError(problem('too-many-requests', undefined, { retryAfter: Math.max(1, Math.ceil(ttl / 1000)) })),
  });
}
