import { compare, equal, orderOf } from '../bson/compare.ts';
import { Document, isNumber, numeric, typeOf, type Value } from '../bson/values.ts';
import { BSONRegExp, MaxKey, MinKey } from 'bson';
import type { Filter, Test } from './filter.ts';
import { anyValue } from './paths.ts';

export type Predicate = (document: Document) => boolean;
/** Makes a predicate of an `$expr`; the aggregation's expressions know how. */
export type CompileExpression = (expression: Value) => Predicate;

/** Makes a function of a parsed query. */
export function compileFilter(filter: Filter, compileExpression: CompileExpression): Predicate {
  switch (filter.kind) {
    case 'and':
    case 'or':
    case 'nor': {
      const parts = filter.parts.map((part) => compileFilter(part, compileExpression));
      if (filter.kind === 'and') return (document) => parts.every((part) => part(document));
      if (filter.kind === 'or') return (document) => parts.some((part) => part(document));
      return (document) => !parts.some((part) => part(document));
    }
    case 'field':
      return compileField(filter.path, filter.test, compileExpression);
    case 'expr':
      return compileExpression(filter.expression);
  }
}

function compileField(path: string, test: Test, compileExpression: CompileExpression): Predicate {
  const parts = path.split('.');
  if (test.op === 'not') {
    const inner = test.tests.map((one) => compileField(path, one, compileExpression));
    return (document) => !inner.every((one) => one(document));
  }
  if (test.op === 'exists' && !test.expected) {
    const exists = compileField(path, { op: 'exists', expected: true }, compileExpression);
    return (document) => !exists(document);
  }
  const expand = !['exists', 'size', 'elemMatch', 'elemMatchValue'].includes(test.op);
  const passes = compileTest(test, compileExpression);
  const [name] = parts;
  if (parts.length === 1 && name !== undefined) {
    return (document) => {
      const value = document[name];
      return expand && Array.isArray(value) ? value.some(passes) || passes(value) : passes(value);
    };
  }
  return (document) => anyValue(document, parts, 0, expand, passes);
}

function compileTest(test: Test, compileExpression: CompileExpression): (value: Value | undefined) => boolean {
  switch (test.op) {
    case 'eq':
      return equalTo(test.value);
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return compareWith(test.op, test.value);
    case 'in':
      return oneOf(test.values, test.patterns);
    case 'exists':
      return (value) => value !== undefined;
    case 'type':
      return (value) => value !== undefined && test.types.has(typeOf(value));
    case 'regex':
      return (value) =>
        typeof value === 'string' ? test.pattern.test(value) : value instanceof BSONRegExp && equal(value, test.source);
    case 'size':
      return (value) => Array.isArray(value) && value.length === test.size;
    case 'mod':
      return (value) => modMatches(value, test.divisor, test.remainder);
    case 'elemMatch': {
      const matches = compileFilter(test.filter, compileExpression);
      return (value) => Array.isArray(value) && value.some((item) => matchesItem(item, matches));
    }
    case 'elemMatchValue': {
      const all = test.tests.map((one) => elementTest(one, compileExpression));
      return (value) => Array.isArray(value) && value.some((item) => all.every((passes) => passes(item)));
    }
    case 'not': {
      const all = test.tests.map((one) => compileTest(one, compileExpression));
      return (value) => !all.every((passes) => passes(value));
    }
    case 'never':
      return () => false;
  }
}

function elementTest(test: Test, compileExpression: CompileExpression): (value: Value) => boolean {
  if (test.op === 'not') {
    const all = test.tests.map((one) => elementTest(one, compileExpression));
    return (value) => !all.every((passes) => passes(value));
  }
  const passes = compileTest(test, compileExpression);
  const expand = !['exists', 'size', 'elemMatch', 'elemMatchValue'].includes(test.op);
  return (value) => (expand && Array.isArray(value) && value.some(passes)) || passes(value);
}

function matchesItem(item: Value, matches: Predicate): boolean {
  if (item instanceof Document) return matches(item);
  if (!Array.isArray(item)) return false;
  const asDocument = new Document();
  item.forEach((value, index) => (asDocument[String(index)] = value));
  return matches(asDocument);
}

function equalTo(expected: Value): (value: Value | undefined) => boolean {
  if (expected === null) return (value) => value === undefined || value === null;
  if (typeof expected === 'string' || typeof expected === 'boolean') return (value) => value === expected;
  return (value) => value !== undefined && equal(value, expected);
}

function compareWith(op: 'gt' | 'gte' | 'lt' | 'lte', bound: Value): (value: Value | undefined) => boolean {
  const accepts = {
    gt: (n: number) => n > 0,
    gte: (n: number) => n >= 0,
    lt: (n: number) => n < 0,
    lte: (n: number) => n <= 0,
  }[op];
  if (bound instanceof MinKey || bound instanceof MaxKey) {
    return (value) => accepts(compare(value ?? null, bound));
  }
  const inclusive = op === 'gte' || op === 'lte';
  if (bound === null) return (value) => inclusive && (value === undefined || value === null);
  if (isNumber(bound) && Number.isNaN(numeric(bound))) {
    return (value) => inclusive && isNumber(value) && Number.isNaN(numeric(value));
  }
  const bracket = orderOf(bound);
  return (value) => {
    if (value === undefined || orderOf(value) !== bracket) return false;
    if (isNumber(value) && Number.isNaN(numeric(value))) return false;
    return accepts(compare(value, bound));
  };
}

function oneOf(values: readonly Value[], patterns: readonly RegExp[]): (value: Value | undefined) => boolean {
  const texts = new Set(values.filter((value) => typeof value === 'string'));
  const others = values.filter((value) => typeof value !== 'string').map(equalTo);
  return (value) => {
    if (typeof value === 'string') return texts.has(value) || patterns.some((pattern) => pattern.test(value));
    return others.some((passes) => passes(value));
  };
}

function modMatches(value: Value | undefined, divisor: number, remainder: number): boolean {
  if (!isNumber(value)) return false;
  const number = numeric(value);
  if (typeof number === 'bigint') return number % BigInt(divisor) === BigInt(remainder);
  return Number.isFinite(number) && Math.trunc(number) % divisor === remainder + 0;
}

/** The top-level fields that a query looks at; undefined when it may look at any. */
export function fieldsOf(filter: Filter): ReadonlySet<string> | undefined {
  const fields = new Set<string>();
  return collectFields(filter, fields) ? fields : undefined;
}

function collectFields(filter: Filter, fields: Set<string>): boolean {
  switch (filter.kind) {
    case 'field':
      fields.add(filter.path.split('.')[0] ?? '');
      return true;
    case 'expr':
      return false;
    case 'and':
    case 'or':
    case 'nor':
      return filter.parts.every((part) => collectFields(part, fields));
  }
}
