import {
  BACKWARDS,
  binaryEvent,
  END,
  FORWARDS,
  jsonEvent,
  START,
  StreamDeletedError,
  StreamNotFoundError,
} from '@eventstore/db-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { collect, failureOf, numberOf, testEvents, unique, useStore } from './support.ts';

const store = useStore();
const stream = unique('read');
/** More than any page a server reads at a time. */
const COUNT = 700;

beforeAll(async () => {
  await store.client.appendToStream(stream, testEvents(COUNT));
});

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => from + Math.sign(to - from) * index);

describe('reading a stream', () => {
  it.each([
    ['forwards from the start', { direction: FORWARDS, fromRevision: START }, numbers(0, COUNT - 1)],
    ['forwards from a revision', { direction: FORWARDS, fromRevision: 600n }, numbers(600, COUNT - 1)],
    ['forwards, limited', { direction: FORWARDS, fromRevision: 5n, maxCount: 3 }, [5, 6, 7]],
    ['forwards from beyond the end', { direction: FORWARDS, fromRevision: 10_000n }, []],
    ['backwards from the end', { direction: BACKWARDS, fromRevision: END }, numbers(COUNT - 1, 0)],
    ['backwards from a revision', { direction: BACKWARDS, fromRevision: 3n }, [3, 2, 1, 0]],
    ['backwards, limited', { direction: BACKWARDS, fromRevision: END, maxCount: 2 }, [COUNT - 1, COUNT - 2]],
    ['backwards from the start', { direction: BACKWARDS, fromRevision: START }, [0]],
  ] as const)('%s gives exactly those events in order', async (_case, options, expected) => {
    const events = await collect(store.client.readStream(stream, options));
    expect(events.map(numberOf)).toEqual(expected);
    expect(events.map(({ event }) => event?.revision)).toEqual(expected.map(BigInt));
  });

  it('a stream that does not exist, either way, is reported as not found', async () => {
    for (const direction of [FORWARDS, BACKWARDS] as const) {
      const missing = unique('read');
      const error = await failureOf(collect(store.client.readStream(missing, { direction, fromRevision: START })));
      expect(error).toBeInstanceOf(StreamNotFoundError);
      expect(error).toMatchObject({ streamName: missing });
    }
  });

  it('a tombstoned stream, read, is reported as deleted by its name', async () => {
    const gone = unique('read');
    await store.client.appendToStream(gone, testEvents(1));
    await store.client.tombstoneStream(gone);
    const error = await failureOf(collect(store.client.readStream(gone)));
    expect(error).toBeInstanceOf(StreamDeletedError);
    expect(error).toMatchObject({ streamName: gone });
  });

  it('links, resolved, give the event and the link; not resolved, the link', async () => {
    const links = unique('links');
    const link = (target: string) => ({
      id: crypto.randomUUID(),
      contentType: 'application/octet-stream' as const,
      type: '$>',
      data: Buffer.from(target),
      metadata: undefined,
    });
    await store.client.appendToStream(links, [link(`7@${stream}`), link(`3@${unique('nowhere')}`)] as never);
    const [resolved, broken] = await collect(store.client.readStream(links, { resolveLinkTos: true }));
    expect(resolved?.event).toMatchObject({ streamId: stream, revision: 7n, data: { n: 7 } });
    expect(resolved?.link).toMatchObject({ streamId: links, revision: 0n, type: '$>' });
    expect(broken?.event).toBeUndefined();
    expect(broken?.link).toMatchObject({ revision: 1n });
    const [plain] = await collect(store.client.readStream(links));
    expect(plain?.event).toMatchObject({ streamId: links, type: '$>' });
    expect(plain?.link).toBeUndefined();
  });

  it.each([
    ['x@S', '0@links', undefined],
    ['', '0@links', undefined],
    ['1.0@S', '0@links', undefined],
    ['9223372036854775808@S', '0@links', undefined],
    ['1', undefined, '0@links'],
    ['9223372036854775807@S', undefined, '0@links'],
    ['-2@S', undefined, '0@links'],
    ['-1@S', `${COUNT - 1}@S`, '0@links'],
    [` +${'0'.repeat(30)}7 @S`, '7@S', '0@links'],
  ])('a $> event of "%s", resolved, gives the event %s and the link %s', async (data, event, link) => {
    const links = unique('links');
    const target = Buffer.from(data.replace('S', stream));
    await store.client.appendToStream(links, binaryEvent({ type: '$>', data: target }));
    const [resolved] = await collect(store.client.readStream(links, { resolveLinkTos: true }));
    const found = [resolved?.event, resolved?.link].map(
      (given) => given && `${given.revision}@${given.streamId === links ? 'links' : 'S'}`,
    );
    expect(found).toEqual([event, link]);
  });

  const states: [string, (name: string) => Promise<unknown>][] = [
    ['has events', (name) => store.client.appendToStream(name, testEvents(2))],
    ['does not exist', () => Promise.resolve()],
    ['is truncated', (name) => store.client.setStreamMetadata(name, { truncateBefore: 9 })],
    ['is tombstoned', (name) => store.client.tombstoneStream(name)],
  ];
  it.each(states)('forwards from the end, a stream that %s, is an error', async (_state, prepare) => {
    const name = unique('read');
    await prepare(name);
    for (const fromRevision of [END, 2n ** 64n - 1n] as const) {
      const error = await failureOf(collect(store.client.readStream(name, { fromRevision })));
      expect(error).toMatchObject({ message: '2 UNKNOWN: Unexpected ReadStreamResult: Error' });
    }
  });

  it.each([FORWARDS, BACKWARDS] as const)('%s from a revision above 2^63 - 1, is an error', async (direction) => {
    for (const fromRevision of [2n ** 63n, 2n ** 64n - 2n]) {
      const error = await failureOf(collect(store.client.readStream(stream, { direction, fromRevision })));
      expect(error).toMatchObject({ message: '2 UNKNOWN: Exception was thrown by handler.' });
    }
    const events = await collect(store.client.readStream(stream, { direction, fromRevision: 2n ** 63n - 1n }));
    expect(events).toHaveLength(direction === FORWARDS ? 0 : COUNT);
  });

  it('no events at all, asked for, is an error', async () => {
    const error = await failureOf(collect(store.client.readStream(stream, { maxCount: 0 })));
    expect(error).toMatchObject({ message: expect.stringContaining('Unexpected ReadStreamResult') as string });
  });

  it('a reader that stops early, many times, leaves the server able to serve', async () => {
    for (let round = 0; round < 20; round += 1) {
      for await (const { event } of store.client.readStream(stream)) if (event?.revision === 3n) break;
    }
    expect(await collect(store.client.readStream(stream, { maxCount: 1 }))).toHaveLength(1);
  });
});

