import { double, isNumber, numeric, typeName, type Value } from '../bson/values.ts';
import { compare } from '../bson/compare.ts';
import { codes, MongoError } from '../errors.ts';
import { arithmetic, type Num } from '../write/numbers.ts';
import { Double } from 'bson';
import { operands, type Evaluate, type Operator } from './operands.ts';

function isNullish(value: Value | undefined): value is null | undefined {
  return value === undefined || value === null;
}

/** Integer overflow turns into a double, as in MongoDB's aggregation. */
export function addNumbers(left: Num, right: Num): Num {
  return arithmetic('add', left, right) ?? double(Number(numeric(left)) + Number(numeric(right)));
}

function notNumeric(name: string, value: Value): MongoError {
  return new MongoError(
    name === '$add' ? codes.TypeMismatch : 16555,
    `${name} only supports numeric${name === '$add' || name === '$subtract' ? ' or date' : ''} types, not ${typeName(value)}`,
  );
}

const add: Operator = (argument, compile, name) => {
  const list = operands(argument, compile, name, 0, 1000);
  return (scope) => {
    let sum: Num = 0;
    let date = false;
    for (const item of list) {
      const value = item(scope);
      if (isNullish(value)) return null;
      if (value instanceof Date) {
        if (date) throw new MongoError(16612, 'only one date allowed in an $add expression');
        date = true;
        sum = addNumbers(sum, BigInt(value.getTime()));
      } else if (isNumber(value)) sum = addNumbers(sum, value);
      else throw notNumeric(name, value);
    }
    return date ? new Date(Math.round(Number(numeric(sum)))) : sum;
  };
};

const subtract: Operator = (argument, compile, name) => {
  const [left, right] = operands(argument, compile, name, 2) as [Evaluate, Evaluate];
  return (scope) => {
    const a = left(scope);
    const b = right(scope);
    if (isNullish(a) || isNullish(b)) return null;
    if (a instanceof Date && b instanceof Date) return BigInt(a.getTime() - b.getTime());
    if (a instanceof Date && isNumber(b)) return new Date(a.getTime() - Math.round(Number(numeric(b))));
    if (!isNumber(a)) throw notNumeric(name, a);
    if (!isNumber(b)) throw notNumeric(name, b);
    return arithmetic('subtract', a, b) ?? double(Number(numeric(a)) - Number(numeric(b)));
  };
};

const multiply: Operator = (argument, compile, name) => {
  const list = operands(argument, compile, name, 0, 1000);
  return (scope) => {
    let product: Num = 1;
    for (const item of list) {
      const value = item(scope);
      if (isNullish(value)) return null;
      if (!isNumber(value)) throw notNumeric(name, value);
      product = arithmetic('multiply', product, value) ?? double(Number(numeric(product)) * Number(numeric(value)));
    }
    return product;
  };
};

