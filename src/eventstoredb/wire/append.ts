import { convertToCommandError, type EventStoreDBClient, UnknownError } from '@eventstore/db-client';
import { unpackToCommandError } from '@eventstore/db-client/dist/streams/appendToStream/unpackError.js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { EventStoreUnavailableError } from '../errors.ts';
import { ProtobufReader, ProtobufWriter } from './protobuf.ts';
import { streams, StreamsClient } from './protocol.ts';

/** An event as it is sent: data and metadata are JSON texts; no metadata: an empty one. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}

/** The revision that the stream must be at; −1: the stream must not exist. */
export type ExpectedRevision = number | 'any';

/**
 * Appends events where the stream is as expected.
 *
 * @returns revision of the last event
 * @throws what the client's own `appendToStream` throws
 */
export type BatchAppend = (
  stream: string,
  expected: ExpectedRevision,
  events: readonly ProposedEvent[],
) => Promise<number>;

/** One append of those that share a call. */
export interface AppendRequest {
  /** Comes back with the answer. */
  readonly correlation: number;
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly ProposedEvent[];
}

/** The revision of the last event, or why nothing was appended. */
export type AppendAnswer = { readonly correlation: number } & (
  { readonly revision: number } | { readonly error: Error }
);

type Call = ClientDuplexStream<Buffer, AppendAnswer>;
interface Waiting {
  /** By `performance.now()`. */
  readonly givenUpAt: number;
  readonly resolve: (revision: number) => void;
  readonly reject: (error: Error) => void;
}

const PATH = '/event_store.client.streams.Streams/BatchAppend';
/** Longer than the store takes for one: it drops some without an answer (`streams.ts` asks again). */
const ANSWERS_WITHIN_MS = 10_000;

/** `appendToStream` of a client, by one call of `streams.BatchAppend` that all its appends share (docs/adr/0012). */
export function createBatchAppend(client: EventStoreDBClient): BatchAppend {
  const calls = new WeakMap<StreamsClient, Call>();
  const waitingFor = new WeakMap<Call, Map<number, Waiting>>();
  const openCall = client['GRPCStreamCreator'](StreamsClient, 'batchAppend', open, calls);
  let last = 0;

  return (stream, expected, events) =>
    new Promise((resolve, reject) => {
      const correlation = (last += 1);
      const send = (call: Call) => {
        const waiting = waitingFor.get(call);
        if (!waiting) throw new EventStoreUnavailableError('the call has just ended');
        forgetLate(waiting);
        waiting.set(correlation, { givenUpAt: performance.now() + ANSWERS_WITHIN_MS, resolve, reject });
        call.write(encodeAppend({ correlation, stream, expected, events }), (error?: Error | null) => {
          if (error && waiting.delete(correlation)) reject(convertToCommandError(error));
        });
      };
      openCall().then(send).catch(reject);
    });

  function open(service: StreamsClient): Call {
    const [metadata, options] = client['callArguments']({}, { deadline: Infinity });
    const call = service.makeBidiStreamRequest(PATH, (bytes: Buffer) => bytes, readAnswer, metadata, options);
    const waiting = new Map<number, Waiting>();
    waitingFor.set(call, waiting);
    const giveUp = (error: Error) => {
      waitingFor.delete(call);
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    call.on('data', (answer: AppendAnswer) => {
      const asked = waiting.get(answer.correlation);
      waiting.delete(answer.correlation);
      if ('error' in answer) asked?.reject(answer.error);
      else asked?.resolve(answer.revision);
    });
    call.on('error', (error) => giveUp(convertToCommandError(error)));
    call.on('end', () => giveUp(new EventStoreUnavailableError('the event store ended the call')));
    return call;
  }
}

/** What waits for an answer that never comes must not pile up. */
function forgetLate(waiting: Map<number, Waiting>): void {
  for (const [correlation, { givenUpAt, reject }] of waiting) {
    if (givenUpAt > performance.now()) return; // they are in the order in which they were sent
    waiting.delete(correlation);
    reject(new EventStoreUnavailableError('the event store never answered'));
  }
}

/**
 * `event_store.client.streams.BatchAppendReq`, whole in one message. Without a deadline, which is a time of day: a store
 * whose clock is ahead would refuse every append.
 */
export function encodeAppend({ correlation, stream, expected, events }: AppendRequest): Buffer {
  const request = new ProtobufWriter(1024)
    .message(1, (uuid) => uuid.message(1, (structured) => structured.uint(2, correlation)))
    .message(2, (options) => {
      options.message(1, (identifier) => identifier.string(3, stream));
      if (expected === 'any') options.empty(4);
      else if (expected < 0) options.empty(3);
      else options.uint(2, expected);
    });
  for (const { id, type, data, metadata } of events) {
    request.message(3, (event) =>
      event
        .message(1, (uuid) => uuid.string(2, id))
        .message(2, (entry) => entry.string(1, 'type').string(2, type))
        .message(2, (entry) => entry.string(1, 'content-type').string(2, 'application/json'))
        .string(3, metadata)
        .string(4, data),
    );
  }
  return request.uint(4, 1).finish();
}

/** `event_store.client.streams.BatchAppendResp`. What is no success is left to the client's own code. */
export function readAnswer(bytes: Buffer): AppendAnswer {
  const reader = new ProtobufReader(bytes);
  let correlation = 0;
  let revision: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) correlation = readCorrelation(reader.message());
    else if (reader.field === 3) revision = readRevision(reader.message());
    else reader.skip();
  }
  return revision === undefined ? { correlation, error: readError(bytes) } : { correlation, revision };
}

/** The store may write an id as two numbers, as it was sent, or as text. */
function readCorrelation(uuid: ProtobufReader): number {
  let correlation = 0;
  while (uuid.next()) {
    if (uuid.field === 1) {
      const structured = uuid.message();
      while (structured.next()) {
        if (structured.field === 2) correlation = structured.uint();
        else structured.skip();
      }
    } else if (uuid.field === 2) correlation = Number.parseInt(uuid.string().slice(-12), 16);
    else uuid.skip();
  }
  return correlation;
}

/** Of the last event; −1 of an append without events to a stream that is not there. */
function readRevision(success: ProtobufReader): number {
  let revision = -1;
  while (success.next()) {
    if (success.field === 1) revision = success.uint();
    else success.skip();
  }
  return revision;
}

function readError(bytes: Buffer): Error {
  const answer = streams.BatchAppendResp.deserializeBinary(bytes);
  const status = answer.getError();
  if (!status?.hasDetails()) return new UnknownError(undefined, status?.getMessage() ?? 'an answer that says nothing');
  const name = answer.getStreamIdentifier()?.getStreamName_asU8() ?? [];
  return unpackToCommandError(status, Buffer.from(name).toString());
}
