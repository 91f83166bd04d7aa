import type { handleServerStreamingCall } from '@grpc/grpc-js';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { streams } from './protocol.ts';
import type { IdForm } from './event-codec.ts';
import { encodeReadEvent } from './event-codec.ts';
import type { RecordedEvent, ResolvedEvent } from './events.ts';
import { DELETED } from './events.ts';
import type { EventFilter, EventPredicate } from './filter.ts';
import { predicateOf } from './filter.ts';
import type { EventLog } from './log.ts';
import type { Page, StreamRead } from './log-reader.ts';
import type { OpenCalls } from './open-calls.ts';
import { ProtobufWriter } from './protobuf.ts';
import { invalidArgument, streamDeleted, toRpcError, unreadable } from './rpc-errors.ts';
import type { ResponseSink } from './response-sink.ts';
import { createResponseSink } from './response-sink.ts';
import { subscribeToAll, subscribeToStream } from './catch-up.ts';

/** Events asked of the log at a time. */
const PAGE_EVENTS = 256;

export interface FilterWindow {
  readonly matches: EventPredicate;
  /** Events looked at between two checkpoints. */
  readonly checkpointInterval: number;
}

/** The reading half of `event_store.client.streams.Streams`: reads and catch-up subscriptions. */
export function createReadHandler(
  log: EventLog,
  calls: OpenCalls,
  newId: () => string,
): handleServerStreamingCall<ReadReq, Buffer> {
  return (call) => {
    const sink = createResponseSink(call, calls);
    serve(log, newId, call.request, sink)
      .then(() => sink.end())
      .catch((error: unknown) => sink.fail(toRpcError(error)));
  };
}

async function serve(log: EventLog, newId: () => string, request: ReadReq, sink: ResponseSink): Promise<void> {
  const options = request.getOptions();
  if (options === undefined) throw invalidArgument('a read needs options');
  const ids: IdForm = options.getUuidOption()?.hasStructured() === true ? 'structured' : 'text';
  const resolve = options.getResolveLinks() ? log.resolve : unresolved;
  const send = (event: RecordedEvent): boolean => sink.write(encodeReadEvent(resolve(event), ids));
  const backwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
  const stream = options.getStream();
  const all = options.getAll();
  const name = Buffer.from(stream?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString();
  if (options.hasSubscription()) {
    if (backwards) throw invalidArgument('a subscription reads forwards');
    const subscription = { log, sink, send, id: newId() };
    if (stream !== undefined) {
      await subscribeToStream(subscription, requireName(name), startAfter(stream));
      return;
    }
    const filter = filterOf(options);
    await subscribeToAll(subscription, startAfterPosition(all), filter);
    return;
  }
  const count = Number(options.getCount());
  if (count === 0) throw unreadable();
  if (stream !== undefined) {
    const from = stream.hasRevision() ? Math.min(Number(stream.getRevision()), DELETED) : edge(stream.hasEnd());
    await readStream(log, sink, send, { stream: requireName(name), from, count, backwards });
  } else if (all !== undefined) {
    const from = all.hasPosition() ? Number(all.getPosition()?.getCommitPosition()) : edge(all.hasEnd());
    await readAll(log, sink, send, { from: Math.min(from, DELETED), count, backwards, filter: filterOf(options) });
  } else throw invalidArgument('a read needs a stream or $all');
}

function unresolved(event: RecordedEvent): ResolvedEvent {
  return { event, link: undefined };
}

function edge(atEnd: boolean): number {
  return atEnd ? DELETED : 0;
}

function requireName(stream: string): string {
  if (stream === '') throw invalidArgument('a read needs a stream name');
  return stream;
}

interface StreamRange {
  readonly stream: string;
  readonly from: number;
  readonly count: number;
  readonly backwards: boolean;
}

async function readStream(
  log: EventLog,
  sink: ResponseSink,
  send: (event: RecordedEvent) => boolean,
  { stream, from, count, backwards }: StreamRange,
): Promise<void> {
  let next = from;
  let left = count;
  while (!sink.closed) {
    const page: StreamRead = log.readStream(stream, { from: next, limit: Math.min(PAGE_EVENTS, left), backwards });
    if (page.kind === 'deleted') throw streamDeleted(stream);
    if (page.kind === 'missing') {
      sink.write(encodeStreamNotFound(stream));
      return;
    }
    await sendAll(sink, page.events, send);
    left -= page.events.length;
    next = page.next;
    if (page.atEnd || left <= 0) return;
  }
}

interface AllRange {
  readonly from: number;
  readonly count: number;
  readonly backwards: boolean;
  readonly filter: FilterWindow | undefined;
}

async function readAll(
  log: EventLog,
  sink: ResponseSink,
  send: (event: RecordedEvent) => boolean,
  { from, count, backwards, filter }: AllRange,
): Promise<void> {
  let next = from;
  let left = count;
  while (!sink.closed && left > 0) {
    const limit = filter === undefined ? Math.min(PAGE_EVENTS, left) : PAGE_EVENTS;
    const page: Page = log.readAll({ from: next, limit, backwards });
    const events = filter === undefined ? page.events : page.events.filter(filter.matches).slice(0, left);
    await sendAll(sink, events, send);
    left -= events.length;
    next = page.next;
    if (page.atEnd) return;
  }
}

/** Sends a page and gives way to other calls; waits while the client does not take what was sent. */
async function sendAll(
  sink: ResponseSink,
  events: readonly RecordedEvent[],
  send: (event: RecordedEvent) => boolean,
): Promise<void> {
  for (const event of events) if (!send(event)) await sink.drained();
  await sink.turn();
}

function encodeStreamNotFound(stream: string): Buffer {
  return new ProtobufWriter(64).message(4, (missing) => missing.message(1, (name) => name.string(3, stream))).finish();
}

type Options = NonNullable<ReturnType<ReadReq['getOptions']>>;
type StreamOptions = NonNullable<ReturnType<Options['getStream']>>;
type AllOptions = NonNullable<ReturnType<Options['getAll']>>;

/** Revision after which a subscription starts; `undefined` for the end. */
function startAfter(stream: StreamOptions): number | undefined {
  if (stream.hasRevision()) return Math.min(Number(stream.getRevision()), DELETED - 1);
  return stream.hasEnd() ? undefined : -1;
}

function startAfterPosition(all: AllOptions | undefined): number | undefined {
  if (all?.hasPosition() === true) return Math.min(Number(all.getPosition()?.getCommitPosition()), DELETED - 1);
  return all?.hasEnd() === true ? undefined : -1;
}

/** Default of EventStoreDB for the number of events looked at in one go. */
const DEFAULT_WINDOW = 32;

function filterOf(options: Options): FilterWindow | undefined {
  const filter = options.getFilter();
  if (filter === undefined) return undefined;
  const expression = filter.getStreamIdentifier() ?? filter.getEventType();
  if (expression === undefined) throw invalidArgument('a filter needs an expression');
  const window = filter.hasMax() ? filter.getMax() : DEFAULT_WINDOW;
  const regex = expression.getRegex();
  return {
    matches: checkedPredicate({
      on: filter.hasStreamIdentifier() ? 'stream' : 'type',
      prefixes: expression.getPrefixList(),
      regex: regex === '' ? undefined : regex,
    }),
    checkpointInterval: Math.max(1, window * Math.max(1, filter.getCheckpointintervalmultiplier())),
  };
}

function checkedPredicate(filter: EventFilter): EventPredicate {
  try {
    return predicateOf(filter);
  } catch (error) {
    throw invalidArgument(error instanceof Error ? error.message : String(error));
  }
}
