import {
  type AllStreamRecordedEvent,
  convertToCommandError,
  type EventStoreDBClient,
  type Position,
} from '@eventstore/db-client';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { StreamsClient } from './protocol.ts';
import { ProtobufReader, ProtobufWriter } from './protobuf.ts';
import { readResolvedEvent } from './recorded-event.ts';

export const CAUGHT_UP = 'caught up';
export const ALIVE = 'alive';

/** An event; or word that a subscription has reached the end of the log; or only a sign of life. */
export type ReadAnswer = AllStreamRecordedEvent | typeof CAUGHT_UP | typeof ALIVE;

/** A stream of objects that must be cancelled unless it is read to its end. */
export type Reading = ClientReadableStream<ReadAnswer>;

export interface StreamRange {
  readonly direction: 'forwards' | 'backwards';
  /** The first revision to read. */
  readonly from: number | 'end';
  readonly maxCount: number;
}

const PATH = '/event_store.client.streams.Streams/Read';
/** Events of other streams that the server passes over before it says how far it has come. */
const SEARCH_WINDOW = 512;

/** Reads a stream; one that does not exist has no events, and a deleted one fails with the client's error. */
export function readStream(client: EventStoreDBClient, stream: string, range: StreamRange): Promise<Reading> {
  return open(client, 'readStream', encodeStreamRead(stream, range));
}

/**
 * Subscribes to all streams whose names have one of the prefixes.
 *
 * @param after position of the last event that is not wanted any more; undefined: from the start of the log
 */
export function subscribeToLog(
  client: EventStoreDBClient,
  prefixes: readonly string[],
  after: Position | undefined,
): Promise<Reading> {
  return open(client, 'subscribeToAll', encodeLogSubscription(prefixes, after));
}

/** Reads to the end of a reading that has one. */
export async function readToEnd(opening: Promise<Reading>): Promise<AllStreamRecordedEvent[]> {
  const reading = await opening;
  return new Promise((resolve, reject) => {
    const events: AllStreamRecordedEvent[] = [];
    reading.on('data', (answer: ReadAnswer) => {
      if (typeof answer === 'object') events.push(answer);
    });
    reading.on('error', (error) => reject(convertToCommandError(error)));
    reading.on('end', () => resolve(events));
  });
}

function open(client: EventStoreDBClient, name: string, request: Buffer): Promise<Reading> {
  const creator = (service: StreamsClient) => {
    const [metadata, options] = client['callArguments']({}, { deadline: Infinity });
    return service.makeServerStreamRequest(PATH, (bytes: Buffer) => bytes, readAnswer, request, metadata, options);
  };
  return client['GRPCStreamCreator'](StreamsClient, name, creator)();
}

/** `event_store.client.streams.ReadReq` */
export function encodeStreamRead(stream: string, { direction, from, maxCount }: StreamRange): Buffer {
  return new ProtobufWriter(128)
    .message(1, (options) => {
      options.message(1, (range) => {
        range.message(1, (identifier) => identifier.string(3, stream));
        if (from === 'end') range.empty(4);
        else range.uint(2, from);
      });
      options.uint(3, direction === 'forwards' ? 0 : 1).uint(5, maxCount);
      options.empty(8); // no filter
      options.message(9, (uuid) => uuid.empty(2)); // ids as text
    })
    .finish();
}

/** `event_store.client.streams.ReadReq` */
export function encodeLogSubscription(prefixes: readonly string[], after: Position | undefined): Buffer {
  return new ProtobufWriter(256)
    .message(1, (options) => {
      options.message(2, (all) => {
        if (after) all.message(1, (position) => position.bigUint(1, after.commit).bigUint(2, after.prepare));
        else all.empty(2);
      });
      options.empty(6); // a subscription
      options.message(7, (filter) =>
        filter
          .message(1, (name) => prefixes.forEach((prefix) => name.string(2, prefix)))
          .uint(3, SEARCH_WINDOW)
          .uint(5, 1),
      );
      options.message(9, (uuid) => uuid.empty(2)); // ids as text
    })
    .finish();
}

/** `event_store.client.streams.ReadResp` */
export function readAnswer(bytes: Buffer): ReadAnswer {
  const reader = new ProtobufReader(bytes);
  let answer: ReadAnswer = ALIVE;
  while (reader.next()) {
    if (reader.field === 1) answer = readResolvedEvent(reader.message()).event ?? ALIVE;
    else {
      if (reader.field === 8) answer = CAUGHT_UP;
      reader.skip();
    }
  }
  return answer;
}
