import { successor } from '../bson/keys.ts';
import type { Index } from '../storage/index-entry.ts';
import { boundsOf, intersect, isPoint, keyRange, nullPoint, type Bounds, type Interval } from './bounds.ts';
import type { Filter, Test } from './filter.ts';
import type { SortField } from './sort.ts';

/** Index keys from `low` up to, not including, `high`. */
export interface KeyRange {
  readonly low: Buffer;
  readonly high: Buffer;
}

export interface IndexPlan {
  readonly kind: 'index';
  readonly index: Index;
  /** Ascending, apart from each other. */
  readonly ranges: readonly KeyRange[];
  readonly reverse: boolean;
  /** The documents come in the order that was asked for. */
  readonly sorted: boolean;
  /** Every document in the ranges matches. */
  readonly exact: boolean;
}

export type Plan = IndexPlan | { readonly kind: 'collection'; readonly sorted: boolean; readonly exact: boolean };

/** One alternative of a query: tests that must all pass. */
interface Branch {
  readonly tests: ReadonlyMap<string, readonly Test[]>;
  /** Something in the branch is not in `tests`. */
  readonly residual: boolean;
}

const maxBranches = 32;
const maxPoints = 2000;

/** The query as alternatives; an `$or` that would make too many stays a condition to test. */
function branchesOf(filter: Filter): Branch[] {
  switch (filter.kind) {
    case 'field':
      return [{ tests: new Map([[filter.path, [filter.test]]]), residual: false }];
    case 'or': {
      const all = filter.parts.flatMap(branchesOf);
      return all.length <= maxBranches ? all : [{ tests: new Map(), residual: true }];
    }
    case 'and': {
      let all: Branch[] = [{ tests: new Map(), residual: false }];
      for (const part of filter.parts) {
        const next = branchesOf(part);
        if (all.length * next.length > maxBranches) all = all.map((branch) => ({ ...branch, residual: true }));
        else all = all.flatMap((left) => next.map((right) => both(left, right)));
      }
      return all;
    }
    case 'nor':
      return [{ tests: new Map(), residual: true }];
  }
}

function both(left: Branch, right: Branch): Branch {
  const tests = new Map(left.tests);
  for (const [path, more] of right.tests) tests.set(path, [...(tests.get(path) ?? []), ...more]);
  return { tests, residual: left.residual || right.residual };
}

/** What a branch says about a field; in a multikey index only one test can be used, as each may hold for another item. */
function fieldBounds(branch: Branch, path: string, multikey: boolean): Bounds | undefined {
  const tests = branch.tests.get(path);
  if (tests === undefined) return undefined;
  let found: Bounds | undefined;
  let exact = !multikey;
  for (const test of tests) {
    const bounds = multikey && comparesArray(test) ? undefined : boundsOf(test);
    if (bounds === undefined) exact = false;
    else if (found === undefined) found = bounds;
    else if (!multikey)
      found = { intervals: intersect(found.intervals, bounds.intervals), exact: found.exact && bounds.exact };
    else if (bounds.intervals.length > 0 && bounds.intervals.every(isPoint)) found = bounds;
  }
  return found === undefined ? undefined : { intervals: found.intervals, exact: exact && found.exact };
}

function comparesArray(test: Test): boolean {
  if (test.op === 'in') return test.values.some(Array.isArray);
  return 'value' in test && Array.isArray(test.value);
}

interface BranchRanges {
  readonly ranges: KeyRange[];
  /** How many leading fields are each fixed to one value. */
  readonly fixed: number;
  readonly prefix: Buffer;
  readonly points: number;
  readonly bounded: boolean;
  readonly exact: boolean;
}

function rangesOf(branch: Branch, index: Index): BranchRanges {
  let prefixes: Buffer[] = [Buffer.alloc(0)];
  let ranges: KeyRange[] | undefined;
  let fixed = 0;
  let points = 0;
  let prefix: Buffer = Buffer.alloc(0);
  let exact = !branch.residual && !index.multikey;
  const used = new Set<string>();
  for (const field of index.fields) {
    const bounds = fieldBounds(branch, field.path, index.multikey);
    if (bounds === undefined) break;
    used.add(field.path);
    exact &&= bounds.exact;
    const allPoints = bounds.intervals.every(isPoint);
    if (prefixes.length > 1 && prefixes.length * bounds.intervals.length > maxPoints) {
      exact = false;
      break;
    }
    const parts = bounds.intervals.map((interval) => keyRange(interval, field.descending));
    if (field.descending) parts.reverse();
    if (!allPoints) {
      ranges = prefixes.flatMap((head) => parts.map((part) => join(head, part)));
      break;
    }
    const keys = bounds.intervals.map((interval) => pointKey(interval, field.descending));
    prefixes = prefixes.flatMap((head) => keys.map((key) => Buffer.concat([head, key])));
    points += 1;
    if (prefixes.length === 1 && fixed === points - 1) {
      fixed = points;
      prefix = prefixes[0] ?? prefix;
    }
  }
  for (const path of branch.tests.keys()) if (!used.has(path)) exact = false;
  const bounded = points > 0 || ranges !== undefined;
  ranges ??= prefixes.map((key) => (key.length === 0 ? everything : { low: key, high: successor(key) }));
  return { ranges, fixed, prefix, points, bounded, exact };
}

