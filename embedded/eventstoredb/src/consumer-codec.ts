import { decodeUuid } from './append-codec.ts';
import type { IdForm } from './event-codec.ts';
import type { NackAction } from './group.ts';
import { ALL } from './group-config.ts';
import { MalformedMessage, ProtobufReader, ProtobufWriter } from './protobuf.ts';

/** What a consumer of a persistent subscription sends. */
export type ConsumerMessage =
  | {
      readonly kind: 'connect';
      readonly stream: string;
      readonly group: string;
      readonly slots: number;
      readonly ids: IdForm;
    }
  | { readonly kind: 'ack'; readonly ids: readonly string[] }
  | { readonly kind: 'nack'; readonly ids: readonly string[]; readonly action: NackAction; readonly reason: string };

/** @throws MalformedMessage */
export function decodeConsumerMessage(bytes: Buffer): ConsumerMessage {
  const reader = new ProtobufReader(bytes);
  let message: ConsumerMessage | undefined;
  while (reader.next()) {
    if (reader.field === 1) message = decodeConnect(reader.message());
    else if (reader.field === 2 || reader.field === 3) message = decodeSettlement(reader.message(), reader.field === 3);
    else reader.skip();
  }
  if (message === undefined) throw new MalformedMessage('a consumer sent neither options nor an ack nor a nack');
  return message;
}

function decodeConnect(reader: ProtobufReader): ConsumerMessage {
  let stream = '';
  let group = '';
  let slots = 0;
  let ids: IdForm = 'text';
  while (reader.next()) {
    if (reader.field === 1) stream = decodeOnly(reader.message(), 3);
    else if (reader.field === 2) group = reader.string();
    else if (reader.field === 3) slots = reader.uint();
    else if (reader.field === 4) {
      const option = reader.message();
      ids = option.next() && option.field === 1 ? 'structured' : 'text';
    } else if (reader.field === 5) {
      stream = ALL;
      reader.skip();
    } else reader.skip();
  }
  return { kind: 'connect', stream, group, slots, ids };
}

function decodeSettlement(reader: ProtobufReader, negative: boolean): ConsumerMessage {
  const ids: string[] = [];
  // EventStoreDB takes an action that it doesn't know as a retry.
  let action: NackAction = 'retry';
  let reason = '';
  while (reader.next()) {
    if (reader.field === 2) ids.push(decodeUuid(reader.message()));
    else if (reader.field === 3)
      action = (['retry', 'park', 'retry', 'skip', 'stop'] as const)[reader.uint()] ?? 'retry';
    else if (reader.field === 4) reason = reader.string();
    else reader.skip();
  }
  return negative ? { kind: 'nack', ids, action, reason } : { kind: 'ack', ids };
}

function decodeOnly(reader: ProtobufReader, field: number): string {
  let value = '';
  while (reader.next()) {
    if (reader.field === field) value = reader.string();
    else reader.skip();
  }
  return value;
}

export function encodeConsumerConfirmation(subscriptionId: string): Buffer {
  return new ProtobufWriter(64).message(2, (confirmation) => confirmation.string(1, subscriptionId)).finish();
}
