import { randomUUID } from 'node:crypto';
import type { EventData } from '@eventstore/db-client';
import { ANY, jsonEvent, NO_STREAM, STREAM_EXISTS, WrongExpectedVersionError } from '@eventstore/db-client';
import { expect, it } from 'vitest';
import { collect, isEmbedded, useStore } from '../../../test/contract/eventstoredb/support.ts';

const store = useStore();

const OPERATIONS = 2400;
const STREAMS = 25;
const RESTARTS = 3;

interface ModelStream {
  readonly ids: string[];
  first: number;
  maxCount: number;
  hidden: boolean;
  tombstoned: boolean;
  hasMetadata: boolean;
}

/** What a stream of EventStoreDB is, as small as it can be written down. */
function emptyStream(): ModelStream {
  return { ids: [], first: 0, maxCount: Infinity, hidden: false, tombstoned: false, hasMetadata: false };
}

function readable({ ids, first, maxCount }: ModelStream): string[] {
  return ids.slice(Math.max(first, ids.length - maxCount, 0));
}

/** A small generator that can be seeded: a failure can be run again. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Expected = 'any' | 'no_stream' | 'stream_exists' | bigint;

function decide(stream: ModelStream, expected: Expected, ids: string[]): 'write' | 'repeat' | 'wrong' | 'deleted' {
  if (stream.tombstoned) return 'deleted';
  const last = stream.ids.length - 1;
  if (expected === ANY || expected === STREAM_EXISTS) {
    if (expected === STREAM_EXISTS && stream.hidden) return 'deleted';
    if (expected === STREAM_EXISTS && last < 0 && !stream.hasMetadata) return 'wrong';
    const known = ids.map((id) => stream.ids.includes(id));
    if (known[0] !== true) return 'write';
    return known.every(Boolean) ? 'repeat' : 'wrong';
  }
  const at = expected === NO_STREAM ? -1 : Number(expected);
  if (at === last) return 'write';
  if (at > last) return 'wrong';
  if (ids.every((id, index) => stream.ids[at + 1 + index] === id)) return 'repeat';
  return at === -1 && stream.hidden && stream.ids[0] !== ids[0] ? 'write' : 'wrong';
}

it(`${OPERATIONS} random operations, over ${RESTARTS} restarts, agree with a model in memory`, async () => {
  const seed = Number(process.env.MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const random = createRandom(seed);
  const model = new Map<string, ModelStream>();
  const appendedInOrder: string[] = [];
  const run = randomUUID().slice(0, 8);
  let batches: { stream: string; expected: Expected; events: EventData[] }[] = [];

  const streamName = (): string => `model-${run}-${random(STREAMS)}`;
  const modelOf = (name: string): ModelStream => {
    const stream = model.get(name) ?? emptyStream();
    model.set(name, stream);
    return stream;
  };

  async function append(name: string, expected: Expected, events: EventData[]): Promise<void> {
    const stream = modelOf(name);
    const ids = events.map(({ id }) => id);
    const decision = decide(stream, expected, ids);
    const result = await store.client.appendToStream(name, events, { expectedRevision: expected }).then(
      ({ nextExpectedRevision }) => nextExpectedRevision,
      (error: unknown) => error,
    );
    switch (decision) {
      case 'deleted':
        expect(result).toMatchObject({ type: 'stream-deleted' });
        return;
      case 'wrong':
        expect(result).toBeInstanceOf(WrongExpectedVersionError);
        expect(result).toMatchObject({
          actualVersion: stream.ids.length === 0 ? NO_STREAM : BigInt(stream.ids.length - 1),
        });
        return;
      case 'repeat':
        expect(result).toBe(BigInt(stream.ids.lastIndexOf(ids.at(-1) ?? '')));
        return;
      case 'write':
        if (stream.hidden) {
          stream.first = stream.ids.length;
          stream.maxCount = Infinity;
        }
        stream.hidden = false;
        stream.ids.push(...ids);
        appendedInOrder.push(...ids);
        expect(result).toBe(BigInt(stream.ids.length - 1));
    }
  }

  async function check(name: string): Promise<void> {
    const stream = modelOf(name);
    const backwards = random(2) === 0;
    const read = await collect(
      store.client.readStream(name, backwards ? { direction: 'backwards', fromRevision: 'end' } : {}),
    ).then(
      (events) => events.map(({ event }) => event?.id),
      (error: unknown) => (error as { type: string }).type,
    );
    if (stream.tombstoned) expect(read).toBe('stream-deleted');
    else if (stream.hidden || stream.ids.length === 0) expect(read).toBe('stream-not-found');
    else expect(read).toEqual(backwards ? readable(stream).reverse() : readable(stream));
  }

  function randomExpected(name: string): Expected {
    const last = modelOf(name).ids.length - 1;
    const choice = random(10);
    if (choice < 3) return ANY;
    if (choice < 4) return NO_STREAM;
    if (choice < 5) return STREAM_EXISTS;
    if (choice < 9) return last < 0 ? NO_STREAM : BigInt(last);
    return BigInt(random(last + 3));
  }

  try {
    for (let step = 0; step < OPERATIONS; step += 1) {
      const name = streamName();
      const stream = modelOf(name);
      const choice = random(100);
      if (choice < 55) {
        const events = Array.from({ length: 1 + random(4) }, () => jsonEvent({ type: 'M', data: { step } }));
        const batch = { stream: name, expected: randomExpected(name), events };
        batches = [...batches.slice(-20), batch];
        await append(name, batch.expected, events);
      } else if (choice < 65) {
        const again = batches[random(batches.length)];
        if (again !== undefined) await append(again.stream, again.expected, again.events);
      } else if (choice < 67) {
        const again = batches[random(batches.length)];
        const fresh = jsonEvent({ type: 'M', data: { step } });
        if (again !== undefined) await append(again.stream, again.expected, [...again.events, fresh]);
      } else if (choice < 72) {
        const maxCount = 1 + random(30);
        const result = await store.client.setStreamMetadata(name, { maxCount }).then(
          () => 'set',
          () => 'refused',
        );
        // The writer goes on with metadata from before the tombstone, a real server's as long as it remembers it.
        const taken = !stream.tombstoned || stream.hasMetadata;
        if (!stream.tombstoned || isEmbedded) expect(result).toBe(taken ? 'set' : 'refused');
        if (!stream.tombstoned) {
          stream.first = stream.hidden ? stream.ids.length : 0;
          Object.assign(stream, { maxCount, hasMetadata: true, hidden: false });
        }
      } else if (choice < 75) {
        const result = await store.client.deleteStream(name).then(
          () => 'deleted',
          (error: unknown) => (error as { type: string }).type,
        );
        if (stream.tombstoned) expect(result).toBe('stream-deleted');
        else if (stream.ids.length === 0 && !stream.hasMetadata) expect(result).toBe('wrong-expected-version');
        else {
          expect(result).toBe('deleted');
          Object.assign(stream, { hidden: true, hasMetadata: true });
        }
      } else if (choice === 75 && random(10) === 0) {
        const result = await store.client.tombstoneStream(name).then(
          () => 'gone',
          () => 'refused',
        );
        expect(result).toBe(stream.tombstoned ? 'refused' : 'gone');
        stream.tombstoned = true;
      } else await check(name);
      if (step % Math.ceil(OPERATIONS / (RESTARTS + 1)) === OPERATIONS / (RESTARTS + 1) - 1) await store.restart();
    }
    for (const name of model.keys()) await check(name);
    const all: (string | undefined)[] = [];
    for await (const { event } of store.client.readAll()) {
      if (event?.type === 'M' && event.streamId.startsWith(`model-${run}-`)) all.push(event.id);
    }
    expect(all).toEqual(appendedInOrder);
  } catch (error) {
    throw new Error(`the server and the model differ; run it again with MODEL_SEED=${seed}`, { cause: error });
  }
});
