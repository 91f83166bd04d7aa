import type { handleServerStreamingCall } from '@grpc/grpc-js';
import type { RecordedEvent, ResolvedEvent } from '../log/events.ts';
import { DELETED } from '../log/events.ts';
import type { EventLog } from '../log/log.ts';
import { eventMessage } from '../wire/event-message.ts';
import {
  type AllPlace,
  assertTextIds,
  type FilterMessage,
  identifier,
  type Int64,
  nameOf,
  type Request,
  required,
  type StreamPlace,
  type UuidOption,
} from '../wire/messages.ts';
import type { OpenCalls } from '../wire/open-calls.ts';
import { encoderOf } from '../wire/protocol.ts';
import type { ResponseSink } from '../wire/response-sink.ts';
import { createResponseSink } from '../wire/response-sink.ts';
import { invalidArgument, streamDeleted, toRpcError, unreadable } from '../wire/rpc-errors.ts';
import { subscribeToAll, subscribeToStream } from './catch-up.ts';
import { type FilterWindow, windowOf } from './filter.ts';

interface ReadOptions {
  readonly stream: StreamPlace | null;
  readonly all: AllPlace | null;
  readonly readDirection: number;
  readonly resolveLinks: boolean;
  readonly extent?: 'count' | 'subscription';
  readonly count: Int64;
  readonly filter: FilterMessage | null;
  readonly uuidOption: UuidOption | null;
}

const encode = encoderOf('streams.ReadResp');

const BACKWARDS = 1;

/** Events asked of the log at a time. */
const PAGE_EVENTS = 256;

/** What a read sends its events to. */
interface Receiver {
  readonly log: EventLog;
  readonly sink: ResponseSink;
  /** False when the client does not keep up. */
  readonly send: (event: RecordedEvent) => boolean;
}

/** `Streams.Read`: reads and catch-up subscriptions. */
export function createReadHandler(
  log: EventLog,
  calls: OpenCalls,
  newId: () => string,
): handleServerStreamingCall<Request<ReadOptions>, Buffer> {
  return (call) => {
    const sink = createResponseSink(call, calls);
    serve(log, newId, call.request, sink)
      .then(() => sink.end())
      .catch((error: unknown) => sink.fail(toRpcError(error)));
  };
}

async function serve(
  log: EventLog,
  newId: () => string,
  request: Request<ReadOptions>,
  sink: ResponseSink,
): Promise<void> {
  const options = required(request.options);
  const { stream, all, extent } = options;
  assertTextIds(options.uuidOption);
  const resolve = options.resolveLinks ? log.resolve : unresolved;
  const send = (event: RecordedEvent): boolean => sink.write(encode({ event: eventMessage(resolve(event)) }));
  const receiver: Receiver = { log, sink, send };
  const backwards = options.readDirection === BACKWARDS;
  if (extent === 'subscription') {
    if (backwards) throw invalidArgument('a subscription reads forwards');
    const subscription = { ...receiver, id: newId() };
    if (stream !== null) await subscribeToStream(subscription, nameOf(stream.streamIdentifier), startAfter(stream));
    else await subscribeToAll(subscription, startAfter(required(all)), windowOf(options.filter));
    return;
  }
  const count = options.count.toNumber();
  if (count === 0) throw unreadable();
  if (stream !== null) {
    await readStream(receiver, nameOf(stream.streamIdentifier), { from: startAt(stream), count, backwards });
  } else {
    const range = { from: startAt(required(all, 'stream')), count, backwards };
    await readAll(receiver, range, windowOf(options.filter));
  }
}

function unresolved(event: RecordedEvent): ResolvedEvent {
  return { event, link: undefined };
}

/** The revision or position that a place names. */
function numberOf(place: StreamPlace | AllPlace): number {
  const named = 'revision' in place ? place.revision : place.position?.commitPosition;
  return Math.min(named?.toNumber() ?? 0, DELETED);
}

function startAt(place: StreamPlace | AllPlace): number {
  return place.place === 'end' ? DELETED : numberOf(place);
}

/** Revision or position after which a subscription starts; `undefined` for the end. */
function startAfter(place: StreamPlace | AllPlace): number | undefined {
  if (place.place === 'end') return undefined;
  return place.place === 'start' ? -1 : Math.min(numberOf(place), DELETED - 1);
}

interface Range {
  readonly from: number;
  readonly count: number;
  readonly backwards: boolean;
}

async function readStream(receiver: Receiver, stream: string, { from, count, backwards }: Range): Promise<void> {
  const { log, sink } = receiver;
  let next = from;
  let left = count;
  while (!sink.closed && left > 0) {
    const page = log.readStream(stream, { from: next, limit: Math.min(PAGE_EVENTS, left), backwards });
    if (page.kind === 'deleted') throw streamDeleted(stream);
    if (page.kind === 'missing') {
      sink.write(encode({ streamNotFound: { streamIdentifier: identifier(stream) } }));
      return;
    }
    await sendAll(receiver, page.events);
    left -= page.events.length;
    next = page.next;
    if (page.atEnd) return;
  }
}

async function readAll(
  receiver: Receiver,
  { from, count, backwards }: Range,
  filter: FilterWindow | undefined,
): Promise<void> {
  const { log, sink } = receiver;
  let next = from;
  let left = count;
  while (!sink.closed && left > 0) {
    const limit = filter === undefined ? Math.min(PAGE_EVENTS, left) : PAGE_EVENTS;
    const page = log.readAll({ from: next, limit, backwards });
    const events = filter === undefined ? page.events : page.events.filter(filter.matches).slice(0, left);
    await sendAll(receiver, events);
    left -= events.length;
    next = page.next;
    if (page.atEnd) return;
  }
}

/** Sends a page and gives way to other calls; waits while the client does not take what was sent. */
async function sendAll({ sink, send }: Receiver, events: readonly RecordedEvent[]): Promise<void> {
  for (const event of events) if (!send(event)) await sink.drained();
  await sink.turn();
}
