import { compare } from '../bson/compare.ts';
import { Document, isNumber, numeric, type Value } from '../bson/values.ts';
import { badValue, codes, MongoError, notImplemented, typeMismatch } from '../errors.ts';
import { topLevel } from './match.ts';
import { keyValues } from './paths.ts';

/** MongoDB's limit for a sort in memory. */
const maxSortBytes = 100 * 1024 * 1024;

export interface SortField {
  readonly path: string;
  readonly descending: boolean;
}

/** @throws MongoError BadValue for anything but 1 and -1 */
export function parseSort(sort: Value | undefined): SortField[] {
  if (sort === undefined) return [];
  if (!(sort instanceof Document)) throw typeMismatch("Expected field 'sort' to be of type object");
  const fields = Object.entries(sort).map(([path, direction]): SortField => {
    const number = isNumber(direction) ? Number(numeric(direction)) : NaN;
    if (number !== 1 && number !== -1)
      throw badValue(
        `Illegal key in $sort specification: ${path}: $sort key ordering must be 1 (for ascending) or -1 (for descending)`,
      );
    if (path.split('.').includes('')) throw new MongoError(40352, 'FieldPath cannot be constructed with empty string');
    if (/(?:^|\.)\$/.test(path)) throw notImplemented('a sort by a name that begins with $');
    return { path, descending: number < 0 };
  });
  if (fields.length > 32) throw badValue('too many sort keys');
  return fields;
}

/** A document with what it is sorted by. */
interface Sortable<T> {
  readonly item: T;
  readonly keys: readonly (Value | undefined)[];
}

/** The top-level fields that a sort looks at. */
export function sortFields(sort: readonly SortField[]): ReadonlySet<string> {
  return new Set(sort.map((field) => topLevel(field.path)));
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
  const keysOf = sortKeys(sort);
  let kept: Sortable<T>[] = [];
  let bytes = 0;
  const order = (a: Sortable<T>, b: Sortable<T>): number => {
    for (let i = 0; i < sort.length; i += 1) {
      const difference = compareKeys(a.keys[i], b.keys[i]);
      if (difference !== 0) return sort[i]?.descending === true ? -difference : difference;
    }
    return 0;
  };
  for (const item of items) {
    kept.push({ item, keys: keysOf(documentOf(item)) });
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

/** An empty array, which is undefined here, comes before everything else. */
function compareKeys(a: Value | undefined, b: Value | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compare(a, b);
}

/**
 * What a document is sorted by: of an array its least item, or its greatest when descending.
 *
 * @throws MongoError BadValue when two fields are arrays
 */
function sortKeys(sort: readonly SortField[]): (document: Document) => (Value | undefined)[] {
  const fields = sort.map(({ path, descending }) => ({ path, parts: path.split('.'), descending }));
  return (document) => {
    let array: string | undefined;
    return fields.map(({ path, parts, descending }) => {
      const value = document[path];
      if (parts.length === 1 && !Array.isArray(value)) return value ?? null;
      const found = keyValues(document, parts);
      if (array !== undefined && found.array === array) throw notImplemented('a sort by two fields of one array');
      if (array !== undefined && found.array !== undefined)
        throw badValue('cannot sort with keys that are parallel arrays');
      array ??= found.array;
      return found.values.reduce((best, next) => (compareKeys(next, best) > 0 === descending ? next : best));
    });
  };
}
