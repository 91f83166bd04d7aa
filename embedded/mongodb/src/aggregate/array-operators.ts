import { equal } from '../bson/compare.ts';
import { Document, isNumber, numeric, typeName, type Value } from '../bson/values.ts';
import { MongoError } from '../errors.ts';
import { truthy } from '../query/filter.ts';
import { namedOperands, operands, type Evaluate, type Operator, type Scope } from './operands.ts';

function withVariable(scope: Scope, name: string, value: Value): Scope {
  return { root: scope.root, variables: { ...scope.variables, [name]: value } };
}

function arrayOrNull(value: Value | undefined, name: string, code: number): Value[] | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value;
  throw new MongoError(code, `input to ${name} must be an array not ${typeName(value)}`);
}

function nameOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : 'this';
}

const size: Operator = (argument, compile, name) => {
  const [item] = operands(argument, compile, name, 1) as [Evaluate];
  return (scope) => {
    const value = item(scope);
    if (!Array.isArray(value))
      throw new MongoError(17124, `The argument to $size must be an array, but was of type: ${typeName(value)}`);
    return value.length;
  };
};

const arrayElemAt: Operator = (argument, compile, name) => {
  const [item, position] = operands(argument, compile, name, 2) as [Evaluate, Evaluate];
  return (scope) => {
    const array = arrayOrNull(item(scope), '$arrayElemAt', 28689);
    const at = position(scope);
    if (array === null || at === undefined || at === null) return null;
    if (!isNumber(at) || !Number.isInteger(Number(numeric(at))))
      throw new MongoError(28690, '$arrayElemAt needs an integer as its second argument');
    return array.at(Number(numeric(at)));
  };
};

function end(which: 0 | -1): Operator {
  return (argument, compile, name) => {
    const [item] = operands(argument, compile, name, 1) as [Evaluate];
    return (scope) => {
      const array = arrayOrNull(item(scope), name, 28689);
      return array === null ? null : array.at(which);
    };
  };
}

const inOperator: Operator = (argument, compile, name) => {
  const [item, list] = operands(argument, compile, name, 2) as [Evaluate, Evaluate];
  return (scope) => {
    const array = list(scope);
    if (!Array.isArray(array))
      throw new MongoError(40081, `$in requires an array as a second argument, found: ${typeName(array)}`);
    const value = item(scope);
    return value !== undefined && array.some((other) => equal(other, value));
  };
};

const filter: Operator = (argument, compile) => {
  const parts = namedOperands(argument, '$filter', ['input', 'cond'], ['as', 'limit']);
  const input = compile(parts['input'] ?? null);
  const cond = compile(parts['cond'] ?? null);
  const limit = parts['limit'] === undefined ? undefined : compile(parts['limit']);
  const name = nameOf(parts['as']);
  return (scope) => {
    const array = arrayOrNull(input(scope), '$filter', 28651);
    if (array === null) return null;
    const most = limit?.(scope);
    const kept = array.filter((item) => truthy(cond(withVariable(scope, name, item))));
    return isNumber(most) ? kept.slice(0, Number(numeric(most))) : kept;
  };
};

const map: Operator = (argument, compile) => {
  const parts = namedOperands(argument, '$map', ['input', 'in'], ['as']);
  const input = compile(parts['input'] ?? null);
  const body = compile(parts['in'] ?? null);
  const name = nameOf(parts['as']);
  return (scope) => {
    const array = arrayOrNull(input(scope), '$map', 16883);
    return array === null ? null : array.map((item) => body(withVariable(scope, name, item)) ?? null);
  };
};

const reduce: Operator = (argument, compile) => {
  const parts = namedOperands(argument, '$reduce', ['input', 'initialValue', 'in']);
  const input = compile(parts['input'] ?? null);
  const initial = compile(parts['initialValue'] ?? null);
  const body = compile(parts['in'] ?? null);
  return (scope) => {
    const array = arrayOrNull(input(scope), '$reduce', 40080);
    if (array === null) return null;
    return array.reduce<Value>(
      (value, item) => body(withVariable(withVariable(scope, 'value', value), 'this', item)) ?? null,
      initial(scope) ?? null,
    );
  };
};

const slice: Operator = (argument, compile, name) => {
  const [item, first, second] = operands(argument, compile, name, 2, 3) as [Evaluate, Evaluate, Evaluate | undefined];
  const whole = (value: Value | undefined): number => {
    if (!isNumber(value) || !Number.isInteger(Number(numeric(value))))
      throw new MongoError(28725, '$slice needs integers');
    return Number(numeric(value));
  };
  return (scope) => {
    const array = arrayOrNull(item(scope), '$slice', 28724);
    if (array === null) return null;
    const n = whole(first(scope));
    if (second === undefined) return n >= 0 ? array.slice(0, n) : array.slice(n);
    const count = whole(second(scope));
    if (count <= 0) throw new MongoError(28729, 'Third argument to $slice must be positive');
    const start = n >= 0 ? n : Math.max(0, array.length + n);
    return array.slice(start, start + count);
  };
};

const concatArrays: Operator = (argument, compile, name) => {
  const list = operands(argument, compile, name, 0, 1000);
  return (scope) => {
    const joined: Value[] = [];
    for (const item of list) {
      const array = arrayOrNull(item(scope), '$concatArrays', 28664);
      if (array === null) return null;
      joined.push(...array);
    }
    return joined;
  };
};

const mergeObjects: Operator = (argument, compile) => {
  const single = Array.isArray(argument) ? undefined : compile(argument);
  const list = Array.isArray(argument) ? argument.map(compile) : [];
  return (scope) => {
    const value = single?.(scope);
    const given = single === undefined ? list.map((item) => item(scope)) : Array.isArray(value) ? value : [value];
    return mergeDocuments(given);
  };
};

export function mergeDocuments(given: readonly (Value | undefined)[]): Document {
  const merged = new Document();
  for (const item of given) {
    if (item === undefined || item === null) continue;
    if (!(item instanceof Document))
      throw new MongoError(40400, `$mergeObjects requires object inputs, but input is of type ${typeName(item)}`);
    Object.assign(merged, item);
  }
  return merged;
}

const isArray: Operator = (argument, compile, name) => {
  const [item] = operands(argument, compile, name, 1) as [Evaluate];
  return (scope) => Array.isArray(item(scope));
};

const objectToArray: Operator = (argument, compile, name) => {
  const [item] = operands(argument, compile, name, 1) as [Evaluate];
  return (scope) => {
    const value = item(scope);
    if (value === undefined || value === null) return null;
    if (!(value instanceof Document))
      throw new MongoError(40390, `$objectToArray requires a document input, found: ${typeName(value)}`);
    return (Object.entries(value) as [string, Value][]).map(([k, v]) => Object.assign(new Document(), { k, v }));
  };
};

export const arrayOperators: readonly (readonly [string, Operator])[] = [
  ['$size', size],
  ['$arrayElemAt', arrayElemAt],
  ['$first', end(0)],
  ['$last', end(-1)],
  ['$in', inOperator],
  ['$filter', filter],
  ['$map', map],
  ['$reduce', reduce],
  ['$slice', slice],
  ['$concatArrays', concatArrays],
  ['$mergeObjects', mergeObjects],
  ['$isArray', isArray],
  ['$objectToArray', objectToArray],
];
