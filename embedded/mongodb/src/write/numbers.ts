import { Double } from 'bson';
import { codes, MongoError } from '../errors.ts';
import { double, numeric } from '../bson/values.ts';

type Num = number | bigint | Double;

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

function isDouble(value: Num): boolean {
  return value instanceof Double || (typeof value === 'number' && !Number.isInteger(value));
}

/** Adds or multiplies as MongoDB does: a double wins over int64 over int32; int32 grows to int64, int64 does not grow. */
export function arithmetic(op: 'add' | 'subtract' | 'multiply', left: Num, right: Num): Num | undefined {
  const a = numeric(left);
  const b = numeric(right);
  if (isDouble(left) || isDouble(right)) return double(apply(op, Number(a), Number(b)));
  if (typeof a === 'number' && typeof b === 'number') {
    const exact = apply(op, a, b);
    if (Number.isSafeInteger(exact)) return exact >= -2147483648 && exact <= 2147483647 ? exact + 0 : BigInt(exact);
  }
  const wide = applyWide(op, BigInt(a), BigInt(b));
  return wide < int64Min || wide > int64Max ? undefined : wide;
}

function apply(op: 'add' | 'subtract' | 'multiply', a: number, b: number): number {
  return op === 'add' ? a + b : op === 'subtract' ? a - b : a * b;
}

function applyWide(op: 'add' | 'subtract' | 'multiply', a: bigint, b: bigint): bigint {
  return op === 'add' ? a + b : op === 'subtract' ? a - b : a * b;
}

/** The same with an overflow as the error that an update gives. */
export function updateArithmetic(op: 'add' | 'multiply', path: string, left: Num, right: Num): Num {
  const result = arithmetic(op, left, right);
  if (result === undefined)
    throw new MongoError(
      codes.BadValue,
      `Failed to apply $${op === 'add' ? 'inc' : 'mul'} operations to current value of '${path}': overflow of a 64-bit integer`,
    );
  return result;
}

export type { Num };
