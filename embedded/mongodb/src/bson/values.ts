import type { Binary } from 'bson';
import { Double, ObjectId } from 'bson';

/**
 * A decoded document. Its prototype chain holds nothing, so that fields named `constructor` or `__proto__` are
 * plain fields and a missing one is always undefined.
 */
export class Document {
  [field: string]: Value | undefined;
}
Object.setPrototypeOf(Document.prototype, null);
Reflect.deleteProperty(Document.prototype, 'constructor');

/**
 * A decoded BSON value. An int32 is an integral `number`, an int64 a `bigint`; a double is a `number` unless it is
 * integral (or -0), which `Double` keeps apart from the integers.
 */
export type Value = null | boolean | number | bigint | string | Date | Double | ObjectId | Binary | Document | Value[];

/** A document that is already BSON, to be copied into a reply as it is. */
export class RawDocument {
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

export const types = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  int: 16,
  long: 18,
} as const;

const typeNames = new Map<number, string>(Object.entries(types).map(([name, code]) => [code, name]));

/** BSON type number of a value. */
export function typeOf(value: Value): number {
  switch (typeof value) {
    case 'string':
      return types.string;
    case 'number':
      return Number.isInteger(value) ? types.int : types.double;
    case 'boolean':
      return types.bool;
    case 'bigint':
      return types.long;
    case 'object':
      break;
    default:
      throw new TypeError(`not a BSON value: ${typeof value}`);
  }
  if (value === null) return types.null;
  if (value instanceof Document) return types.object;
  if (Array.isArray(value)) return types.array;
  if (value instanceof Date) return types.date;
  if (value instanceof Double) return types.double;
  if (value instanceof ObjectId) return types.objectId;
  return types.binData;
}

/** MongoDB's name of a value's type, `missing` for none. */
export function typeName(value: Value | undefined): string {
  return value === undefined ? 'missing' : (typeNames.get(typeOf(value)) ?? 'unknown');
}

export function isNumber(value: Value | undefined): value is number | bigint | Double {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Double;
}

/** The number itself, a bigint only for an int64. */
export function numeric(value: number | bigint | Double): number | bigint {
  return value instanceof Double ? value.value : value;
}

/** A double as a value: integral ones are wrapped, so that they stay doubles. */
export function double(value: number): number | Double {
  return Number.isInteger(value) ? new Double(value) : value;
}

/** An integer as int32 when it fits and int64 otherwise. */
export function integer(value: number | bigint): number | bigint {
  return value >= -2147483648 && value <= 2147483647 ? Number(value) : BigInt(value);
}

/** Builds a document from name and value pairs. */
export function documentOf(entries: Iterable<readonly [string, Value]>): Document {
  const document = new Document();
  for (const [name, value] of entries) document[name] = value;
  return document;
}
