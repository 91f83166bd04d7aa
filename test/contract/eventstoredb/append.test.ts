import { randomUUID } from 'node:crypto';
import {
  ANY,
  binaryEvent,
  jsonEvent,
  MaxAppendSizeExceededError,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import { collect, failureOf, numberOf, testEvents, unique, useStore } from './support.ts';

const store = useStore();

/** The client sends an append with credentials of its own as a call of its own, others through one shared stream. */
const ways = [
  ['batch', {}],
  ['unary', { credentials: { username: 'admin', password: 'changeit' } }],
] as const;

describe.each(ways)('appending (%s)', (_way, base) => {
  const append = (
    stream: string,
    events: Parameters<typeof store.client.appendToStream>[1],
    expectedRevision?: unknown,
  ) =>
    store.client.appendToStream(stream, events, {
      ...base,
      ...(expectedRevision === undefined ? {} : { expectedRevision: expectedRevision as bigint }),
    });

  it('a new stream, at no_stream, gives the last revision and its position', async () => {
    const stream = unique('append');
    const first = await append(stream, testEvents(3), NO_STREAM);
    expect(first).toMatchObject({ success: true, nextExpectedRevision: 2n });
    const second = await append(stream, testEvents(1, 'Tested', 3), 2n);
    expect(second.nextExpectedRevision).toBe(3n);
    expect(second.position?.commit).toBeGreaterThan(first.position?.commit ?? 0n);
    const events = await collect(store.client.readStream(stream));
    expect(events.map(numberOf)).toEqual([0, 1, 2, 3]);
    expect(events.at(-1)?.event?.position?.commit).toBe(second.position?.commit);
  });

  it('an existing stream, at no_stream, is refused with the true revision', async () => {
    const stream = unique('append');
    await append(stream, testEvents(2), NO_STREAM);
    const error = await failureOf(append(stream, testEvents(1), NO_STREAM));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ streamName: stream, actualVersion: 1n, expectedVersion: NO_STREAM });
    expect(await collect(store.client.readStream(stream))).toHaveLength(2);
  });

  it.each([
    ['too high', 7n],
    ['too low', 0n],
  ])('an existing stream, at a revision that is %s, is refused with the true revision', async (_case, expected) => {
    const stream = unique('append');
    await append(stream, testEvents(3));
    const error = await failureOf(append(stream, testEvents(1), expected));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ actualVersion: 2n, expectedVersion: expected });
  });

  it('a missing stream, at a revision, is refused as having no stream', async () => {
    const error = await failureOf(append(unique('append'), testEvents(1), 4n));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ actualVersion: NO_STREAM, expectedVersion: 4n });
  });

  it('a missing stream, at stream_exists, is refused; an existing one is not', async () => {
    const stream = unique('append');
    const error = await failureOf(append(stream, testEvents(1), STREAM_EXISTS));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ actualVersion: NO_STREAM, expectedVersion: STREAM_EXISTS });
    await append(stream, testEvents(1), ANY);
    expect((await append(stream, testEvents(1), STREAM_EXISTS)).nextExpectedRevision).toBe(1n);
  });

  it('any stream, at any, is never refused for its revision', async () => {
    const stream = unique('append');
    expect((await append(stream, testEvents(1), ANY)).nextExpectedRevision).toBe(0n);
    expect((await append(stream, testEvents(2), ANY)).nextExpectedRevision).toBe(2n);
  });

  it('the very same append, made again at its revision, succeeds as before and adds nothing', async () => {
    const stream = unique('append');
    await append(stream, testEvents(1), NO_STREAM);
    const events = testEvents(2);
    const first = await append(stream, events, 0n);
    await append(stream, testEvents(1), 2n);
    const repeated = await append(stream, events, 0n);
    expect(repeated).toMatchObject({ success: true, nextExpectedRevision: 2n, position: first.position });
    expect(await collect(store.client.readStream(stream))).toHaveLength(4);
  });

  it('the very same append, made again at no_stream, adds nothing', async () => {
    const stream = unique('append');
    const events = testEvents(3);
    await append(stream, events, NO_STREAM);
    expect((await append(stream, events, NO_STREAM)).nextExpectedRevision).toBe(2n);
    expect(await collect(store.client.readStream(stream))).toHaveLength(3);
  });

  it('the very same append, made again at any, adds nothing', async () => {
    const stream = unique('append');
    const events = testEvents(2);
    const first = await append(stream, events, ANY);
    await append(stream, testEvents(1), ANY);
    expect(await append(stream, events, ANY)).toMatchObject({ nextExpectedRevision: 1n, position: first.position });
    expect(await collect(store.client.readStream(stream))).toHaveLength(3);
  });

  it('the same events, at the revision that follows them, are written again', async () => {
    const stream = unique('append');
    const events = testEvents(1);
    await append(stream, events, NO_STREAM);
    expect((await append(stream, events, 0n)).nextExpectedRevision).toBe(1n);
  });

  it('the same ids in another stream, at any, are another append', async () => {
    const events = testEvents(2);
    await append(unique('append'), events, ANY);
    const other = unique('append');
    expect((await append(other, events, ANY)).nextExpectedRevision).toBe(1n);
    expect(await collect(store.client.readStream(other))).toHaveLength(2);
  });

  it('the same ids in another stream, made again at any, are written again', async () => {
    const events = testEvents(1);
    await append(unique('append'), events, ANY);
    const other = unique('append');
    await append(other, events, ANY);
    expect((await append(other, events, ANY)).nextExpectedRevision).toBe(1n);
  });

  it('an id that stands twice in a stream, at any, is answered with the first', async () => {
    const stream = unique('append');
    const events = testEvents(1);
    await append(stream, events, NO_STREAM);
    await append(stream, events, 0n);
    expect((await append(stream, events, ANY)).nextExpectedRevision).toBe(0n);
    expect((await append(stream, events, 0n)).nextExpectedRevision).toBe(1n);
    expect(await collect(store.client.readStream(stream))).toHaveLength(2);
  });

  it('the very same append, soft-deleted meanwhile, succeeds without a position', async () => {
    const stream = unique('append');
    const events = testEvents(1);
    await append(stream, events, NO_STREAM);
    await store.client.deleteStream(stream);
    const repeated = await append(stream, events, ANY);
    expect(repeated).toMatchObject({ success: true, nextExpectedRevision: 0n });
    expect(repeated.position).toBeUndefined();
    await expect(collect(store.client.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
  });

  it.each([
    ['at its revision', NO_STREAM],
    ['at any', ANY],
  ])('an append that repeats another in part, %s, is refused', async (_case, expected) => {
    const stream = unique('append');
    const [one, two] = testEvents(2);
    if (one === undefined || two === undefined) throw new Error('two events');
    await append(stream, [one], NO_STREAM);
    const error = await failureOf(append(stream, [one, two], expected));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ actualVersion: 0n });
    expect(await collect(store.client.readStream(stream))).toHaveLength(1);
  });

  it('an append above the size limit, new stream, is refused whole', async () => {
    const stream = unique('append');
    const large = (): ReturnType<typeof jsonEvent> => jsonEvent({ type: 'Large', data: { text: 'x'.repeat(600_000) } });
    const error = await failureOf(append(stream, [large(), large()], ANY));
    expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(error).toMatchObject({ maxAppendSize: 1_048_576 });
    await expect(collect(store.client.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
    expect((await append(stream, [large()], NO_STREAM)).nextExpectedRevision).toBe(0n);
  });

  it('a tombstoned stream, at any, is refused as deleted', async () => {
    const stream = unique('append');
    await append(stream, testEvents(1));
    await store.client.tombstoneStream(stream);
    const error = await failureOf(append(stream, testEvents(1), ANY));
    expect(error).toBeInstanceOf(StreamDeletedError);
    expect(error).toMatchObject({ streamName: stream });
  });

  it('concurrent appends at the same revision, one stream, let exactly one through', async () => {
    const stream = unique('append');
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, () => append(stream, testEvents(1), NO_STREAM)),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await collect(store.client.readStream(stream))).toHaveLength(1);
  });
});

