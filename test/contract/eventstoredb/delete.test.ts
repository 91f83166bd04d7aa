import { randomUUID } from 'node:crypto';
import { ANY, NO_STREAM, STREAM_EXISTS, StreamDeletedError, WrongExpectedVersionError } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { credentials } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { collect, failureOf, numberOf, testEvents, unique, until, useStore } from './support.ts';

const store = useStore();

async function newStream(count = 3): Promise<string> {
  const stream = unique('delete');
  await store.client.appendToStream(stream, testEvents(count));
  return stream;
}

/** Sets a stream's metadata to a text that the client would not send. */
async function setMetadataText(stream: string, text: string, contentType = 'application/json'): Promise<void> {
  const client = new StreamsClient(new URL(store.url).host, credentials.createInsecure());
  const id = new shared.UUID();
  id.setString(randomUUID());
  const message = new streams.AppendReq.ProposedMessage();
  message.setId(id);
  message.getMetadataMap().set('type', '$metadata').set('content-type', contentType);
  message.setData(Buffer.from(text));
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(`$$${stream}`));
  const options = new streams.AppendReq.Options();
  options.setStreamIdentifier(identifier);
  options.setAny(new shared.Empty());
  await new Promise<void>((resolve, reject) => {
    const call = client.append((error) => {
      if (error === null) resolve();
      else reject(error);
    });
    call.write(new streams.AppendReq().setOptions(options));
    call.end(new streams.AppendReq().setProposedMessage(message));
  });
  client.close();
}

