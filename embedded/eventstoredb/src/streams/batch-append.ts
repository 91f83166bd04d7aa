import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import type { ExpectedRevision } from '../log/events.ts';
import { NO_STREAM } from '../log/events.ts';
import type { AppendOutcome, EventLog } from '../log/log.ts';
import { expectedOf, identifier, type ProposedMessage, writableNameOf, type WriteOptions } from '../wire/messages.ts';
import { encoderOf } from '../wire/protocol.ts';
import type { OpenCalls } from '../wire/response-sink.ts';
import { callCancelled, invalidArgument } from '../wire/rpc-errors.ts';
import { EXPECTED_FIELD, successMessage } from './append.ts';
import { MAX_APPEND_BYTES, ProposedEvents } from './proposed.ts';

/** One message of the call: the start, a part or the end of one append. */
interface Part {
  /** The client's id of the append, as it was encoded. */
  readonly correlationId: Buffer;
  readonly options: WriteOptions | null;
  readonly proposedMessages: readonly ProposedMessage[];
  readonly isFinal: boolean;
}

type Call = ServerDuplexStream<Part, object>;

/** An append of which not all parts have come. */
interface OpenAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly proposed: ProposedEvents;
  readonly expiresAt: number;
}

/** A `google.rpc.Status` whose message names the type of its detail. */
interface Failure {
  readonly code: number;
  readonly message: string;
  readonly detail?: Buffer;
}

/** Longest that an append may stay open, whatever its deadline says. */
const LONGEST_OPEN_MS = 10_000;
const MOST_OPEN = 256;

/** A client that sends faster than the disk takes is made to wait beyond this many appends. */
const MOST_IN_FLIGHT = 1024;

const encodeTooLarge = encoderOf('streams.MaximumAppendSizeExceeded');
const encodeWrongVersion = encoderOf('streams.WrongExpectedVersion');
const encodeBadRequest = encoderOf('streams.BadRequest');

const TIMEOUT: Failure = { code: 4, message: 'Timeout' };
const DELETED_STREAM: Failure = { code: 5, message: 'StreamDeleted' };
const FAILED: Failure = { code: 2, message: 'Unknown' };
const TOO_LARGE: Failure = {
  code: 3,
  message: 'MaximumAppendSizeExceeded',
  detail: encodeTooLarge({ maxAppendSize: MAX_APPEND_BYTES }),
};

/**
 * `Streams.BatchAppend`: many appends at once, each in one or several messages, answered by correlation id when they
 * are on disk. An answer is sent once only: the client crashes on one that it does not expect.
 */
export function createBatchAppendHandler(log: EventLog, calls: OpenCalls): handleBidiStreamingCall<Part, object> {
  return (call) => serveBatchAppend(log, calls, call);
}