describe('what an event carries', () => {
  it('json, metadata and id, appended, are read as they were, with the time', async () => {
    const stream = unique('Ünïcode 🍕 stream');
    const id = randomUUID();
    const before = Date.now();
    await store.client.appendToStream(
      stream,
      jsonEvent({ id, type: 'Größe', data: { text: 'naïve 🍕', n: 1.5 }, metadata: { who: 'ÄÖ' } }),
    );
    const [read] = await collect(store.client.readStream(stream));
    expect(read?.event).toMatchObject({
      id,
      streamId: stream,
      type: 'Größe',
      isJson: true,
      data: { text: 'naïve 🍕', n: 1.5 },
      metadata: { who: 'ÄÖ' },
      revision: 0n,
    });
    const created = read?.event?.created.getTime() ?? 0;
    expect(created).toBeGreaterThanOrEqual(before - 1000);
    expect(created).toBeLessThanOrEqual(Date.now() + 1000);
  });

  it('binary data and metadata, appended, are read byte by byte', async () => {
    const stream = unique('append');
    const data = Uint8Array.from({ length: 256 }, (_, index) => index);
    await store.client.appendToStream(
      stream,
      binaryEvent({ type: 'Bytes', data, metadata: Uint8Array.of(0, 255, 254) }),
    );
    const [read] = await collect(store.client.readStream(stream));
    expect(read?.event?.isJson).toBe(false);
    expect(Buffer.from(read?.event?.data as Uint8Array)).toEqual(Buffer.from(data));
    expect(Buffer.from(read?.event?.metadata as Uint8Array)).toEqual(Buffer.of(0, 255, 254));
  });

  it('empty data without metadata, appended, stays empty', async () => {
    const stream = unique('append');
    await store.client.appendToStream(stream, binaryEvent({ type: 'Empty', data: new Uint8Array() }));
    const [read] = await collect(store.client.readStream(stream));
    expect(read?.event?.data).toHaveLength(0);
    expect(read?.event?.metadata).toBeUndefined();
  });

  it('a batch in many messages, one append, is written as one', async () => {
    const stream = unique('append');
    const result = await store.client.appendToStream(stream, testEvents(500), {
      expectedRevision: NO_STREAM,
      batchAppendSize: 1024,
    });
    expect(result.nextExpectedRevision).toBe(499n);
    const events = await collect(store.client.readStream(stream));
    expect(events.map(numberOf)).toEqual(Array.from({ length: 500 }, (_, index) => index));
  });

  it('an append whose deadline has passed, any stream, is refused and not written', async () => {
    const stream = unique('append');
    const error = await failureOf(store.client.appendToStream(stream, testEvents(1), { deadline: -1000 }));
    expect(error).toMatchObject({ type: 'deadline-exceeded' });
    await expect(collect(store.client.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
  });

  it('an append without events, new stream, writes nothing', async () => {
    const stream = unique('append');
    expect((await store.client.appendToStream(stream, [])).success).toBe(true);
    await expect(collect(store.client.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
  });

  it('a refused append, errors turned off, is answered with success: false', async () => {
    const { EventStoreDBClient } = await import('@eventstore/db-client');
    const client = EventStoreDBClient.connectionString(`${store.url}&throwOnAppendFailure=false`);
    const stream = unique('append');
    await client.appendToStream(stream, testEvents(1));
    expect(await client.appendToStream(stream, testEvents(1), { expectedRevision: NO_STREAM })).toMatchObject({
      success: false,
    });
    await client.dispose();
  });
});
