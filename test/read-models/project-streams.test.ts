import { randomBytes } from 'node:crypto';
import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import type { Collection, MongoClient } from 'mongodb';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectMongo } from '../../src/read-models/database.ts';
import { projectStreams } from '../../src/read-models/documents/project-streams.ts';
import type { Saved, StreamReadModel } from '../../src/read-models/documents/stream-model.ts';
import { NOTHING_FOUND, type Projection, type ReadModelContext, toLogEvent } from '../../src/read-models/read-model.ts';

/** What items have cost, oldest first. */
interface State {
  readonly sku: string;
  readonly prices: readonly string[];
}

interface PricesDocument {
  readonly _id: string;
  readonly revision: number;
  readonly prices?: readonly string[];
  readonly name?: string;
  readonly stalled?: { readonly revision: number; readonly reason: string };
}

let mongo: MongoClient;
const name = `test_${randomBytes(6).toString('hex')}`;
beforeAll(() => {
  mongo = connectMongo(inject('mongoUrl'));
});
afterAll(async () => {
  await mongo.db(name).dropDatabase();
  await mongo.close();
});

/** The events of an item: added at 0.00, then at a price of 0.01 more with each. */
function eventsOf(sku: string, count: number): AllStreamRecordedEvent[] {
  return Array.from({ length: count }, (_, revision) => {
    const type = revision === 0 ? 'MenuItemAdded' : 'MenuItemChanged';
    const at = `2026-05-01T18:00:00.${String(revision).padStart(3, '0')}Z`;
    return {
      id: `${sku}@${revision}`,
      streamId: `MenuItem-${sku}`,
      revision: BigInt(revision),
      type,
      isJson: true,
      created: new Date(at),
      data: {
        ...{ sku, name: sku, category: 'Pizza', price: priceAt(revision), ingredients: [] },
        [revision === 0 ? 'addedAt' : 'changedAt']: at,
      },
      metadata: { schemaVersion: 1, actor: 'test' },
      position: { commit: BigInt(revision), prepare: BigInt(revision) },
    } as unknown as AllStreamRecordedEvent;
  });
}

const priceAt = (revision: number) => `0.${String(revision).padStart(2, '0')}`;
const prices = (to: number) => Array.from({ length: to + 1 }, (_, revision) => priceAt(revision));
const unreadable = (event: AllStreamRecordedEvent | undefined) =>
  ({ ...event, type: 'Unheard' }) as unknown as AllStreamRecordedEvent;

let collections = 0;

/** Streams that the test fills, a collection of its own, and what was asked of both. */
async function scene(more: Partial<StreamReadModel<State, PricesDocument>> = {}) {
  const log = new Map<string, readonly AllStreamRecordedEvent[]>();
  const gone = new Set<string>();
  const reads: (readonly [string, number, number])[] = [];
  const asked: string[] = [];
  const warnings: string[] = [];
  const saved: Saved<State>[] = [];
  const collection = mongo.db(name).collection<PricesDocument>(`prices_${(collections += 1)}`);
  await mongo.db(name).createCollection(collection.collectionName);
  const context = {
    db: mongo.db(name),
    log: pino({ level: 'warn' }, { write: (line: string) => warnings.push((JSON.parse(line) as { msg: string }).msg) }),
    streams: {
      readRecorded(stream: string, { from = 0, maxCount = Number.POSITIVE_INFINITY } = {}) {
        reads.push([stream, from, maxCount]);
        const events = log.get(stream) ?? [];
        return Promise.resolve(events.filter(({ revision }) => Number(revision) >= from).slice(0, maxCount));
      },
      isGone: (stream: string, first: object | undefined) => Promise.resolve(gone.has(stream) && first === undefined),
    },
  } as unknown as ReadModelContext;
  const model: StreamReadModel<State, PricesDocument> = {
    ...{ name: 'prices', version: 1, category: 'MenuItem', indexes: [] },
    evolve(state, { event }) {
      if (!('price' in event.data)) throw new TypeError('no price');
      return { sku: event.data.sku, prices: [...(state?.prices ?? []), event.data.price] };
    },
    toFields: ({ prices: seen }) => ({ prices: seen }),
    toState(document) {
      if (!document.prices) throw new TypeError('no prices');
      return { sku: document._id, prices: document.prices };
    },
    saved: (_, __, these) => Promise.resolve(void saved.push(these)),
    ...more,
  };
  const watched = new Proxy(collection, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]) => {
        asked.push(String(property));
        return value.apply(target, parameters) as unknown;
      };
    },
  });
  return {
    ...{ log, gone, reads, asked, warnings, saved, collection },
    projection: (of: Collection<PricesDocument> = watched) => projectStreams(model, context, of),
    fill: (...events: AllStreamRecordedEvent[]) => {
      for (const event of events) log.set(event.streamId, [...(log.get(event.streamId) ?? []), event]);
    },
    documents: () => collection.find({}).sort({ _id: 1 }).toArray(),
  };
}

