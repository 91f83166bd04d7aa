import { isArrayIndex } from '../bson/read.ts';
import { Document, type Value } from '../bson/values.ts';
import { notImplemented } from '../errors.ts';

/**
 * Whether any value that a dotted path reaches passes the test, the way MongoDB's queries walk: documents inside an
 * array are entered, a number also is an array's position, and an array at the end offers its items and itself.
 *
 * @param test gets undefined for a field that is missing
 */
export function anyValue(
  node: Value | undefined,
  path: readonly string[],
  at: number,
  expand: boolean,
  test: (value: Value | undefined) => boolean,
): boolean {
  const part = path[at];
  if (part === undefined) {
    if (expand && Array.isArray(node) && node.some(test)) return true;
    return test(node);
  }
  if (node instanceof Document) return anyValue(node[part], path, at + 1, expand, test);
  if (!Array.isArray(node)) return test(undefined);
  if (node.some((item) => item instanceof Document && anyValue(item, path, at, expand, test))) return true;
  const item = isArrayIndex(part) ? node[Number(part)] : undefined;
  if (item === undefined) return false;
  // An array at a position is one value, and a value there that is no document or array has no fields, not even missing.
  if (at === path.length - 1) return test(item);
  return (item instanceof Document || Array.isArray(item)) && anyValue(item, path, at + 1, expand, test);
}

/** The values under which an index, or a sort, takes a document for one of its fields. */
export interface KeyValues {
  /** Null stands for a missing field, undefined for an empty array. */
  readonly values: (Value | undefined)[];
  /** The path of the outermost array, if there is one. */
  array: string | undefined;
  /** The field is there. */
  present: boolean;
}

/** @throws MongoError NotImplemented for a position in an array */
export function keyValues(document: Document, path: readonly string[]): KeyValues {
  const found: KeyValues = { values: [], array: undefined, present: false };
  collect(document, path, 0, found);
  return found;
}

function collect(node: Value | undefined, path: readonly string[], at: number, found: KeyValues): void {
  const part = path[at];
  if (Array.isArray(node)) found.array ??= path.slice(0, at).join('.');
  if (part === undefined) {
    found.present ||= node !== undefined;
    if (!Array.isArray(node)) found.values.push(node ?? null);
    else if (node.length === 0) found.values.push(undefined);
    else found.values.push(...node);
    return;
  }
  if (node instanceof Document) {
    collect(node[part], path, at + 1, found);
    return;
  }
  if (!Array.isArray(node) || node.length === 0) {
    found.values.push(null);
    return;
  }
  if (isArrayIndex(part)) throw notImplemented('a position in an array as part of a key');
  for (const item of node) {
    if (item instanceof Document) collect(item, path, at, found);
    else found.values.push(null);
  }
}
