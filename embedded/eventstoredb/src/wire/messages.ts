import { DELETED, EMPTY, type ExpectedRevision } from '../log/events.ts';
import type { WirePosition } from './position.ts';
import { handlerFailed, invalidArgument } from './rpc-errors.ts';

/** A 64-bit integer as it is decoded. Beyond 2^53 it loses precision, which here only ever means "very far". */
export interface Int64 {
  toNumber(): number;
  toString(): string;
}

/** Bytes that were not sent are decoded as an empty array. */
type Bytes = Buffer | readonly never[];

/** Stands for "yes" where a choice has no value of its own. */
type Chosen = object | null;

export interface StreamIdentifier {
  readonly streamName: Bytes;
}

export interface Uuid {
  readonly string: string;
}

export interface StreamPlace {
  readonly streamIdentifier: StreamIdentifier | null;
  readonly place?: 'revision' | 'start' | 'end';
  readonly revision: Int64;
}

export interface AllPlace {
  readonly place?: 'position' | 'start' | 'end';
  readonly position: WirePosition | null;
  readonly filter: FilterMessage | null;
}

export interface FilterMessage {
  readonly streamIdentifier: Expression | null;
  readonly eventType: Expression | null;
  readonly window?: 'max' | 'count';
  readonly max: number;
  readonly checkpointIntervalMultiplier: number;
}

interface Expression {
  readonly regex: string;
  readonly prefix: readonly string[];
}

export interface UuidOption {
  readonly content?: 'structured' | 'string';
}

export interface WriteOptions {
  readonly streamIdentifier: StreamIdentifier | null;
  readonly expected?: 'revision' | 'noStream' | 'any' | 'streamExists';
  readonly revision: Int64;
  readonly deadline: { readonly seconds: Int64; readonly nanos: number } | null;
}

export interface ProposedMessage {
  readonly id: Uuid | null;
  readonly metadata: Readonly<Record<string, string | undefined>>;
  readonly customMetadata: Bytes;
  readonly data: Bytes;
}

/** A group's subject: a stream, or the whole log. */
export interface Target {
  readonly streamIdentifier: StreamIdentifier | null;
  readonly all: Chosen;
}

export interface Request<Options> {
  readonly options: Options | null;
}

/** @throws RpcError when it is missing */
export function required<T>(value: T | null | undefined, what = 'options'): T {
  if (value === null || value === undefined) throw invalidArgument(`the request lacks its ${what}`);
  return value;
}

export function bytesOf(sent: Bytes): Buffer {
  return Buffer.isBuffer(sent) ? sent : EMPTY;
}

/** @throws RpcError when there is no name */
export function nameOf(identifier: StreamIdentifier | null): string {
  const name = identifier?.streamName.toString() ?? '';
  if (name === '') throw handlerFailed("Value cannot be null. (Parameter 'value')");
  return name;
}

/**
 * The name of a stream to write to.
 *
 * @throws RpcError when there is none, or it stands for metadata of no stream, which makes EventStoreDB end itself, or
 * for metadata of metadata, which is not served
 */
export function writableNameOf(identifier: StreamIdentifier | null): string {
  const name = nameOf(identifier);
  if (name === '$$' || name.startsWith('$$$$')) throw handlerFailed(`'${name}' is the metadata of no stream`);
  return name;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;
const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

/** @throws RpcError when it is not a UUID in its usual text form */
export function uuidOf(id: Uuid | null): string {
  const text = id?.string.toLowerCase() ?? '';
  if (!UUID.test(text)) throw handlerFailed('Unrecognized Guid format.');
  return text;
}

/** @throws RpcError when it cannot be the id of an event */
export function eventIdOf(id: Uuid | null): string {
  const text = uuidOf(id);
  if (text === ZERO_UUID) throw handlerFailed("Empty eventId provided. (Parameter 'eventId')");
  return text;
}

/** @throws RpcError when a client asks for UUIDs as two numbers, which no supported client does */
export function assertTextIds(option: UuidOption | null): void {
  if (option?.content === 'structured') throw invalidArgument('UUIDs are served in their text form only');
}

/** @throws RpcError when there is none */
export function expectedOf({ expected, revision }: WriteOptions): ExpectedRevision {
  switch (expected) {
    case 'revision':
      return Math.min(revision.toNumber(), DELETED);
    case 'noStream':
      return 'no_stream';
    case 'any':
      return 'any';
    case 'streamExists':
      return 'stream_exists';
    case undefined:
      throw invalidArgument('the request lacks its expected revision');
    default:
      return expected satisfies never;
  }
}

export function identifier(stream: string): { streamName: Buffer } {
  return { streamName: Buffer.from(stream) };
}