async function project(projection: Projection, ...events: (AllStreamRecordedEvent | undefined)[]) {
  await projection.add(events.flatMap((event) => (event ? [toLogEvent('', event)] : [])));
  return projection.write();
}

describe('a stream’s document', () => {
  it('shows its events, whether they come one by one, together, or twice', async () => {
    const { projection, documents, reads, saved } = await scene();
    const [a0, a1, a2] = eventsOf('a', 3);
    const [b0, b1] = eventsOf('b', 2);
    const projected = projection();
    expect(await project(projected, a0, b0)).toEqual(NOTHING_FOUND);
    expect(await project(projected, a0, a1, a1, b0, b1)).toEqual(NOTHING_FOUND);
    expect(await project(projected, a2, a0, a1)).toEqual(NOTHING_FOUND);
    expect(await documents()).toEqual([
      { _id: 'a', revision: 2, prices: prices(2) },
      { _id: 'b', revision: 1, prices: prices(1) },
    ]);
    expect(reads).toEqual([]);
    const state = (sku: string, to: number) => ({ sku, prices: prices(to) });
    expect(saved).toEqual([
      { states: [state('a', 0), state('b', 0)], begun: [state('a', 0), state('b', 0)], hasGone: false },
      { states: [state('a', 1), state('b', 1)], begun: [state('a', 1), state('b', 1)], hasGone: false },
      { states: [state('a', 2)], begun: [state('a', 2)], hasGone: false },
    ]);
  });

  it('is written only when there is news, and read only when nothing is remembered of it', async () => {
    const { projection, asked } = await scene();
    const [a0, a1, a2] = eventsOf('a', 3);
    const first = projection();
    await project(first, a0);
    expect(asked.splice(0)).toEqual(['bulkWrite']);
    await project(first, a1);
    expect(asked.splice(0)).toEqual(['bulkWrite']);
    await project(first, a1, a0);
    expect(asked.splice(0)).toEqual([]);
    await project(projection(), a2, a1);
    expect(asked.splice(0)).toEqual(['find', 'bulkWrite']);
  });

  it('needs none of its events from the stream while they come together, in whatever order', async () => {
    const { projection, documents, reads } = await scene();
    const [a0, a1, a2, a3] = eventsOf('a', 4);
    await project(projection(), a3, a1, a2, a0);
    expect(await documents()).toEqual([{ _id: 'a', revision: 3, prices: prices(3) }]);
    expect(reads).toEqual([]);
  });

  it('has those before a later one read from the stream, and no others', async () => {
    const { projection, documents, reads, fill } = await scene();
    const events = eventsOf('a', 7);
    fill(...events);
    const projected = projection();
    await project(projected, events[0], events[1], events[5]);
    expect(reads).toEqual([['MenuItem-a', 2, 3]]);
    expect(await documents()).toEqual([{ _id: 'a', revision: 5, prices: prices(5) }]);
    await project(projected, events[3], events[6]);
    expect(reads).toHaveLength(1);
    expect(await documents()).toEqual([{ _id: 'a', revision: 6, prices: prices(6) }]);
  });

  it('that nothing is remembered of, is folded on from', async () => {
    const { projection, documents, fill } = await scene();
    const events = eventsOf('a', 5);
    fill(...events);
    await project(projection(), events[0], events[1]);
    await project(projection(), events[4]);
    expect(await documents()).toEqual([{ _id: 'a', revision: 4, prices: prices(4) }]);
  });

  it('that somebody has damaged, is folded anew from the stream, and that is logged', async () => {
    const { projection, documents, fill, warnings, collection } = await scene();
    const events = eventsOf('a', 3);
    fill(...events);
    await project(projection(), events[0], events[1]);
    await collection.updateOne({ _id: 'a' }, { $unset: { prices: true } });
    await project(projection(), events[2]);
    expect(await documents()).toEqual([{ _id: 'a', revision: 2, prices: prices(2) }]);
    expect(warnings).toEqual(['a document that cannot be read is folded anew']);
  });

  it('counts as begun once', async () => {
    const { projection, fill } = await scene();
    const [a, b] = [eventsOf('a', 2), eventsOf('b', 2)];
    fill(...a, ...b);
    const projected = projection();
    await project(projected, a[0], a[1], b[1]);
    expect(projected.begun()).toBe(2);
    await project(projected, a[1], b[0]);
    expect(projected.begun()).toBe(2);
    const another = projection();
    await project(another, a[1]);
    expect(another.begun()).toBe(0);
  });

  it('has what other read models know from when it is new, and not again', async () => {
    const asked: unknown[] = [];
    const load = (_: unknown, states: readonly State[]) => {
      asked.push(states.map(({ sku }) => sku));
      return Promise.resolve((state: State | undefined) => ({ name: state ? `the ${state.sku}` : 'nothing' }));
    };
    const { projection, documents, fill } = await scene({ joined: { fields: ['name'], load } });
    const [a, b, c] = [eventsOf('a', 3), eventsOf('b', 1), eventsOf('c', 1)];
    fill(...c);
    const projected = projection();
    await project(projected, a[0], unreadable(c[0]));
    expect((await documents())[1]).toMatchObject({ _id: 'c', name: 'nothing', stalled: { revision: 0 } });
    await project(projected, a[1], b[0]);
    await project(projected, c[0]);
    expect(asked).toEqual([['a'], ['b'], ['c'], ['c']]); // c is taken for new first
    expect(await documents()).toEqual([
      { _id: 'a', revision: 1, prices: prices(1), name: 'the a' },
      { _id: 'b', revision: 0, prices: prices(0), name: 'the b' },
      { _id: 'c', revision: 0, prices: prices(0), name: 'the c' },
    ]);
  });
});

