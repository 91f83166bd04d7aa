import { badValue } from '../errors.ts';
import { Document, isNumber, numeric, type Value } from '../bson/values.ts';

export type Comparison = 'gt' | 'gte' | 'lt' | 'lte';

/** A test of one field's value. */
export type Test =
  | { readonly op: 'eq' | Comparison; readonly value: Value }
  | { readonly op: 'in'; readonly values: readonly Value[] }
  | { readonly op: 'exists'; readonly expected: boolean }
  | { readonly op: 'not'; readonly tests: readonly Test[] };

/** A parsed query. */
export type Filter =
  | { readonly kind: 'and' | 'or' | 'nor'; readonly parts: readonly Filter[] }
  | { readonly kind: 'field'; readonly path: string; readonly test: Test };

/** Finds every document. */
export const everything: Filter = { kind: 'and', parts: [] };

const logical = new Map<string, 'and' | 'or' | 'nor'>([
  ['$and', 'and'],
  ['$or', 'or'],
  ['$nor', 'nor'],
]);

/**
 * Parses a query document.
 *
 * @throws MongoError BadValue for unknown operators and operands of a wrong type
 */
export function parseFilter(query: Document): Filter {
  const parts: Filter[] = [];
  for (const [name, operand] of Object.entries(query) as [string, Value][]) {
    if (name.startsWith('$')) parts.push(parseLogical(name, operand));
    else for (const test of parseTests(operand)) parts.push({ kind: 'field', path: name, test });
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', parts };
}

function parseLogical(name: string, operand: Value): Filter {
  const kind = logical.get(name);
  if (kind === undefined)
    throw badValue(
      `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
    );
  if (!Array.isArray(operand)) throw badValue(`${name} must be an array`);
  if (operand.length === 0) throw badValue(`${name} argument must be a non-empty array`);
  const parts = operand.map((part) => {
    if (!(part instanceof Document)) throw badValue('$or/$and/$nor entries need to be full objects');
    return parseFilter(part);
  });
  return { kind, parts };
}

/** Whether a document holds operators rather than being a value to compare with. */
function isOperatorDocument(operand: Value): operand is Document {
  return operand instanceof Document && Object.keys(operand)[0]?.startsWith('$') === true;
}

function parseTests(operand: Value): Test[] {
  if (!isOperatorDocument(operand)) return [{ op: 'eq', value: operand }];
  return (Object.entries(operand) as [string, Value][]).map(([name, argument]) => parseTest(name, argument));
}

function parseTest(name: string, argument: Value): Test {
  switch (name) {
    case '$eq':
      return { op: 'eq', value: argument };
    case '$ne':
      return { op: 'not', tests: [{ op: 'eq', value: argument }] };
    case '$gt':
      return { op: 'gt', value: argument };
    case '$gte':
      return { op: 'gte', value: argument };
    case '$lt':
      return { op: 'lt', value: argument };
    case '$lte':
      return { op: 'lte', value: argument };
    case '$in':
      return parseIn(name, argument);
    case '$nin':
      return { op: 'not', tests: [parseIn(name, argument)] };
    case '$exists':
      return { op: 'exists', expected: truthy(argument) };
    case '$not':
      if (!(argument instanceof Document)) throw badValue('$not needs a regex or a document');
      if (!isOperatorDocument(argument)) throw badValue('$not needs an operator');
      return { op: 'not', tests: parseTests(argument) };
    default:
      throw badValue(`unknown operator: ${name}`);
  }
}

function parseIn(name: string, values: Value): Test {
  if (!Array.isArray(values)) throw badValue(`${name} needs an array`);
  if (values.some(isOperatorDocument)) throw badValue(`cannot nest $ under ${name}`);
  return { op: 'in', values };
}

/** MongoDB's truth: false, 0 and null are false. */
export function truthy(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === false) return false;
  return !(isNumber(value) && Number(numeric(value)) === 0);
}