describe('reading $all', () => {
  it('forwards from an event, inclusive, gives it and what follows', async () => {
    const own = unique('all');
    const { position: first } = await store.client.appendToStream(own, testEvents(1));
    await store.client.appendToStream(own, testEvents(2, 'Tested', 1));
    if (first === undefined) throw new Error('an append has a position');
    const events = await collect(store.client.readAll({ fromPosition: first }));
    const mine = events.filter(({ event }) => event?.streamId === own);
    expect(events[0]?.event?.streamId).toBe(own);
    expect(mine.map(numberOf)).toEqual([0, 1, 2]);
  });

  it('backwards from an event, exclusive, gives what came before', async () => {
    const own = unique('all');
    await store.client.appendToStream(own, testEvents(2));
    const { position } = await store.client.appendToStream(own, testEvents(1, 'Tested', 2));
    if (position === undefined) throw new Error('an append has a position');
    const events = await collect(store.client.readAll({ direction: BACKWARDS, fromPosition: position, maxCount: 10 }));
    const mine = events.filter(({ event }) => event?.streamId === own);
    expect(mine.map(numberOf)).toEqual([1, 0]);
    expect(events.every(({ event }) => (event?.position.commit ?? 0n) < position.commit)).toBe(true);
  });

  it.each(['forwards', 'backwards'] as const)('%s from the start of no record, is refused', async (direction) => {
    const { position } = await store.client.appendToStream(unique('read'), testEvents(1));
    const at = (position?.commit ?? 0n) + 1n;
    await store.client.appendToStream(unique('read'), testEvents(1));
    const events = store.client.readAll({ fromPosition: { commit: at, prepare: at }, direction, maxCount: 1 });
    await expect(collect(events)).rejects.toMatchObject({ code: 2 });
  });

  it('from beyond the end, forwards gives nothing, backwards is refused', async () => {
    const far = 10n ** 12n;
    const fromPosition = { commit: far, prepare: far };
    expect(await collect(store.client.readAll({ fromPosition, maxCount: 1 }))).toEqual([]);
    const backwards = store.client.readAll({ fromPosition, direction: 'backwards', maxCount: 1 });
    await expect(collect(backwards)).rejects.toMatchObject({ code: 2 });
  });

  it('backwards from the end, limited, gives the newest first', async () => {
    const own = unique('all');
    const { position } = await store.client.appendToStream(own, testEvents(2));
    const events = await collect(store.client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 50 }));
    expect(events.length).toBeLessThanOrEqual(50);
    expect(events.map(({ event }) => event?.position.commit)).toContain(position?.commit);
    const positions = events.map(({ event }) => event?.position.commit ?? 0n);
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? 1 : -1)));
  });

  it('forwards from the start, whole, gives every position once and in order', async () => {
    const positions: bigint[] = [];
    for await (const { event } of store.client.readAll()) positions.push(event?.position.commit ?? -1n);
    expect(positions.length).toBeGreaterThan(COUNT);
    for (const [index, position] of positions.entries()) {
      if (index > 0) expect(position > (positions[index - 1] ?? 0n)).toBe(true);
    }
  });

  it('backwards from the start, anything, gives nothing', async () => {
    expect(await collect(store.client.readAll({ direction: BACKWARDS, fromPosition: START }))).toEqual([]);
  });

  it('an event above 64 KiB, among small ones, comes whole', async () => {
    const own = unique('all');
    const text = 'é'.repeat(200_000);
    await store.client.appendToStream(own, jsonEvent({ type: 'Large', data: { text } }));
    const [read] = await collect(store.client.readStream(own));
    expect((read?.event?.data as { text: string }).text).toBe(text);
  });
});
