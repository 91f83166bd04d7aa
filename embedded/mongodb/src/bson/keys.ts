import type { Binary, ObjectId } from 'bson';
import { order, orderOf } from './compare.ts';
import type { Document } from './values.ts';
import { numeric, type Value } from './values.ts';

/**
 * Index keys: bytes whose memcmp order is MongoDB's order of the values, prefix-free, and equal exactly for values
 * that MongoDB holds equal (5, 5.0 and NumberLong(5) among them).
 */
export function encodeKey(value: Value): Buffer {
  const parts: Buffer[] = [];
  append(value, parts);
  return parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts);
}

/** The key in descending order. */
export function invert(key: Buffer): Buffer {
  const inverted = Buffer.allocUnsafe(key.length);
  for (let i = 0; i < key.length; i += 1) inverted[i] = 255 - (key[i] ?? 0);
  return inverted;
}

/** The first key after all those that begin with the given bytes. */
export function successor(key: Buffer): Buffer {
  let last = key.length - 1;
  while (last >= 0 && key[last] === 255) last -= 1;
  if (last < 0) throw new RangeError('a key never consists of 0xff only');
  const next = Buffer.from(key.subarray(0, last + 1));
  next[last] = (next[last] ?? 0) + 1;
  return next;
}

export const emptyArrayKey = Buffer.from([order.emptyArray]);

function append(value: Value, parts: Buffer[]): void {
  const type = orderOf(value);
  switch (type) {
    case order.number:
      parts.push(numberKey(numeric(value as number)));
      return;
    case order.string:
      parts.push(stringKey(type, value as string));
      return;
    case order.object:
      parts.push(Buffer.from([type]));
      for (const [name, field] of Object.entries(value as Document)) {
        // MongoDB compares a field's type first, then its name, then its value.
        parts.push(stringKey(orderOf(field ?? null), name));
        append(field ?? null, parts);
      }
      parts.push(Buffer.from([0]));
      return;
    case order.array:
      parts.push(Buffer.from([type]));
      for (const item of value as Value[]) append(item, parts);
      parts.push(Buffer.from([0]));
      return;
    case order.binData: {
      const binary = value as Binary;
      const head = Buffer.alloc(6);
      head[0] = type;
      head.writeUInt32BE(binary.length(), 1);
      head[5] = binary.sub_type;
      parts.push(head, Buffer.from(binary.value()));
      return;
    }
    case order.objectId:
      parts.push(Buffer.from([type]), Buffer.from((value as ObjectId).id));
      return;
    case order.bool:
      parts.push(Buffer.from([type, value === true ? 1 : 0]));
      return;
    case order.date:
      parts.push(integerKey(type, (value as Date).getTime()));
      return;
    default:
      parts.push(Buffer.from([type]));
  }
}

/** Text with 0x00 escaped as 00 ff, ended by 00 01, so that a shorter text comes first whatever follows it. */
function stringKey(type: number, text: string): Buffer {
  const key = Buffer.allocUnsafe(text.length * 3 + 3);
  key[0] = type;
  const size = key.write(text, 1);
  if (text.includes('\0')) {
    const escaped = Buffer.from(key.toString('latin1', 1, size + 1).replaceAll('\0', '\0\xff'), 'latin1');
    return Buffer.concat([key.subarray(0, 1), escaped, Buffer.from([0, 1])]);
  }
  key[size + 1] = 0;
  key[size + 2] = 1;
  return key.subarray(0, size + 3);
}

/**
 * The nearest double in an order-keeping form, then how far an int64 is from it: rounding keeps the order, and the
 * rest decides between integers that share a double.
 */
function numberKey(value: number | bigint): Buffer {
  const key = Buffer.alloc(11);
  key[0] = order.number;
  if (Number.isNaN(value)) return key;
  const nearest = Number(value) + 0;
  key.writeDoubleBE(nearest === 0 ? 0 : nearest, 1);
  if (nearest < 0) for (let i = 1; i < 9; i += 1) key[i] = 255 - (key[i] ?? 0);
  else key[1] = (key[1] ?? 0) | 0x80;
  const rest = typeof value === 'bigint' ? Number(value - BigInt(nearest)) : 0;
  key.writeUInt16BE(rest + 0x8000, 9);
  return key;
}

function integerKey(type: number, value: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  const high = Math.floor(value / 4294967296);
  key[0] = type;
  key.writeUInt32BE(high + 0x80000000, 1);
  key.writeUInt32BE(value - high * 4294967296, 5);
  return key;
}
