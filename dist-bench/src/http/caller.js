/** Who asks, under which correlation id; the request's own id when the caller gives none. */
export function callerOf(request) {
    const key = request.headers['idempotency-key'];
    return {
        requestId: request.id,
        correlationId: request.headers['x-correlation-id'] ?? request.id,
        actor: request.headers['x-actor'] ?? 'anonymous',
        ...(key !== undefined && { idempotencyKey: key }),
    };
}
