import type { Binary, Double, ObjectId } from 'bson';
import type { Document } from './values.ts';
import { numeric, typeOf, types, type Value } from './values.ts';

/**
 * Position of a type in MongoDB's comparison order, also the first byte of its index key. `emptyArray` is where an
 * empty array stands in a multikey index.
 */
export const order = {
  emptyArray: 0x0f,
  null: 0x14,
  number: 0x1e,
  string: 0x3c,
  object: 0x46,
  array: 0x50,
  binData: 0x5a,
  objectId: 0x64,
  bool: 0x6e,
  date: 0x78,
} as const;

const orderOfType = new Map<number, number>([
  [types.null, order.null],
  [types.int, order.number],
  [types.long, order.number],
  [types.double, order.number],
  [types.string, order.string],
  [types.object, order.object],
  [types.array, order.array],
  [types.binData, order.binData],
  [types.objectId, order.objectId],
  [types.bool, order.bool],
  [types.date, order.date],
]);

/** The comparison class of a value; values of different classes never equal each other. */
export function orderOf(value: Value): number {
  return orderOfType.get(typeOf(value)) ?? 0;
}

/** MongoDB's total order over all values (a missing one counts as null). */
export function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  const classOfA = orderOf(a);
  const difference = classOfA - orderOf(b);
  if (difference !== 0) return difference;
  switch (classOfA) {
    case order.number:
      return compareNumbers(a as number, b as number);
    case order.object:
      return compareDocuments(a as Document, b as Document);
    case order.array:
      return compareArrays(a as Value[], b as Value[]);
    case order.binData:
      return compareBinary(a as Binary, b as Binary);
    case order.objectId:
      return Buffer.compare((a as ObjectId).id, (b as ObjectId).id);
    case order.bool:
      return Number(a) - Number(b);
    case order.date:
      return (a as Date).getTime() - (b as Date).getTime();
    default:
      return 0;
  }
}

export function equal(a: Value, b: Value): boolean {
  return compare(a, b) === 0;
}

/** Numbers of any type by value; NaN equals itself and comes before all others. */
export function compareNumbers(left: number | bigint | Double, right: number | bigint | Double): number {
  const a = numeric(left);
  const b = numeric(right);
  if (a < b) return -1;
  if (a > b) return 1;
  const aIsNaN = Number.isNaN(a);
  return aIsNaN === Number.isNaN(b) ? 0 : aIsNaN ? -1 : 1;
}

/** By bytes of UTF-8, which is not the order of UTF-16 where surrogates are involved. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? codePointRank(x) - codePointRank(y) : x - y;
  }
  return a.length - b.length;
}

function codePointRank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

function compareDocuments(a: Document, b: Document): number {
  const keysOfA = Object.keys(a);
  const keysOfB = Object.keys(b);
  const length = Math.min(keysOfA.length, keysOfB.length);
  for (let i = 0; i < length; i += 1) {
    const keyOfA = keysOfA[i] ?? '';
    const keyOfB = keysOfB[i] ?? '';
    const left = a[keyOfA] ?? null;
    const right = b[keyOfB] ?? null;
    const difference = orderOf(left) - orderOf(right) || compareStrings(keyOfA, keyOfB) || compare(left, right);
    if (difference !== 0) return difference;
  }
  return keysOfA.length - keysOfB.length;
}

function compareArrays(a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const difference = compare(a[i] ?? null, b[i] ?? null);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function compareBinary(a: Binary, b: Binary): number {
  return a.length() - b.length() || a.sub_type - b.sub_type || Buffer.compare(a.value(), b.value());
}
