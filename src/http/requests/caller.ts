import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Caller } from '../../commands/idempotency.ts';
import type { CallerHeaders } from '../schemas/common.ts';

type Headers = Static<typeof CallerHeaders>;

/** Who asks, under which correlation id; the request's own id when the caller gives none. */
export function callerOf(request: FastifyRequest & { readonly headers: Headers }): Caller {
  const key = request.headers['idempotency-key'];
  return {
    requestId: request.id,
    correlationId: request.headers['x-correlation-id'] ?? request.id,
    actor: request.headers['x-actor'] ?? 'anonymous',
    ...(key !== undefined && { idempotencyKey: key }),
  };
}
