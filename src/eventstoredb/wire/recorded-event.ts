import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import { MalformedMessage, type ProtobufReader, type ProtobufWriter } from './protobuf.ts';

/** A `ReadEvent`, as both services send it: an event, or a link and the event it leads to unless that is gone. */
export interface ResolvedEvent {
  readonly event: AllStreamRecordedEvent | undefined;
  readonly link: AllStreamRecordedEvent | undefined;
  /** Only counted by persistent subscriptions. */
  readonly retryCount: number;
}

export function readResolvedEvent(reader: ProtobufReader): ResolvedEvent {
  let event: AllStreamRecordedEvent | undefined;
  let link: AllStreamRecordedEvent | undefined;
  let retryCount = 0;
  while (reader.next()) {
    if (reader.field === 1) event = readRecordedEvent(reader.message());
    else if (reader.field === 2) link = readRecordedEvent(reader.message());
    else if (reader.field === 5) retryCount = reader.uint();
    else reader.skip();
  }
  return { event, link, retryCount };
}

const NO_BYTES = Buffer.alloc(0);

/** The same event that the client makes from the generated classes, built straight from the bytes. */
function readRecordedEvent(reader: ProtobufReader): AllStreamRecordedEvent {
  let id = '';
  let streamId = '';
  let revision = 0n;
  let prepare = 0n;
  let commit = 0n;
  let metadata: Buffer = NO_BYTES;
  let data: Buffer = NO_BYTES;
  const system: SystemMetadata = { type: '<no-event-type-provided>', contentType: '', created: '' };
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        id = readUuid(reader.message());
        break;
      case 2:
        streamId = readStreamName(reader.message());
        break;
      case 3:
        revision = reader.bigUint();
        break;
      case 4:
        prepare = reader.bigUint();
        break;
      case 5:
        commit = reader.bigUint();
        break;
      case 6:
        readEntry(reader.message(), system);
        break;
      case 7:
        metadata = reader.bytes();
        break;
      case 8:
        data = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  if (id === '' || streamId === '') throw new MalformedMessage('an event without an id or a stream');
  const isJson = system.contentType === 'application/json';
  return {
    streamId,
    id,
    revision,
    type: system.type,
    data: isJson ? parseJson(data, (text) => text) : plainBytes(data),
    metadata: metadata.length > 0 ? parseJson(metadata, () => plainBytes(metadata)) : undefined,
    isJson,
    created: new Date(Number(system.created.slice(0, -4)) || 0),
    position: { commit, prepare },
  } as AllStreamRecordedEvent;
}

/** `event_store.client.UUID`: text, or two numbers of 64 bits. */
function readUuid(reader: ProtobufReader): string {
  let id = '';
  while (reader.next()) {
    if (reader.field === 1) {
      const halves = reader.message();
      let bits = 0n;
      while (halves.next()) bits |= halves.field === 1 ? halves.bigUint() << 64n : halves.bigUint();
      const hex = bits.toString(16).padStart(32, '0');
      id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    } else if (reader.field === 2) id = reader.string();
    else reader.skip();
  }
  return id;
}

/** Writes ids as text, the way they are read. */
export function writeUuid(id: string): (uuid: ProtobufWriter) => unknown {
  return (uuid) => uuid.string(2, id);
}

function readStreamName(reader: ProtobufReader): string {
  let name = '';
  while (reader.next()) {
    if (reader.field === 3) name = reader.string();
    else reader.skip();
  }
  return name;
}

/** What the server keeps beside an event, in a map of texts. */
interface SystemMetadata {
  type: string;
  contentType: string;
  /** Ticks of 100 ns since 1970, more of them than a number can tell apart. */
  created: string;
}

function readEntry(reader: ProtobufReader, system: SystemMetadata): void {
  let name = '';
  let value = '';
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) value = reader.string();
    else reader.skip();
  }
  if (name === 'type') system.type = value;
  else if (name === 'content-type') system.contentType = value;
  else if (name === 'created') system.created = value;
}

function parseJson(json: Buffer, orElse: (text: string) => unknown): unknown {
  const text = json.toString();
  try {
    return JSON.parse(text);
  } catch {
    return orElse(text);
  }
}

function plainBytes({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
