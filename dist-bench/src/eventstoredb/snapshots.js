import { createHash, randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import { ORDER_STATUSES, PAYMENT_STATUSES } from "../domain/events.js";
import { formatMoney, parseMoney } from "../domain/money.js";
import { createSchemaCompiler } from "../json-schema.js";
/** Raise it whenever `OrderState` or this layout changes: snapshots of another version are ignored and replaced. */
export const SNAPSHOT_VERSION = 1;
const SNAPSHOT_TYPE = 'PizzaOrderSnapshot';
const Nullable = (schema) => Type.Union([schema, Type.Null()]);
const isSnapshotData = createSchemaCompiler().compile(Type.Object({
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
}));
export function encodeSnapshot(snapshot) {
    const content = {
        revision: snapshot.revision,
        eventId: snapshot.eventId,
        keys: [...snapshot.keys].map(([key, { requestHash, lastRevision }]) => [key, requestHash, lastRevision]),
        state: { ...snapshot.state, totalAmount: formatMoney(snapshot.state.totalAmount) },
    };
    return { snapshotVersion: SNAPSHOT_VERSION, checksum: checksumOf(content), ...content };
}
/** The snapshot, or undefined when it is of another version, damaged, or anything else: never an error. */
export function decodeSnapshot(data) {
    if (!isSnapshotData(data))
        return undefined;
    const { revision, eventId, keys, state, checksum } = data;
    if (checksum !== checksumOf({ revision, eventId, keys, state }))
        return undefined;
    return {
        revision,
        eventId,
        keys: new Map(keys.map(([key, requestHash, lastRevision]) => [key, { requestHash, lastRevision }])),
        state: { ...state, totalAmount: parseMoney(state.totalAmount) },
    };
}
function checksumOf(content) {
    return createHash('sha256').update(JSON.stringify(content)).digest('base64');
}
/** Snapshots of orders in their own streams, `PizzaOrderSnapshot-{orderId}`, of which only the newest is kept. */
export function createSnapshotStore(streams) {
    const streamOf = (orderId) => streams.streamOf(SNAPSHOT_TYPE, orderId);
    return {
        /** The newest snapshot if it can be used. Whether it fits the order's stream is for the reader to check. */
        async read(orderId) {
            const last = await streams.readLast(streamOf(orderId));
            return last && decodeSnapshot(last.data);
        },
        async write(orderId, snapshot) {
            const stream = streamOf(orderId);
            await streams.put(`$$${stream}`, eventOf('$metadata', { $maxCount: 1 }));
            await streams.put(stream, eventOf(SNAPSHOT_TYPE, encodeSnapshot(snapshot)));
        },
    };
}
function eventOf(type, data) {
    return { id: randomUUID(), type, data: JSON.stringify(data), metadata: '' };
}