describe('an event that cannot be read', () => {
  const stalled = (revision: number) => ({ revision, reason: expect.stringContaining('Unheard') as string });

  it('stalls its document just before it, whatever comes later, until it can', async () => {
    const { projection, documents, asked, saved } = await scene();
    const [a0, a1, a2, a3] = eventsOf('a', 4);
    const projected = projection();
    await project(projected, a0);
    const { stalls } = await project(projected, unreadable(a1), a2);
    expect(stalls).toEqual(new Map([['MenuItem-a', stalled(1)]]));
    expect(await documents()).toEqual([{ _id: 'a', revision: 0, prices: prices(0), stalled: stalled(1) }]);
    asked.length = 0;
    expect((await project(projected, unreadable(a1), a3)).stalls.size).toBe(1);
    expect(asked).toEqual(['find']);
    expect(await project(projected, a1, a2, a3)).toEqual(NOTHING_FOUND);
    expect(await documents()).toEqual([{ _id: 'a', revision: 3, prices: prices(3) }]);
    expect(saved.map(({ begun }) => begun.length)).toEqual([1, 0, 0, 0]);
  });

  it('among those read from the stream, stalls it as well', async () => {
    const { projection, documents, fill } = await scene();
    const [a0, a1, a2, a3] = eventsOf('a', 4);
    for (const event of [a0, unreadable(a1), a2, a3]) if (event) fill(event);
    const { stalls } = await project(projection(), a0, a3);
    expect([...stalls.keys()]).toEqual(['MenuItem-a']);
    expect(await documents()).toEqual([{ _id: 'a', revision: 0, prices: prices(0), stalled: stalled(1) }]);
  });

  it('at the beginning leaves a document that shows nothing', async () => {
    const { projection, documents, saved } = await scene();
    const [a0, a1] = eventsOf('a', 2);
    const { stalls } = await project(projection(), unreadable(a0), a1);
    expect(stalls.size).toBe(1);
    expect(await documents()).toEqual([{ _id: 'a', revision: -1, stalled: stalled(0) }]);
    expect(saved).toEqual([{ states: [], begun: [], hasGone: false }]);
    await project(projection(), a0, a1);
    expect(await documents()).toEqual([{ _id: 'a', revision: 1, prices: prices(1) }]);
  });

  it('elsewhere than where the document was stalled, moves the stall', async () => {
    const { projection, documents } = await scene();
    const [a0, a1, a2] = eventsOf('a', 3);
    await project(projection(), a0, unreadable(a1));
    await project(projection(), a1, unreadable(a2));
    expect(await documents()).toEqual([{ _id: 'a', revision: 1, prices: prices(1), stalled: stalled(2) }]);
  });

  it('of which the stream lacks the one before, is told so', async () => {
    const { projection, documents } = await scene();
    const [a0, , a2] = eventsOf('a', 3);
    await project(projection(), a0, a2);
    const reason = 'revision 1 is missing from MenuItem-a';
    expect(await documents()).toEqual([{ _id: 'a', revision: 0, prices: prices(0), stalled: { revision: 1, reason } }]);
  });
});

