import { isUtf8 } from 'node:buffer';
import { Binary, ObjectId } from 'bson';
import { badValue, codes, MongoError, notImplemented } from '../errors.ts';
import { Document, double, types, type Value } from './values.ts';

/** MongoDB allows 180 levels in a stored document, 200 on the wire. */
const maxDepth = 180;

const refusedTypes = new Map([
  [6, 'undefined'],
  [11, 'regex'],
  [12, 'dbPointer'],
  [13, 'javascript'],
  [14, 'symbol'],
  [15, 'javascriptWithScope'],
  [17, 'timestamp'],
  [19, 'decimal128'],
  [127, 'maxKey'],
  [255, 'minKey'],
]);

function invalid(why: string): MongoError {
  return new MongoError(codes.InvalidBSON, `invalid BSON: ${why}`);
}

/**
 * Walks a document that came from outside: lengths, terminators, depth, types and text. Everything else in this
 * server reads bytes that passed here and does not check again.
 *
 * @returns the document's end
 * @throws MongoError InvalidBSON, or NotImplemented for what this server could not give back unchanged
 */
export function validate(bytes: Buffer, start: number, limit: number, depth = 0, isArray = false): number {
  if (depth > maxDepth) throw new MongoError(codes.Overflow, `exceeded depth limit of ${maxDepth} nested levels`);
  if (limit - start < 5) throw invalid('truncated document');
  const size = bytes.readInt32LE(start);
  if (size < 5 || size > limit - start) throw invalid('document length out of bounds');
  const last = start + size - 1;
  if (bytes[last] !== 0) throw invalid('document without terminator');
  let at = start + 4;
  while (at < last) {
    const type = bytes[at] ?? 0;
    const close = nameEnd(bytes, at + 1);
    if (close >= last) throw invalid('unterminated field name');
    if (!isArray) assertName(bytes, at + 1, close);
    at = validateValue(type, bytes, close + 1, last, depth);
  }
  if (at !== last) throw invalid('value exceeds its document');
  return start + size;
}

function validateValue(type: number, bytes: Buffer, at: number, last: number, depth: number): number {
  if (type === types.object || type === types.array) return validate(bytes, at, last, depth + 1, type === types.array);
  const refused = refusedTypes.get(type);
  if (refused !== undefined) throw notImplemented(`the BSON type ${refused}`);
  let end: number;
  switch (type) {
    case types.string: {
      const length = last - at >= 4 ? bytes.readInt32LE(at) : 0;
      end = at + 4 + length;
      if (length < 1 || end > last || bytes[end - 1] !== 0) throw invalid('string length out of bounds');
      assertText(bytes, at + 4, end - 1);
      break;
    }
    case types.binData: {
      const length = last - at >= 5 ? bytes.readInt32LE(at) : -1;
      end = at + 5 + length;
      if (length < 0) throw invalid('binary length out of bounds');
      break;
    }
    case types.bool:
      end = at + 1;
      if ((bytes[at] ?? 2) > 1) throw invalid('boolean is neither 0 nor 1');
      break;
    default:
      end = at + fixedSize(type);
  }
  if (end > last) throw invalid('value exceeds its document');
  if (type === types.date && Math.abs(readMillis(bytes, at)) > 8.64e15) throw badValue('date out of range');
  return end;
}

/** A JavaScript object keeps fields named by numbers in front of all others, whatever their order. */
function assertName(bytes: Buffer, start: number, end: number): void {
  assertText(bytes, start, end);
  const first = bytes[start] ?? 0;
  if (first >= 0x30 && first <= 0x39 && isArrayIndex(bytes.toString('latin1', start, end)))
    throw notImplemented('a number as the name of a field');
}

/** Bytes that are no UTF-8 would not survive being decoded. */
function assertText(bytes: Buffer, start: number, end: number): void {
  let at = start;
  if (end - start <= 64) while (at < end && (bytes[at] ?? 0) < 128) at += 1;
  if (at < end && !isUtf8(bytes.subarray(start, end))) throw invalid('text is not UTF-8');
}

const arrayIndex = /^(?:0|[1-9]\d{0,9})$/;

export function isArrayIndex(name: string): boolean {
  return arrayIndex.test(name);
}

