import { randomUUID } from 'node:crypto';
import type persistent from '@eventstore/db-client/generated/persistent_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';

export interface Recorded {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly type: string;
  readonly contentType: string;
  /** Ticks of 100 ns. */
  readonly created: bigint;
  readonly metadata: Uint8Array;
  readonly data: Uint8Array;
}

/** An answer with an event, of any of the kinds that bring one. */
export interface Answer {
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
  created: fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.bigInt({ min: 0n, max: 20_000n })),
  metadata: fc.oneof(content, fc.constant(new Uint8Array())),
  data: content,
});
export const answer: fc.Arbitrary<Answer> = fc.record({
  event: fc.option(recorded),
  link: fc.option(recorded),
  position: fc.option(whole),
  retryCount: fc.option(fc.nat({ max: 2 ** 31 - 1 })),
});

export function fillRecorded<
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

export function ofRead({ event, link, position }: Answer): streams.ReadResp {
  const { ReadEvent } = streams.ReadResp;
  const message = new ReadEvent();
  if (event) message.setEvent(fillRecorded(new ReadEvent.RecordedEvent(), event));
  if (link) message.setLink(fillRecorded(new ReadEvent.RecordedEvent(), link));
  if (position === null) message.setNoPosition(new shared.Empty());
  else message.setCommitPosition(String(position));
  return new streams.ReadResp().setEvent(message);
}

/** The bytes of an answer with an event that `change` was made to. */
export function answerWith(change: (event: streams.ReadResp.ReadEvent.RecordedEvent) => void): Uint8Array {
  const event: Recorded = {
    id: randomUUID(),
    stream: 'a stream',
    revision: 1,
    position: 2,
    type: 'Tested',
    contentType: 'application/json',
    created: 3n,
    metadata: new Uint8Array(),
    data: new TextEncoder().encode('{}'),
  };
  const response = ofRead({ event, link: null, position: 2, retryCount: null });
  const changed = response.getEvent()?.getEvent();
  if (changed) change(changed);
  return response.serializeBinary();
}

function setStructuredId(event: streams.ReadResp.ReadEvent.RecordedEvent): void {
  const structured = new shared.UUID.Structured();
  structured.setMostSignificantBits(String(0x0123456789ab4defn));
  structured.setLeastSignificantBits(String(BigInt.asIntN(64, 0x8123456789abcdefn)));
  const id = new shared.UUID();
  id.setStructured(structured);
  event.setId(id);
}

/** Number 100, a varint. */
const unknownField = Uint8Array.of(0xa0, 0x06, 1);

/** Answers with an event of which the generated code knows more than the service's own. */
export const unusualAnswers: readonly [name: string, bytes: Uint8Array][] = [
  ['an event whose id is two numbers', answerWith(setStructuredId)],
  ['a position that is no exact number', answerWith((event) => event.setCommitPosition('9007199254740993'))],
  ['a field that is not known', Buffer.concat([answerWith(() => undefined), unknownField])],
];
