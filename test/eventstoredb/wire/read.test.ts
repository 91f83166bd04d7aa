import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  type AllStreamRecordedEvent,
  binaryEvent,
  ErrorType,
  type EventStoreDBClient,
  jsonEvent,
  type Position,
  streamNameFilter,
} from '@eventstore/db-client';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectEventStore } from '../../../src/eventstoredb/client.ts';
import {
  ALIVE,
  CAUGHT_UP,
  encodeLogSubscription,
  encodeStreamRead,
  type ReadAnswer,
  readStream,
  readToEnd,
  type StreamRange,
  subscribeToLog,
} from '../../../src/eventstoredb/wire/read.ts';
import { hasType } from '../../../src/eventstoredb/errors.ts';
import { collect, failureOf } from '../../contract/eventstoredb/support.ts';
import { connectThroughProxy } from '../../support/proxied-client.ts';

const url = inject('eventStoreUrl');
let client: EventStoreDBClient;

beforeAll(() => {
  client = connectEventStore(url);
});

afterAll(() => client.dispose());

const newPrefix = () => `Log-${randomUUID()}-`;

/** Events up to the end of the log. */
async function readAll(prefixes: readonly string[], after?: Position): Promise<AllStreamRecordedEvent[]> {
  const events: AllStreamRecordedEvent[] = [];
  const call = await subscribeToLog(client, prefixes, after);
  call.on('error', () => undefined); // that it is cancelled
  for await (const answer of call as AsyncIterable<ReadAnswer>) {
    if (answer === CAUGHT_UP) break;
    if (answer !== ALIVE) events.push(answer);
  }
  call.cancel();
  return events;
}

/** The same by the client's own subscription, which says only apart from its events that it has caught up. */
async function readByClient(prefixes: string[], count: number): Promise<AllStreamRecordedEvent[]> {
  const events: AllStreamRecordedEvent[] = [];
  const subscription = client.subscribeToAll({ filter: streamNameFilter({ prefixes }) });
  for await (const { event } of subscription) {
    if (event) events.push(event);
    if (events.length === count) break;
  }
  await subscription.unsubscribe();
  return events;
}

describe('a subscription to the log', () => {
  it('brings the events that the client would bring, of the wanted streams, in their order', async () => {
    const [wanted, also, other] = [newPrefix(), newPrefix(), newPrefix()];
    const data = { text: 'a ü € 🍕 \u0000 \\ "', empty: '', nested: { list: [1, null, true] } };
    const events = [
      jsonEvent({ type: 'Tested', data, metadata: { actor: 'Ünal 🍕' } }),
      jsonEvent({ type: 'Tested', data: {} }),
      binaryEvent({ type: 'Raw', data: Buffer.from([0, 255, 1]), metadata: Buffer.from([7, 0]) }),
    ];
    await client.appendToStream(`${wanted}ä`, events);
    await client.appendToStream(`${other}1`, jsonEvent({ type: 'Unwanted', data: {} }));
    await client.appendToStream(`${also}1`, jsonEvent({ type: 'Last', data: [] }));
    const read = await readAll([wanted, also]);
    expect(read).toHaveLength(4);
    expect(read).toEqual(await readByClient([wanted, also], 4));
    expect(read.map(({ data: stored }) => stored)).toEqual([data, {}, new Uint8Array([0, 255, 1]), []]);
    const [first, ...rest] = read;
    expect(await readAll([wanted, also], first?.position)).toEqual(rest);
  });

  it('that asks for what is not there, says that this is the end', async () => {
    await client.appendToStream(`${newPrefix()}1`, jsonEvent({ type: 'Unwanted', data: {} }));
    expect(await readAll([newPrefix()])).toEqual([]);
  });

  it('is told when the connection breaks', async () => {
    const { client: other, proxy, close } = await connectThroughProxy(url);
    const call = await subscribeToLog(other, [newPrefix()], undefined);
    const failed = once(call, 'error');
    call.on('data', (answer: ReadAnswer) => {
      if (answer === CAUGHT_UP) proxy.reset();
    });
    expect((await failed)[0]).toMatchObject({ code: 14 });
    await close();
  });
});