const everything: KeyRange = { low: Buffer.from([0]), high: Buffer.from([255]) };

function join(head: Buffer, part: KeyRange): KeyRange {
  if (head.length === 0) return part;
  return { low: Buffer.concat([head, part.low]), high: Buffer.concat([head, part.high]) };
}

function pointKey(interval: Interval, descending: boolean): Buffer {
  return keyRange(interval, descending).low;
}

/** Ranges in key order, overlapping ones joined. */
function merge(ranges: readonly KeyRange[]): KeyRange[] {
  const sorted = ranges.toSorted((a, b) => Buffer.compare(a.low, b.low));
  const merged: KeyRange[] = [];
  for (const range of sorted) {
    if (Buffer.compare(range.low, range.high) >= 0) continue;
    const last = merged.at(-1);
    if (last === undefined || Buffer.compare(range.low, last.high) > 0) merged.push(range);
    else if (Buffer.compare(range.high, last.high) > 0) merged[merged.length - 1] = { low: last.low, high: range.high };
  }
  return merged;
}

/** Whether an index whose leading fields are fixed gives an order, and whether it must be read backwards for it. */
function orderFrom(index: Index, fixed: number, sort: readonly SortField[]): { readonly reverse: boolean } | undefined {
  if (index.multikey) return undefined;
  const fixedPaths = new Set(index.fields.slice(0, fixed).map((field) => field.path));
  let position = fixed;
  let reverse: boolean | undefined;
  for (const wanted of sort) {
    if (fixedPaths.has(wanted.path)) continue;
    const field = index.fields[position];
    if (field?.path !== wanted.path) {
      if (index.unique && position >= index.fields.length && !index.sparse) break;
      return undefined;
    }
    const opposite = field.descending !== wanted.descending;
    if (reverse !== undefined && reverse !== opposite) return undefined;
    reverse = opposite;
    position += 1;
  }
  return { reverse: reverse ?? false };
}

/** A sparse index may only answer queries whose documents it holds for sure. */
function holdsAll(index: Index, branches: readonly Branch[]): boolean {
  if (!index.sparse) return true;
  const leading = index.fields[0]?.path ?? '';
  return branches.every((branch) => {
    const bounds = fieldBounds(branch, leading, false);
    return bounds !== undefined && intersect(bounds.intervals, [nullPoint]).length === 0;
  });
}

function indexPlan(
  index: Index,
  branches: readonly Branch[],
  sort: readonly SortField[],
): { plan: IndexPlan; score: number } {
  const parts = branches.map((branch) => rangesOf(branch, index));
  const [first] = parts;
  const shared = parts.every((part) => part.bounded);
  const ranges = shared ? merge(parts.flatMap((part) => part.ranges)) : [everything];
  const fixed = commonPrefix(parts);
  const given = sort.length === 0 ? { reverse: false } : orderFrom(index, fixed, sort);
  const points = shared ? Math.min(...parts.map((part) => part.points)) : 0;
  const exact = shared && parts.every((part) => part.exact) && first !== undefined;
  const ranged =
    shared && parts.some((part) => part.points === points && part.ranges.length > 0 && !part.exact) ? 1 : 0;
  const bounded = shared ? points * 8 + 4 + (exact ? 2 : 0) + ranged : 0;
  const score =
    bounded +
    (sort.length > 0 && given !== undefined ? 6 : 0) +
    (index.unique && points === index.fields.length ? 100 : 0);
  return {
    plan: { kind: 'index', index, ranges, reverse: given?.reverse ?? false, sorted: given !== undefined, exact },
    score,
  };
}

function commonPrefix(parts: readonly BranchRanges[]): number {
  const [first] = parts;
  if (first === undefined) return 0;
  if (parts.every((part) => part.fixed === first.fixed && part.prefix.equals(first.prefix))) return first.fixed;
  const shortest = parts.reduce((a, b) => (b.fixed < a.fixed ? b : a));
  const same = parts.every((part) => part.prefix.subarray(0, shortest.prefix.length).equals(shortest.prefix));
  return same ? shortest.fixed : 0;
}

/**
 * Chooses how to read a collection: the index that fixes most leading fields, then one that gives the order. An
 * `$or` becomes one set of ranges for each alternative, so that a keyset page
 * (`$or: [{t: {$lt: x}}, {t: x, _id: {$lt: y}}]`) starts exactly where it should.
 *
 * @param hint only this index, whatever it costs
 */
export function choosePlan(indexes: readonly Index[], filter: Filter, sort: readonly SortField[], hint?: Index): Plan {
  const branches = branchesOf(filter);
  if (hint !== undefined) return indexPlan(hint, branches, sort).plan;
  const isWhole = filter.kind === 'and' && filter.parts.length === 0;
  let best: { plan: Plan; score: number } = {
    plan: { kind: 'collection', sorted: sort.length === 0, exact: isWhole },
    score: 0,
  };
  for (const index of indexes) {
    if (!holdsAll(index, branches)) continue;
    const candidate = indexPlan(index, branches, sort);
    if (candidate.score > best.score) best = candidate;
  }
  return best.plan;
}
