import { convertGrpcEvent } from '@eventstore/db-client/dist/utils/convertGrpcEvent.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { takeShortcuts } from '../../src/eventstoredb/wire/client-shortcuts.ts';
import { ALIVE, CAUGHT_UP, encodeLogSubscription, readLogAnswer } from '../../src/eventstoredb/wire/log-messages.ts';
import { answer, ofRead, unusualAnswers } from './responses.ts';

// As in the service, where the generated code reads events by the service's own.
takeShortcuts();

const read = (response: streams.ReadResp) => readLogAnswer(Buffer.from(response.serializeBinary()));

describe('an event of the log is what the client makes of it', () => {
  it('whatever is in it', () => {
    fc.assert(
      fc.property(answer, (given) => {
        const response = ofRead(given);
        expect(read(response)).toEqual(
          convertGrpcEvent(response.getEvent() as streams.ReadResp.ReadEvent).event ?? ALIVE,
        );
      }),
    );
  });

  it.each(unusualAnswers)('with %s', (_name, bytes) => {
    const event = streams.ReadResp.deserializeBinary(bytes).getEvent() as streams.ReadResp.ReadEvent;
    expect(readLogAnswer(Buffer.from(bytes))).toEqual(convertGrpcEvent(event).event);
  });

  it('to the millisecond, where a time has more digits than a number can hold', () => {
    const { event } =
      fc.sample(
        answer.filter((given) => given.event !== null),
        1,
      )[0] ?? {};
    if (!event) throw new TypeError('a sample has an event');
    const at = (created: bigint) =>
      read(ofRead({ event: { ...event, created }, link: null, position: 1, retryCount: 0 }));
    const end = BigInt(Date.UTC(2026, 0, 1)) * 10_000n;
    expect(at(end - 1n)).toMatchObject({ created: new Date('2025-12-31T23:59:59.999Z') });
    expect(at(end)).toMatchObject({ created: new Date('2026-01-01T00:00:00.000Z') });
  });
});

test('other answers tell of the end of the log, or only that the server is there', () => {
  expect(read(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()))).toBe(CAUGHT_UP);
  expect(read(new streams.ReadResp().setCheckpoint(new streams.ReadResp.Checkpoint()))).toBe(ALIVE);
  expect(read(new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation()))).toBe(ALIVE);
});

describe('what is asked for', () => {
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
