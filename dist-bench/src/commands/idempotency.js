import { createHash, randomUUID } from 'node:crypto';
import { uuidV5 } from "../uuid.js";
/** Never change these: ids in the log are made of them. */
const ORDER_NAMESPACE = '4f1f0a52-6f0c-5d0e-9a53-0a3f6f6f3c11';
const COMMAND_NAMESPACE = '0b9f3a0e-2b8e-5f57-8a9e-5c1f2d7be4a7';
/** The id of a new order: made of the caller's key when there is one, so that a repeated request finds the order. */
export function newOrderId(idempotencyKey, now) {
    return idempotencyKey === undefined ? timeOrderedUuid(now) : uuidV5(idempotencyKey, ORDER_NAMESPACE);
}
/** A UUID of version 7 (RFC 9562 §5.7): milliseconds, then random bits, which Node draws in advance for its own UUIDs. */
function timeOrderedUuid(now) {
    const time = now.getTime().toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
/**
 * Ids and key of one command on one stream. With a key, the ids are made of key and request: an identical request
 * proposes the very same events, a different one cannot be taken for it.
 */
export function commandContext(caller, name, subject, request) {
    const { correlationId, actor, idempotencyKey } = caller;
    if (idempotencyKey === undefined)
        return { commandId: randomUUID(), correlationId, actor };
    const requestHash = createHash('sha256')
        .update(canonicalJson([name, subject, request]))
        .digest('base64url');
    const commandId = uuidV5(`${subject}\n${idempotencyKey}\n${requestHash}`, COMMAND_NAMESPACE);
    return { commandId, correlationId, actor, idempotencyKey, requestHash };
}
/** JSON with the keys of every object sorted, so that equal requests are equal texts. */
function canonicalJson(value) {
    return JSON.stringify(value, (_, inner) => typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner);
}
