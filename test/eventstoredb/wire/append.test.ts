import { randomUUID } from 'node:crypto';
import { ErrorType, type EventStoreDBClient, jsonEvent, NO_STREAM, UnknownError } from '@eventstore/db-client';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import {
  type BatchAppend,
  createBatchAppend,
  encodeAppend,
  type ProposedEvent,
  readAnswer,
} from '../../../src/eventstoredb/wire/append.ts';
import { connectEventStore } from '../../../src/eventstoredb/client.ts';
import { hasType, isUnavailable } from '../../../src/eventstoredb/errors.ts';
import { ProtobufWriter } from '../../../src/eventstoredb/wire/protobuf.ts';
import { collect, failureOf } from '../../contract/eventstoredb/support.ts';
import { connectThroughProxy } from '../../support/proxied-client.ts';

const url = inject('eventStoreUrl');
const prefix = `BatchAppend-${randomUUID()}`;
let client: EventStoreDBClient;
let append: BatchAppend;
let last = 0;

beforeAll(() => {
  client = connectEventStore(url);
  append = createBatchAppend(client);
});

afterAll(() => client.dispose());

const newStream = () => `${prefix}-${(last += 1)}`;
const eventOf = (data: object, metadata: object = {}): ProposedEvent => ({
  id: randomUUID(),
  type: 'Tested',
  data: JSON.stringify(data),
  metadata: JSON.stringify(metadata),
});
const numbered = (count: number) => Array.from({ length: count }, (_, number) => eventOf({ number }));
const stored = async (stream: string) => (await collect(client.readStream(stream))).flatMap(({ event }) => event ?? []);

describe('an append', () => {
  it('is stored as it was sent, with characters of every length, and answered with its last revision', async () => {
    const stream = newStream();
    const data = { text: 'a ü € 🍕 \u0000 \\ "', empty: '', nested: { list: [1, null, true] } };
    const event = eventOf(data, { actor: 'Ünal 🍕' });
    await expect(append(stream, -1, [event])).resolves.toBe(0);
    await expect(append(stream, 0, numbered(3))).resolves.toBe(3);
    await expect(append(stream, 'any', [{ ...eventOf({}), metadata: '' }])).resolves.toBe(4);
    const [first, ...rest] = await stored(stream);
    expect(first).toMatchObject({ id: event.id, type: 'Tested', isJson: true, data, metadata: { actor: 'Ünal 🍕' } });
    expect(rest.map((recorded) => recorded.data)).toEqual([{ number: 0 }, { number: 1 }, { number: 2 }, {}]);
    expect(rest.at(-1)?.metadata).toBeUndefined();
  });

  it('of many events is stored whole and in order, among others', async () => {
    const names = Array.from({ length: 3 }, newStream);
    const events = Array.from({ length: 400 }, (_, number) => ({ number, padding: 'x'.repeat(2000) }));
    await Promise.all(
      names.map((stream) =>
        append(
          stream,
          -1,
          events.map((data) => eventOf(data)),
        ),
      ),
    );
    for (const stream of names) expect((await stored(stream)).map(({ data }) => data)).toEqual(events);
  });

  it('is refused with the error of the client, where the stream is at another revision', async () => {
    const stream = newStream();
    await append(stream, -1, numbered(3));
    for (const [expected, theirs] of [
      [-1, NO_STREAM],
      [1, 1n],
      [7, 7n],
    ] as const) {
      const error = await failureOf(append(stream, expected, numbered(1)));
      const options = { expectedRevision: theirs };
      expect(error).toEqual(
        await failureOf(client.appendToStream(stream, jsonEvent({ type: 'T', data: {} }), options)),
      );
      expect(hasType(error, ErrorType.WRONG_EXPECTED_VERSION)).toBe(true);
    }
    expect(await stored(stream)).toHaveLength(3);
  });

  it('is refused with the error of the client, where it is too large, or the stream was deleted for good', async () => {
    const stream = newStream();
    const large = { text: 'x'.repeat(2 ** 21) };
    const tooLarge = await failureOf(append(stream, -1, [eventOf(large)]));
    expect(hasType(tooLarge, ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED)).toBe(true);
    expect(tooLarge).toEqual(await failureOf(client.appendToStream(stream, jsonEvent({ type: 'T', data: large }))));
    await append(stream, -1, numbered(1));
    await client.tombstoneStream(stream);
    const deleted = await failureOf(append(stream, 0, numbered(1)));
    expect(hasType(deleted, ErrorType.STREAM_DELETED)).toBe(true);
    expect(deleted).toEqual(await failureOf(client.appendToStream(stream, jsonEvent({ type: 'T', data: {} }))));
  });

  it('without an answer fails when the connection breaks, and only then; the next one connects anew', async () => {
    const { client: other, proxy, close } = await connectThroughProxy(url);
    const appendThere = createBatchAppend(other);
    const stream = newStream();
    await appendThere(stream, -1, numbered(1));
    proxy.set({ type: 'hold-answers' });
    const settled: string[] = [];
    const lost = [1, 2, 3].map(() => failureOf(appendThere(stream, 'any', numbered(1))));
    for (const each of lost) void each.then(() => settled.push('lost'));
    const direct = append(newStream(), -1, numbered(1)).then(() => settled.push('direct'));
    await direct;
    expect(settled).toEqual(['direct']);
    proxy.reset();
    proxy.set({ type: 'none' });
    for (const error of await Promise.all(lost)) expect(isUnavailable(error)).toBe(true);
    await vi.waitFor(() => appendThere(stream, 'any', numbered(1)), { timeout: 120_000, interval: 50 });
    await close();
  });
});

