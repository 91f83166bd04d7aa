import { createHash, randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../domain/events.ts';
import { formatMoney, parseMoney } from '../domain/money.ts';
import type { OrderState } from '../domain/order-state.ts';
import { createSchemaCompiler } from '../json-schema.ts';
import type { ProposedEvent } from './wire/append.ts';
import type { StreamStore } from './streams.ts';

/** A folded order and where in its stream that is. */
export interface Snapshot {
  readonly state: OrderState;
  /** Revision of the last event folded in, and that event's id: proof that the snapshot is of this stream. */
  readonly revision: number;
  readonly eventId: string;
  /** The commands with an idempotency key so far: key → its request and last revision. */
  readonly keys: ReadonlyMap<string, KeyedCommand>;
}

export interface KeyedCommand {
  readonly requestHash: string;
  readonly lastRevision: number;
}

/** Raise it whenever `OrderState` or this layout changes: snapshots of another version are ignored and replaced. */
export const SNAPSHOT_VERSION = 1;
const SNAPSHOT_TYPE = 'PizzaOrderSnapshot';

const Nullable = (schema: Type.TSchema) => Type.Union([schema, Type.Null()]);
const isSnapshotData = createSchemaCompiler().compile(
  Type.Object({
    snapshotVersion: Type.Literal(SNAPSHOT_VERSION),
    checksum: Type.String(),
    revision: Type.Integer({ minimum: 0 }),
    eventId: Type.String(),
    keys: Type.Array(Type.Tuple([Type.String(), Type.String(), Type.Integer()])),
    state: Type.Object({
      id: Type.String(),
      customerId: Type.String(),
      customerEmail: Nullable(Type.String()),
      items: Type.Array(Type.Object({ name: Type.String(), quantity: Type.Integer(), unitPrice: Type.String() })),
      totalAmount: Type.String({ pattern: '^\\d{1,10}\\.\\d{2}$' }),
      currency: Type.String(),
      status: Type.Enum([...ORDER_STATUSES]),
      paymentStatus: Type.Enum([...PAYMENT_STATUSES]),
      discountCodes: Type.Array(Type.String()),
      kitchenNotes: Nullable(Type.String()),
      deliveryAddress: Nullable(Type.Object({ street: Type.String(), city: Type.String(), postalCode: Type.String() })),
      placedAt: Type.String(),
      estimatedDelivery: Nullable(Type.String()),
      confirmedAt: Nullable(Type.String()),
      paidAt: Nullable(Type.String()),
      lastUpdated: Type.String(),
    }),
  }),
);

type StoredState = Omit<OrderState, 'totalAmount'> & { readonly totalAmount: string };

interface SnapshotData {
  readonly snapshotVersion: number;
  readonly checksum: string;
  readonly revision: number;
  readonly eventId: string;
  readonly keys: readonly (readonly [string, string, number])[];
  readonly state: StoredState;
}

export function encodeSnapshot(snapshot: Snapshot): SnapshotData {
  const content = {
    revision: snapshot.revision,
    eventId: snapshot.eventId,
    keys: [...snapshot.keys].map(([key, { requestHash, lastRevision }]) => [key, requestHash, lastRevision] as const),
    state: { ...snapshot.state, totalAmount: formatMoney(snapshot.state.totalAmount) },
  };
  return { snapshotVersion: SNAPSHOT_VERSION, checksum: checksumOf(content), ...content };
}

/** The snapshot, or undefined when it is of another version, damaged, or anything else: never an error. */
export function decodeSnapshot(data: unknown): Snapshot | undefined {
  if (!isSnapshotData(data)) return undefined;
  const { revision, eventId, keys, state, checksum } = data as SnapshotData;
  if (checksum !== checksumOf({ revision, eventId, keys, state })) return undefined;
  return {
    revision,
    eventId,
    keys: new Map(keys.map(([key, requestHash, lastRevision]) => [key, { requestHash, lastRevision }])),
    state: { ...state, totalAmount: parseMoney(state.totalAmount) },
  };
}

function checksumOf(content: object): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64');
}

export type SnapshotStore = ReturnType<typeof createSnapshotStore>;

/** Snapshots of orders in their own streams, `PizzaOrderSnapshot-{orderId}`, of which only the newest is kept. */
export function createSnapshotStore(streams: StreamStore) {
  const streamOf = (orderId: string) => streams.streamOf(SNAPSHOT_TYPE, orderId);
  return {
    /** The newest snapshot if it can be used. Whether it fits the order's stream is for the reader to check. */
    async read(orderId: string): Promise<Snapshot | undefined> {
      const last = await streams.readLast(streamOf(orderId));
      return last && decodeSnapshot(last.data);
    },

    async write(orderId: string, snapshot: Snapshot): Promise<void> {
      const stream = streamOf(orderId);
      await streams.put(`$$${stream}`, eventOf('$metadata', { $maxCount: 1 }));
      await streams.put(stream, eventOf(SNAPSHOT_TYPE, encodeSnapshot(snapshot)));
    },
  };
}

function eventOf(type: string, data: object): ProposedEvent {
  return { id: randomUUID(), type, data: JSON.stringify(data), metadata: '' };
}
