import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { AppendOptions, BatchAppendPart, BatchFailure } from './append-codec.ts';
import { encodeBatchFailure, encodeBatchSuccess } from './append-codec.ts';
import type { ExpectedRevision, NewEvent } from './events.ts';
import { NO_STREAM } from './events.ts';
import type { AppendOutcome, EventLog } from './log.ts';
import type { OpenCalls } from './open-calls.ts';
import { appendSize, MAX_APPEND_BYTES, toNewEvent } from './proposed.ts';
import { ProtobufWriter } from './protobuf.ts';
import { callCancelled, invalidArgument } from './rpc-errors.ts';

/** An append of which not all parts have come. */
interface OpenAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: NewEvent[];
  readonly expiresAt: number;
  size: number;
  timer: NodeJS.Timeout | undefined;
}

/** Longest that an append may stay open, whatever its deadline says. */
const LONGEST_OPEN_MS = 10_000;
const MOST_OPEN = 256;

/** A client that sends faster than the disk takes is made to wait beyond this many appends. */
const MOST_IN_FLIGHT = 1024;

const TIMEOUT: BatchFailure = { code: 4, message: 'Timeout' };
const DELETED_STREAM: BatchFailure = { code: 5, message: 'StreamDeleted' };
const FAILED: BatchFailure = { code: 2, message: 'Unknown' };
const TOO_LARGE: BatchFailure = {
  code: 3,
  message: 'MaximumAppendSizeExceeded',
  detail: new ProtobufWriter(8).uint(1, MAX_APPEND_BYTES).finish(),
};

/**
 * One `streams.BatchAppend` call: many appends at once, each in one or several messages, answered by correlation id
 * when they are on disk. An answer is sent once only: the client crashes on one that it does not expect.
 */
export function serveBatchAppend(
  log: EventLog,
  calls: OpenCalls,
  call: ServerDuplexStream<BatchAppendPart, Buffer>,
): void {
  const open = new Map<string, OpenAppend>();
  let inFlight = 0;
  let ended = false;
  let over = false;

  function finishWhenDone(): void {
    if (!ended || over || inFlight > 0 || open.size > 0) return;
    stop();
    call.end();
  }

  function answer(response: Buffer): void {
    if (over) return;
    if (!call.write(response)) call.pause();
  }

  const leave = calls.add(() => {
    stop();
    call.emit('error', callCancelled());
  });

  function stop(): void {
    over = true;
    leave();
    for (const { timer } of open.values()) clearTimeout(timer);
    open.clear();
  }

  function start(options: AppendOptions, part: BatchAppendPart, key: string): OpenAppend | undefined {
    const { stream, expected, deadline } = options;
    if (stream === undefined || stream === '') {
      answer(encodeBatchFailure(part.correlation, '', badRequest('Required field StreamIdentifier not set.')));
      return undefined;
    }
    if (expected === undefined) {
      answer(
        encodeBatchFailure(part.correlation, stream, badRequest('Required field ExpectedStreamPosition not set.')),
      );
      return undefined;
    }
    const left = Math.min((deadline ?? Infinity) - Date.now(), LONGEST_OPEN_MS);
    if (left <= 0) {
      answer(encodeBatchFailure(part.correlation, stream, TIMEOUT));
      return undefined;
    }
    const append: OpenAppend = {
      stream,
      expected,
      events: [],
      size: 0,
      expiresAt: Date.now() + left,
      timer: undefined,
    };
    if (part.isFinal) return append;
    if (open.size >= MOST_OPEN) {
      answer(encodeBatchFailure(part.correlation, stream, badRequest('too many unfinished appends')));
      return undefined;
    }
    const expire = (): void => {
      open.delete(key);
      answer(encodeBatchFailure(part.correlation, stream, TIMEOUT));
      finishWhenDone();
    };
    append.timer = setTimeout(expire, left);
    open.set(key, append);
    return append;
  }

  function forget(key: string, append: OpenAppend): void {
    clearTimeout(append.timer);
    open.delete(key);
  }

  function receive(part: BatchAppendPart): void {
    if (over) return;
    if (part.correlation.length === 0) {
      stop();
      call.emit('error', invalidArgument('a batch append needs a correlation id'));
      return;
    }
    const key = part.correlation.toString('latin1');
    // Parts of an append that was already answered (too large, too late) find nothing here and are dropped.
    const append = open.get(key) ?? (part.options && start(part.options, part, key));
    if (append === undefined) return;
    const failure = addEvents(append, part);
    if (failure !== undefined) {
      forget(key, append);
      answer(encodeBatchFailure(part.correlation, append.stream, failure));
      return;
    }
    if (!part.isFinal) return;
    forget(key, append);
    commit(part.correlation, append);
  }

  function commit(correlation: Buffer, { stream, expected, events, expiresAt }: OpenAppend): void {
    inFlight += 1;
    if (inFlight >= MOST_IN_FLIGHT) call.pause();
    log
      .append({ stream, expected, events, expiresAt })
      .then(
        (outcome) => encodeOutcome(correlation, stream, expected, outcome),
        () => encodeBatchFailure(correlation, stream, FAILED),
      )
      .then((response) => {
        inFlight -= 1;
        answer(response);
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

function addEvents(append: OpenAppend, part: BatchAppendPart): BatchFailure | undefined {
  for (const event of part.events) {
    append.size += appendSize(event);
    if (append.size > MAX_APPEND_BYTES) return TOO_LARGE;
    try {
      append.events.push(toNewEvent(event));
    } catch (error) {
      return badRequest(error instanceof Error ? error.message : String(error));
    }
  }
  return undefined;
}

function encodeOutcome(
  correlation: Buffer,
  stream: string,
  expected: ExpectedRevision,
  outcome: AppendOutcome,
): Buffer {
  switch (outcome.kind) {
    case 'appended':
      return encodeBatchSuccess(correlation, stream, outcome);
    case 'wrong':
      return encodeBatchFailure(correlation, stream, wrongVersion(outcome.current, expected));
    case 'deleted':
      return encodeBatchFailure(correlation, stream, DELETED_STREAM);
    case 'expired':
      return encodeBatchFailure(correlation, stream, TIMEOUT);
    default:
      return outcome satisfies never;
  }
}

/** `event_store.client.WrongExpectedVersion` */
function wrongVersion(current: number, expected: ExpectedRevision): BatchFailure {
  const writer = new ProtobufWriter(32);
  if (current === NO_STREAM) writer.empty(2);
  else writer.uint(1, current);
  if (typeof expected === 'number') writer.uint(3, expected);
  else writer.empty({ any: 4, stream_exists: 5, no_stream: 6 }[expected]);
  return { code: 6, message: 'WrongExpectedVersion', detail: writer.finish() };
}

function badRequest(reason: string): BatchFailure {
  return { code: 3, message: reason, type: 'BadRequest', detail: new ProtobufWriter(64).string(1, reason).finish() };
}