describe('a stream', () => {
  const all: StreamRange = { direction: 'forwards', from: 0, maxCount: Number.MAX_SAFE_INTEGER };

  it('is read from any revision, in either direction, into the events that the client would read', async () => {
    const stream = `${newPrefix()}ä🍕`;
    const events = Array.from({ length: 5 }, (_, number) => jsonEvent({ type: 'Tested', data: { number } }));
    await client.appendToStream(stream, events);
    const read = (range: Partial<StreamRange>) => readToEnd(readStream(client, stream, { ...all, ...range }));
    expect(await read({})).toEqual((await collect(client.readStream(stream))).map(({ event }) => event));
    const numbers = async (range: Partial<StreamRange>) =>
      (await read(range)).map(({ data }) => (data as { readonly number: number }).number);
    expect(await numbers({ from: 3 })).toEqual([3, 4]);
    expect(await numbers({ from: 1, maxCount: 2 })).toEqual([1, 2]);
    expect(await numbers({ direction: 'backwards', from: 'end', maxCount: 2 })).toEqual([4, 3]);
    expect(await numbers({ direction: 'backwards', from: 1 })).toEqual([1, 0]);
    expect(await numbers({ from: 5 })).toEqual([]);
  });

  it('that does not exist has no events, and one deleted for good fails with the error of the client', async () => {
    const stream = newPrefix();
    expect(await readToEnd(readStream(client, stream, all))).toEqual([]);
    await client.tombstoneStream(stream);
    const error = await failureOf(readToEnd(readStream(client, stream, all)));
    expect(error).toEqual(await failureOf(collect(client.readStream(stream))));
    expect(hasType(error, ErrorType.STREAM_DELETED)).toBe(true);
  });

  it.each<[string, StreamRange]>([
    ['forwards', { direction: 'forwards', from: 7, maxCount: 3 }],
    ['backwards from its end', { direction: 'backwards', from: 'end', maxCount: 1 }],
  ])('is asked for %s as the generated code reads it', (_, range) => {
    const options = streams.ReadReq.deserializeBinary(encodeStreamRead('Ünal-🍕', range)).getOptions();
    const { ReadDirection } = streams.ReadReq.Options;
    expect(Buffer.from(options?.getStream()?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString()).toBe(
      'Ünal-🍕',
    );
    expect(options?.getStream()?.hasEnd()).toBe(range.from === 'end');
    expect(options?.getStream()?.getRevision()).toBe(range.from === 'end' ? '0' : String(range.from));
    expect(options?.getReadDirection()).toBe(
      range.direction === 'forwards' ? ReadDirection.FORWARDS : ReadDirection.BACKWARDS,
    );
    expect(options?.getCount()).toBe(String(range.maxCount));
    expect(options?.hasNoFilter()).toBe(true);
    expect(options?.getUuidOption()?.hasString()).toBe(true);
  });
});

describe('what is asked for of the log', () => {
  const prefixes = ['PizzaOrder-', 'Ünal-🍕-'];

  it('is a subscription to the streams with these prefixes, from the start of the log', () => {
    const options = streams.ReadReq.deserializeBinary(encodeLogSubscription(prefixes, undefined)).getOptions();
    expect(options?.getAll()?.toObject()).toEqual({ position: undefined, start: {}, end: undefined });
    expect(options?.hasSubscription()).toBe(true);
    expect(options?.getUuidOption()?.hasString()).toBe(true);
    expect(options?.getResolveLinks()).toBe(false);
    expect(options?.getReadDirection()).toBe(streams.ReadReq.Options.ReadDirection.FORWARDS);
    expect(options?.getFilter()?.getStreamIdentifier()?.getPrefixList()).toEqual(prefixes);
    expect(options?.getFilter()?.hasEventType()).toBe(false);
    expect(options?.getFilter()?.getCheckpointintervalmultiplier()).toBe(1);
  });

  it.each([0n, 1n, 127n, 128n, 2n ** 53n + 1n, 2n ** 63n - 1n])('after position %s', (position) => {
    const request = encodeLogSubscription(prefixes, { commit: position, prepare: position });
    const all = streams.ReadReq.deserializeBinary(request).getOptions()?.getAll();
    expect(all?.hasStart()).toBe(false);
    expect(all?.getPosition()?.toObject()).toEqual({
      commitPosition: position.toString(),
      preparePosition: position.toString(),
    });
  });
});