describe('a stream that is gone', () => {
  const deleted = (sku: string) =>
    ({ ...eventsOf(sku, 1)[0], streamId: `$$MenuItem-${sku}`, type: '$metadata' }) as unknown as AllStreamRecordedEvent;

  it('leaves a document of its own, whether there was one or not, whatever comes later', async () => {
    const { projection, documents, saved, gone } = await scene();
    const [a, b] = [eventsOf('a', 2), eventsOf('b', 2)];
    gone.add('MenuItem-a').add('MenuItem-b');
    const projected = projection();
    await project(projected, a[0]);
    const [c0] = eventsOf('c', 1);
    expect(await project(projected, deleted('a'), a[1], c0, deleted('b'), b[0])).toEqual({
      stalls: new Map(),
      gone: new Set(['a', 'b']),
    });
    await project(projected, a[1], b[0]);
    await project(projection(), a[1], b[1]);
    expect(await documents()).toEqual([
      { _id: 'a', revision: -2 },
      { _id: 'b', revision: -2 },
      { _id: 'c', revision: 0, prices: prices(0) },
    ]);
    expect(saved.map(({ hasGone }) => hasGone)).toEqual([false, true, true, true]);
  });

  it('is found out when events before a later one are wanted, and one that only lacks some is not gone', async () => {
    const { projection, documents, gone, fill } = await scene();
    const [a, b] = [eventsOf('a', 3), eventsOf('b', 3)];
    gone.add('MenuItem-a').add('MenuItem-b');
    fill(...b.slice(0, 1));
    const found = await project(projection(), a[2], b[2]);
    expect(found.gone).toEqual(new Set(['a']));
    expect(await documents()).toMatchObject([
      { _id: 'a', revision: -2 },
      { _id: 'b', revision: 0, stalled: { revision: 1 } },
    ]);
  });

  it('and was taken back, has its document again, whichever of its events come', async () => {
    const { projection, documents, gone, fill } = await scene();
    const [a, b, c] = [eventsOf('a', 3), eventsOf('b', 2), eventsOf('c', 2)];
    const projected = projection();
    await project(projected, a[0], a[1], b[0], deleted('a'), deleted('b'), c[0], deleted('c'));
    gone.add('MenuItem-a').add('MenuItem-b').add('MenuItem-c');
    await project(projected, ...a, ...b, ...c);
    expect((await documents()).map(({ revision }) => revision)).toEqual([-2, -2, -2]);
    fill(...a, ...b, ...c);
    await project(projected, ...a, b[0]);
    await project(projection(), c[1]);
    expect(await documents()).toEqual([
      { _id: 'a', revision: 2, prices: prices(2) },
      { _id: 'b', revision: 0, prices: prices(0) },
      { _id: 'c', revision: 1, prices: prices(1) },
    ]);
  });

  it('is gone as well when another process has written meanwhile', async () => {
    const { projection, documents } = await scene();
    const [a0, a1, a2] = eventsOf('a', 3);
    const mine = projection();
    await project(mine, a0);
    await project(projection(), a1, a2);
    await project(mine, deleted('a'));
    expect(await documents()).toEqual([{ _id: 'a', revision: -2 }]);
  });
});

