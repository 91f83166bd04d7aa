import { compare } from '../bson/compare.ts';
import { Document, isNumber, numeric, type Value } from '../bson/values.ts';
import { badValue, codes, MongoError, notImplemented, typeMismatch } from '../errors.ts';
import { indexValues } from './paths.ts';
import type { SortField } from './plan.ts';

/** MongoDB's limit for a sort in memory. */
const maxSortBytes = 100 * 1024 * 1024;

/** @throws MongoError BadValue for anything but 1 and -1 */
export function parseSort(sort: Value | undefined): SortField[] {
  if (sort === undefined) return [];
  if (!(sort instanceof Document)) throw typeMismatch("Expected field 'sort' to be of type object");
  const fields = Object.entries(sort).map(([path, direction]): SortField => {
    if (direction instanceof Document) throw notImplemented('$meta in a sort');
    const number = isNumber(direction) ? Number(numeric(direction)) : NaN;
    if (number !== 1 && number !== -1)
      throw badValue(
        `Illegal key in $sort specification: ${path}: $sort key ordering must be 1 (for ascending) or -1 (for descending)`,
      );
    if (path.split('.').some((part) => part === ''))
      throw new MongoError(40352, 'FieldPath cannot be constructed with empty string');
    return { path, descending: number < 0 };
  });
  if (fields.length > 32) throw badValue('too many sort keys');
  return fields;
}

/** A document with what it is sorted by. */
interface Sortable<T> {
  readonly item: T;
  readonly keys: readonly Value[];
}

/** The top-level fields that a sort looks at. */
export function sortFields(sort: readonly SortField[]): ReadonlySet<string> {
  return new Set(sort.map((field) => field.path.split('.')[0] ?? ''));
}

/**
 * Sorts in memory; with a limit only that many are kept.
 *
 * @throws MongoError QueryExceededMemoryLimitNoDiskUseAllowed when more than 100 MB would have to be kept
 */
export function sortAll<T>(
  items: Iterable<T>,
  sort: readonly SortField[],
  documentOf: (item: T) => Document,
  sizeOf: (item: T) => number,
  limit = Infinity,
): T[] {
  const paths = sort.map((field) => ({ parts: field.path.split('.'), descending: field.descending }));
  let kept: Sortable<T>[] = [];
  let bytes = 0;
  const order = (a: Sortable<T>, b: Sortable<T>): number => {
    for (let i = 0; i < paths.length; i += 1) {
      const difference = compare(a.keys[i] ?? null, b.keys[i] ?? null);
      if (difference !== 0) return paths[i]?.descending === true ? -difference : difference;
    }
    return 0;
  };
  for (const item of items) {
    const document = documentOf(item);
    kept.push({ item, keys: paths.map(({ parts, descending }) => sortKey(document, parts, descending)) });
    bytes += sizeOf(item);
    if (kept.length >= 2 * limit + 1000) {
      kept = kept.sort(order).slice(0, limit);
      bytes = kept.reduce((sum, one) => sum + sizeOf(one.item), 0);
    }
    if (bytes > maxSortBytes) {
      throw new MongoError(
        codes.QueryExceededMemoryLimitNoDiskUseAllowed,
        `Sort exceeded memory limit of ${maxSortBytes} bytes, but did not opt in to external sorting.`,
      );
    }
  }
  return kept
    .sort(order)
    .slice(0, limit)
    .map((one) => one.item);
}

/** An array sorts by its least item, or its greatest when descending; an empty one before null. */
function sortKey(document: Document, parts: readonly string[], descending: boolean): Value {
  const [name] = parts;
  if (parts.length === 1 && name !== undefined && !Array.isArray(document[name])) return document[name] ?? null;
  const { values } = indexValues(document, parts);
  let best: Value = values[0] ?? null;
  for (const value of values) {
    const difference = compare(value ?? null, best);
    if (descending ? difference > 0 : difference < 0) best = value ?? null;
  }
  return best;
}
