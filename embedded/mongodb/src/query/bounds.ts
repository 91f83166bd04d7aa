import { order, orderOf } from '../bson/compare.ts';
import { encodeKey, invert, successor } from '../bson/keys.ts';
import { isNumber, numeric, type Value } from '../bson/values.ts';
import type { Comparison, Test } from './filter.ts';

/** A place between index keys: before or after all that begin with `bytes`; `at` is the first key that follows. */
interface Bound {
  readonly bytes: Buffer;
  readonly after: boolean;
  readonly at: Buffer;
}

export interface Interval {
  readonly start: Bound;
  readonly end: Bound;
}

export interface Bounds {
  /** In ascending order, apart from each other. */
  readonly intervals: readonly Interval[];
  /** A value within the intervals passes the test, so that it need not be tested again. */
  readonly exact: boolean;
}

function before(bytes: Buffer): Bound {
  return { bytes, after: false, at: bytes };
}

function after(bytes: Buffer): Bound {
  return { bytes, after: true, at: successor(bytes) };
}

function point(key: Buffer): Interval {
  return { start: before(key), end: after(key) };
}

export function isPoint(interval: Interval): boolean {
  return !interval.start.after && interval.end.after && interval.start.bytes.equals(interval.end.bytes);
}

/** First key of an interval and first key behind it, in an index of the given direction. */
export function keyRange(interval: Interval, descending: boolean): { readonly low: Buffer; readonly high: Buffer } {
  if (!descending) return { low: interval.start.at, high: interval.end.at };
  return { low: inverted(interval.end), high: inverted(interval.start) };
}

function inverted(bound: Bound): Buffer {
  const bytes = invert(bound.bytes);
  return bound.after ? bytes : successor(bytes);
}

/**
 * Where the values that pass a test are in an ascending index of a field.
 *
 * @returns undefined when the test says nothing about the place
 */
export function boundsOf(test: Test): Bounds | undefined {
  switch (test.op) {
    case 'eq':
      return { intervals: [equality(test.value)], exact: isPlain(test.value) };
    case 'in':
      return { intervals: union(test.values.map(equality)), exact: test.values.every(isPlain) };
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return comparison(test.op, test.value);
    case 'exists':
      return test.expected ? undefined : { intervals: [point(Buffer.from([order.null]))], exact: false };
    case 'not':
      return undefined;
  }
}

function equality(value: Value): Interval {
  return point(encodeKey(value));
}

/** Null also is a missing field's key, and arrays and documents may sit inside arrays: those are tested again. */
function isPlain(value: Value): boolean {
  const type = orderOf(value);
  return type !== order.null && type !== order.array && type !== order.object;
}

function comparison(op: Comparison, value: Value): Bounds {
  const inclusive = op === 'gte' || op === 'lte';
  const key = encodeKey(value);
  if (value === null || (isNumber(value) && Number.isNaN(numeric(value)))) {
    return { intervals: inclusive ? [point(key)] : [], exact: false };
  }
  const type = Buffer.from([orderOf(value)]);
  // NaN is the first of the numbers, and no comparison with a number finds it.
  const first = isNumber(value) ? after(encodeKey(NaN)) : before(type);
  const exact = isPlain(value);
  switch (op) {
    case 'gt':
      return { intervals: [{ start: after(key), end: after(type) }], exact };
    case 'gte':
      return { intervals: [{ start: before(key), end: after(type) }], exact };
    case 'lt':
      return { intervals: [{ start: first, end: before(key) }], exact };
    case 'lte':
      return { intervals: [{ start: first, end: after(key) }], exact };
  }
}

/** Sorts intervals and joins those that touch. */
function union(intervals: readonly Interval[]): Interval[] {
  const sorted = intervals.toSorted((a, b) => Buffer.compare(a.start.at, b.start.at));
  const joined: Interval[] = [];
  for (const next of sorted) {
    const last = joined.at(-1);
    if (last === undefined || Buffer.compare(next.start.at, last.end.at) >= 0) joined.push(next);
    else if (Buffer.compare(next.end.at, last.end.at) > 0)
      joined[joined.length - 1] = { start: last.start, end: next.end };
  }
  return joined;
}

export function intersect(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const common: Interval[] = [];
  for (const x of a) {
    for (const y of b) {
      const start = Buffer.compare(x.start.at, y.start.at) >= 0 ? x.start : y.start;
      const end = Buffer.compare(x.end.at, y.end.at) <= 0 ? x.end : y.end;
      if (Buffer.compare(start.at, end.at) < 0) common.push({ start, end });
    }
  }
  return common;
}

export const nullPoint: Interval = point(Buffer.from([order.null]));
