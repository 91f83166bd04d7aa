import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Caller } from '../../commands/idempotency.ts';
import { rightsOf } from '../access/orders.ts';
import type { CallerHeaders } from '../schemas/common.ts';
import { traceOf } from './tracing.ts';

type Headers = Static<typeof CallerHeaders>;

/** Who asks, under which correlation id; the request's own id when the caller gives none. */
export function callerOf(request: FastifyRequest & { readonly headers: Headers }): Caller {
  const { headers, permit } = request;
  const key = headers['idempotency-key'];
  return {
    requestId: request.id,
    correlationId: headers['x-correlation-id'] ?? request.id,
    actor: actorOf(request) ?? 'anonymous',
    trace: traceOf(request),
    ...(key !== undefined && { idempotencyKey: key }),
    ...(permit && { id: permit.identity.id, rights: rightsOf(request, permit) }),
  };
}

/** Who acts: whom the token names. Without tokens, and of a service that acts for somebody, X-Actor is believed. */
export function actorOf({ headers, identity }: FastifyRequest & { readonly headers: Headers }): string | undefined {
  const named = headers['x-actor'];
  if (!identity) return named;
  return named !== undefined && identity.roles.includes('service') ? `${identity.id} for ${named}` : identity.id;
}
