import * as client from '@eventstore/db-client/dist/utils/convertGrpcEvent.js';
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEventResponse } from '../../src/eventstoredb/wire/read-response.ts';
import { type Answer, answer, answerWith, fillRecorded, ofRead, unusualAnswers } from './responses.ts';

/** What the client makes of an event: of whatever has the methods that it calls. */
const { convertGrpcEvent, convertPersistentSubscriptionGrpcEvent } = client as unknown as Record<
  'convertGrpcEvent' | 'convertPersistentSubscriptionGrpcEvent',
  (event: object | undefined) => object
>;

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
  test('an answer without an event', () => {
    const caughtUp = new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp());
    expect(readEventResponse(caughtUp.serializeBinary())).toBeUndefined();
    expect(readEventResponse(new Uint8Array())).toBeUndefined();
  });

  test.each(unusualAnswers)('%s', (_name, bytes) => {
    expect(readEventResponse(bytes)).toBeUndefined();
  });

  test('an answer that was cut, wherever', () => {
    const bytes = answerWith(() => undefined);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readEventResponse(bytes.subarray(0, length)), `of ${length} bytes`).toBeUndefined();
    }
  });
});
