import { Binary, BSONRegExp, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { badValue, codes, MongoError, notImplemented } from '../errors.ts';
import { Document, double, types, type Value } from './values.ts';

/** MongoDB allows 100 levels in a stored document, 200 on the wire. */
export const maxDepth = 180;

const unsupportedTypes = new Map([
  [6, 'the BSON type undefined'],
  [12, 'the BSON type dbPointer'],
  [13, 'the BSON type javascript'],
  [14, 'the BSON type symbol'],
  [15, 'the BSON type javascriptWithScope'],
  [19, 'the BSON type decimal128'],
]);

function invalid(why: string): MongoError {
  return new MongoError(codes.InvalidBSON, `invalid BSON: ${why}`);
}

/**
 * Walks a document that came from outside: lengths, terminators, depth and types. Everything else in this server
 * reads bytes that passed here and does not check again.
 *
 * @returns the document's end
 * @throws MongoError InvalidBSON, or NotImplemented for a type that this server refuses
 */
export function validate(bytes: Buffer, start: number, limit: number, depth = 0): number {
  if (depth > maxDepth) throw new MongoError(15, `exceeded depth limit of ${maxDepth} nested levels`);
  if (limit - start < 5) throw invalid('truncated document');
  const size = bytes.readInt32LE(start);
  if (size < 5 || size > limit - start) throw invalid('document length out of bounds');
  const last = start + size - 1;
  if (bytes[last] !== 0) throw invalid('document without terminator');
  let at = start + 4;
  while (at < last) {
    const type = bytes[at] ?? 0;
    const nameEnd = bytes.indexOf(0, at + 1);
    if (nameEnd === -1 || nameEnd >= last) throw invalid('unterminated field name');
    at = validateValue(type, bytes, nameEnd + 1, last, depth);
  }
  if (at !== last) throw invalid('value exceeds its document');
  return start + size;
}

function validateValue(type: number, bytes: Buffer, at: number, last: number, depth: number): number {
  if (type === types.object || type === types.array) return validate(bytes, at, last, depth + 1);
  const unsupported = unsupportedTypes.get(type);
  if (unsupported !== undefined) throw notImplemented(unsupported);
  let end: number;
  switch (type) {
    case types.string: {
      const length = last - at >= 4 ? bytes.readInt32LE(at) : 0;
      end = at + 4 + length;
      if (length < 1 || end > last || bytes[end - 1] !== 0) throw invalid('string length out of bounds');
      break;
    }
    case types.binData: {
      const length = last - at >= 5 ? bytes.readInt32LE(at) : -1;
      end = at + 5 + length;
      if (length < 0) throw invalid('binary length out of bounds');
      break;
    }
    case types.regex: {
      const middle = bytes.indexOf(0, at);
      const close = middle === -1 ? -1 : bytes.indexOf(0, middle + 1);
      if (close === -1) throw invalid('unterminated regular expression');
      end = close + 1;
      // The driver refuses others too, on either end.
      if (!/^[ilmsux]*$/.test(bytes.toString('latin1', middle + 1, close)))
        throw badValue('unknown regular expression option');
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

function fixedSize(type: number): number {
  switch (type) {
    case types.int:
      return 4;
    case types.double:
    case types.date:
    case types.timestamp:
    case types.long:
      return 8;
    case types.objectId:
      return 12;
    case types.null:
    case types.minKey:
    case types.maxKey:
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
    case types.regex:
      return bytes.indexOf(0, bytes.indexOf(0, at) + 1) + 1 - at;
    default:
      return fixedSize(type);
  }
}

function readMillis(bytes: Buffer, at: number): number {
  return bytes.readInt32LE(at + 4) * 4294967296 + bytes.readUInt32LE(at);
}

/** Where a field name that starts at a place ends (its terminator). */
export function nameEnd(bytes: Buffer, start: number): number {
  let end = start;
  while (bytes[end] !== 0) end += 1;
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
    case types.regex: {
      const middle = nameEnd(bytes, at);
      return new BSONRegExp(
        bytes.toString('utf8', at, middle),
        bytes.toString('utf8', middle + 1, nameEnd(bytes, middle + 1)),
      );
    }
    case types.int:
      return bytes.readInt32LE(at);
    case types.timestamp:
      return new Timestamp(bytes.readBigUInt64LE(at));
    case types.long:
      return bytes.readBigInt64LE(at);
    case types.minKey:
      return new MinKey();
    case types.maxKey:
      return new MaxKey();
    default:
      throw invalid(`unknown type ${type}`);
  }
}
