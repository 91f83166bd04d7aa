import { Double } from 'bson';
import { double, integer, numeric } from '../bson/values.ts';

type Num = number | bigint | Double;

function isDouble(value: Num): boolean {
  return value instanceof Double || (typeof value === 'number' && !Number.isInteger(value));
}

/**
 * Adds as `$inc` does: a double wins over int64 over int32, and an int32 grows to an int64.
 *
 * @returns undefined when an int64 would have to grow
 */
export function add(left: Num, right: Num): Num | undefined {
  const a = numeric(left);
  const b = numeric(right);
  if (isDouble(left) || isDouble(right)) return double(Number(a) + Number(b));
  if (typeof a === 'number' && typeof b === 'number') return integer(a + b);
  const sum = BigInt(a) + BigInt(b);
  return BigInt.asIntN(64, sum) === sum ? sum : undefined;
}
