import { convertToCommandError, type EventStoreDBClient } from '@eventstore/db-client';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { EventStoreUnavailableError } from '../errors.ts';
import { PersistentSubscriptionsClient } from './protocol.ts';
import { ProtobufReader, ProtobufWriter } from './protobuf.ts';
import { readResolvedEvent, type ResolvedEvent, writeUuid } from './recorded-event.ts';

/** What the server does with an event that was not processed. */
export type NackAction = 'park' | 'retry' | 'skip';

export interface ConsumeOptions {
  readonly group: string;
  /** Events that the server sends ahead of their acknowledgement: it bounds what waits here. */
  readonly bufferSize: number;
  /** The server has accepted the subscription. */
  readonly onConfirmation?: () => void;
  /** Milliseconds that it may take to; default 10,000. */
  readonly confirmWithinMs?: number;
}

export interface Subscription {
  /**
   * What has arrived, in parts of at most `most` events; waits for the next events while there are none.
   *
   * @throws CommandError of the client when the subscription fails; it returns when either side has ended it
   */
  batches(most: () => number): AsyncGenerator<readonly ResolvedEvent[], void, void>;
  ack(events: readonly ResolvedEvent[]): void;
  nack(action: NackAction, reason: string, events: readonly ResolvedEvent[]): void;
  /** Ends it; unacknowledged events go to another consumer. */
  unsubscribe(): void;
}

const PATH = '/event_store.client.persistent_subscriptions.PersistentSubscriptions/Read';
const ACTIONS: Readonly<Record<NackAction, number>> = { park: 1, retry: 2, skip: 3 };
const CONFIRMATION = 'confirmation';
const CONFIRM_WITHIN_MS = 10_000;

type Answer = ResolvedEvent | typeof CONFIRMATION;

/** Consumes a persistent subscription to `$all`. */
export async function consume(
  client: EventStoreDBClient,
  { group, bufferSize, onConfirmation = () => undefined, confirmWithinMs = CONFIRM_WITHIN_MS }: ConsumeOptions,
): Promise<Subscription> {
  const arrived: ResolvedEvent[] = [];
  let end: Error | 'ended' | undefined;
  let wake: () => void = () => undefined;
  const finish = (how: Error | 'ended') => {
    clearTimeout(unconfirmed);
    end ??= how;
    wake();
  };
  const call = await client['GRPCStreamCreator'](PersistentSubscriptionsClient, 'consume', open)();
  const unconfirmed = setTimeout(() => {
    finish(new EventStoreUnavailableError(`no subscription within ${confirmWithinMs} ms`));
    call.cancel();
  }, confirmWithinMs);
  call.on('data', (answer: Answer) => {
    clearTimeout(unconfirmed);
    if (answer === CONFIRMATION) onConfirmation();
    else arrived.push(answer);
    wake();
  });
  call.on('error', (error) => finish(convertToCommandError(error)));
  call.on('end', () => finish('ended'));

  return {
    async *batches(most) {
      for (;;) {
        if (end instanceof Error) throw end;
        if (end) return;
        if (arrived.length > 0) yield arrived.splice(0, most());
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    ack: (events) => void call.write(encodeAck(events)),
    nack: (action, reason, events) => void call.write(encodeNack(action, reason, events)),
    unsubscribe() {
      finish('ended');
      call.cancel();
    },
  };

  function open(service: PersistentSubscriptionsClient): ClientDuplexStream<Buffer, Answer> {
    const [metadata, options] = client['callArguments']({}, { deadline: Infinity });
    const opened = service.makeBidiStreamRequest(PATH, (bytes: Buffer) => bytes, readAnswer, metadata, options);
    opened.write(encodeOptions(group, bufferSize));
    return opened;
  }
}

/** `event_store.client.persistent_subscriptions.ReadReq` */
export function encodeOptions(group: string, bufferSize: number): Buffer {
  return new ProtobufWriter(64)
    .message(1, (options) => {
      options.empty(5); // $all
      options.string(2, group).uint(3, bufferSize);
      options.message(4, (uuid) => uuid.empty(2)); // ids as text
    })
    .finish();
}

export function encodeAck(events: readonly ResolvedEvent[]): Buffer {
  return new ProtobufWriter(64 + 48 * events.length)
    .message(2, (ack) => events.forEach((event) => ack.message(2, writeUuid(idOf(event)))))
    .finish();
}

export function encodeNack(action: NackAction, reason: string, events: readonly ResolvedEvent[]): Buffer {
  return new ProtobufWriter(256)
    .message(3, (nack) => {
      for (const event of events) nack.message(2, writeUuid(idOf(event)));
      nack.uint(3, ACTIONS[action]).string(4, reason);
    })
    .finish();
}

/** The server knows an event that was delivered by a link under the link's id. */
function idOf({ event, link }: ResolvedEvent): string {
  const id = link?.id ?? event?.id;
  if (id === undefined) throw new TypeError('a delivery has an event or a link');
  return id;
}

/** `event_store.client.persistent_subscriptions.ReadResp` */
export function readAnswer(bytes: Buffer): Answer {
  const reader = new ProtobufReader(bytes);
  let answer: Answer = CONFIRMATION;
  while (reader.next()) {
    if (reader.field === 1) answer = readResolvedEvent(reader.message());
    else reader.skip();
  }
  return answer;
}
