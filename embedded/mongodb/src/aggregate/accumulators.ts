import { Double } from 'bson';
import { compare } from '../bson/compare.ts';
import { encodeKey } from '../bson/keys.ts';
import { Document, double, isNumber, numeric, type Value } from '../bson/values.ts';
import { MongoError } from '../errors.ts';
import type { Num } from '../write/numbers.ts';
import { addNumbers } from './arithmetic.ts';
import { mergeDocuments } from './array-operators.ts';
import { compile } from './expressions.ts';
import type { Evaluate, Scope } from './operands.ts';

/** What one group gathers for one of its fields. */
export interface Accumulator {
  add(scope: Scope): void;
  result(): Value;
}

export type CreateAccumulator = () => Accumulator;

/** int32s are summed as plain numbers as long as that is exact. */
function summing(evaluate: Evaluate): Accumulator & { readonly count: () => number; readonly sum: () => Num } {
  let small = 0;
  let large: Num = 0;
  let count = 0;
  const sum = (): Num => addNumbers(large, small >= -2147483648 && small <= 2147483647 ? small : BigInt(small));
  return {
    add(scope) {
      const value = evaluate(scope);
      if (typeof value === 'number' && Number.isInteger(value)) {
        small += value;
        count += 1;
        if (!Number.isSafeInteger(small)) {
          large = addNumbers(addNumbers(large, BigInt(small - value)), value);
          small = 0;
        }
      } else if (isNumber(value)) {
        large = addNumbers(large, value);
        count += 1;
      }
    },
    sum,
    result: sum,
    count: () => count,
  };
}

function constantSum(each: number): Accumulator {
  let sum = 0;
  return {
    add: () => void (sum += each),
    result: () => (sum >= -2147483648 && sum <= 2147483647 ? sum : BigInt(sum)),
  };
}

function average(evaluate: Evaluate): Accumulator {
  const total = summing(evaluate);
  return {
    add: (scope) => total.add(scope),
    result: () => (total.count() === 0 ? null : double(Number(numeric(total.sum())) / total.count())),
  };
}

function extreme(evaluate: Evaluate, sign: 1 | -1): Accumulator {
  let best: Value = null;
  return {
    add(scope) {
      const value = evaluate(scope);
      if (value !== undefined && value !== null && (best === null || sign * compare(value, best) > 0)) best = value;
    },
    result: () => best,
  };
}

function first(evaluate: Evaluate): Accumulator {
  let found: Value | undefined;
  return {
    add: (scope) => void (found ??= evaluate(scope) ?? null),
    result: () => found ?? null,
  };
}

function last(evaluate: Evaluate): Accumulator {
  let found: Value = null;
  return {
    add: (scope) => void (found = evaluate(scope) ?? null),
    result: () => found,
  };
}

const maxGroupedItems = 5_000_000;

function push(evaluate: Evaluate): Accumulator {
  const items: Value[] = [];
  return {
    add(scope) {
      const value = evaluate(scope);
      if (value !== undefined) items.push(value);
      if (items.length > maxGroupedItems)
        throw new MongoError(146, '$push used too much memory and cannot spill to disk.');
    },
    result: () => items,
  };
}

function addToSet(evaluate: Evaluate): Accumulator {
  const items = new Map<string, Value>();
  return {
    add(scope) {
      const value = evaluate(scope);
      if (value !== undefined) items.set(groupKey(value), value);
    },
    result: () => [...items.values()],
  };
}

function merging(evaluate: Evaluate): Accumulator {
  let merged = new Document();
  return {
    add: (scope) => void (merged = mergeDocuments([merged, evaluate(scope)])),
    result: () => merged,
  };
}

const accumulators: ReadonlyMap<string, (evaluate: Evaluate) => Accumulator> = new Map<
  string,
  (evaluate: Evaluate) => Accumulator
>([
  ['$sum', summing],
  ['$avg', average],
  ['$min', (evaluate) => extreme(evaluate, -1)],
  ['$max', (evaluate) => extreme(evaluate, 1)],
  // $first takes the first document's value even when that is missing
  ['$first', first],
  ['$last', last],
  ['$push', push],
  ['$addToSet', addToSet],
  ['$mergeObjects', merging],
]);

/** @throws MongoError 15952 for an accumulator that is not offered */
export function parseAccumulator(field: string, spec: Value): CreateAccumulator {
  if (field.includes('.')) throw new MongoError(40235, `The field name '${field}' cannot contain '.'`);
  if (field.startsWith('$')) throw new MongoError(40236, `The field name '${field}' cannot be an operator name`);
  if (!(spec instanceof Document)) throw new MongoError(40234, `The field '${field}' must be an accumulator object`);
  const entries = Object.entries(spec) as [string, Value][];
  const [entry] = entries;
  if (entry === undefined || entries.length > 1)
    throw new MongoError(40238, `The field '${field}' must specify one accumulator`);
  const [name, argument] = entry;
  if (name === '$count') {
    if (!(argument instanceof Document) || Object.keys(argument).length > 0)
      throw new MongoError(9, '$count takes no arguments, i.e. $count:{}');
    return () => constantSum(1);
  }
  const create = accumulators.get(name);
  if (create === undefined) throw new MongoError(15952, `unknown group operator '${name}'`);
  if (Array.isArray(argument)) throw new MongoError(40237, `The ${name} accumulator is a unary operator`);
  if (name === '$sum' && typeof argument === 'number' && Number.isInteger(argument)) return () => constantSum(argument);
  const evaluate = compile(argument);
  return () => create(evaluate);
}

/** Text that is the same exactly for values that MongoDB holds equal. */
export function groupKey(value: Value): string {
  if (typeof value === 'string') return `s${value}`;
  if (value === null) return 'n';
  if (typeof value === 'number') return `i${value + 0}`;
  if (typeof value === 'bigint') return `i${value.toString()}`;
  if (value instanceof Double && Number.isFinite(value.value))
    return `i${Number.isInteger(value.value) ? BigInt(value.value).toString() : value.value}`;
  return `k${encodeKey(value).toString('latin1')}`;
}
