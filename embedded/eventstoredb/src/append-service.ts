import type { handleBidiStreamingCall, handleClientStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { DeleteReq, DeleteResp, TombstoneReq, TombstoneResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import { streams } from './protocol.ts';
import type { AppendOptions, AppendPart, BatchAppendPart } from './append-codec.ts';
import { writeAppended } from './append-codec.ts';
import { serveBatchAppend } from './batch-append.ts';
import type { OpenCalls } from './open-calls.ts';
import type { ExpectedRevision, NewEvent } from './events.ts';
import { DELETED, NO_STREAM } from './events.ts';
import type { AppendOutcome, EventLog } from './log.ts';
import { appendSize, MAX_APPEND_BYTES, toNewEvent } from './proposed.ts';
import { ProtobufWriter } from './protobuf.ts';
import {
  appendTooLarge,
  invalidArgument,
  rpcError,
  shuttingDown,
  streamDeleted,
  timedOut,
  toRpcError,
  wrongExpectedVersion,
} from './rpc-errors.ts';

/** EventStoreDB's default for how long a write may wait. */
const WRITE_TIMEOUT_MS = 2000;

export interface AppendHandlers {
  readonly append: handleClientStreamingCall<AppendPart, Buffer>;
  readonly batchAppend: handleBidiStreamingCall<BatchAppendPart, Buffer>;
  readonly delete: handleUnaryCall<DeleteReq, DeleteResp>;
  readonly tombstone: handleUnaryCall<TombstoneReq, TombstoneResp>;
}

/** The writing half of `event_store.client.streams.Streams`. */
export function createAppendHandlers(log: EventLog, calls: OpenCalls): AppendHandlers {
  return {
    append: (call, callback) => {
      let options: AppendOptions | undefined;
      const events: NewEvent[] = [];
      let size = 0;
      let failed = false;
      const fail = (error: unknown): void => {
        if (failed) return;
        failed = true;
        events.length = 0;
        leave();
        callback(toRpcError(error));
      };
      const leave = calls.add(() => fail(shuttingDown()));
      call.on('data', (part: AppendPart) => {
        if (failed) return;
        try {
          if (part === undefined) throw invalidArgument('an append message has neither options nor an event');
          if ('options' in part) {
            options = part.options;
            return;
          }
          size += appendSize(part.event);
          if (size > MAX_APPEND_BYTES) throw appendTooLarge(MAX_APPEND_BYTES);
          events.push(toNewEvent(part.event));
        } catch (error) {
          fail(error);
        }
      });
      call.on('error', fail);
      call.on('cancelled', () => {
        failed = true;
        leave();
      });
      call.on('end', () => {
        if (failed) return;
        const { stream, expected } = options ?? {};
        if (stream === undefined || stream === '' || expected === undefined) {
          fail(invalidArgument('an append needs a stream name and an expected revision'));
          return;
        }
        log
          .append({ stream, expected, events, expiresAt: Date.now() + WRITE_TIMEOUT_MS })
          .then((outcome) => {
            if (outcome.kind === 'deleted') throw streamDeleted(stream);
            if (outcome.kind === 'expired') throw timedOut();
            if (failed) return;
            leave();
            callback(null, encodeAppendResponse(outcome, expected));
          })
          .catch(fail);
      });
    },

    batchAppend: (call) => serveBatchAppend(log, calls, call),

    delete: (call, callback) => {
      const options = call.request.getOptions();
      remove(log, options?.getStreamIdentifier()?.getStreamName_asU8(), expectedOf(options), 'soft')
        .then((position) => {
          const response = new streams.DeleteResp();
          response.setPosition(fillPosition(new streams.DeleteResp.Position(), position));
          callback(null, response);
        })
        .catch((error: unknown) => callback(toRpcError(error)));
    },

    tombstone: (call, callback) => {
      const options = call.request.getOptions();
      remove(log, options?.getStreamIdentifier()?.getStreamName_asU8(), expectedOf(options), 'tombstone')
        .then((position) => {
          const response = new streams.TombstoneResp();
          response.setPosition(fillPosition(new streams.TombstoneResp.Position(), position));
          callback(null, response);
        })
        .catch((error: unknown) => callback(toRpcError(error)));
    },
  };
}

async function remove(
  log: EventLog,
  name: Uint8Array | undefined,
  expected: ExpectedRevision | undefined,
  how: 'soft' | 'tombstone',
): Promise<number> {
  if (name === undefined || name.length === 0 || expected === undefined) {
    throw invalidArgument('a delete needs a stream name and an expected revision');
  }
  const stream = Buffer.from(name).toString();
  const outcome = await log.remove(stream, expected, how);
  switch (outcome.kind) {
    case 'deleted':
      throw streamDeleted(stream);
    case 'expired':
      throw timedOut();
    case 'wrong':
      throw wrongExpectedVersion(stream, expectedNumber(expected), outcome.current);
    case 'appended':
      if (outcome.position === undefined) throw rpcError(status.INTERNAL, 'a delete has no position');
      return outcome.position;
    default:
      return outcome satisfies never;
  }
}

interface ExpectedOption {
  hasRevision(): boolean;
  getRevision(): string;
  getNoStream(): Empty | undefined;
  getAny(): Empty | undefined;
  getStreamExists(): Empty | undefined;
}

function expectedOf(options: ExpectedOption | undefined): ExpectedRevision | undefined {
  if (options?.hasRevision() === true) return Math.min(Number(options.getRevision()), DELETED);
  if (options?.getNoStream() !== undefined) return 'no_stream';
  if (options?.getAny() !== undefined) return 'any';
  return options?.getStreamExists() === undefined ? undefined : 'stream_exists';
}

/** EventStoreDB's numbers for the expected revisions that are none. */
function expectedNumber(expected: ExpectedRevision): number {
  if (typeof expected === 'number') return expected;
  return { no_stream: -1, any: -2, stream_exists: -4 }[expected];
}

interface PositionMessage {
  setCommitPosition(value: string): unknown;
  setPreparePosition(value: string): unknown;
}

function fillPosition<T extends PositionMessage>(message: T, position: number): T {
  message.setCommitPosition(String(position));
  message.setPreparePosition(String(position));
  return message;
}

function encodeAppendResponse(
  outcome: Extract<AppendOutcome, { kind: 'appended' | 'wrong' }>,
  expected: ExpectedRevision,
): Buffer {
  const writer = new ProtobufWriter(64);
  if (outcome.kind === 'appended') return writer.message(1, (success) => writeAppended(success, outcome)).finish();
  return writer.message(2, (wrong) => writeWrong(wrong, outcome.current, expected)).finish();
}

/** `AppendResp.WrongExpectedVersion`; fields 1 to 5 are the same in the form of versions before 20.6.1. */
function writeWrong(writer: ProtobufWriter, current: number, expected: ExpectedRevision): void {
  if (current === NO_STREAM) writer.empty(2).empty(7);
  else writer.uint(1, current).uint(6, current);
  if (expected === 'any') writer.empty(4).empty(9);
  else if (expected === 'stream_exists') writer.empty(5).empty(10);
  else if (expected === 'no_stream') writer.empty(11);
  else writer.uint(3, expected).uint(8, expected);
}