describe('two processes', () => {
  it('that begin the same document at once, both see it saved', async () => {
    const { projection, documents, fill } = await scene();
    const [a0, a1, a2] = eventsOf('a', 3);
    if (a0 && a1 && a2) fill(a0, a1, a2);
    const [one, other] = [projection(), projection()];
    await one.add([a0, a1].flatMap((event) => (event ? [toLogEvent('', event)] : [])));
    await other.add([a0, a1, a2].flatMap((event) => (event ? [toLogEvent('', event)] : [])));
    await one.write();
    await other.write();
    expect(await documents()).toEqual([{ _id: 'a', revision: 2, prices: prices(2) }]);
  });

  it('of which one is behind, do not set a document back', async () => {
    const { projection, documents, reads, fill } = await scene();
    const events = eventsOf('a', 6);
    fill(...events);
    const behind = projection();
    await project(behind, events[0]);
    await project(projection(), ...events.slice(1, 5));
    await project(behind, events[1]);
    expect(await documents()).toEqual([{ _id: 'a', revision: 4, prices: prices(4) }]);
    expect(reads).toEqual([]);
    await project(behind, events[5]);
    expect(await documents()).toEqual([{ _id: 'a', revision: 5, prices: prices(5) }]);
  });

  it('of which one is ahead of a document that was set back, folds on from what it shows', async () => {
    const { projection, documents, reads, fill, collection } = await scene();
    const events = eventsOf('a', 5);
    fill(...events);
    const ahead = projection();
    await project(ahead, events[0], events[1], events[2]);
    await collection.replaceOne({ _id: 'a' }, { revision: 0, prices: prices(0) });
    await project(ahead, events[3]);
    expect(await documents()).toEqual([{ _id: 'a', revision: 3, prices: prices(3) }]);
    expect(reads).toEqual([['MenuItem-a', 1, 3]]);
  });

  it('of which one always loses, end with an error that says how many', async () => {
    const { projection, collection, fill } = await scene();
    const events = [...eventsOf('a', 1), ...eventsOf('b', 1)];
    fill(...events);
    let tries = 0;
    const losing = new Proxy(collection, {
      get(target, property) {
        if (property !== 'bulkWrite') return (Reflect.get(target, property, target) as () => unknown).bind(target);
        tries += 1;
        return () => Promise.resolve({ insertedCount: 0, matchedCount: 0 });
      },
    });
    const writing = project(projection(losing), ...events);
    await expect(writing).rejects.toThrow('2 documents could not be saved against other processes');
    expect(tries).toBe(50);
  });

  it('of which one is refused by MongoDB for another reason, tell it', async () => {
    const { projection, collection } = await scene();
    const refusing = new Proxy(collection, {
      get: () => () => Promise.reject(new RangeError('refused')),
    });
    await expect(project(projection(refusing), eventsOf('a', 1)[0])).rejects.toThrow(new RangeError('refused'));
  });
});

describe('what waits to be written', () => {
  it('is full with 6,000 streams or 20,000 events, and empty when it was written', async () => {
    const { projection } = await scene();
    const firsts = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, at) => eventsOf(`s${from + at}`, 1)[0]).flatMap((event) =>
        event ? [toLogEvent('', event)] : [],
      );
    const streams = projection();
    await streams.add(firsts(0, 5999));
    expect(streams.isFull()).toBe(false);
    await streams.add(firsts(5999, 6000));
    expect(streams.isFull()).toBe(true);
    const events = projection();
    const [again] = firsts(0, 1);
    if (again) await events.add(Array.from({ length: 19_999 }, () => again));
    expect(events.isFull()).toBe(false);
    if (again) await events.add([again]);
    expect(events.isFull()).toBe(true);
    await events.write();
    expect(events.isFull()).toBe(false);
  });

  it('is read and written 500 documents at a time, all of them, once the read models before it are written', async () => {
    const { projection, asked, collection, fill } = await scene();
    const events = Array.from({ length: 1001 }, (_, at) => eventsOf(`s${at}`, 2));
    for (const [, second] of events) if (second) fill(second);
    const firsts = events.map(([first]) => first);
    const projected = projection();
    await projected.add(firsts.flatMap((event) => (event ? [toLogEvent('', event)] : [])));
    let release: (nothing: typeof NOTHING_FOUND) => void = () => undefined;
    const writing = projected.write(new Promise((resolve) => (release = resolve)));
    expect(await collection.countDocuments({})).toBe(0);
    release(NOTHING_FOUND);
    await writing;
    expect(asked.splice(0)).toEqual(['bulkWrite', 'bulkWrite', 'bulkWrite']);
    await project(projection(), ...events.map(([, second]) => second));
    expect(asked.filter((call) => call === 'find')).toHaveLength(3);
    expect(await collection.countDocuments({ revision: 1 })).toBe(1001);
  });
});
