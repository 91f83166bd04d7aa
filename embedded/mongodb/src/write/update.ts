import { compare, equal } from '../bson/compare.ts';
import { show } from '../bson/show.ts';
import { Document, isNumber, typeName, type Value } from '../bson/values.ts';
import { badValue, codes, failedToParse, MongoError, notImplemented, typeMismatch } from '../errors.ts';
import { isArrayIndex } from '../query/paths.ts';
import { parseArrayOperator } from './arrays.ts';
import { updateArithmetic } from './numbers.ts';

/** Changes a document in place; `inserting` is an upsert that found nothing. */
export type Apply = (document: Document, inserting: boolean) => void;

/** A field's new value from its present one; undefined removes the field. */
export type FieldChange = (present: Value | undefined, path: string, document: Document) => Value | undefined;

const refused = new Set(['$bit', '$setIsSubset']);

/**
 * Parses an update made of operators; only what is listed here is taken.
 *
 * @param now the time for `$currentDate`
 * @throws MongoError FailedToParse, ConflictingUpdateOperators, BadValue
 */
export function parseUpdate(update: Document, now: () => Date): Apply {
  const changes: { path: string; parts: string[]; change: FieldChange; when: 'always' | 'inserting' }[] = [];
  const renames: { from: string; to: string }[] = [];
  const touched: string[] = [];
  for (const [operator, argument] of Object.entries(update) as [string, Value][]) {
    if (!operator.startsWith('$')) throw unknownModifier(operator);
    if (refused.has(operator)) throw notImplemented(`the update operator ${operator}`);
    const parse = fieldOperators.get(operator) ?? arrayOperator(operator);
    if (parse === undefined && operator !== '$rename') throw unknownModifier(operator);
    if (!(argument instanceof Document)) {
      throw failedToParse(
        `Modifiers operate on fields but we found type ${typeName(argument)} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${typeName(argument)}}`,
      );
    }
    for (const [path, operand] of Object.entries(argument) as [string, Value][]) {
      assertPath(path);
      claim(touched, path);
      if (operator === '$rename') {
        const to = renameTarget(path, operand);
        claim(touched, to);
        renames.push({ from: path, to });
      } else if (parse !== undefined) {
        const when = operator === '$setOnInsert' ? 'inserting' : 'always';
        changes.push({ path, parts: path.split('.'), change: parse(operand, path, now), when });
      }
    }
  }
  // MongoDB applies new fields in lexical order (numbers by value) whatever order they were written in.
  changes.sort((a, b) => comparePaths(a.parts, b.parts));
  return (document, inserting) => {
    for (const { from, to } of renames) rename(document, from, to);
    for (const { path, parts, change, when } of changes) {
      if (when === 'always' || inserting) changeField(document, parts, path, change);
    }
  };
}

function unknownModifier(operator: string): MongoError {
  return failedToParse(
    `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
  );
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const x = a[i] ?? '';
    const y = b[i] ?? '';
    if (x === y) continue;
    if (isArrayIndex(x) && isArrayIndex(y)) return Number(x) - Number(y);
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

function assertPath(path: string): void {
  if (path === '') throw new MongoError(codes.EmptyFieldName, 'An empty update path is not valid.');
  const parts = path.split('.');
  if (parts.includes('')) {
    throw new MongoError(
      codes.EmptyFieldName,
      `The update path '${path}' contains an empty field name, which is not allowed.`,
    );
  }
  for (const part of parts) {
    if (part === '$' || part.startsWith('$[')) throw notImplemented('the positional update operator');
    if (part.startsWith('$')) {
      throw new MongoError(
        codes.DollarPrefixedFieldName,
        `The dollar ($) prefixed field '${part}' in '${path}' is not allowed in the context of an update's replacement document.`,
      );
    }
  }
}

function claim(touched: string[], path: string): void {
  for (const other of touched) {
    if (other === path || other.startsWith(`${path}.`) || path.startsWith(`${other}.`)) {
      throw new MongoError(
        codes.ConflictingUpdateOperators,
        `Updating the path '${path}' would create a conflict at '${other.length < path.length ? other : path}'`,
      );
    }
  }
  touched.push(path);
}

function renameTarget(from: string, operand: Value): string {
  if (typeof operand !== 'string')
    throw badValue(`The 'to' field for $rename must be a string: ${from}: ${typeName(operand)}`);
  assertPath(operand);
  if (operand === from) throw badValue(`The source and target field for $rename must differ: ${from}: "${operand}"`);
  return operand;
}