function fixedSize(type: number): number {
  switch (type) {
    case types.int:
      return 4;
    case types.double:
    case types.date:
    case types.long:
      return 8;
    case types.objectId:
      return 12;
    case types.null:
      return 0;
    default:
      throw invalid(`unknown type ${type}`);
  }
}

/** Bytes that a value of this type takes at a place. */
export function valueSize(type: number, bytes: Buffer, at: number): number {
  switch (type) {
    case types.string:
      return 4 + bytes.readInt32LE(at);
    case types.object:
    case types.array:
      return bytes.readInt32LE(at);
    case types.binData:
      return 5 + bytes.readInt32LE(at);
    case types.bool:
      return 1;
    default:
      return fixedSize(type);
  }
}

function readMillis(bytes: Buffer, at: number): number {
  return bytes.readInt32LE(at + 4) * 4294967296 + bytes.readUInt32LE(at);
}

/** Where a field name that starts at a place ends (its terminator). */
function nameEnd(bytes: Buffer, start: number): number {
  let end = start;
  while (bytes[end] !== 0 && end < bytes.length) end += 1;
  return end;
}

/** Short ASCII names are the rule and a native call for each costs more than building them here. */
function readName(bytes: Buffer, start: number, end: number): string {
  if (end - start > 24) return bytes.toString('utf8', start, end);
  let name = '';
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte > 127) return bytes.toString('utf8', start, end);
    name += String.fromCharCode(byte);
  }
  return name;
}

export interface Element {
  readonly name: string;
  readonly type: number;
  readonly at: number;
  readonly end: number;
}

/** The fields of a document, undecoded. */
export function elements(bytes: Buffer, start = 0): Element[] {
  const found: Element[] = [];
  const last = start + bytes.readInt32LE(start) - 1;
  let at = start + 4;
  while (at < last) {
    const type = bytes[at] ?? 0;
    const close = nameEnd(bytes, at + 1);
    const end = close + 1 + valueSize(type, bytes, close + 1);
    found.push({ name: readName(bytes, at + 1, close), type, at: close + 1, end });
    at = end;
  }
  return found;
}

/** Decodes a document, all of it or only some of its top-level fields. */
export function decode(bytes: Buffer, start = 0, only?: ReadonlySet<string>): Document {
  const document = new Document();
  const last = start + bytes.readInt32LE(start) - 1;
  let at = start + 4;
  let missing = only?.size ?? -1;
  while (at < last && missing !== 0) {
    const type = bytes[at] ?? 0;
    const close = nameEnd(bytes, at + 1);
    const name = readName(bytes, at + 1, close);
    if (only === undefined || only.has(name)) {
      if (document[name] !== undefined) throw notImplemented('a field that a document holds twice');
      document[name] = decodeValue(type, bytes, close + 1);
      missing -= 1;
    }
    at = close + 1 + valueSize(type, bytes, close + 1);
  }
  return document;
}

function decodeArray(bytes: Buffer, start: number): Value[] {
  const values: Value[] = [];
  const last = start + bytes.readInt32LE(start) - 1;
  let at = start + 4;
  while (at < last) {
    const type = bytes[at] ?? 0;
    const value = nameEnd(bytes, at + 1) + 1;
    values.push(decodeValue(type, bytes, value));
    at = value + valueSize(type, bytes, value);
  }
  return values;
}

export function decodeValue(type: number, bytes: Buffer, at: number): Value {
  switch (type) {
    case types.double:
      return double(bytes.readDoubleLE(at));
    case types.string:
      return bytes.toString('utf8', at + 4, at + 3 + bytes.readInt32LE(at));
    case types.object:
      return decode(bytes, at);
    case types.array:
      return decodeArray(bytes, at);
    case types.binData: {
      const length = bytes.readInt32LE(at);
      return new Binary(Buffer.from(bytes.subarray(at + 5, at + 5 + length)), bytes[at + 4]);
    }
    case types.objectId:
      return new ObjectId(Buffer.from(bytes.subarray(at, at + 12)));
    case types.bool:
      return bytes[at] === 1;
    case types.date:
      return new Date(readMillis(bytes, at));
    case types.null:
      return null;
    case types.int:
      return bytes.readInt32LE(at);
    case types.long:
      return bytes.readBigInt64LE(at);
    default:
      throw invalid(`unknown type ${type}`);
  }
}
