import type { handleServerStreamingCall } from '@grpc/grpc-js';
import type { RecordedEvent, ResolvedEvent } from '../log/events.ts';
import { DELETED } from '../log/events.ts';
import type { EventLog } from '../log/log.ts';
import type { Page, PageRequest } from '../log/log-reader.ts';
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
import { placeOf } from '../wire/position.ts';
import { encoderOf } from '../wire/protocol.ts';
import type { OpenCalls, ResponseSink } from '../wire/response-sink.ts';
import { createResponseSink } from '../wire/response-sink.ts';
import { handlerFailed, invalidArgument, streamDeleted, toRpcError, unreadable } from '../wire/rpc-errors.ts';
import { subscribeToAll, subscribeToStream } from './catch-up.ts';
import { type FilterWindow, windowOf } from './filter.ts';

interface ReadOptions {
  readonly stream: StreamPlace | null;
  readonly all: AllPlace | null;
  readonly readDirection: number;
  readonly resolveLinks: boolean;
  readonly extent?: 'count' | 'subscription';
  readonly count: Int64;
  readonly filterOption?: 'filter' | 'noFilter';
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
  readonly send: (event: RecordedEvent, live?: boolean) => boolean;
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
  const resolve: EventLog['resolve'] = options.resolveLinks ? log.resolve : unresolved;
  const send = (event: RecordedEvent, live = false): boolean =>
    sink.write(encode({ event: eventMessage(resolve(event, live)) }));
  const receiver: Receiver = { log, sink, send };
  const backwards = options.readDirection === BACKWARDS;
  const filterless = options.filterOption === 'noFilter';
  if (extent === undefined || options.filterOption === undefined || (stream !== null && !filterless)) {
    throw invalidArgument('The combination of source, extent, direction and filter is invalid.');
  }
  const window = windowOf(options.filter);
  if (extent === 'subscription') {
    if (backwards) throw invalidArgument('a subscription reads forwards');
    const subscription = { ...receiver, id: newId() };
    if (stream !== null) await subscribeToStream(subscription, nameOf(stream.streamIdentifier), startAfter(stream));
    else await subscribeToAll(subscription, startAfterPlace(log, required(all)), window);
    return;
  }
  const count = options.count.toNumber();
  const first = stream === null ? undefined : revisionOf(stream);
  if (count === 0 || (first === Infinity && !backwards)) throw unreadable('ReadStreamResult');
  if (stream !== null) {
    const name = nameOf(stream.streamIdentifier);
    const range = { from: Math.min(first ?? 0, DELETED), count, backwards };
    await sendPages(receiver, range, undefined, (page) => readStreamPage(receiver, name, page));
    return;
  }
  const from = startAtPlace(log, required(all, 'source'), backwards);
  if (from === undefined) throw unreadable(filterless ? 'ReadAllResult' : 'FilteredReadAllResult');
  await sendPages(receiver, { from, count, backwards }, window, log.readAll);
}

function unresolved(event: RecordedEvent): ResolvedEvent {
  return { event, link: undefined };
}

/** `Infinity` for the end, which EventStoreDB also takes the greatest number for. */
function revisionOf({ place, revision }: StreamPlace): number {
  const number = BigInt(revision.toString());
  if (place === 'end' || number === 2n ** 64n - 1n) return Infinity;
  if (number >= 2n ** 63n) throw handlerFailed('the revision is none');
  return Number(number);
}

/** Revision after which a subscription starts; undefined for the end. */
function startAfter(stream: StreamPlace): number | undefined {
  const after = revisionOf(stream);
  if (after === Infinity) return undefined;
  if (after === 2 ** 63) throw handlerFailed('no revision comes after it'); // rounded from 2^63 - 1
  return stream.place === 'start' ? -1 : Math.min(after, DELETED - 1);
}

/** Place at which a read starts; undefined where it cannot. */
function startAtPlace(log: EventLog, { place, position }: AllPlace, backwards: boolean): number | undefined {
  if (place === 'start') return 0;
  const from = position === null ? Infinity : placeOf(position);
  if (from === Infinity || (from > log.end() - 1 && !backwards)) return DELETED;
  return Number.isInteger(from) && from < log.end() ? from : undefined;
}

/** Place after which a subscription starts; undefined for the end. */
function startAfterPlace(log: EventLog, { place, position }: AllPlace): number | undefined {
  if (place === 'start') return -1;
  const after = position === null ? Infinity : placeOf(position);
  if (after > log.end() - 1) return undefined;
  if (!Number.isInteger(after)) throw handlerFailed('the position is the start of no record');
  return after;
}

interface Range {
  readonly from: number;
  readonly count: number;
  readonly backwards: boolean;
}

/** A page of a stream; empty when there is none, after the client has been told. */
function readStreamPage({ log, sink }: Receiver, stream: string, request: PageRequest): Page {
  const page = log.readStream(stream, request);
  if (page.kind === 'page') return page;
  if (page.kind === 'deleted') throw streamDeleted(stream);
  sink.write(encode({ streamNotFound: { streamIdentifier: identifier(stream) } }));
  return { events: [], next: request.from, atEnd: true };
}

/** Sends page after page, and gives way to other calls; waits while the client does not take what was sent. */
async function sendPages(
  { sink, send }: Receiver,
  { from, count, backwards }: Range,
  filter: FilterWindow | undefined,
  read: (request: PageRequest) => Page,
): Promise<void> {
  let next = from;
  let left = count;
  while (!sink.closed && left > 0) {
    const limit = filter === undefined ? Math.min(PAGE_EVENTS, left) : PAGE_EVENTS;
    const page = read({ from: next, limit, backwards });
    const events = filter === undefined ? page.events : page.events.filter(filter.matches).slice(0, left);
    for (const event of events) if (!send(event)) await sink.drained();
    await sink.turn();
    left -= events.length;
    next = page.next;
    if (page.atEnd) return;
  }
}