/** Walks to a path, making the documents on the way, and changes what is there. */
function changeField(document: Document, parts: readonly string[], path: string, change: FieldChange): void {
  let node: Document | Value[] = document;
  for (let i = 0; i < parts.length - 1; i += 1) {
    const part = parts[i] ?? '';
    const child = childOf(node, part, path);
    if (child instanceof Document || Array.isArray(child)) {
      node = child;
      continue;
    }
    if (child !== undefined) throw notViable(path, parts[i + 1] ?? '', part, child);
    const made = buildPath(parts.slice(i + 1), change, path, document);
    if (made !== undefined) setChild(node, part, made);
    return;
  }
  const last = parts.at(-1) ?? '';
  const present = childOf(node, last, path);
  const next = change(present, path, document);
  if (next !== undefined) setChild(node, last, next);
  else if (present !== undefined) {
    if (Array.isArray(node)) node[Number(last)] = null;
    else Reflect.deleteProperty(node, last);
  }
}

function buildPath(parts: readonly string[], change: FieldChange, path: string, document: Document): Value | undefined {
  let value = change(undefined, path, document);
  if (value === undefined) return undefined;
  for (const part of parts.toReversed()) {
    const parent = new Document();
    parent[part] = value;
    value = parent;
  }
  return value;
}

function childOf(node: Document | Value[], part: string, path: string): Value | undefined {
  if (node instanceof Document) return node[part];
  if (isArrayIndex(part)) return node[Number(part)];
  throw new MongoError(
    codes.PathNotViable,
    `Cannot create field '${part}' in element of path '${path}': it is an array`,
  );
}

function notViable(path: string, field: string, parent: string, value: Value): MongoError {
  return new MongoError(
    codes.PathNotViable,
    `Cannot create field '${field}' in element {${parent}: ${typeName(value)}} of path '${path}'`,
  );
}

const maxArrayPadding = 1_500_000;

function setChild(node: Document | Value[], part: string, value: Value): void {
  if (node instanceof Document) {
    node[part] = value;
    return;
  }
  const position = Number(part);
  if (position - node.length > maxArrayPadding) {
    throw new MongoError(codes.CannotCreateIndex, `can't backfill more than ${maxArrayPadding} elements`);
  }
  while (node.length < position) node.push(null);
  node[position] = value;
}

function rename(document: Document, from: string, to: string): void {
  let moved: Value | undefined;
  let node: Value | undefined = document;
  for (const part of from.split('.')) {
    if (Array.isArray(node)) throw badValue(`The source field cannot be an array element, '${from}' in doc with _id`);
    if (!(node instanceof Document)) return;
    moved = node[part];
    if (moved === undefined) return;
    node = moved;
  }
  changeField(document, from.split('.'), from, () => undefined);
  changeField(document, to.split('.'), to, () => moved);
}

type ParseOperand = (operand: Value, path: string, now: () => Date) => FieldChange;

const fieldOperators = new Map<string, ParseOperand>([
  ['$set', (operand) => () => operand],
  ['$setOnInsert', (operand) => () => operand],
  ['$unset', () => () => undefined],
  ['$inc', (operand, path) => arithmeticChange('add', operand, path)],
  ['$mul', (operand, path) => arithmeticChange('multiply', operand, path)],
  ['$min', (operand) => (present) => (present === undefined || compare(operand, present) < 0 ? operand : present)],
  ['$max', (operand) => (present) => (present === undefined || compare(operand, present) > 0 ? operand : present)],
  ['$currentDate', currentDate],
]);

function arithmeticChange(op: 'add' | 'multiply', operand: Value, path: string): FieldChange {
  const verb = op === 'add' ? 'increment' : 'multiply';
  if (!isNumber(operand))
    throw typeMismatch(`Cannot ${verb} with non-numeric argument: {${path}: ${typeName(operand)}}`);
  return (present, _path, document) => {
    if (present === undefined) return op === 'add' ? operand : updateArithmetic('multiply', path, operand, 0);
    if (!isNumber(present)) {
      throw typeMismatch(
        `Cannot apply $${op === 'add' ? 'inc' : 'mul'} to a value of non-numeric type. {_id: ${show(document['_id'])}} has the field '${path.split('.').at(-1) ?? ''}' of non-numeric type ${typeName(present)}`,
      );
    }
    return updateArithmetic(op, path, present, operand);
  };
}

function currentDate(operand: Value, _path: string, now: () => Date): FieldChange {
  if (typeof operand === 'boolean') return () => now();
  if (operand instanceof Document && operand['$type'] === 'date') return () => now();
  if (operand instanceof Document && operand['$type'] === 'timestamp')
    throw notImplemented('$currentDate with a timestamp');
  throw badValue(
    `${typeName(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`,
  );
}

function arrayOperator(operator: string): ParseOperand | undefined {
  const parse = parseArrayOperator(operator);
  return parse === undefined ? undefined : (operand, path) => parse(operand, path);
}

/** @throws MongoError ImmutableField when an update changed `_id` */
export function assertSameId(before: Value | undefined, document: Document): void {
  const now = document['_id'];
  if (before === undefined || (now !== undefined && equal(before, now))) return;
  throw new MongoError(
    codes.ImmutableField,
    "Performing an update on the path '_id' would modify the immutable field '_id'",
  );
}
