import { Document, type Value } from '../bson/values.ts';

const arrayIndex = /^(?:0|[1-9]\d{0,9})$/;

export function isArrayIndex(part: string): boolean {
  return arrayIndex.test(part);
}

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
  return item !== undefined && anyValue(item, path, at + 1, expand, test);
}

/**
 * The values under which an index holds a document, for one of its fields; more than one when the path goes through
 * an array. Null stands for a missing field, undefined for an empty array.
 */
export function indexValues(
  document: Document,
  path: readonly string[],
): {
  readonly values: (Value | undefined)[];
  readonly multikey: boolean;
  readonly present: boolean;
} {
  const values: (Value | undefined)[] = [];
  const state = { multikey: false, present: false };
  collect(document, path, 0, values, state);
  return { values, ...state };
}

function collect(
  node: Value | undefined,
  path: readonly string[],
  at: number,
  values: (Value | undefined)[],
  state: { multikey: boolean; present: boolean },
): void {
  const part = path[at];
  if (part === undefined) {
    if (node !== undefined) state.present = true;
    if (!Array.isArray(node)) values.push(node ?? null);
    else {
      state.multikey = true;
      values.push(...(node.length === 0 ? [undefined] : node));
    }
    return;
  }
  if (node instanceof Document) {
    collect(node[part], path, at + 1, values, state);
    return;
  }
  if (!Array.isArray(node)) {
    values.push(null);
    return;
  }
  state.multikey = true;
  if (isArrayIndex(part)) {
    collect(node[Number(part)], path, at + 1, values, state);
    if (!node.some((item) => item instanceof Document)) return;
  }
  if (node.length === 0) values.push(null);
  for (const item of node) {
    if (item instanceof Document) collect(item, path, at, values, state);
    else values.push(null);
  }
}

/** The values at a path as `distinct` sees them: arrays opened, missing fields left out. */
export function reached(node: Value | undefined, path: readonly string[], at = 0): Value[] {
  const part = path[at];
  if (node === undefined) return [];
  if (part === undefined) return Array.isArray(node) ? node : [node];
  if (node instanceof Document) return reached(node[part], path, at + 1);
  if (!Array.isArray(node)) return [];
  if (isArrayIndex(part)) return reached(node[Number(part)], path, at + 1);
  return node.flatMap((item) => (item instanceof Document ? reached(item, path, at) : []));
}
