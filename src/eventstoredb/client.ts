import { BACKWARDS, END, EventStoreDBClient, type Position } from '@eventstore/db-client';
import {
  Channel,
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  connectivityState,
  credentials,
  status,
} from '@grpc/grpc-js';
import type { InternalChannel } from '@grpc/grpc-js/build/src/internal-channel.js';
import { EventStoreUnavailableError, isUnavailable } from './errors.ts';
import { settleWithin } from '../time-limit.ts';

/** Finds a half-open connection within 6 s (the client's own default is 20 s, and it warns of less at every start). */
const KEEP_ALIVE = { 'grpc.keepalive_time_ms': 3000, 'grpc.keepalive_timeout_ms': 3000 };

/** Bytes of a call that the server may send before earlier ones are read; HTTP/2's 64 kB are some 70 events. */
const RECEIVE_WINDOW = 2 ** 20;

/**
 * A client that writes ahead and has a wider receive window, and the service's keep-alive unless the connection string
 * has its own.
 *
 * @param url `esdb://…` or `esdb+discover://…`; credentials belong here (per-call ones make appends slower)
 */
export function connectEventStore(url: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(url);
  const isKeepAliveSet = /[?&]keep[_-]?alive/i.test(url);
  exchangeChannels(client, {
    'grpc-node.flow_control_window': RECEIVE_WINDOW,
    ...(!isKeepAliveSet && KEEP_ALIVE),
  });
  // The client asks a node what it can do, and keeps an answer that failed. Any node can that the service runs on.
  client['supports'] = () => Promise.resolve(true);
  return client;
}

/** What a channel of gRPC was made of. */
interface ChannelParts {
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

/**
 * The client takes no options for its channels, so each one it makes is exchanged for one of our own. When it finds no
 * node of a cluster, it says so in an error without a code or a type.
 */
function exchangeChannels(client: EventStoreDBClient, more: ChannelOptions): void {
  const createChannel = client['createChannel'] as () => Promise<Channel>;
  const handleError = client['handleError'] as (...parameters: unknown[]) => Promise<void>;
  // It waits for the next channel, and nobody waits for it: without a node, its rejection would end the process.
  client['handleError'] = (...parameters: unknown[]) => handleError(...parameters).catch(() => undefined);
  client['createChannel'] = async () => {
    const plain = await createChannel().catch((cause: unknown) => {
      throw new EventStoreUnavailableError('no node of the event store answers', { cause });
    });
    const { credentials: own, options } = plain['internalChannel'] as unknown as ChannelParts;
    plain.close();
    const channel = new Channel(plain.getTarget(), own, { ...options, ...more });
    letCallsWriteAhead(channel);
    return channel;
  };
}

/**
 * gRPC takes the next message of a call when the last one has left the process, a turn of the event loop later. All
 * appends share one call, so each would leave in a turn of its own, and be answered and committed alone
 * (docs/adr/0012). HTTP/2 keeps the messages in order, within its window; an error of a write still ends the call.
 */
function letCallsWriteAhead(channel: Channel): void {
  const internal = channel['internalChannel'] as unknown as InternalChannel;
  const createCall = internal.createLoadBalancingCall.bind(internal);
  internal.createLoadBalancingCall = (...parameters) => {
    const call = createCall(...parameters);
    const send = call.sendMessageWithContext.bind(call);
    let isConnected = false; // until then, gRPC has room for one message
    call.sendMessageWithContext = ({ callback, ...context }, message) => {
      if (isConnected) {
        send(context, message);
        if (callback) process.nextTick(callback);
        return;
      }
      const written = (error?: Error | null) => {
        isConnected = true;
        callback?.(error);
      };
      send({ ...context, callback: written }, message);
    };
    return call;
  };
}

/**
 * Bounds a store call by a time limit of our own, since the client's `deadline` does not end a call on a server
 * that has stopped answering.
 *
 * @param ms milliseconds
 * @throws EventStoreUnavailableError when time is up or the server is away; other errors pass through
 */
export function withTimeLimit<T>(ms: number, call: Promise<T>, onTimeout?: () => void): Promise<T> {
  const timeUp = () => {
    onTimeout?.();
    return new EventStoreUnavailableError(`no answer from the event store within ${Math.round(ms)} ms`);
  };
  return settleWithin(ms, call, timeUp, (error) =>
    isUnavailable(error) && !(error instanceof EventStoreUnavailableError)
      ? new EventStoreUnavailableError('the event store is away', { cause: error })
      : error,
  );
}

/**
 * The position of the newest event of the log: the cheapest proof that the event store answers.
 *
 * @param ms milliseconds that the answer may take
 * @throws EventStoreUnavailableError
 */
export async function readHead(client: EventStoreDBClient, ms: number): Promise<Position | undefined> {
  const reading = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 });
  const readToItsEnd = async () => {
    let head: Position | undefined;
    // One that is left half-way would keep the client from being disposed of.
    for await (const { event } of reading) head = event?.position;
    return head;
  };
  return withTimeLimit(ms, readToItsEnd(), () => giveUp(reading));
}

/** Cancels a read. One that could not begin yet, and then does not, fails to be cancelled as well. */
export function giveUp(reading: { cancel(): Promise<void> }): void {
  reading.cancel().catch(() => undefined);
}

/**
 * Makes sure that the event store answers; gives up a connection that was accepted and then never answered on. gRPC
 * would wait on it for ever, since it sends its pings only once a connection is established.
 *
 * @throws EventStoreUnavailableError; the next call connects anew
 */
export async function ensureConnected(client: EventStoreDBClient, ms: number): Promise<void> {
  const channel = await withTimeLimit(ms, client['getChannel']());
  try {
    await readHead(client, ms);
  } catch (error) {
    if (channel.getConnectivityState(false) === connectivityState.CONNECTING) {
      const stuck = new Client('', credentials.createInsecure(), { channelOverride: channel });
      const neverAnswered = Object.assign(new Error('never answered'), { code: status.UNAVAILABLE });
      await client['handleError'](stuck, neverAnswered);
    }
    throw error;
  }
}