describe('the request', () => {
  it('is what the generated code reads, whatever is in it', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 });
    const event = fc.record({ id: fc.uuid(), type: text, data: text, metadata: text });
    const request = fc.record({
      correlation: fc.maxSafeNat(),
      stream: text,
      expected: fc.oneof(fc.constant('any' as const), fc.constant(-1), fc.maxSafeNat()),
      events: fc.array(event, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(request, (given) => {
        const { correlation, stream, expected, events } = given;
        const bytes = encodeAppend(given);
        const read = streams.BatchAppendReq.deserializeBinary(bytes);
        const options = read.getOptions();
        expect(read.getIsFinal()).toBe(true);
        expect(read.getCorrelationId()?.getStructured()?.getLeastSignificantBits()).toBe(String(correlation));
        expect(Buffer.from(options?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString()).toBe(stream);
        expect(options?.hasAny()).toBe(expected === 'any');
        expect(options?.hasNoStream()).toBe(expected === -1);
        if (options?.hasStreamPosition()) expect(options.getStreamPosition()).toBe(String(expected));
        // A time of day, by whichever clock.
        expect(options?.hasDeadline()).toBe(false);
        const proposed = read.getProposedMessagesList().map((message) => ({
          id: message.getId()?.getString(),
          type: message.getMetadataMap().get('type'),
          data: Buffer.from(message.getData_asU8()).toString(),
          metadata: Buffer.from(message.getCustomMetadata_asU8()).toString(),
        }));
        expect(proposed).toEqual(events);
      }),
    );
  });
});

describe('the answer', () => {
  it('is told by its id, which may come as text', () => {
    const bytes = new ProtobufWriter(64)
      .message(1, (uuid) => uuid.string(2, '00000000-0000-0000-0000-0000000000ff'))
      .message(3, (success) => success.uint(1, 5).empty(4))
      .finish();
    expect(readAnswer(bytes)).toEqual({ correlation: 255, revision: 5 });
  });

  it.each([
    [
      'an error without details',
      (answer: ProtobufWriter) => answer.message(2, (status) => status.uint(1, 13).string(2, 'broken')),
    ],
    ['nothing', (answer: ProtobufWriter) => answer],
  ])('that says %s leaves the outcome unknown', (_, write) => {
    const answer = new ProtobufWriter(64).message(1, (uuid) => uuid.message(1, (structured) => structured.uint(2, 3)));
    const { correlation, ...rest } = readAnswer(write(answer).finish());
    expect(correlation).toBe(3);
    expect('error' in rest && rest.error).toBeInstanceOf(UnknownError);
  });
});