describe('deleting a stream', () => {
  it('softly, at its revision, hides it', async () => {
    const stream = await newStream();
    const { position } = await store.client.deleteStream(stream, { expectedRevision: 2n });
    expect(position?.commit).toBeGreaterThan(0n);
    await expect(collect(store.client.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
  });

  it.each([
    ['at no_stream', NO_STREAM],
    ['at any', ANY],
    ['at its last revision', 2n],
  ] as const)(
    'softly, then appended to %s, continues its revisions and shows only new events',
    async (_case, expected) => {
      const stream = await newStream();
      await store.client.deleteStream(stream);
      const { nextExpectedRevision } = await store.client.appendToStream(stream, testEvents(2, 'Tested', 3), {
        expectedRevision: expected,
      });
      expect(nextExpectedRevision).toBe(4n);
      const events = await collect(store.client.readStream(stream));
      expect(events.map(numberOf)).toEqual([3, 4]);
      expect(events.map(({ event }) => event?.revision)).toEqual([3n, 4n]);
    },
  );

  it.each([
    ['at any', ANY],
    ['at its last revision', 2n],
  ] as const)('softly, then appended nothing to %s, brings it back empty', async (_case, expectedRevision) => {
    const stream = await newStream();
    await store.client.deleteStream(stream);
    const { nextExpectedRevision } = await store.client.appendToStream(stream, [], { expectedRevision });
    expect(nextExpectedRevision).toBe(2n);
    expect(await collect(store.client.readStream(stream))).toEqual([]);
  });

  it('softly, then appended to at stream_exists, is refused as deleted', async () => {
    const stream = await newStream();
    await store.client.deleteStream(stream);
    const error = await failureOf(
      store.client.appendToStream(stream, testEvents(1), { expectedRevision: STREAM_EXISTS }),
    );
    expect(error).toBeInstanceOf(StreamDeletedError);
  });

  it.each(['deleteStream', 'tombstoneStream'] as const)(
    '%s at a wrong revision is refused with the true one',
    async (method) => {
      const stream = await newStream();
      const error = await failureOf(store.client[method](stream, { expectedRevision: 7n }));
      expect(error).toBeInstanceOf(WrongExpectedVersionError);
      expect(error).toMatchObject({ streamName: stream, expectedVersion: 7n, actualVersion: 2n });
      expect(await collect(store.client.readStream(stream))).toHaveLength(3);
    },
  );

  it('softly, a stream that does not exist, is a wrong expected version', async () => {
    const error = await failureOf(store.client.deleteStream(unique('delete')));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
  });

  it('for ever, then deleted again, is refused as deleted', async () => {
    const stream = await newStream();
    await store.client.tombstoneStream(stream, { expectedRevision: 2n });
    expect(await failureOf(store.client.tombstoneStream(stream))).toBeInstanceOf(StreamDeletedError);
    expect(await failureOf(store.client.deleteStream(stream))).toBeInstanceOf(StreamDeletedError);
  });

  it('for ever, before it has events, keeps it from ever having any', async () => {
    const stream = unique('delete');
    await store.client.tombstoneStream(stream, { expectedRevision: NO_STREAM });
    expect(await failureOf(store.client.appendToStream(stream, testEvents(1)))).toBeInstanceOf(StreamDeletedError);
  });

  it('for ever, its events, stay in $all with a $streamDeleted event', async () => {
    const stream = unique('delete');
    const { position } = await store.client.appendToStream(stream, testEvents(1));
    if (position === undefined) throw new Error('an append has a position');
    await store.client.tombstoneStream(stream);
    const events = await collect(store.client.readAll({ fromPosition: position }));
    const types = events.filter(({ event }) => event?.streamId === stream).map(({ event }) => event?.type);
    expect(types).toEqual(['Tested', '$streamDeleted']);
  });
});

describe('stream metadata', () => {
  it('of a tombstoned stream, set before, is taken and cannot be read', async () => {
    const stream = await newStream();
    await store.client.setStreamMetadata(stream, { maxCount: 5 });
    await store.client.tombstoneStream(stream);
    expect((await store.client.setStreamMetadata(stream, { maxCount: 2 })).success).toBe(true);
    expect(await failureOf(store.client.getStreamMetadata(stream))).toBeInstanceOf(StreamDeletedError);
  });

  it.each([
    '{"$tb":1,"$maxCount":"2"}',
    '{"$tb":1.0}',
    '{"$tb":1,"$maxAge":1.5}',
    '{"$tb":1,"$maxCount":null}',
    '{"$tb":1,"$cacheControl":"a"}',
    '{"$tb":1,"$tmp":"yes"}',
    '{"$tb":1,"$acl":{"$r":5}}',
    '{"$tb":1,"$acl":{"other":"a"}}',
    '{"$tb":1,"$maxCount":92233720368547758070}',
    '{"$tb":9223372036854775808}',
    '{"$tb":9223372036854776000}',
    '[{"$tb":1}]',
    '{"$tb":1',
  ])('%s, which has something wrong in it, counts for nothing', async (json) => {
    const stream = await newStream();
    await setMetadataText(stream, json);
    expect(await collect(store.client.readStream(stream))).toHaveLength(3);
  });

  it.each([
    '{"$tb":1,"$maxCount":0}',
    '{"$tb":1,"$acl":{"$r":["a"],"$w":"b"},"$tmp":true}',
    '{"$tb":1,"other":[1.5]}',
    '{"other":{"$tb":2.5},"$tb":1}',
  ])('%s, which has nothing wrong in it, hides what it says', async (json) => {
    const stream = await newStream();
    await setMetadataText(stream, json);
    expect(await collect(store.client.readStream(stream))).toHaveLength(2);
  });

  it('of a tombstoned stream, never set before, can neither be set nor read', async () => {
    const stream = await newStream();
    await store.client.tombstoneStream(stream);
    expect(await failureOf(store.client.setStreamMetadata(stream, { maxCount: 3 }))).toBeInstanceOf(StreamDeletedError);
    expect(await failureOf(store.client.getStreamMetadata(stream))).toBeInstanceOf(StreamDeletedError);
  });

  it('set and got, custom and system fields, come back as they were', async () => {
    const stream = await newStream();
    const metadata = {
      maxCount: 2,
      maxAge: 3600,
      cacheControl: 60,
      acl: { readRoles: ['$admins'] },
      custom: { a: [1] },
    };
    const { nextExpectedRevision } = await store.client.setStreamMetadata(stream, metadata as never);
    expect(nextExpectedRevision).toBe(0n);
    const got = await store.client.getStreamMetadata(stream);
    expect(got.streamName).toBe(stream);
    expect(got.metadata).toMatchObject({ maxCount: 2, maxAge: 3600, cacheControl: 60, custom: { a: [1] } });
  });

  it('got, never set, is absent', async () => {
    const got = await store.client.getStreamMetadata(unique('metadata'));
    expect(got.metadata).toBeUndefined();
  });

  it('set at a wrong revision is refused', async () => {
    const stream = await newStream();
    await store.client.setStreamMetadata(stream, { maxCount: 2 });
    const error = await failureOf(
      store.client.setStreamMetadata(stream, { maxCount: 3 }, { expectedRevision: NO_STREAM }),
    );
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
  });

  it('$maxCount, on reads both ways, leaves the last events', async () => {
    const stream = await newStream(10);
    await store.client.setStreamMetadata(stream, { maxCount: 3 });
    expect((await collect(store.client.readStream(stream))).map(numberOf)).toEqual([7, 8, 9]);
    const backwards = store.client.readStream(stream, { direction: 'backwards', fromRevision: 'end' });
    expect((await collect(backwards)).map(numberOf)).toEqual([9, 8, 7]);
    await store.client.appendToStream(stream, testEvents(1, 'Tested', 10), { expectedRevision: 9n });
    expect((await collect(store.client.readStream(stream, { fromRevision: 2n }))).map(numberOf)).toEqual([8, 9, 10]);
  });

  it('$tb, on reads, hides what comes before', async () => {
    const stream = await newStream(6);
    await store.client.setStreamMetadata(stream, { truncateBefore: 4 });
    expect((await collect(store.client.readStream(stream))).map(numberOf)).toEqual([4, 5]);
  });

  it('$tb beyond the end, on reads, leaves an empty stream that exists', async () => {
    const stream = await newStream(3);
    await store.client.setStreamMetadata(stream, { truncateBefore: 10 });
    expect(await collect(store.client.readStream(stream))).toEqual([]);
    expect(
      (await store.client.appendToStream(stream, testEvents(1), { expectedRevision: 2n })).nextExpectedRevision,
    ).toBe(3n);
  });

  it.each(['9007199254740991', '9007199254740992', '9223372036854775806'])(
    '$tb of %s, on reads and appends, leaves an empty stream that exists',
    async (before) => {
      const stream = await newStream(3);
      await setMetadataText(stream, `{"$tb":${before}}`);
      for (const expectedRevision of [STREAM_EXISTS, ANY] as const) {
        await store.client.appendToStream(stream, testEvents(1), { expectedRevision });
        expect(await collect(store.client.readStream(stream))).toEqual([]);
      }
      const { metadata } = await store.client.getStreamMetadata(stream);
      expect(metadata?.truncateBefore).toBe(Number(before));
    },
  );

  it('$tb of 2^63 - 1, set by hand, is a soft delete', async () => {
    const stream = await newStream(3);
    await setMetadataText(stream, '{"$tb":9223372036854775807}');
    await expect(collect(store.client.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
    const append = store.client.appendToStream(stream, testEvents(1), { expectedRevision: STREAM_EXISTS });
    expect(await failureOf(append)).toBeInstanceOf(StreamDeletedError);
  });

  it('$tb of 2^63 - 1, of no declared kind, hides nothing until an append brings the stream back', async () => {
    const stream = await newStream(3);
    await setMetadataText(stream, '{"$tb":9223372036854775807,"a":1}', 'application/octet-stream');
    expect(await collect(store.client.readStream(stream))).toHaveLength(3);
    const append = store.client.appendToStream(stream, testEvents(1), { expectedRevision: STREAM_EXISTS });
    expect(await failureOf(append)).toBeInstanceOf(StreamDeletedError);
    await store.client.appendToStream(stream, testEvents(1, 'Tested', 3), { expectedRevision: NO_STREAM });
    const metadata = await until('$tb is moved', async () => (await store.client.getStreamMetadata(stream)).metadata);
    expect(metadata).toEqual({ truncateBefore: 3, a: 1 });
    expect((await collect(store.client.readStream(stream))).map(numberOf)).toEqual([3]);
  });

  it('$maxAge, on reads, hides what is older', async () => {
    const stream = await newStream(2);
    await store.client.setStreamMetadata(stream, { maxAge: 1 });
    await until('the events are too old', async () => (await collect(store.client.readStream(stream))).length === 0);
    await store.client.setStreamMetadata(stream, { maxAge: 3600 });
    expect(await collect(store.client.readStream(stream))).toHaveLength(2);
  });

  it('of a stream without events, at stream_exists, makes it exist', async () => {
    const stream = unique('metadata');
    await store.client.setStreamMetadata(stream, { maxCount: 5 });
    const { nextExpectedRevision } = await store.client.appendToStream(stream, testEvents(1), {
      expectedRevision: STREAM_EXISTS,
    });
    expect(nextExpectedRevision).toBe(0n);
  });

  it('of a soft-deleted stream, kept on recreation, has $tb moved to the first new event', async () => {
    const stream = await newStream(3);
    await store.client.deleteStream(stream);
    await store.client.appendToStream(stream, testEvents(1, 'Tested', 3));
    // EventStoreDB moves it after it has answered.
    const metadata = await until('$tb is moved', async () => {
      const { metadata: now } = await store.client.getStreamMetadata(stream);
      return now?.truncateBefore === 3 ? now : undefined;
    });
    expect(metadata).toMatchObject({ truncateBefore: 3 });
  });

  it('set on a soft-deleted stream, brings it back empty', async () => {
    const stream = await newStream(3);
    await store.client.deleteStream(stream);
    await store.client.setStreamMetadata(stream, { maxCount: 100 });
    expect(await collect(store.client.readStream(stream))).toEqual([]);
    const { metadata } = await store.client.getStreamMetadata(stream);
    expect(metadata).toMatchObject({ maxCount: 100, truncateBefore: 3 });
  });

  it.each([
    ['text that is no JSON', 'nojson'],
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '5'],
    ['an object with a byte order mark', '\ufeff{"a":1}'],
    ['an object with an invalid field', '{"$acl":5}'],
  ])('set on a soft-deleted stream, being %s, brings it back whole', async (_, text) => {
    for (const contentType of ['application/json', 'application/octet-stream']) {
      const stream = await newStream(3);
      await store.client.deleteStream(stream);
      await setMetadataText(stream, text, contentType);
      await until('all events are there', async () =>
        (await collect(store.client.readStream(stream))).length === 3 ? true : undefined,
      );
    }
  });

  it('set on a soft-deleted stream as an object of no declared kind, brings it back empty, with its fields', async () => {
    const stream = await newStream(3);
    await store.client.deleteStream(stream);
    await setMetadataText(stream, '{"$maxCount":100,"a":1}', 'application/octet-stream');
    const metadata = await until('$tb is moved', async () => {
      const { metadata: now } = await store.client.getStreamMetadata(stream);
      return now?.truncateBefore === 3 ? now : undefined;
    });
    expect(metadata).toMatchObject({ maxCount: 100, truncateBefore: 3, a: 1 });
    expect(await collect(store.client.readStream(stream))).toEqual([]);
  });
});
