import { Buffer } from 'node:buffer';
import { validate as isUuid } from 'uuid';
import { parseTimestamp } from "../domain/time.js";
import { createSchemaCompiler } from "../json-schema.js";
import { UnreadableEventError } from "./errors.js";
import { eventSchemas } from "./event-schemas.js";
import { upcasters } from "./upcasters.js";
const ajv = createSchemaCompiler({
    formats: { uuid: isUuid, 'date-time': (text) => parseTimestamp(text) !== undefined },
});
const validators = new Map(Object.entries(eventSchemas).map(([type, versions]) => [type, versions.map((schema) => ajv.compile(schema))]));
export function currentVersion(type) {
    return eventSchemas[type].length;
}
/**
 * A domain event as the store takes it.
 *
 * @throws TypeError when the event is not what its own schema says: a bug, found before it is stored for ever
 */
export function encodeEvent(event, id, metadata) {
    const schemaVersion = currentVersion(event.type);
    const why = validationError(event.type, schemaVersion, event.data);
    if (why !== undefined)
        throw new TypeError(`${event.type} v${schemaVersion} breaks its own schema: ${why}`);
    return {
        id,
        type: event.type,
        data: JSON.stringify(event.data),
        metadata: JSON.stringify({ ...metadata, schemaVersion }),
    };
}
/**
 * Reads a stored event of any known version. An event without a `schemaVersion` is one of version 1.
 *
 * @throws UnreadableEventError when type, version or data are not known here; nothing is guessed
 */
export function decodeEvent(recorded) {
    const { type } = recorded;
    const metadata = readMetadata(recorded.metadata);
    const version = metadata.schemaVersion ?? 1;
    const unreadable = (why) => new UnreadableEventError(`${type} v${version} at revision ${recorded.revision.toString()} of ${recorded.streamId}: ${why}`);
    const versions = validators.get(type);
    if (!versions)
        throw unreadable('unknown event type');
    if (!Number.isInteger(version) || version < 1)
        throw unreadable('not a version');
    if (version > versions.length)
        throw unreadable(`newer than this service, which knows versions up to ${versions.length}`);
    if (!recorded.isJson)
        throw unreadable('not stored as JSON');
    const why = validationError(type, version, recorded.data);
    if (why !== undefined)
        throw unreadable(why);
    const steps = (upcasters[type] ?? []).slice(version - 1);
    const data = steps.reduce((lifted, { lift }) => lift(lifted), recorded.data);
    const liftedWhy = steps.length > 0 ? validationError(type, versions.length, data) : undefined;
    if (liftedWhy !== undefined)
        throw unreadable(`lifted to v${versions.length}: ${liftedWhy}`);
    const event = { type, data }; // proven by the schema of its newest version
    if (!recorded.streamId.endsWith(streamSuffix(event)))
        throw unreadable('its data name another stream');
    return {
        id: recorded.id,
        stream: recorded.streamId,
        revision: Number(recorded.revision),
        recordedAt: recorded.created,
        event,
        metadata,
    };
}
export function isOrderEvent(stored) {
    return !isCustomerEvent(stored);
}
export function isCustomerEvent(stored) {
    return stored.event.type === 'CustomerRegistered' || stored.event.type === 'CustomerDetailsChanged';
}
/** Like `decodeEvent`, for a stream that may only hold events of an order. */
export function decodeOrderEvent(recorded) {
    const stored = decodeEvent(recorded);
    if (isOrderEvent(stored))
        return stored;
    throw new UnreadableEventError(`${recorded.type} does not belong in ${recorded.streamId}`);
}
/** `{category}-{id}`: what the name of the stream that an event belongs to ends in. */
function streamSuffix(event) {
    switch (event.type) {
        case 'CustomerRegistered':
        case 'CustomerDetailsChanged':
            return `Customer-${event.data.customerId}`;
        default:
            return `PizzaOrder-${event.data.orderId}`;
    }
}
/** Why `data` is not what version `version` of the event says, or undefined when it is. */
export function validationError(type, version, data) {
    const validate = validators.get(type)?.[version - 1];
    if (!validate)
        return `no schema for ${type} v${version}`;
    return validate(data) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'data' });
}
const METADATA_TEXTS = ['$correlationId', '$causationId', 'actor', 'idempotencyKey', 'requestHash'];
/** Metadata may come from any client of the store: only what has the right type counts. */
function readMetadata(stored) {
    if (typeof stored !== 'object' || stored === null || Buffer.isBuffer(stored))
        return {};
    const fields = stored;
    const metadata = {};
    for (const name of METADATA_TEXTS) {
        const text = fields[name];
        if (typeof text === 'string')
            metadata[name] = text;
    }
    const version = fields['schemaVersion'];
    if (version !== undefined)
        metadata.schemaVersion = typeof version === 'number' ? version : Number.NaN;
    return metadata;
}
