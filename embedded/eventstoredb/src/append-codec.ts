import type { ExpectedRevision, NewEvent } from './events.ts';
import { DELETED, EMPTY, NO_STREAM } from './events.ts';
import type { AppendOutcome } from './log.ts';
import { MalformedMessage, ProtobufReader, ProtobufWriter } from './protobuf.ts';

/** A proposed event as it came: without its required metadata until that has been checked. */
export interface ProposedEvent extends Omit<NewEvent, 'type' | 'isJson'> {
  readonly type: string | undefined;
  readonly contentType: string | undefined;
}

export interface AppendOptions {
  readonly stream: string | undefined;
  readonly expected: ExpectedRevision | undefined;
  /** Milliseconds since 1970. */
  readonly deadline: number | undefined;
}

/** One message of `streams.BatchAppend`: the start, a part or the end of one append. */
export interface BatchAppendPart {
  /** The client's id, encoded as it came: it is only ever sent back. */
  readonly correlation: Buffer;
  readonly options: AppendOptions | undefined;
  readonly events: readonly ProposedEvent[];
  readonly isFinal: boolean;
}

/** One message of the unary-response `streams.Append`. */
export type AppendPart = { readonly options: AppendOptions } | { readonly event: ProposedEvent } | undefined;

export function decodeBatchAppend(bytes: Buffer): BatchAppendPart {
  const reader = new ProtobufReader(bytes);
  let correlation = EMPTY;
  let options: AppendOptions | undefined;
  let isFinal = false;
  const events: ProposedEvent[] = [];
  while (reader.next()) {
    if (reader.field === 1) correlation = reader.bytes();
    else if (reader.field === 2) options = decodeOptions(reader.message());
    else if (reader.field === 3) events.push(decodeProposed(reader.message()));
    else if (reader.field === 4) isFinal = reader.bool();
    else reader.skip();
  }
  return { correlation, options, events, isFinal };
}

export function decodeAppend(bytes: Buffer): AppendPart {
  const reader = new ProtobufReader(bytes);
  let part: AppendPart;
  while (reader.next()) {
    if (reader.field === 1) part = { options: decodeOptions(reader.message()) };
    else if (reader.field === 2) part = { event: decodeProposed(reader.message()) };
    else reader.skip();
  }
  return part;
}

function decodeOptions(reader: ProtobufReader): AppendOptions {
  let stream: string | undefined;
  let expected: ExpectedRevision | undefined;
  let deadline: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) stream = decodeStreamName(reader.message());
    else if (reader.field === 2) expected = Math.min(reader.uint(), DELETED);
    else if (reader.field >= 3 && reader.field <= 5) {
      expected = (['no_stream', 'any', 'stream_exists'] as const)[reader.field - 3];
      reader.skip();
    } else if (reader.field === 6) deadline = decodeTimestamp(reader.message());
    else reader.skip();
  }
  return { stream, expected, deadline };
}

function decodeStreamName(reader: ProtobufReader): string {
  let name = '';
  while (reader.next()) {
    if (reader.field === 3) name = reader.string();
    else reader.skip();
  }
  return name;
}

function decodeTimestamp(reader: ProtobufReader): number {
  let milliseconds = 0;
  while (reader.next()) {
    if (reader.field === 1) milliseconds += Number(reader.bigInt64()) * 1000;
    else if (reader.field === 2) milliseconds += Number(reader.bigInt64()) / 1e6;
    else reader.skip();
  }
  return milliseconds;
}

function decodeProposed(reader: ProtobufReader): ProposedEvent {
  let id = '';
  let data = EMPTY;
  let metadata = EMPTY;
  let type: string | undefined;
  let contentType: string | undefined;
  while (reader.next()) {
    if (reader.field === 1) id = decodeUuid(reader.message());
    else if (reader.field === 2) {
      const [key, value] = decodeEntry(reader.message());
      if (key === 'type') type = value;
      else if (key === 'content-type') contentType = value;
    } else if (reader.field === 3) metadata = reader.bytes();
    else if (reader.field === 4) data = reader.bytes();
    else reader.skip();
  }
  return { id, type, contentType, data, metadata };
}

function decodeEntry(reader: ProtobufReader): [key: string, value: string] {
  let key = '';
  let value = '';
  while (reader.next()) {
    if (reader.field === 1) key = reader.string();
    else if (reader.field === 2) value = reader.string();
    else reader.skip();
  }
  return [key, value];
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

/** @throws MalformedMessage when it is no UUID */
export function decodeUuid(reader: ProtobufReader): string {
  let id = '';
  while (reader.next()) {
    if (reader.field === 1) id = decodeStructured(reader.message());
    else if (reader.field === 2) id = reader.string().toLowerCase();
    else reader.skip();
  }
  if (!UUID.test(id)) throw new MalformedMessage(`'${id.slice(0, 40)}' is not a UUID`);
  return id;
}

function decodeStructured(reader: ProtobufReader): string {
  let high = 0n;
  let low = 0n;
  while (reader.next()) {
    if (reader.field === 1) high = reader.bigInt64();
    else if (reader.field === 2) low = reader.bigInt64();
    else reader.skip();
  }
  const hex = [high, low].map((half) => BigInt.asUintN(64, half).toString(16).padStart(16, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, '$1-$2-$3-$4-$5');
}

/** `AppendResp` of a successful append, or `BatchAppendResp.Success`: they have the same fields. */
export function writeAppended(writer: ProtobufWriter, { revision, position }: Appended): void {
  if (revision === NO_STREAM) writer.empty(2);
  else writer.uint(1, revision);
  if (position === undefined) writer.empty(4);
  else writer.message(3, (all) => all.uint(1, position).uint(2, position));
}

export type Appended = Extract<AppendOutcome, { kind: 'appended' }>;

/** `streams.BatchAppendResp` for an append that was made. */
export function encodeBatchSuccess(correlation: Buffer, stream: string, outcome: Appended): Buffer {
  return new ProtobufWriter(160)
    .bytes(1, correlation)
    .message(3, (success) => writeAppended(success, outcome))
    .message(4, (identifier) => identifier.string(3, stream))
    .finish();
}

/** `streams.BatchAppendResp` with a `google.rpc.Status` whose detail says why. */
export function encodeBatchFailure(correlation: Buffer, stream: string, failure: BatchFailure): Buffer {
  const { code, message, detail } = failure;
  const type = `type.googleapis.com/event_store.client.${failure.type ?? message}`;
  return new ProtobufWriter(256)
    .bytes(1, correlation)
    .message(2, (status) =>
      status
        .uint(1, code)
        .string(2, message)
        .message(3, (any) => any.string(1, type).bytes(2, detail ?? EMPTY)),
    )
    .message(4, (identifier) => identifier.string(3, stream))
    .finish();
}

export interface BatchFailure {
  /** `google.rpc.Code` */
  readonly code: number;
  readonly message: string;
  /** Name of the detail's message type, where it is not `message`. */
  readonly type?: string;
  readonly detail?: Buffer;
}
