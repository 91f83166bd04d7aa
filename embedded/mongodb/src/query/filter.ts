import { BSONRegExp } from 'bson';
import { badValue } from '../errors.ts';
import { Document, isNumber, numeric, typeName, types, type Value } from '../bson/values.ts';
import { compileRegex } from './regex.ts';

/** A test of one field's value. */
export type Test =
  | { readonly op: 'eq' | 'gt' | 'gte' | 'lt' | 'lte'; readonly value: Value }
  | { readonly op: 'in'; readonly values: readonly Value[]; readonly patterns: readonly RegExp[] }
  | { readonly op: 'not'; readonly tests: readonly Test[] }
  | { readonly op: 'exists'; readonly expected: boolean }
  | { readonly op: 'type'; readonly types: ReadonlySet<number> }
  | { readonly op: 'regex'; readonly pattern: RegExp; readonly source: BSONRegExp }
  | { readonly op: 'size'; readonly size: number }
  | { readonly op: 'mod'; readonly divisor: number; readonly remainder: number }
  | { readonly op: 'elemMatch'; readonly filter: Filter }
  | { readonly op: 'elemMatchValue'; readonly tests: readonly Test[] }
  | { readonly op: 'never' };

/** A parsed query. */
export type Filter =
  | { readonly kind: 'and' | 'or' | 'nor'; readonly parts: readonly Filter[] }
  | { readonly kind: 'field'; readonly path: string; readonly test: Test }
  | { readonly kind: 'expr'; readonly expression: Value };

/**
 * Parses a query document; only what is listed here is taken.
 *
 * @throws MongoError BadValue for unknown operators and operands of a wrong type
 */