function serveBatchAppend(log: EventLog, calls: OpenCalls, call: Call): void {
  const open = new Map<string, OpenAppend>();
  let inFlight = 0;
  let ended = false;
  let over = false;

  const cancel = (): void => fail(callCancelled());
  calls.add(cancel);

  function stop(): void {
    over = true;
    calls.delete(cancel);
    open.clear();
  }

  function fail(error: Error): void {
    stop();
    call.emit('error', error);
  }

  function finishWhenDone(): void {
    if (!ended || over || inFlight > 0) return;
    stop();
    call.end();
  }

  function answer(correlationId: Buffer, stream: string, result: object): void {
    if (over) return;
    if (!call.write({ correlationId, streamIdentifier: identifier(stream), ...result })) call.pause();
  }

  /** @throws RpcError when the options lack something */
  function start({ correlationId, isFinal }: Part, options: WriteOptions): OpenAppend | Failure {
    const stream = writableNameOf(options.streamIdentifier);
    const left = Math.min(deadlineOf(options) - Date.now(), LONGEST_OPEN_MS);
    if (left <= 0) return TIMEOUT;
    const expected = expectedOf(options);
    if (!isFinal && open.size >= MOST_OPEN) throw invalidArgument('too many unfinished appends');
    const append = { stream, expected, proposed: new ProposedEvents(), expiresAt: Date.now() + left };
    if (!isFinal) open.set(keyOf(correlationId), append);
    return append;
  }

  function receive(part: Part): void {
    if (over) return;
    const { correlationId, options } = part;
    if (correlationId.length === 0) {
      fail(invalidArgument('a batch append needs a correlation id'));
      return;
    }
    const key = keyOf(correlationId);
    // Parts of an append that was already answered find nothing here and are dropped.
    const append = open.get(key) ?? (options === null ? undefined : attempt(() => start(part, options)));
    if (append === undefined) return;
    if ('code' in append) {
      answer(correlationId, streamOf(options), failed(append));
      return;
    }
    const failure = attempt(() => addEvents(append.proposed, part.proposedMessages));
    if (failure === undefined && !part.isFinal) return;
    open.delete(key);
    if (failure === undefined) commit(correlationId, append);
    else answer(correlationId, append.stream, failed(failure));
  }

  function commit(correlationId: Buffer, { stream, expected, proposed, expiresAt }: OpenAppend): void {
    inFlight += 1;
    if (inFlight >= MOST_IN_FLIGHT) call.pause();
    log
      .append({ stream, expected, events: proposed.events, expiresAt })
      .then(
        (outcome) => resultOf(expected, outcome),
        () => failed(FAILED),
      )
      .then((result) => {
        inFlight -= 1;
        answer(correlationId, stream, result);
        if (inFlight < MOST_IN_FLIGHT && call.isPaused() && !call.writableNeedDrain) call.resume();
        finishWhenDone();
      })
      .catch(stop);
  }

  call.on('data', receive);
  call.on('drain', () => call.resume());
  call.on('end', () => {
    ended = true;
    finishWhenDone();
  });
  call.on('cancelled', stop);
  call.on('error', stop);
}

function streamOf(options: WriteOptions | null): string {
  return options?.streamIdentifier?.streamName.toString() ?? '';
}

function keyOf(correlationId: Buffer): string {
  return correlationId.toString('latin1');
}

/** Milliseconds since 1970. */
function deadlineOf({ deadline }: WriteOptions): number {
  return deadline === null ? Infinity : deadline.seconds.toNumber() * 1000 + deadline.nanos / 1e6;
}

/** @throws RpcError when an event lacks something */
function addEvents(proposed: ProposedEvents, messages: readonly ProposedMessage[]): Failure | undefined {
  for (const message of messages) proposed.add(message);
  return proposed.tooLarge ? TOO_LARGE : undefined;
}

function attempt<T>(step: () => T): T | Failure {
  try {
    return step();
  } catch (error) {
    return badRequest(error instanceof Error ? error.message : String(error));
  }
}

function resultOf(expected: ExpectedRevision, outcome: AppendOutcome): object {
  switch (outcome.kind) {
    case 'appended':
      return { success: successMessage(outcome) };
    case 'wrong':
      return failed(wrongVersion(outcome.current, expected));
    case 'deleted':
      return failed(DELETED_STREAM);
    case 'expired':
      return failed(TIMEOUT);
    default:
      return outcome satisfies never;
  }
}

function failed({ code, message, detail }: Failure): object {
  const details = { typeUrl: `type.googleapis.com/event_store.client.${message}`, value: detail };
  return { error: { code, message, details } };
}

function wrongVersion(current: number, expected: ExpectedRevision): Failure {
  const detail = encodeWrongVersion({
    ...(current === NO_STREAM ? { currentNoStream: {} } : { currentStreamRevision: current }),
    ...(typeof expected === 'number' ? { expectedStreamPosition: expected } : { [EXPECTED_FIELD[expected]]: {} }),
  });
  return { code: 6, message: 'WrongExpectedVersion', detail };
}

function badRequest(reason: string): Failure {
  return { code: 3, message: 'BadRequest', detail: encodeBadRequest({ message: reason }) };
}
