import { compareStrings } from '../bson/compare.ts';
import { Document, type Value } from '../bson/values.ts';
import { codes, MongoError } from '../errors.ts';
import type { Filter } from '../query/filter.ts';
import { pathParts } from './update.ts';

/**
 * The document an upsert begins with: what the query fixes by equality.
 *
 * @throws MongoError NotSingleValueField when it fixes a field twice
 */
export function upsertBase(filter: Filter): Document {
  const document = new Document();
  // MongoDB goes through the paths in lexical order.
  const sorted = equalities(filter).toSorted(([a], [b]) => compareStrings(a, b));
  for (const [path, value] of sorted) set(document, path, value);
  return document;
}

/**
 * The `_id` of a replacement that is inserted.
 *
 * @throws MongoError NotExactValueField when the query fixes a part of it
 */
export function upsertId(filter: Filter): Value | undefined {
  const fixed = equalities(filter).filter(([path]) => path === '_id' || path.startsWith('_id.'));
  const [id, second] = fixed;
  if (second !== undefined) throw twice('_id');
  if (id !== undefined && id[0] !== '_id')
    throw new MongoError(
      codes.NotExactValueField,
      `cannot infer query fields to set, path '_id' is matched by '${id[0]}'`,
    );
  return id?.[1];
}

function equalities(filter: Filter): (readonly [string, Value])[] {
  if (filter.kind === 'and' || (filter.kind === 'or' && filter.parts.length === 1))
    return filter.parts.flatMap(equalities);
  if (filter.kind !== 'field') return [];
  const { path, test } = filter;
  if (test.op === 'eq') return [[path, test.value]];
  const [only, ...others] = test.op === 'in' ? test.values : [];
  return only === undefined || others.length > 0 ? [] : [[path, only]];
}

function set(document: Document, path: string, value: Value): void {
  const parts = pathParts(path);
  const last = parts.pop() ?? '';
  let node = document;
  for (const part of parts) {
    const child = (node[part] ??= new Document());
    if (!(child instanceof Document)) throw twice(path);
    node = child;
  }
  if (node[last] !== undefined) throw twice(path);
  node[last] = value;
}

function twice(path: string): MongoError {
  return new MongoError(codes.NotSingleValueField, `cannot infer query fields to set, path '${path}' is matched twice`);
}
