import * as client from '@eventstore/db-client/dist/utils/convertGrpcEvent.js';
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readAnswer as readDelivery } from '../../../src/eventstoredb/wire/consume.ts';
import { MalformedMessage } from '../../../src/eventstoredb/wire/protobuf.ts';
import { ALIVE, CAUGHT_UP, readAnswer } from '../../../src/eventstoredb/wire/read.ts';
import { type Answer, answer, answerWith, fillRecorded, ofRead, unusualAnswers } from './responses.ts';

/** What the client makes of the generated classes. */
const { convertGrpcEvent, convertPersistentSubscriptionGrpcEvent } = client as unknown as Record<
  'convertGrpcEvent' | 'convertPersistentSubscriptionGrpcEvent',
  (event: object | undefined) => { readonly event?: object; readonly link?: object; readonly retryCount?: number }
>;

const read = (response: streams.ReadResp) => readAnswer(Buffer.from(response.serializeBinary()));

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

describe('an event, read from its bytes, is what the client makes of it', () => {
  test('of a read', () => {
    fc.assert(
      fc.property(answer, (given) => {
        const response = ofRead(given);
        expect(read(response)).toEqual(convertGrpcEvent(response.getEvent()).event ?? ALIVE);
      }),
    );
  });

  test('of a persistent subscription, with its link and how often it was retried', () => {
    fc.assert(
      fc.property(answer, (given) => {
        const message = ofSubscription(given);
        const { event, link, retryCount } = convertPersistentSubscriptionGrpcEvent(message.getEvent());
        expect(readDelivery(Buffer.from(message.serializeBinary()))).toEqual({ event, link, retryCount });
      }),
    );
  });

  it.each(unusualAnswers)('with %s', (_name, bytes) => {
    const event = streams.ReadResp.deserializeBinary(bytes).getEvent();
    expect(readAnswer(Buffer.from(bytes))).toEqual(convertGrpcEvent(event).event);
  });

  it('to the millisecond, where a time has more digits than a number can hold', () => {
    const end = BigInt(Date.UTC(2026, 0, 1)) * 10_000n;
    const createdAt = (ticks: bigint) =>
      readAnswer(Buffer.from(answerWith((event) => event.getMetadataMap().set('created', String(ticks)))));
    expect(createdAt(end - 1n)).toMatchObject({ created: new Date('2025-12-31T23:59:59.999Z') });
    expect(createdAt(end)).toMatchObject({ created: new Date('2026-01-01T00:00:00.000Z') });
  });
});

test('other answers tell of the end of the log, or only that the server is there', () => {
  expect(read(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()))).toBe(CAUGHT_UP);
  expect(read(new streams.ReadResp().setCheckpoint(new streams.ReadResp.Checkpoint()))).toBe(ALIVE);
  expect(read(new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation()))).toBe(ALIVE);
});

test('an answer that was cut, wherever, and one without an id or a stream are refused', () => {
  const bytes = Buffer.from(answerWith(() => undefined));
  for (let length = 1; length < bytes.length; length += 1) {
    expect(() => readAnswer(bytes.subarray(0, length)), `of ${length} bytes`).toThrow(MalformedMessage);
  }
  for (const remove of ['clearId', 'clearStreamIdentifier'] as const) {
    const incomplete = answerWith((event) => {
      event[remove]();
    });
    expect(() => readAnswer(Buffer.from(incomplete))).toThrow(MalformedMessage);
  }
});
