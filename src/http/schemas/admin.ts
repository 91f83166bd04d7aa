import Type, { type Static } from 'typebox';
import { READ_MODEL_NAMES } from '../../read-models/index.ts';
import { nullable, nullableTime } from './common.ts';

const ReadModel = Type.Enum([...READ_MODEL_NAMES], { type: 'string' });

export const Rebuild = Type.Object(
  {
    state: Type.Enum(['running', 'interrupted', 'done', 'failed'], { type: 'string' }),
    events: Type.Integer({ description: 'projected so far' }),
    percent: Type.Integer({ minimum: 0, maximum: 100 }),
    startedAt: Type.String({ format: 'date-time' }),
    finishedAt: nullableTime('null until it ends'),
    error: nullable<string>('string', 'why it failed'),
  },
  { $id: 'Rebuild' },
);

const Projection = Type.Object({
  name: ReadModel,
  state: Type.Enum(['starting', 'consuming', 'waiting', 'stopped', 'rebuilding'], { type: 'string' }),
  position: nullable<number>('integer', 'commit position of the last event projected, as far as known'),
  head: nullable<number>('integer', 'commit position of the end of the log'),
  lag: Type.Object({
    events: Type.Integer({ minimum: 0, description: 'not yet projected; more than 1,000 are an estimate' }),
    seconds: Type.Number({ minimum: 0, description: 'age of the oldest of them' }),
  }),
  inFlight: Type.Integer({ minimum: 0, description: 'delivered, not yet acknowledged' }),
  retried: nullable<number>('integer', 'repeated deliveries to this instance'),
  parked: Type.Integer({ minimum: 0, description: 'events that could not be projected' }),
  stalled: Type.Integer({ minimum: 0, description: 'orders that stand still at such an event' }),
  lastError: nullable<string>('string', 'why it waits'),
  rebuild: Type.Unsafe<Static<typeof Rebuild> | null>({ anyOf: [{ $ref: 'Rebuild#' }, { type: 'null' }] }),
});

export const Projections = Type.Object({ items: Type.Array(Projection) }, { $id: 'Projections' });

export const ParkedEvents = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        eventId: nullable<string>('string', 'null when the event was deleted since'),
        type: nullable<string>('string', 'null when the event was deleted since'),
        stream: Type.String(),
        revision: Type.Integer({ minimum: 0 }),
        reason: Type.String({ description: 'why it was parked' }),
        parkedAt: Type.String({ format: 'date-time' }),
      }),
    ),
    total: Type.Integer({ minimum: 0, description: 'parked events, whether listed or not' }),
  },
  { $id: 'ParkedEvents' },
);

export const ReplayedEvents = Type.Object(
  { replayed: Type.Integer({ minimum: 0, description: 'events that are delivered again' }) },
  { $id: 'ReplayedEvents' },
);

export const Behind = Type.Object(
  {
    documents: Type.Integer({ minimum: 1, description: 'no differences: their events are not yet projected' }),
    events: Type.Integer({ minimum: 0, description: 'not yet projected; more than 1,000 are an estimate' }),
    position: nullable<number>('integer', 'commit position that the read model has reached, as far as known'),
    head: Type.Integer({ description: 'commit position up to which the log was read' }),
  },
  { $id: 'Behind', description: 'The read model stands still behind the log; null when it has caught up' },
);

export const VerifiedReadModel = Type.Object(
  {
    name: ReadModel,
    checked: Type.Integer({ minimum: 0, description: 'documents looked at, or looked for' }),
    differences: Type.Integer({ minimum: 0 }),
    listed: Type.Array(
      Type.Object({
        id: Type.String({ description: 'of the document' }),
        kind: Type.Enum(['missing', 'extra', 'behind', 'different'], { type: 'string' }),
        fields: Type.Array(Type.String(), { description: 'that differ' }),
      }),
      { maxItems: 1000, description: 'the first 1,000 differences' },
    ),
    repaired: Type.Integer({ minimum: 0 }),
    behind: Type.Unsafe<Static<typeof Behind> | null>({ anyOf: [{ $ref: 'Behind#' }, { type: 'null' }] }),
  },
  { $id: 'VerifiedReadModel' },
);
