import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Pressure } from '../pressure.ts';
import { ProblemError, problems, sendProblem } from './problems.ts';

export interface Limits {
  /** Requests worked on at the same time. */
  readonly maxInFlight: number;
  /** Requests per minute and client address; undefined: no limit. */
  readonly rateLimitPerMinute: number | undefined;
}

/** Milliseconds that the event loop may lag before new work is refused. */
const MOST_EVENT_LOOP_DELAY_MS = 1000;

/**
 * Refuses at once, with Retry-After, what cannot be worked on soon: a queue without an end would make every answer
 * late and save none.
 */
export async function registerLimits(
  app: FastifyInstance,
  { maxInFlight, rateLimitPerMinute }: Limits,
  pressure: Pressure,
): Promise<void> {
  app.addHook('onRequest', (request, reply, done) => {
    if (isHealth(request)) return done();
    pressure.requestBegins();
    reply.raw.once('close', () => {
      pressure.requestEnds();
    });
    if (pressure.requests > maxInFlight) sendProblem(request, reply, problems.unavailable());
    else done();
  });
  await app.register(underPressure, {
    maxEventLoopDelay: MOST_EVENT_LOOP_DELAY_MS,
    pressureHandler: (request) => {
      if (isHealth(request)) return;
      throw new ProblemError(problems.unavailable());
    },
  });
  if (rateLimitPerMinute === undefined) return;
  await app.register(rateLimit, {
    max: rateLimitPerMinute,
    timeWindow: '1 minute',
    errorResponseBuilder: (_, { ttl }) =>
      new ProblemError(problems.tooManyRequests(Math.max(1, Math.ceil(ttl / 1000)))),
  });
}

/** Busy is not dead: a liveness probe that is refused would have the service restarted just when it is needed. */
function isHealth({ url }: FastifyRequest): boolean {
  return url.startsWith('/health/');
}
