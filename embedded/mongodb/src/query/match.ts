import { compare, equal, orderOf } from '../bson/compare.ts';
import { isNumber, numeric, type Document, type Value } from '../bson/values.ts';
import type { Comparison, Filter, Test } from './filter.ts';
import { anyValue } from './paths.ts';

export type Predicate = (document: Document) => boolean;

/** Makes a function of a parsed query. */
export function compileFilter(filter: Filter): Predicate {
  switch (filter.kind) {
    case 'and':
    case 'or':
    case 'nor': {
      const parts = filter.parts.map(compileFilter);
      if (filter.kind === 'and') return (document) => parts.every((part) => part(document));
      if (filter.kind === 'or') return (document) => parts.some((part) => part(document));
      return (document) => !parts.some((part) => part(document));
    }
    case 'field':
      return compileField(filter.path, filter.test);
  }
}

function compileField(path: string, test: Test): Predicate {
  if (test.op === 'not') {
    const inner = test.tests.map((one) => compileField(path, one));
    return (document) => !inner.every((one) => one(document));
  }
  if (test.op === 'exists' && !test.expected) {
    const exists = compileField(path, { op: 'exists', expected: true });
    return (document) => !exists(document);
  }
  const parts = path.split('.');
  const expand = test.op !== 'exists';
  const passes = compileTest(test);
  if (parts.length > 1) return (document) => anyValue(document, parts, 0, expand, passes);
  return (document) => {
    const value = document[path];
    return expand && Array.isArray(value) ? value.some(passes) || passes(value) : passes(value);
  };
}

type ValueTest = (value: Value | undefined) => boolean;

function compileTest(test: Exclude<Test, { op: 'not' }>): ValueTest {
  switch (test.op) {
    case 'eq':
      return equalTo(test.value);
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return compareWith(test.op, test.value);
    case 'in':
      return oneOf(test.values);
    case 'exists':
      return (value) => value !== undefined;
  }
}

function equalTo(expected: Value): ValueTest {
  if (expected === null) return (value) => value === undefined || value === null;
  if (typeof expected === 'string' || typeof expected === 'boolean') return (value) => value === expected;
  return (value) => value !== undefined && equal(value, expected);
}

/** Only values of the bound's own type are compared with it, and NaN with nothing but itself. */
function compareWith(op: Comparison, bound: Value): ValueTest {
  const inclusive = op === 'gte' || op === 'lte';
  if (bound === null) return (value) => inclusive && (value === undefined || value === null);
  if (isNanValue(bound)) return (value) => inclusive && isNanValue(value);
  const direction = op === 'gt' || op === 'gte' ? 1 : -1;
  const type = orderOf(bound);
  return (value) => {
    if (value === undefined || orderOf(value) !== type || isNanValue(value)) return false;
    const difference = direction * compare(value, bound);
    return inclusive ? difference >= 0 : difference > 0;
  };
}

function isNanValue(value: Value | undefined): boolean {
  return isNumber(value) && Number.isNaN(numeric(value));
}

function oneOf(values: readonly Value[]): ValueTest {
  const texts = new Set(values.filter((value) => typeof value === 'string'));
  const others = values.filter((value) => typeof value !== 'string').map(equalTo);
  return (value) => (typeof value === 'string' ? texts.has(value) : others.some((passes) => passes(value)));
}

/** The top-level fields that a query looks at. */
export function fieldsOf(filter: Filter): ReadonlySet<string> {
  const fields = new Set<string>();
  const collect = (part: Filter): void => {
    if (part.kind === 'field') fields.add(topLevel(part.path));
    else part.parts.forEach(collect);
  };
  collect(filter);
  return fields;
}

export function topLevel(path: string): string {
  return path.split('.', 1)[0] ?? '';
}
