import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderState } from '../../src/domain/order-state.ts';
import { orderSnapshots } from '../../src/eventstoredb/order-snapshot.ts';
import type { Snapshot as SnapshotOf } from '../../src/eventstoredb/snapshot-codec.ts';
import { order, text } from '../domain/arbitraries.ts';
import { addressChanged, confirmed, discounted, placed } from '../domain/examples.ts';
import { fold } from '../domain/given.ts';

const decodeSnapshot = (data: unknown) => orderSnapshots.decode(data);
const encodeSnapshot = (snapshot: Snapshot) => orderSnapshots.encode(snapshot);
const SNAPSHOT_VERSION = 2;
type Snapshot = SnapshotOf<OrderState>;
type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type JsonObject = Record<string, Json>;

/** What a store gives back of it. */
const stored = (snapshot: Snapshot): JsonObject => JSON.parse(JSON.stringify(encodeSnapshot(snapshot))) as JsonObject;

const keys = fc
  .array(fc.tuple(text, fc.record({ requestHash: text, lastRevision: fc.nat() }, { noNullPrototype: true })), {
    maxLength: 4,
  })
  .map((entries) => new Map(entries));
const anySnapshot: fc.Arbitrary<Snapshot> = fc.record(
  { state: order.map(({ state }) => state), revision: fc.nat(), eventId: fc.uuid(), keys },
  { noNullPrototype: true },
);

const example: Snapshot = {
  state: fold([placed, confirmed, discounted, addressChanged]),
  revision: 3,
  eventId: '11111111-1111-4111-8111-111111111111',
  keys: new Map([['key-1', { requestHash: 'hash-1', lastRevision: 0 }]]),
};

/** The same snapshot with other content, and a checksum that is right for it. */
function resealed(change: (content: JsonObject) => JsonObject): JsonObject {
  const { snapshotVersion, checksum, ...content } = stored(example);
  expect(checksum).toBe(seal(content));
  const changed = change(content);
  return { snapshotVersion: snapshotVersion ?? null, checksum: seal(changed), ...changed };
}

function seal(content: JsonObject): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64');
}

/** The path of every value in `json` that holds no others. */
function leaves(json: Json, path: readonly string[] = []): (readonly string[])[] {
  if (typeof json !== 'object' || json === null) return [path];
  return Object.entries(json).flatMap(([name, value]) => leaves(value, [...path, name]));
}

/** A copy of `json` with the value at `path` changed to another of its type, or removed. */
function altered(json: JsonObject, path: readonly string[], remove: boolean): JsonObject {
  const copy = structuredClone(json);
  const parent = path.slice(0, -1).reduce<JsonObject>((node, name) => node[name] as JsonObject, copy);
  const last = path.at(-1) ?? '';
  const value = parent[last];
  if (!remove) parent[last] = typeof value === 'string' ? `${value}x` : typeof value === 'number' ? value + 1 : 'x';
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(parent, last);
  return copy;
}

describe('a snapshot', () => {
  it('is given back, for any history, as it was: state, revision, event id and keys', () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        expect(decodeSnapshot(stored(snapshot))).toStrictEqual(snapshot);
      }),
      { numRuns: 150 },
    );
  });

  it('states its version, when written, and its total as text with two decimals', () => {
    expect(encodeSnapshot(example)).toMatchObject({
      snapshotVersion: SNAPSHOT_VERSION,
      revision: 3,
      eventId: example.eventId,
      keys: [['key-1', 'hash-1', 0]],
      state: { totalAmount: '20.00', status: 'CONFIRMED' },
    });
  });

  it('is ignored, with one bit of its JSON flipped, wherever that is', () => {
    fc.assert(
      fc.property(anySnapshot, fc.nat(), fc.nat(7), (snapshot, position, bit) => {
        const json = JSON.stringify(encodeSnapshot(snapshot));
        const bytes = Buffer.from(json);
        const index = position % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(index) ^ (1 << bit), index);
        let damaged: unknown;
        try {
          damaged = JSON.parse(bytes.toString());
        } catch {
          return; // the client cannot read it either
        }
        fc.pre(JSON.stringify(damaged) !== json); // \u001f and \u001F are the same text
        expect(decodeSnapshot(damaged)).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  it('is ignored, with any one value changed or gone, whichever it is', () => {
    fc.assert(
      fc.property(anySnapshot, fc.nat(), fc.boolean(), (snapshot, seed, remove) => {
        const json = stored(snapshot);
        const paths = leaves(json);
        const path = paths[seed % paths.length] ?? [];
        expect(decodeSnapshot(altered(json, path, remove))).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it.each(leaves(stored(example)).map((path) => [path.join('.'), path] as const))(
    'is ignored, with %s changed or gone, as damaged',
    (_, path) => {
      expect(decodeSnapshot(altered(stored(example), path, false))).toBeUndefined();
      expect(decodeSnapshot(altered(stored(example), path, true))).toBeUndefined();
    },
  );

  it.each([0, SNAPSHOT_VERSION - 1, SNAPSHOT_VERSION + 1, '1', null, 1.5])(
    'is ignored, of version %s, with a checksum that is right',
    (snapshotVersion) => {
      expect(decodeSnapshot(stored(example))).toStrictEqual(example);
      expect(decodeSnapshot({ ...stored(example), snapshotVersion })).toBeUndefined();
    },
  );

  it.each<[string, (content: JsonObject) => JsonObject]>([
    ['a negative revision', (content) => ({ ...content, revision: -1 })],
    ['half a revision', (content) => ({ ...content, revision: 0.5 })],
    ['no state', (content) => ({ ...content, state: null })],
    [
      'an unknown status',
      (content) => ({ ...content, state: { ...(content['state'] as JsonObject), status: 'EATEN' } }),
    ],
    [
      'a total that is none',
      (content) => ({ ...content, state: { ...(content['state'] as JsonObject), totalAmount: 'NaN' } }),
    ],
    [
      'a total as a number',
      (content) => ({ ...content, state: { ...(content['state'] as JsonObject), totalAmount: 20 } }),
    ],
    ['keys that are no list', (content) => ({ ...content, keys: {} })],
    ['a key without its revision', (content) => ({ ...content, keys: [['key-1', 'hash-1']] })],
  ])('is ignored, with %s, even under a checksum that is right', (_, change) => {
    expect(decodeSnapshot(resealed((content) => content))).toStrictEqual(example);
    expect(decodeSnapshot(resealed(change))).toBeUndefined();
  });

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['text', 'garbage'],
    ['text of JSON', JSON.stringify(encodeSnapshot(example))],
    ['bytes', Buffer.from(JSON.stringify(encodeSnapshot(example)))],
    ['a number', 1],
    ['an empty object', {}],
    ['an empty list', []],
    ['a snapshot in a list', [encodeSnapshot(example)]],
    ['an event', placed],
  ])('is ignored, when it is %s, and no error', (_, garbage) => {
    expect(decodeSnapshot(garbage)).toBeUndefined();
  });

  it('is ignored, for anything else at all, and no error', () => {
    fc.assert(
      fc.property(fc.anything(), (garbage) => {
        expect(decodeSnapshot(garbage)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});
