import { compileExpression } from '../aggregate/expressions.ts';
import { encodeKey } from '../bson/keys.ts';
import { decode } from '../bson/read.ts';
import { Document, isNumber, numeric, type Value } from '../bson/values.ts';
import { badValue, typeMismatch } from '../errors.ts';
import { equal } from '../bson/compare.ts';
import type { Collection, Row } from '../storage/collection.ts';
import type { Index } from '../storage/index-entry.ts';
import { describeIndex } from '../storage/index-spec.ts';
import { scan, type ScanCounters } from '../storage/scan.ts';
import { parseFilter, truthy, type Filter } from './filter.ts';
import { compileFilter, fieldsOf, type Predicate } from './match.ts';
import { choosePlan, type Plan, type SortField } from './plan.ts';
import { sortAll, sortFields } from './sort.ts';

/** A query that is ready to run. */
export interface Query {
  readonly filter: Filter;
  readonly matches: Predicate;
  /** Top-level fields that `matches` needs. */
  readonly fields: ReadonlySet<string> | undefined;
  readonly sort: readonly SortField[];
  readonly skip: number;
  /** Infinity for none. */
  readonly limit: number;
  readonly hint: Value | undefined;
}

/** @throws MongoError for what `parseFilter` does not take */
export function queryOf(
  filter: Value | undefined,
  options: {
    readonly sort?: readonly SortField[];
    readonly skip?: number;
    readonly limit?: number;
    readonly hint?: Value | undefined;
  } = {},
): Query {
  if (filter !== undefined && !(filter instanceof Document))
    throw typeMismatch("Expected field 'filter' to be of type object");
  const parsed: Filter = filter === undefined ? { kind: 'and', parts: [] } : parseFilter(filter);
  return {
    filter: parsed,
    matches: compileFilter(parsed, (expression) => {
      const evaluate = compileExpression(expression);
      return (document) => truthy(evaluate(document));
    }),
    fields: fieldsOf(parsed),
    sort: options.sort ?? [],
    skip: options.skip ?? 0,
    limit: options.limit ?? Infinity,
    hint: options.hint,
  };
}

/** The value when a query asks for one `_id` and nothing else. */
export function idOf({ filter }: Pick<Query, 'filter'>): Value | undefined {
  if (filter.kind !== 'field' || filter.path !== '_id' || filter.test.op !== 'eq') return undefined;
  return filter.test.value;
}

/** The one `_id` that a document must have to match, whatever else is asked of it. */
function requiredId({ filter, hint }: Pick<Query, 'filter' | 'hint'>): Value | undefined {
  if (hint !== undefined) return undefined;
  if (filter.kind !== 'and') return idOf({ filter });
  for (const part of filter.parts) {
    const id = idOf({ filter: part });
    if (id !== undefined) return id;
  }
  return undefined;
}

function rowById(collection: Collection, query: Query, id: Value, counters?: ScanCounters): Row | undefined {
  const row = collection.get(encodeKey(id));
  if (row === undefined) return undefined;
  if (counters !== undefined) {
    counters.keys += 1;
    counters.documents += 1;
  }
  return query.filter.kind === 'field' || query.matches(decode(row.body, 0, query.fields)) ? row : undefined;
}

/** @throws MongoError BadValue when the hint names no index */
export function planOf(collection: Collection, query: Query): Plan {
  return choosePlan(collection.indexes, query.filter, query.sort, hinted(collection, query.hint));
}

function hinted(collection: Collection, hint: Value | undefined): Index | 'natural' | 'reverse' | undefined {
  if (hint === undefined || (hint instanceof Document && Object.keys(hint).length === 0)) return undefined;
  const natural = hint instanceof Document ? hint['$natural'] : undefined;
  if (natural !== undefined) return isNumber(natural) && Number(numeric(natural)) < 0 ? 'reverse' : 'natural';
  const found = collection.indexes.find((index) =>
    typeof hint === 'string'
      ? index.name === hint
      : hint instanceof Document &&
        equal(describeIndex(index)['key'] ?? null, hint) &&
        index.fields.map((field) => field.path).join() === Object.keys(hint).join(),
  );
  if (found === undefined) {
    throw badValue(
      'error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index',
    );
  }
  return found;
}

/** The rows that a query finds, in its order, between its skip and its limit. */
export function* rowsOf(
  collection: Collection,
  query: Query,
  expected = 101,
  plan = planOf(collection, query),
  counters?: ScanCounters,
): Generator<Row, void, undefined> {
  const { skip, limit } = query;
  if (limit === 0) return;
  const wanted = Math.min(limit + skip, expected + 1);
  const found = filtered(collection, query, plan, plan.sorted ? wanted : 1000, counters);
  let position = 0;
  for (const row of plan.sorted ? found : sorted(found, query)) {
    position += 1;
    if (position <= skip) continue;
    yield row;
    if (position >= skip + limit) return;
  }
}

function sorted(rows: Iterable<Row>, query: Query): Row[] {
  const fields = sortFields(query.sort);
  const decodeKeys = (row: Row): Document => decode(row.body, 0, fields);
  return sortAll(rows, query.sort, decodeKeys, (row) => row.body.length, query.limit + query.skip);
}

function* filtered(
  collection: Collection,
  query: Query,
  plan: Plan,
  expected: number,
  counters?: ScanCounters,
): Generator<Row> {
  const id = requiredId(query);
  if (id !== undefined) {
    const row = rowById(collection, query, id, counters);
    if (row !== undefined) yield row;
    return;
  }
  for (const row of scan(collection, plan, expected, counters)) {
    if (plan.exact || query.matches(decode(row.body, 0, query.fields))) yield row;
  }
}

/** The first row that a query finds. */
export function firstRow(collection: Collection, query: Query): Row | undefined {
  const id = requiredId(query);
  if (id !== undefined && query.skip === 0) return rowById(collection, query, id);
  for (const row of rowsOf(collection, query, 1)) return row;
  return undefined;
}
