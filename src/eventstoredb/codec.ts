import { Buffer } from 'node:buffer';
import type { ValidateFunction } from 'ajv';
import type { RecordedEvent } from '@eventstore/db-client';
import { validate as isUuid } from 'uuid';
import type { PizzaOrderEvent } from '../domain/events.ts';
import { parseTimestamp } from '../domain/time.ts';
import { createSchemaCompiler, lazily } from '../json-schema.ts';
import type { ProposedEvent } from './wire/append.ts';
import { type AggregateKind, type DomainEvent, streamSuffix } from './aggregates.ts';
import { UnreadableEventError } from './errors.ts';
import { eventSchemas, type EventTypeName } from './event-schemas.ts';
import { type EventData, upcasters } from './upcasters.ts';

/** What is stored beside each event. `$correlationId` and `$causationId` are EventStoreDB's own names. */
export interface EventMetadata {
  readonly $correlationId: string;
  readonly $causationId: string;
  readonly actor: string;
  readonly schemaVersion: number;
  readonly idempotencyKey?: string;
  readonly requestHash?: string;
  /** Whose key it is; absent where callers were not told apart. */
  readonly caller?: string;
  /** Where in a trace the command was (W3C Trace Context). It says nothing about the event: see `linksTo`. */
  readonly traceparent?: string;
}

/** An event as read back: checked, lifted to its newest version, with where and when it was stored. */
export interface StoredEvent<Event extends DomainEvent = DomainEvent> {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly recordedAt: Date;
  readonly event: Event;
  readonly metadata: Partial<EventMetadata>;
}

const ajv = createSchemaCompiler({
  formats: { uuid: isUuid, 'date-time': (text: string) => parseTimestamp(text) !== undefined },
});
const validators = new Map<string, readonly (() => ValidateFunction)[]>(
  Object.entries(eventSchemas).map(([type, versions]) => [
    type,
    versions.map((schema) => lazily(() => ajv.compile(schema))),
  ]),
);

export function currentVersion(type: EventTypeName): number {
  return eventSchemas[type].length;
}

/**
 * A domain event as the store takes it.
 *
 * @throws TypeError when the event is not what its own schema says: a bug, found before it is stored for ever
 */
export function encodeEvent(
  event: DomainEvent,
  id: string,
  metadata: Omit<EventMetadata, 'schemaVersion'>,
): ProposedEvent {
  const schemaVersion = currentVersion(event.type);
  const why = validationError(event.type, schemaVersion, event.data);
  if (why !== undefined) throw new TypeError(`${event.type} v${schemaVersion} breaks its own schema: ${why}`);
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
export function decodeEvent(recorded: RecordedEvent): StoredEvent {
  const { type } = recorded;
  const metadata = readMetadata(recorded.metadata);
  const version = metadata.schemaVersion ?? 1;
  const unreadable = (why: string) =>
    new UnreadableEventError(
      `${type} v${version} at revision ${recorded.revision.toString()} of ${recorded.streamId}: ${why}`,
    );
  const versions = validators.get(type);
  if (!versions) throw unreadable('unknown event type');
  if (!Number.isInteger(version) || version < 1) throw unreadable('not a version');
  if (version > versions.length)
    throw unreadable(`newer than this service, which knows versions up to ${versions.length}`);
  if (!recorded.isJson) throw unreadable('not stored as JSON');
  const why = validationError(type as EventTypeName, version, recorded.data);
  if (why !== undefined) throw unreadable(why);
  const steps = (upcasters[type as EventTypeName] ?? []).slice(version - 1);
  const data = steps.reduce<EventData>((lifted, { lift }) => lift(lifted), recorded.data as EventData);
  const liftedWhy = steps.length > 0 ? validationError(type as EventTypeName, versions.length, data) : undefined;
  if (liftedWhy !== undefined) throw unreadable(`lifted to v${versions.length}: ${liftedWhy}`);
  const event = { type, data } as unknown as DomainEvent; // proven by the schema of its newest version
  const suffix = streamSuffix(event);
  if (suffix === undefined || !recorded.streamId.endsWith(suffix)) throw unreadable('its data name another stream');
  return {
    id: recorded.id,
    stream: recorded.streamId,
    revision: Number(recorded.revision),
    recordedAt: recorded.created,
    event,
    metadata,
  };
}

export type StoredOrderEvent = StoredEvent<PizzaOrderEvent>;

export function isOf<State, Event extends DomainEvent>(
  kind: AggregateKind<State, Event>,
  stored: StoredEvent,
): stored is StoredEvent<Event> {
  return (kind.eventTypes as readonly string[]).includes(stored.event.type);
}

/** Like `decodeEvent`, for a stream that may only hold events of one kind of aggregate. */
export function decodeEventOf<State, Event extends DomainEvent>(
  kind: AggregateKind<State, Event>,
  recorded: RecordedEvent,
): StoredEvent<Event> {
  const stored = decodeEvent(recorded);
  if (isOf(kind, stored)) return stored;
  throw new UnreadableEventError(`${recorded.type} does not belong in ${recorded.streamId}`);
}

/** Why `data` is not what version `version` of the event says, or undefined when it is. */
export function validationError(type: EventTypeName, version: number, data: unknown): string | undefined {
  const validate = validators.get(type)?.[version - 1]?.();
  if (!validate) return `no schema for ${type} v${version}`;
  return validate(data) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'data' });
}

const METADATA_TEXTS = [
  '$correlationId',
  '$causationId',
  'actor',
  'idempotencyKey',
  'requestHash',
  'caller',
  'traceparent',
] as const;

/** Metadata may come from any client of the store: only what has the right type counts. */
export function readMetadata(stored: unknown): Partial<EventMetadata> {
  if (typeof stored !== 'object' || stored === null || Buffer.isBuffer(stored)) return {};
  const fields = stored as Record<string, unknown>;
  const metadata: { -readonly [Name in keyof EventMetadata]?: EventMetadata[Name] } = {};
  for (const name of METADATA_TEXTS) {
    const text = fields[name];
    if (typeof text === 'string') metadata[name] = text;
  }
  const version = fields['schemaVersion'];
  if (version !== undefined) metadata.schemaVersion = typeof version === 'number' ? version : Number.NaN;
  return metadata;
}
