import { Document, type Value } from '../bson/values.ts';
import { codes, MongoError } from '../errors.ts';
import type { Filter } from '../query/filter.ts';

/**
 * The document an upsert begins with: what the query fixes by equality.
 *
 * @throws MongoError NotSingleValueField when it fixes a field twice
 */
export function upsertBase(filter: Filter): Document {
  const document = new Document();
  collect(filter, document);
  return document;
}

function collect(filter: Filter, document: Document): void {
  if (filter.kind === 'and') for (const part of filter.parts) collect(part, document);
  if (filter.kind === 'or' && filter.parts.length === 1 && filter.parts[0] !== undefined)
    collect(filter.parts[0], document);
  if (filter.kind !== 'field') return;
  const { test } = filter;
  if (test.op === 'eq') set(document, filter.path, test.value);
  else if (test.op === 'in' && test.values.length === 1 && test.patterns.length === 0)
    set(document, filter.path, test.values[0] ?? null);
}

function set(document: Document, path: string, value: Value): void {
  const parts = path.split('.');
  let node = document;
  for (const part of parts.slice(0, -1)) {
    const child = node[part] ?? new Document();
    if (!(child instanceof Document)) throw twice(path);
    node[part] = child;
    node = child;
  }
  const last = parts.at(-1) ?? '';
  if (node[last] !== undefined) throw twice(path);
  node[last] = value;
}

function twice(path: string): MongoError {
  return new MongoError(codes.NotSingleValueField, `cannot infer query fields to set, path '${path}' is matched twice`);
}
