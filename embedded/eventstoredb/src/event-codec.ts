import type { RecordedEvent, ResolvedEvent } from './events.ts';
import { DELETED, DELETED_ON_WIRE, original } from './events.ts';
import { ProtobufWriter } from './protobuf.ts';

/** Whether a client wants event ids as text or as two 64-bit halves. */
export type IdForm = 'text' | 'structured';

const DELETED_REVISION = BigInt(DELETED_ON_WIRE);

/** `streams.ReadResp` with an event. Written by hand because it is what a server writes most of the time. */
export function encodeReadEvent(resolved: ResolvedEvent, ids: IdForm): Buffer {
  return new ProtobufWriter(sizeHint(resolved))
    .message(1, (readEvent) => writeEvents(readEvent, resolved, ids))
    .finish();
}

/** `persistent_subscriptions.ReadResp` with an event: the same and the retry count. */
export function encodeDelivery(resolved: ResolvedEvent, ids: IdForm, retryCount: number): Buffer {
  return new ProtobufWriter(sizeHint(resolved))
    .message(1, (readEvent) => {
      writeEvents(readEvent, resolved, ids);
      readEvent.uint(5, retryCount);
    })
    .finish();
}

function writeEvents(writer: ProtobufWriter, resolved: ResolvedEvent, ids: IdForm): void {
  const { event, link } = resolved;
  if (event !== undefined) writer.message(1, (message) => writeRecorded(message, event, ids));
  if (link !== undefined) writer.message(2, (message) => writeRecorded(message, link, ids));
  writer.uint(3, original(resolved).position);
}

function writeRecorded(writer: ProtobufWriter, event: RecordedEvent, ids: IdForm): void {
  writer.message(1, (id) => writeUuid(id, event.id, ids));
  writer.message(2, (identifier) => identifier.string(3, event.stream));
  if (event.revision === DELETED) writer.bigUint(3, DELETED_REVISION);
  else writer.uint(3, event.revision);
  writer.uint(4, event.position);
  writer.uint(5, event.position);
  writer.message(6, (entry) => entry.string(1, 'type').string(2, event.type));
  writer.message(6, (entry) => entry.string(1, 'created').string(2, `${event.created}0000`));
  writer.message(6, (entry) =>
    entry.string(1, 'content-type').string(2, event.isJson ? 'application/json' : 'application/octet-stream'),
  );
  writer.bytes(7, event.metadata);
  writer.bytes(8, event.data);
}

function writeUuid(writer: ProtobufWriter, id: string, form: IdForm): void {
  if (form === 'text') {
    writer.string(2, id);
    return;
  }
  const hex = id.replaceAll('-', '');
  writer.message(1, (structured) =>
    structured.bigUint(1, BigInt(`0x${hex.slice(0, 16)}`)).bigUint(2, BigInt(`0x${hex.slice(16)}`)),
  );
}

function sizeHint({ event, link }: ResolvedEvent): number {
  return 32 + sizeOf(event) + sizeOf(link);
}

function sizeOf(event: RecordedEvent | undefined): number {
  if (event === undefined) return 0;
  return 192 + event.data.length + event.metadata.length + event.stream.length * 2 + event.type.length * 2;
}