export function parseFilter(query: Document): Filter {
  const parts: Filter[] = [];
  for (const [name, operand] of Object.entries(query) as [string, Value][]) {
    if (!name.startsWith('$')) parts.push(...parseField(name, operand));
    else parts.push(...parseLogical(name, operand));
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', parts };
}

function parseLogical(name: string, operand: Value): Filter[] {
  switch (name) {
    case '$and':
    case '$or':
    case '$nor': {
      if (!Array.isArray(operand)) throw badValue(`${name} must be an array`);
      if (operand.length === 0) throw badValue(`${name} argument must be a non-empty array`);
      const kind = name === '$and' ? 'and' : name === '$or' ? 'or' : 'nor';
      const parts = operand.map((part) => {
        if (!(part instanceof Document)) throw badValue('$or/$and/$nor entries need to be full objects');
        return parseFilter(part);
      });
      return [{ kind, parts }];
    }
    case '$expr':
      return [{ kind: 'expr', expression: operand }];
    case '$comment':
      return [];
    default:
      throw badValue(
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

function parseField(path: string, operand: Value): Filter[] {
  return parseTests(operand).map((test) => ({ kind: 'field', path, test }));
}

/** Whether a document holds operators rather than being a value to compare with. */
export function isOperatorDocument(operand: Value): operand is Document {
  if (!(operand instanceof Document)) return false;
  const [first] = Object.keys(operand);
  return first?.startsWith('$') === true && first !== '$ref' && first !== '$id' && first !== '$db';
}

function parseTests(operand: Value): Test[] {
  if (operand instanceof BSONRegExp) return [regexTest(operand)];
  if (!isOperatorDocument(operand)) return [{ op: 'eq', value: operand }];
  const tests: Test[] = [];
  for (const [name, argument] of Object.entries(operand) as [string, Value][]) {
    const test = parseTest(name, argument, operand);
    if (test !== undefined) tests.push(...test);
  }
  return tests;
}

function parseTest(name: string, argument: Value, siblings: Document): Test[] | undefined {
  switch (name) {
    case '$eq':
      return [{ op: 'eq', value: argument }];
    case '$ne':
      if (argument instanceof BSONRegExp) throw badValue("Can't have regex as arg to $ne.");
      return [{ op: 'not', tests: [{ op: 'eq', value: argument }] }];
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      if (argument instanceof BSONRegExp)
        throw badValue(`Can't have RegEx as arg to predicate over field with ${name}.`);
      return [{ op: name === '$gt' ? 'gt' : name === '$gte' ? 'gte' : name === '$lt' ? 'lt' : 'lte', value: argument }];
    case '$in':
      return [inTest(name, argument)];
    case '$nin':
      return [{ op: 'not', tests: [inTest(name, argument)] }];
    case '$exists':
      return [{ op: 'exists', expected: truthy(argument) }];
    case '$type':
      return [{ op: 'type', types: parseTypes(argument) }];
    case '$regex':
      return [regexTest(regexOf(argument, siblings['$options']))];
    case '$options':
      if (siblings['$regex'] === undefined) throw badValue('$options needs a $regex');
      return undefined;
    case '$not':
      return [parseNot(argument)];
    case '$size':
      return [{ op: 'size', size: wholeNumber(argument, 'Failed to parse $size. Expected an integer') }];
    case '$mod':
      return [parseMod(argument)];
    case '$all':
      return parseAll(argument);
    case '$elemMatch':
      return [parseElemMatch(argument)];
    case '$comment':
      return undefined;
    default:
      throw badValue(`unknown operator: ${name}`);
  }
}

function inTest(name: string, argument: Value): Test {
  if (!Array.isArray(argument)) throw badValue(`${name} needs an array`);
  const values: Value[] = [];
  const patterns: RegExp[] = [];
  for (const item of argument) {
    if (isOperatorDocument(item)) throw badValue(`cannot nest $ under ${name}`);
    if (item instanceof BSONRegExp) patterns.push(compileRegex(item));
    else values.push(item);
  }
  return { op: 'in', values, patterns };
}

function regexTest(source: BSONRegExp): Test {
  return { op: 'regex', pattern: compileRegex(source), source };
}

function regexOf(argument: Value, options: Value | undefined): BSONRegExp {
  if (options !== undefined && typeof options !== 'string') throw badValue('$options has to be a string');
  if (argument instanceof BSONRegExp) {
    if (options !== undefined && argument.options !== '') throw badValue('options set in both $regex and $options');
    return options === undefined ? argument : new BSONRegExp(argument.pattern, options);
  }
  if (typeof argument !== 'string') throw badValue('$regex has to be a string');
  return new BSONRegExp(argument, options ?? '');
}

function parseNot(argument: Value): Test {
  if (argument instanceof BSONRegExp) return { op: 'not', tests: [regexTest(argument)] };
  if (!(argument instanceof Document)) throw badValue('$not needs a regex or a document');
  if (Object.keys(argument).length === 0) throw badValue('$not cannot be empty');
  if (!isOperatorDocument(argument)) throw badValue(`unknown operator: ${Object.keys(argument)[0] ?? ''}`);
  return { op: 'not', tests: parseTests(argument) };
}

function parseMod(argument: Value): Test {
  if (!Array.isArray(argument)) throw badValue('malformed mod, needs to be an array');
  if (argument.length !== 2)
    throw badValue(`malformed mod, ${argument.length < 2 ? 'not enough' : 'too many'} elements`);
  const [divisor, remainder] = argument.map((item) => {
    if (!isNumber(item)) throw badValue('malformed mod, divisor and remainder have to be numbers');
    return Math.trunc(Number(numeric(item)));
  }) as [number, number];
  if (divisor === 0) throw badValue('divisor cannot be 0');
  return { op: 'mod', divisor, remainder };
}

function parseAll(argument: Value): Test[] {
  if (!Array.isArray(argument)) throw badValue('$all needs an array');
  if (argument.length === 0) return [{ op: 'never' }];
  return argument.map((item) => {
    if (item instanceof BSONRegExp) return regexTest(item);
    if (!isOperatorDocument(item)) return { op: 'eq', value: item };
    const elemMatch = item['$elemMatch'];
    if (elemMatch === undefined) throw badValue('no $ expressions in $all');
    return parseElemMatch(elemMatch);
  });
}

const logical = new Set(['$and', '$or', '$nor', '$expr']);

function parseElemMatch(argument: Value): Test {
  if (!(argument instanceof Document)) throw badValue('$elemMatch needs an Object');
  const [first] = Object.keys(argument);
  if (isOperatorDocument(argument) && first !== undefined && !logical.has(first)) {
    return { op: 'elemMatchValue', tests: parseTests(argument) };
  }
  return { op: 'elemMatch', filter: parseFilter(argument) };
}

const typeAliases = new Map<string, readonly number[]>([
  ...Object.entries(types).map(([name, code]): [string, readonly number[]] => [name, [code]]),
  ['number', [types.int, types.long, types.double]],
]);
const typeNumbers = new Set<number>(Object.values(types));

function parseTypes(argument: Value): ReadonlySet<number> {
  const found = new Set<number>();
  for (const item of Array.isArray(argument) ? argument : [argument]) {
    if (typeof item === 'string') {
      const codes = typeAliases.get(item);
      if (codes === undefined) throw badValue(`Unknown type name alias: ${item}`);
      for (const code of codes) found.add(code);
    } else if (isNumber(item)) {
      const code = Number(numeric(item)) === -1 ? types.minKey : Number(numeric(item));
      if (!typeNumbers.has(code)) throw badValue(`Invalid numerical type code: ${code}`);
      found.add(code);
    } else {
      throw badValue(`type must be represented as a number or a string, not ${typeName(item)}`);
    }
  }
  if (found.size === 0) throw badValue('$type must match at least one type');
  return found;
}

function wholeNumber(value: Value, message: string): number {
  const number = isNumber(value) ? Number(numeric(value)) : NaN;
  if (!Number.isInteger(number)) throw badValue(`${message}: ${typeName(value)}`);
  if (number < 0) throw badValue(`${message.split('.')[0] ?? ''}. Expected a non-negative number`);
  return number;
}

/** MongoDB's truth: false, 0 and null are false. */
export function truthy(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === false) return false;
  return !(isNumber(value) && Number(numeric(value)) === 0);
}
