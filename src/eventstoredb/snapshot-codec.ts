import { createHash } from 'node:crypto';
import Type from 'typebox';
import { createSchemaCompiler, lazily } from '../json-schema.ts';

/** A folded aggregate and where in its stream that is. */
export interface Snapshot<State> {
  readonly state: State;
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

/** How the state of one kind of aggregate is kept as JSON. */
export interface SnapshotFormat<State, Stored> {
  /** Raise it whenever the state or its layout changes: snapshots of another version are ignored and replaced. */
  readonly version: number;
  readonly schema: Type.TSchema;
  readonly toStored: (state: State) => Stored;
  readonly fromStored: (stored: Stored) => State;
}

interface SnapshotData<Stored> {
  readonly snapshotVersion: number;
  readonly checksum: string;
  readonly revision: number;
  readonly eventId: string;
  readonly keys: readonly (readonly [key: string, requestHash: string, lastRevision: number])[];
  readonly state: Stored;
}

export interface SnapshotCodec<State> {
  encode(snapshot: Snapshot<State>): object;
  /** The snapshot, or undefined when it is of another version, damaged, or anything else: never an error. */
  decode(data: unknown): Snapshot<State> | undefined;
}

export function createSnapshotCodec<State, Stored>(format: SnapshotFormat<State, Stored>): SnapshotCodec<State> {
  const validator = lazily(() =>
    createSchemaCompiler().compile<SnapshotData<Stored>>(
      Type.Object({
        snapshotVersion: Type.Literal(format.version),
        checksum: Type.String(),
        revision: Type.Integer({ minimum: 0 }),
        eventId: Type.String(),
        keys: Type.Array(Type.Tuple([Type.String(), Type.String(), Type.Integer()])),
        state: format.schema,
      }),
    ),
  );
  return {
    encode({ revision, eventId, keys, state }) {
      const content = {
        revision,
        eventId,
        keys: [...keys].map(([key, { requestHash, lastRevision }]) => [key, requestHash, lastRevision] as const),
        state: format.toStored(state),
      };
      return { snapshotVersion: format.version, checksum: checksumOf(content), ...content };
    },

    decode(data) {
      const isSnapshotData = validator();
      if (!isSnapshotData(data)) return undefined;
      const { revision, eventId, keys, state, checksum } = data;
      if (checksum !== checksumOf({ revision, eventId, keys, state })) return undefined;
      return {
        revision,
        eventId,
        keys: new Map(keys.map(([key, requestHash, lastRevision]) => [key, { requestHash, lastRevision }])),
        state: format.fromStored(state),
      };
    },
  };
}

function checksumOf(content: object): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64');
}
