import { compare, compareStrings, equal } from '../bson/compare.ts';
import { isArrayIndex } from '../bson/read.ts';
import { show } from '../bson/show.ts';
import { Document, isNumber, typeName, type Value } from '../bson/values.ts';
import { badValue, codes, failedToParse, MongoError, notImplemented, typeMismatch } from '../errors.ts';
import { add } from './add.ts';

/** Changes a document in place; `inserting` is an upsert that found nothing. */
export type Apply = (document: Document, inserting: boolean) => void;

/** A field's new value from its present one; undefined removes the field. */
type FieldChange = (present: Value | undefined, document: Document) => Value | undefined;

/**
 * Parses an update made of operators.
 *
 * @throws MongoError FailedToParse, ConflictingUpdateOperators, and others for paths that cannot be
 */
export function parseUpdate(update: Document): Apply {
  const changes: { path: string; parts: string[]; change: FieldChange; onInsert: boolean }[] = [];
  for (const [operator, argument] of Object.entries(update) as [string, Value][]) {
    const changeOf = operators.get(operator);
    if (changeOf === undefined)
      throw failedToParse(
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    if (!(argument instanceof Document))
      throw failedToParse(
        `Modifiers operate on fields but we found type ${typeName(argument)} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${typeName(argument)}}`,
      );
    for (const [path, operand] of Object.entries(argument) as [string, Value][]) {
      const parts = pathParts(path);
      if (path.startsWith('_id.')) throw immutableId(path);
      for (const other of changes) assertApart(path, other.path);
      changes.push({ path, parts, change: changeOf(operand, path), onInsert: operator === '$setOnInsert' });
    }
  }
  // MongoDB adds new fields in lexical order, whatever order they were written in.
  changes.sort((a, b) => compareStrings(a.parts.join('\0'), b.parts.join('\0')));
  return (document, inserting) => {
    for (const { path, parts, change, onInsert } of changes) {
      if (inserting || !onInsert) changeField(document, parts, path, change);
    }
  };
}

/** The parts of a path that an update may change. */
export function pathParts(path: string): string[] {
  const parts = path.split('.');
  if (parts.includes(''))
    throw new MongoError(
      codes.EmptyFieldName,
      `The update path '${path}' contains an empty field name, which is not allowed.`,
    );
  for (const part of parts) {
    if (part === '$' || part.startsWith('$[')) throw notImplemented('the positional update operator');
    if (part.startsWith('$'))
      throw new MongoError(
        codes.DollarPrefixedFieldName,
        `The dollar ($) prefixed field '${part}' in '${path}' is not allowed in the context of an update's replacement document.`,
      );
    if (isArrayIndex(part)) throw notImplemented('a number in the path of an update');
  }
  return parts;
}

function assertApart(path: string, other: string): void {
  if (other !== path && !other.startsWith(`${path}.`) && !path.startsWith(`${other}.`)) return;
  throw new MongoError(
    codes.ConflictingUpdateOperators,
    `Updating the path '${path}' would create a conflict at '${other.length < path.length ? other : path}'`,
  );
}

/** Walks to a path, making the documents on the way, and changes what is there. */
function changeField(document: Document, parts: readonly string[], path: string, change: FieldChange): void {
  let node = document;
  for (const [at, part] of parts.slice(0, -1).entries()) {
    const child = node[part];
    if (!(child instanceof Document)) {
      const value = change(undefined, document);
      if (value === undefined) return;
      if (child !== undefined) throw notViable(path, parts[at + 1] ?? '', part, child);
      node[part] = nested(parts.slice(at + 1), value);
      return;
    }
    node = child;
  }
  const last = parts.at(-1) ?? '';
  const value = change(node[last], document);
  if (value === undefined) Reflect.deleteProperty(node, last);
  else node[last] = value;
}

function notViable(path: string, field: string, parent: string, value: Value): MongoError {
  return new MongoError(
    codes.PathNotViable,
    `Cannot create field '${field}' in element {${parent}: ${show(value)}} of path '${path}'`,
  );
}

function nested(parts: readonly string[], value: Value): Value {
  return parts.reduceRight((inner, part) => Object.assign(new Document(), { [part]: inner }), value);
}

const operators = new Map<string, (operand: Value, path: string) => FieldChange>([
  ['$set', (operand) => () => operand],
  ['$setOnInsert', (operand) => () => operand],
  ['$unset', () => () => undefined],
  ['$inc', increment],
  ['$min', (operand) => (present) => (present === undefined || compare(operand, present) < 0 ? operand : present)],
  ['$max', (operand) => (present) => (present === undefined || compare(operand, present) > 0 ? operand : present)],
]);

function increment(operand: Value, path: string): FieldChange {
  if (!isNumber(operand)) throw typeMismatch(`Cannot increment with non-numeric argument: {${path}: ${show(operand)}}`);
  return (present, document) => {
    if (present === undefined) return operand;
    if (!isNumber(present))
      throw typeMismatch(
        `Cannot apply $inc to a value of non-numeric type. {_id: ${show(document['_id'])}} has the field '${path.split('.').at(-1) ?? ''}' of non-numeric type ${typeName(present)}`,
      );
    const sum = add(present, operand);
    if (sum === undefined)
      throw badValue(
        `Failed to apply $inc operations to current value ((NumberLong)${show(present)}) for document {_id: ${show(document['_id'])}}`,
      );
    return sum;
  };
}

/** @throws MongoError ImmutableField when an update changed `_id` */
export function assertSameId(before: Value | undefined, document: Document): void {
  const now = document['_id'];
  if (before !== undefined && (now === undefined || !equal(before, now))) throw immutableId('_id');
}

function immutableId(path: string): MongoError {
  const message = `Performing an update on the path '${path}' would modify the immutable field '_id'`;
  return new MongoError(codes.ImmutableField, message);
}
