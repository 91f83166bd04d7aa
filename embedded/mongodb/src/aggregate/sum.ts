import { Double } from 'bson';
import { double, integer, isNumber, numeric, type Value } from '../bson/values.ts';

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/** The sum of the numbers that it is given; other values count nothing. */
export interface Sum {
  add(value: Value | undefined): void;
  result(): Value;
}

/** Adds as MongoDB does: integers exactly, doubles with their rounding errors carried along. */
export function createSum(): Sum {
  let small = 0;
  let large = 0n;
  let hasLong = false;
  let doubles: ReturnType<typeof createDoubleSum> | undefined;
  return {
    add(value) {
      if (typeof value === 'number' && Number.isInteger(value)) {
        small += value;
        if (Math.abs(small) < 2 ** 52) return;
        large += BigInt(small);
        small = 0;
      } else if (typeof value === 'bigint') {
        large += value;
        hasLong = true;
      } else if (isNumber(value)) {
        doubles ??= createDoubleSum();
        doubles.add(Number(numeric(value)));
      }
    },
    result() {
      const whole = large + BigInt(small);
      if (doubles !== undefined) {
        const nearest = Number(whole);
        doubles.add(nearest);
        doubles.add(Number(whole - BigInt(nearest)));
        return double(doubles.result());
      }
      if (whole < int64Min || whole > int64Max) return new Double(Number(whole));
      return hasLong ? whole : integer(whole);
    },
  };
}

/** A sum in two doubles (Knuth's two-sum). */
function createDoubleSum() {
  let plain = 0;
  let sum = 0;
  let error = 0;
  return {
    add(value: number) {
      plain += value;
      const next = sum + value;
      const part = next - sum;
      error += sum - (next - part) + (value - part);
      sum = next;
    },
    /** An infinity leaves no error that could be computed. */
    result: () => (Number.isFinite(plain) ? sum + error : plain),
  };
}
