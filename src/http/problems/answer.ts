import type { FastifyReply, FastifyRequest } from 'fastify';
import { EventStoreUnavailableError } from '../../eventstoredb/errors.ts';
import { ReadModelsUnavailableError } from '../../read-models/errors.ts';
import { pathOf } from '../target.ts';
import { type ProblemDetails, storeAway } from './catalogue.ts';
import { toProblem } from './errors.ts';

export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  { retryAfter, ...problem }: ProblemDetails,
): FastifyReply {
  if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter));
  // What is refused or missing now may be answered by the instance that is asked next: nobody is to keep this for long.
  if (String(reply.getHeader('cache-control')).startsWith('public')) void reply.header('cache-control', 'no-store');
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send({ ...problem, instance: pathOf(request) });
}

/** Logs what a person must look at, and answers. A 503 that is no outage, such as `not-yet-projected`, is not one. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof EventStoreUnavailableError || error instanceof ReadModelsUnavailableError) {
    request.log.warn({ err: error, ...nameRequest(request) }, 'store unavailable');
    return sendProblem(request, reply, storeAway(request.method, pathOf(request)));
  }
  const problem = toProblem(error);
  if (problem.status === 500) request.log.error({ err: error, ...nameRequest(request) }, 'unexpected error');
  return sendProblem(request, reply, problem);
}

/** What a log line of a request says of it beside its id. */
export function nameRequest({ identity, trace }: FastifyRequest) {
  return { caller: identity?.id, traceId: trace?.id };
}
