import { Document, isNumber, type Value } from '../bson/values.ts';
import { MongoError, notImplemented } from '../errors.ts';
import { truthy } from './filter.ts';

export interface Projection {
  readonly apply: (document: Document) => Document;
  /** Top-level fields it needs of a document; undefined: all. */
  readonly needs: ReadonlySet<string> | undefined;
}

/** The fields that are named, as a tree; a leaf is a whole field. */
type Node = Map<string, Node | 'leaf'>;

/**
 * Parses a projection, of `find` or of `$project`: fields to keep, or fields to leave out.
 *
 * @throws MongoError 31253, 31254 when both are mixed, 31249, 31250 for paths that collide, NotImplemented for others
 */
export function parseProjection(spec: Document): Projection {
  const root: Node = new Map();
  let including: boolean | undefined;
  for (const [path, wanted] of Object.entries(spec) as [string, Value][]) {
    assertPath(path);
    const include = parseWanted(wanted);
    if (path === '_id') continue;
    including ??= include;
    if (include !== including)
      throw include
        ? new MongoError(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
        : new MongoError(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
    put(root, path);
  }
  const id = spec['_id'];
  const keepsId = id === undefined || truthy(id);
  including ??= keepsId;
  if (id !== undefined && root.has('_id')) throw new MongoError(31249, 'Path collision at _id');
  // `_id` is kept unless it is named.
  if (including === keepsId && !root.has('_id')) root.set('_id', 'leaf');
  return including
    ? { apply: (document) => include(document, root), needs: new Set(root.keys()) }
    : { apply: (document) => exclude(document, root), needs: undefined };
}

function parseWanted(wanted: Value): boolean {
  if (typeof wanted === 'boolean' || isNumber(wanted)) return truthy(wanted);
  const operator = wanted instanceof Document ? Object.keys(wanted)[0] : undefined;
  if (operator?.startsWith('$') === true) throw new MongoError(31325, `Unknown expression ${operator}`);
  throw notImplemented('a computed field in a projection');
}

function assertPath(path: string): void {
  const parts = path.split('.');
  if (parts.includes('')) throw new MongoError(40353, "FieldPath must not end with a '.'.");
  if (parts.includes('$')) throw notImplemented('the positional projection');
  if (parts.some((part) => part.startsWith('$')))
    throw new MongoError(16410, `FieldPath field names may not start with '$'. Consider using $getField or $setField.`);
}

function put(root: Node, path: string): void {
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let node = root;
  parts.forEach((part, at) => {
    const child = node.get(part) ?? (new Map() as Node);
    if (child === 'leaf') {
      const remaining = [...parts.slice(at + 1), last].join('.');
      throw new MongoError(31249, `Path collision at ${path} remaining portion ${remaining}`);
    }
    node.set(part, child);
    node = child;
  });
  if (node.has(last)) throw new MongoError(31250, `Path collision at ${path}`);
  node.set(last, 'leaf');
}

function include(document: Document, node: Node): Document {
  const kept = new Document();
  for (const name of Object.keys(document)) {
    const child = node.get(name);
    const field = document[name];
    if (child === undefined || field === undefined) continue;
    const found = child === 'leaf' ? field : includeWithin(field, child);
    if (found !== undefined) kept[name] = found;
  }
  return kept;
}

function includeWithin(value: Value, node: Node): Value | undefined {
  if (Array.isArray(value)) return value.map((item) => includeWithin(item, node)).filter((item) => item !== undefined);
  return value instanceof Document ? include(value, node) : undefined;
}

function exclude(document: Document, node: Node): Document {
  const kept = new Document();
  for (const name of Object.keys(document)) {
    const child = node.get(name);
    const field = document[name];
    if (field === undefined || child === 'leaf') continue;
    kept[name] = child === undefined ? field : excludeWithin(field, child);
  }
  return kept;
}

function excludeWithin(value: Value, node: Node): Value {
  if (Array.isArray(value)) return value.map((item) => excludeWithin(item, node));
  return value instanceof Document ? exclude(value, node) : value;
}
