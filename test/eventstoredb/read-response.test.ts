import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEventResponse } from '../../src/eventstoredb/read-response.ts';

interface Converting {
  readonly convertGrpcEvent: (event: object | undefined) => object;
  readonly convertPersistentSubscriptionGrpcEvent: (event: object | undefined) => object;
}

/** What the client makes an event of; not among what its package exports. */
const { convertGrpcEvent, convertPersistentSubscriptionGrpcEvent } = createRequire(import.meta.url)(
  '../../node_modules/@eventstore/db-client/dist/utils/convertGrpcEvent.js',
) as Converting;

interface Recorded {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly type: string;
  readonly contentType: string;
  readonly created: number;
  readonly metadata: Uint8Array;
  readonly data: Uint8Array;
}

interface Answer {
  readonly event: Recorded | null;
  readonly link: Recorded | null;
  readonly position: number | null;
  readonly retryCount: number | null;
}

const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const json = fc.oneof(fc.jsonValue(), fc.record({ text, list: fc.array(text) })).map((value) => JSON.stringify(value));
const content = fc.oneof(
  json.map((written) => new TextEncoder().encode(written)),
  fc.uint8Array({ maxLength: 300 }),
);
const whole = fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
const recorded: fc.Arbitrary<Recorded> = fc.record({
  id: fc.uuid(),
  stream: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
  revision: whole,
  position: whole,
  type: text,
  contentType: fc.constantFrom('application/json', 'application/octet-stream'),
  created: whole,
  metadata: fc.oneof(content, fc.constant(new Uint8Array())),
  data: content,
});
const answer: fc.Arbitrary<Answer> = fc.record({
  event: fc.option(recorded),
  link: fc.option(recorded),
  position: fc.option(whole),
  retryCount: fc.option(fc.nat({ max: 2 ** 31 - 1 })),
});

function fillRecorded<
  Message extends streams.ReadResp.ReadEvent.RecordedEvent | persistent.ReadResp.ReadEvent.RecordedEvent,
>(message: Message, { id, stream, revision, position, type, contentType, created, metadata, data }: Recorded): Message {
  const name = new shared.StreamIdentifier();
  name.setStreamName(Buffer.from(stream));
  const uuid = new shared.UUID();
  uuid.setString(id);
  message.setId(uuid);
  message.setStreamIdentifier(name);
  message.setStreamRevision(String(revision));
  message.setCommitPosition(String(position));
  message.setPreparePosition(String(position));
  message.getMetadataMap().set('type', type).set('content-type', contentType).set('created', String(created));
  message.setCustomMetadata(metadata);
  message.setData(data);
  return message;
}

function ofRead({ event, link, position }: Answer): streams.ReadResp {
  const { ReadEvent } = streams.ReadResp;
  const message = new ReadEvent();
  if (event) message.setEvent(fillRecorded(new ReadEvent.RecordedEvent(), event));
  if (link) message.setLink(fillRecorded(new ReadEvent.RecordedEvent(), link));
  if (position === null) message.setNoPosition(new shared.Empty());
  else message.setCommitPosition(String(position));
  return new streams.ReadResp().setEvent(message);
}

function ofSubscription({ event, link, position, retryCount }: Answer): persistent.ReadResp {
  const { ReadEvent } = persistent.ReadResp;
  const message = new ReadEvent();
  if (event) message.setEvent(fillRecorded(new ReadEvent.RecordedEvent(), event));
  if (link) message.setLink(fillRecorded(new ReadEvent.RecordedEvent(), link));
  if (position === null) message.setNoPosition(new shared.Empty());
  else message.setCommitPosition(String(position));
  if (retryCount === null) message.setNoRetryCount(new shared.Empty());
  else message.setRetryCount(retryCount);
  const response = new persistent.ReadResp();
  response.setEvent(message);
  return response;
}

describe('an event, read from its bytes, is what the generated code makes of it', () => {
  test('of a read', () => {
    fc.assert(
      fc.property(answer, (given) => {
        const response = ofRead(given);
        const read = readEventResponse(response.serializeBinary());
        expect(read?.hasEvent()).toBe(true);
        expect(convertGrpcEvent(read?.getEvent())).toEqual(convertGrpcEvent(response.getEvent()));
      }),
    );
  });

  test('of a persistent subscription', () => {
    fc.assert(
      fc.property(answer, (given) => {
        const response = ofSubscription(given);
        const read = readEventResponse(response.serializeBinary());
        expect(read?.hasSubscriptionConfirmation()).toBe(false);
        expect(convertPersistentSubscriptionGrpcEvent(read?.getEvent())).toEqual(
          convertPersistentSubscriptionGrpcEvent(response.getEvent()),
        );
      }),
    );
  });
});

describe('left to the generated code is', () => {
  const given: Recorded = {
    id: randomUUID(),
    stream: 'a stream',
    revision: 1,
    position: 2,
    type: 'Tested',
    contentType: 'application/json',
    created: 3,
    metadata: new Uint8Array(),
    data: new TextEncoder().encode('{}'),
  };
  const responseOf = (change: (event: streams.ReadResp.ReadEvent.RecordedEvent) => void): Uint8Array => {
    const response = ofRead({ event: given, link: null, position: 2, retryCount: null });
    const event = response.getEvent()?.getEvent();
    if (event) change(event);
    return response.serializeBinary();
  };

  test('an answer without an event', () => {
    const caughtUp = new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp());
    expect(readEventResponse(caughtUp.serializeBinary())).toBeUndefined();
    expect(readEventResponse(new Uint8Array())).toBeUndefined();
  });

  test('an event whose id is two numbers', () => {
    const bytes = responseOf((event) => {
      const structured = new shared.UUID.Structured();
      structured.setMostSignificantBits('1');
      const id = new shared.UUID();
      id.setStructured(structured);
      event.setId(id);
    });
    expect(readEventResponse(bytes)).toBeUndefined();
  });

  test('a position that is no exact number of JavaScript', () => {
    const bytes = responseOf((event) => event.setCommitPosition('9007199254740993'));
    expect(readEventResponse(bytes)).toBeUndefined();
  });

  test('an event with a field that it does not know', () => {
    const bytes = responseOf(() => undefined);
    const unknownField = Uint8Array.of(9 << 3, 1);
    expect(readEventResponse(Buffer.concat([bytes, unknownField]))).toBeUndefined();
  });

  test('an answer that was cut, wherever', () => {
    const bytes = responseOf(() => undefined);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readEventResponse(bytes.subarray(0, length)), `of ${length} bytes`).toBeUndefined();
    }
  });
});