function divided(code: number, calculate: (a: Num, b: Num) => Num): Operator {
  return (argument, compile, name) => {
    const [left, right] = operands(argument, compile, name, 2) as [Evaluate, Evaluate];
    return (scope) => {
      const a = left(scope);
      const b = right(scope);
      if (isNullish(a) || isNullish(b)) return null;
      if (!isNumber(a) || !isNumber(b))
        throw new MongoError(code + 1, `${name} only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
      if (Number(numeric(b)) === 0) throw new MongoError(code, `can't ${name} by zero`);
      return calculate(a, b);
    };
  };
}

const divide = divided(codes.BadValue, (a, b) => double(Number(numeric(a)) / Number(numeric(b))));
const mod = divided(16610, (a, b) => {
  const x = numeric(a);
  const y = numeric(b);
  const integers =
    !(a instanceof Double) &&
    !(b instanceof Double) &&
    [x, y].every((n) => typeof n === 'bigint' || Number.isInteger(n));
  if (!integers) return double(Number(x) % Number(y));
  return typeof x === 'number' && typeof y === 'number' ? (x % y) + 0 : BigInt(x) % BigInt(y);
});

/** A function of one number that keeps integers as they are, unless `onIntegers` says otherwise. */
function ofOne(
  onDoubles: (value: number) => number,
  onIntegers: (value: number | bigint) => number | bigint = (value) => value,
): Operator {
  return (argument, compile, name) => {
    const [item] = operands(argument, compile, name, 1) as [Evaluate];
    return (scope) => {
      const value = item(scope);
      if (isNullish(value)) return null;
      if (!isNumber(value)) throw new MongoError(28765, `${name} only supports numeric types, not ${typeName(value)}`);
      const number = numeric(value);
      if (value instanceof Double || !(typeof number === 'bigint' || Number.isInteger(number)))
        return double(onDoubles(Number(number)));
      return onIntegers(number);
    };
  };
}

function absolute(value: number | bigint): number | bigint {
  if (typeof value === 'bigint') return value < 0n ? -value : value;
  return value === -2147483648 ? 2147483648n : Math.abs(value);
}

/** `$round` and `$trunc`: half to even for the first; places as the second argument. */
function toPlaces(adjust: (scaled: number) => number): Operator {
  return (argument, compile, name) => {
    const [item, places] = operands(argument, compile, name, 1, 2) as [Evaluate, Evaluate | undefined];
    return (scope) => {
      const value = item(scope);
      const digits = places === undefined ? 0 : places(scope);
      if (isNullish(value) || isNullish(digits)) return null;
      if (!isNumber(value) || !isNumber(digits)) throw new MongoError(51081, `${name} only supports numeric types`);
      const by = Number(numeric(digits));
      if (!Number.isInteger(by) || by < -20 || by > 100)
        throw new MongoError(51082, `cannot apply ${name} with precision value ${by} value must be in [-20, 100]`);
      const number = numeric(value);
      const isInteger = !(value instanceof Double) && (typeof number === 'bigint' || Number.isInteger(number));
      if (isInteger && by >= 0) return value;
      const exact = Number(`${adjust(Number(`${Number(number)}e${by}`))}e${-by}`);
      return isInteger ? (typeof number === 'bigint' ? BigInt(exact) : exact) : double(exact);
    };
  };
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** `$sum`, `$avg`, `$min` and `$max` of arguments or of one array, outside `$group`. */
function overValues(reduce: (values: Value[]) => Value): Operator {
  return (argument, compile) => {
    const single = Array.isArray(argument) ? undefined : compile(argument);
    const list = Array.isArray(argument) ? argument.map(compile) : [];
    return (scope) => {
      if (single === undefined) return reduce(list.map((item) => item(scope) ?? null));
      const value = single(scope);
      return reduce(Array.isArray(value) ? value : [value ?? null]);
    };
  };
}

export function sumOf(values: readonly Value[]): Num {
  let sum: Num = 0;
  for (const value of values) if (isNumber(value)) sum = addNumbers(sum, value);
  return sum;
}

function averageOf(values: readonly Value[]): Value {
  const numbers = values.filter(isNumber);
  return numbers.length === 0 ? null : double(Number(numeric(sumOf(numbers))) / numbers.length);
}

function extreme(values: readonly Value[], sign: 1 | -1): Value {
  let best: Value = null;
  for (const value of values) if (value !== null && (best === null || sign * compare(value, best) > 0)) best = value;
  return best;
}

function toNumber(target: 'int' | 'long' | 'double'): Operator {
  return (argument, compile, name) => {
    const [item] = operands(argument, compile, name, 1) as [Evaluate];
    return (scope) => {
      const value = item(scope);
      return isNullish(value) ? null : convert(value, target, name);
    };
  };
}

function convert(value: Value, target: 'int' | 'long' | 'double', name: string): Value {
  const failed = (): MongoError =>
    new MongoError(
      codes.ConversionFailure,
      `Failed to convert '${typeName(value)}' to ${target} in ${name} with no onError value`,
    );
  let number: number | bigint;
  if (isNumber(value)) number = numeric(value);
  else if (typeof value === 'boolean') number = value ? 1 : 0;
  else if (value instanceof Date && target !== 'int') number = value.getTime();
  else if (typeof value === 'string' && /^[-+]?\d+$/.test(value)) number = BigInt(value);
  else if (typeof value === 'string' && target === 'double' && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value))
    number = Number(value);
  else throw failed();
  if (target === 'double') return double(Number(number));
  if (typeof number === 'number' && !Number.isFinite(number)) throw failed();
  const whole = typeof number === 'bigint' ? number : BigInt(Math.trunc(number));
  const bits = target === 'int' ? 32 : 64;
  if (BigInt.asIntN(bits, whole) !== whole) throw failed();
  return target === 'int' ? Number(whole) : whole;
}

export const arithmeticOperators: readonly (readonly [string, Operator])[] = [
  ['$add', add],
  ['$subtract', subtract],
  ['$multiply', multiply],
  ['$divide', divide],
  ['$mod', mod],
  ['$abs', ofOne(Math.abs, absolute)],
  ['$ceil', ofOne(Math.ceil)],
  ['$floor', ofOne(Math.floor)],
  ['$round', toPlaces(halfToEven)],
  ['$trunc', toPlaces(Math.trunc)],
  ['$sum', overValues(sumOf)],
  ['$avg', overValues(averageOf)],
  ['$min', overValues((values) => extreme(values, -1))],
  ['$max', overValues((values) => extreme(values, 1))],
  ['$toInt', toNumber('int')],
  ['$toLong', toNumber('long')],
  ['$toDouble', toNumber('double')],
  [
    '$isNumber',
    (argument, compile, name) => {
      const [item] = operands(argument, compile, name, 1) as [Evaluate];
      return (scope) => isNumber(item(scope));
    },
  ],
];
