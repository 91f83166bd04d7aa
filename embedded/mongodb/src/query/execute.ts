import { equal } from '../bson/compare.ts';
import { encodeKey } from '../bson/keys.ts';
import { decode } from '../bson/read.ts';
import { Document, type Value } from '../bson/values.ts';
import { badValue, typeMismatch } from '../errors.ts';
import type { Collection, Row } from '../storage/collection.ts';
import type { Index } from '../storage/index-entry.ts';
import { scan } from '../storage/scan.ts';
import { everything, parseFilter, type Filter } from './filter.ts';
import { compileFilter, fieldsOf, type Predicate } from './match.ts';
import { choosePlan } from './plan.ts';
import { sortAll, sortFields, type SortField } from './sort.ts';

export interface QueryOptions {
  readonly sort: readonly SortField[];
  readonly skip: number;
  /** Infinity for none. */
  readonly limit: number;
  /** The name or the key of an index. */
  readonly hint: Value | undefined;
}

/** A query that is ready to run. */
export interface Query extends QueryOptions {
  readonly filter: Filter;
  readonly matches: Predicate;
  /** Top-level fields that `matches` needs. */
  readonly fields: ReadonlySet<string>;
}

/** @throws MongoError for what `parseFilter` does not take */
export function queryOf(query: Value | undefined, options: Partial<QueryOptions> = {}): Query {
  const filter = query === undefined ? everything : parseFilter(assertDocument(query));
  return {
    filter,
    matches: compileFilter(filter),
    fields: fieldsOf(filter),
    sort: options.sort ?? [],
    skip: options.skip ?? 0,
    limit: options.limit ?? Infinity,
    hint: options.hint,
  };
}

export function assertDocument(query: Value): Document {
  if (query instanceof Document) return query;
  throw typeMismatch("Expected field 'filter' to be of type object");
}

/** The value when a filter asks for one `_id` and nothing else. */
export function idOf(filter: Filter): Value | undefined {
  if (filter.kind !== 'field' || filter.path !== '_id' || filter.test.op !== 'eq') return undefined;
  return filter.test.value;
}

/** The one `_id` that a document must have to match, whatever else is asked of it. */
function requiredId({ filter, hint }: Query): Value | undefined {
  if (hint !== undefined) return undefined;
  if (filter.kind !== 'and') return idOf(filter);
  for (const part of filter.parts) {
    const id = idOf(part);
    if (id !== undefined) return id;
  }
  return undefined;
}

function rowById(collection: Collection, query: Query, id: Value): Row | undefined {
  const row = collection.get(encodeKey(id));
  if (row === undefined) return undefined;
  return query.filter.kind === 'field' || query.matches(decode(row.body, 0, query.fields)) ? row : undefined;
}

/** @throws MongoError BadValue when the hint names no index */
function planOf(collection: Collection, query: Query) {
  return choosePlan(collection.indexes, query.filter, query.sort, hinted(collection, query.hint));
}

function hinted(collection: Collection, hint: Value | undefined): Index | undefined {
  if (hint === undefined) return undefined;
  const found = collection.indexes.find((index) => index.name === hint || equal(index.key, hint));
  if (found !== undefined) return found;
  throw badValue(
    'error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index',
  );
}

/**
 * The rows that a query finds, in its order, between its skip and its limit.
 *
 * @param expected how many the caller is likely to take
 */
export function* rowsOf(collection: Collection, query: Query, expected: number): Generator<Row, void, undefined> {
  const { skip, limit } = query;
  const plan = planOf(collection, query);
  if (plan.sorted) {
    yield* slice(filtered(collection, query, plan, Math.min(limit + skip, expected + 1)), skip, limit);
    return;
  }
  const rows = filtered(collection, query, plan, 1000);
  const fields = sortFields(query.sort);
  const keysIn = (row: Row): Document => decode(row.body, 0, fields);
  const sorted = sortAll(rows, query.sort, keysIn, (row) => row.body.length, limit + skip);
  yield* slice(sorted, skip, limit);
}

/** What comes after the first `skip`, at most `limit`. */
export function* slice<T>(items: Iterable<T>, skip: number, limit: number): Generator<T, void, undefined> {
  if (limit === 0) return;
  let position = 0;
  for (const item of items) {
    position += 1;
    if (position <= skip) continue;
    yield item;
    if (position >= skip + limit) return;
  }
}

function* filtered(
  collection: Collection,
  query: Query,
  plan: ReturnType<typeof planOf>,
  expected: number,
): Generator<Row> {
  const id = requiredId(query);
  if (id !== undefined) {
    const row = rowById(collection, query, id);
    if (row !== undefined) yield row;
    return;
  }
  for (const row of scan(collection, plan, expected)) {
    if (plan.exact || query.matches(decode(row.body, 0, query.fields))) yield row;
  }
}

/** How many rows a query finds; the index alone answers where it holds exactly those. */
export function countRows(collection: Collection, query: Query): number {
  const plan = planOf(collection, query);
  let n = 0;
  if (!plan.exact) {
    const rows = filtered(collection, query, plan, 1000);
    while (rows.next().done !== true) n += 1;
  } else if (plan.kind === 'collection') n = collection.count();
  else for (const { low, high } of plan.ranges) n += collection.indexCount(plan.index, low, high);
  return Math.max(0, Math.min(n - query.skip, query.limit));
}

/** The first row that a query finds. */
export function firstRow(collection: Collection, query: Query): Row | undefined {
  const id = requiredId(query);
  if (id !== undefined && query.skip === 0) return rowById(collection, query, id);
  return rowsOf(collection, query, 1).next().value ?? undefined;
}
