import { createHash, randomUUID } from 'node:crypto';
import { uuidV5 } from '../uuid.ts';
import type { OrderState } from '../domain/order-state.ts';
import type { CommandContext } from '../eventstoredb/streams.ts';
import type { Trace } from '../tracing/trace.ts';

/** What a caller says about a command besides the command itself. */
export interface Caller {
  readonly requestId: string;
  readonly correlationId: string;
  readonly actor: string;
  readonly idempotencyKey?: string;
  /** Where callers are told apart: which one it is. A key counts for its caller only. */
  readonly id?: string;
  /** Absent: it may do everything. */
  readonly rights?: Rights;
  /** The span of its request, or its own context. */
  readonly trace?: Trace | undefined;
}

/** What a caller may do with an order that a command finds. */
export interface Rights {
  /** Whether it may know of the orders of a customer. */
  readonly covers: (customerId: string) => boolean;
  /** Why it may not act on an order as it is now; undefined when it may. */
  readonly refusal: (order: Pick<OrderState, 'customerId' | 'status'>) => Error | undefined;
}

/** Never change these: ids in the log are made of them. */
const ORDER_NAMESPACE = '4f1f0a52-6f0c-5d0e-9a53-0a3f6f6f3c11';
const COMMAND_NAMESPACE = '0b9f3a0e-2b8e-5f57-8a9e-5c1f2d7be4a7';
const REFUND_NAMESPACE = '7d2c41b8-30f6-5b1e-9c44-e85a9f0b6d23';
const CALLERS_ORDER_NAMESPACE = 'b4b47c72-b9d5-52a8-b0ac-f637d78fd0c0';
const CALLERS_COMMAND_NAMESPACE = '984ff160-0b29-5e96-bd37-9e4c467e32a7';

/** The id of a new order: made of caller and key when there is one, so that a repeated request finds the order. */
export function newOrderId({ id, idempotencyKey }: Pick<Caller, 'id' | 'idempotencyKey'>, now: Date): string {
  if (idempotencyKey === undefined) return timeOrderedUuid(now);
  return id === undefined
    ? uuidV5(idempotencyKey, ORDER_NAMESPACE)
    : uuidV5(`${id}\n${idempotencyKey}`, CALLERS_ORDER_NAMESPACE);
}

/** A UUID of version 7 (RFC 9562 §5.7): milliseconds, then random bits, which Node draws in advance for its own UUIDs. */
function timeOrderedUuid(now: Date): string {
  const time = now.getTime().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/**
 * Ids and key of one command on one stream. With a key, the ids are made of key and request: an identical request
 * proposes the very same events, a different one cannot be taken for it.
 */
export function commandContext(
  caller: Caller,
  name: string,
  subject: string,
  request: unknown,
  trace?: Trace,
): CommandContext {
  const { correlationId, actor, idempotencyKey, id } = caller;
  if (idempotencyKey === undefined) return { commandId: randomUUID(), correlationId, actor, trace };
  const requestHash = createHash('sha256')
    .update(canonicalJson([name, subject, request]))
    .digest('base64url');
  const keyed = { correlationId, actor, idempotencyKey, requestHash, trace };
  return id === undefined
    ? { commandId: uuidV5(`${subject}\n${idempotencyKey}\n${requestHash}`, COMMAND_NAMESPACE), ...keyed }
    : {
        commandId: uuidV5(`${subject}\n${id}\n${idempotencyKey}\n${requestHash}`, CALLERS_COMMAND_NAMESPACE),
        ...keyed,
        caller: id,
      };
}

/**
 * The id of the refund that a command may request: a repeated command requests the same one.
 *
 * @param cause the caller's key, or else the command's id
 */
export function newRefundId(orderId: string, cause: string): string {
  return uuidV5(`${orderId}\n${cause}`, REFUND_NAMESPACE);
}

/** JSON with the keys of every object sorted, so that equal requests are equal texts. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
