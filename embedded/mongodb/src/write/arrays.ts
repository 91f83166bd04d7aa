import { compare, equal } from '../bson/compare.ts';
import { Document, isNumber, numeric, typeName, type Value } from '../bson/values.ts';
import { badValue, failedToParse, typeMismatch } from '../errors.ts';
import { isOperatorDocument, parseFilter } from '../query/filter.ts';
import { compileFilter, type Predicate } from '../query/match.ts';
import { sortAll, parseSort } from '../query/sort.ts';

type Change = (present: Value | undefined) => Value | undefined;

/** The update operators that work on arrays; undefined for another name. */
export function parseArrayOperator(operator: string): ((operand: Value, path: string) => Change) | undefined {
  switch (operator) {
    case '$push':
      return push;
    case '$addToSet':
      return addToSet;
    case '$pull':
      return pull;
    case '$pullAll':
      return pullAll;
    case '$pop':
      return pop;
    default:
      return undefined;
  }
}

function mustBeArray(present: Value, path: string, operator: string): Value[] {
  if (Array.isArray(present)) return present;
  if (operator === '$push')
    throw badValue(`The field '${path}' must be an array but is of type ${typeName(present)} in document`);
  if (operator === '$pop')
    throw typeMismatch(`Path '${path}' contains an element of non-array type '${typeName(present)}'`);
  if (operator === '$addToSet') {
    throw badValue(
      `Cannot apply $addToSet to non-array field. Field named '${path}' has non-array type ${typeName(present)}`,
    );
  }
  throw badValue(`Cannot apply ${operator} to a non-array value`);
}

function whole(value: Value, name: string): number {
  const number = isNumber(value) ? Number(numeric(value)) : NaN;
  if (!Number.isInteger(number))
    throw badValue(`The value for ${name} must be an integer value but was given type: ${typeName(value)}`);
  return number;
}

function each(operand: Value, operator: string): Value[] | undefined {
  if (!(operand instanceof Document) || operand['$each'] === undefined) return undefined;
  const items = operand['$each'];
  if (Array.isArray(items)) return items;
  throw typeMismatch(`The argument to $each in ${operator} must be an array but it was of type ${typeName(items)}`);
}

function push(operand: Value, path: string): Change {
  const items = each(operand, '$push');
  if (items === undefined) {
    if (isOperatorDocument(operand)) throw badValue(`Unrecognized clause in $push: ${Object.keys(operand)[0] ?? ''}`);
    return (present) => (present === undefined ? [operand] : [...mustBeArray(present, path, '$push'), operand]);
  }
  const options = operand as Document;
  for (const name of Object.keys(options)) {
    if (!['$each', '$slice', '$sort', '$position'].includes(name))
      throw badValue(`Unrecognized clause in $push: ${name}`);
  }
  const position = options['$position'] === undefined ? undefined : whole(options['$position'], '$position');
  const slice = options['$slice'] === undefined ? undefined : whole(options['$slice'], '$slice');
  const sort = options['$sort'] === undefined ? undefined : sorter(options['$sort']);
  return (present) => {
    const array = present === undefined ? [] : [...mustBeArray(present, path, '$push')];
    array.splice(position ?? array.length, 0, ...items);
    const sorted = sort === undefined ? array : sort(array);
    if (slice === undefined) return sorted;
    return slice >= 0 ? sorted.slice(0, slice) : sorted.slice(slice);
  };
}

function sorter(spec: Value): (array: Value[]) => Value[] {
  if (spec instanceof Document) {
    const fields = parseSort(spec);
    if (fields.length === 0) throw badValue('The $sort pattern is empty when it should be a set of fields.');
    return (array) =>
      sortAll(
        array,
        fields,
        (item) => (item instanceof Document ? item : new Document()),
        () => 0,
      );
  }
  const direction = isNumber(spec) ? Number(numeric(spec)) : 0;
  if (direction !== 1 && direction !== -1) throw badValue('The $sort element value must be either 1 or -1');
  return (array) => array.toSorted((a, b) => direction * compare(a, b));
}

function addToSet(operand: Value, path: string): Change {
  const items = each(operand, '$addToSet') ?? [operand];
  if (operand instanceof Document && operand['$each'] !== undefined && Object.keys(operand).length > 1) {
    throw badValue(`Found unexpected fields after $each in $addToSet: ${Object.keys(operand).join(', ')}`);
  }
  return (present) => {
    const array = present === undefined ? [] : [...mustBeArray(present, path, '$addToSet')];
    for (const item of items) if (!array.some((other) => equal(other, item))) array.push(item);
    return array;
  };
}

function pull(operand: Value, path: string): Change {
  const matches = pullTest(operand);
  return (present) =>
    present === undefined ? undefined : mustBeArray(present, path, '$pull').filter((item) => !matches(item));
}

const noExpressions = (): Predicate => {
  throw badValue('$expr is not allowed in $pull');
};

/** A document is a query on items that are documents; operators test the item itself. */
function pullTest(operand: Value): (item: Value) => boolean {
  if (operand instanceof Document && !isOperatorDocument(operand)) {
    const matches = compileFilter(parseFilter(operand), noExpressions);
    return (item) => item instanceof Document && matches(item);
  }
  if (isOperatorDocument(operand)) {
    const query = new Document();
    query['item'] = operand;
    const matches = compileFilter(parseFilter(query), noExpressions);
    return (item) => {
      const wrapped = new Document();
      wrapped['item'] = item;
      return matches(wrapped);
    };
  }
  return (item) => equal(item, operand);
}

function pullAll(operand: Value, path: string): Change {
  if (!Array.isArray(operand))
    throw badValue('$pullAll requires an array argument but was given a ' + typeName(operand));
  return (present) =>
    present === undefined
      ? undefined
      : mustBeArray(present, path, '$pullAll').filter((item) => !operand.some((other) => equal(other, item)));
}

function pop(operand: Value, path: string): Change {
  const direction = isNumber(operand) ? Number(numeric(operand)) : 0;
  if (direction !== 1 && direction !== -1) throw failedToParse('$pop expects 1 or -1');
  return (present) => {
    if (present === undefined) return undefined;
    const array = mustBeArray(present, path, '$pop');
    return direction === 1 ? array.slice(0, -1) : array.slice(1);
  };
}
