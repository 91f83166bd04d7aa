import { Document, isNumber, numeric, type Value } from '../bson/values.ts';
import { MongoError, notImplemented } from '../errors.ts';
import { truthy } from './filter.ts';

export type Project = (document: Document) => Document;
/** Makes a function of an aggregation expression. */
export type CompileValue = (expression: Value) => (root: Document) => Value | undefined;

export interface Projection {
  readonly apply: Project;
  /** Top-level fields it needs of a document; undefined: all. */
  readonly needs: ReadonlySet<string> | undefined;
}

/** What a projection wants of a field: itself, its parts, or a value computed. */
interface Node {
  readonly children: Map<string, Node>;
  readonly leaf: 'keep' | 'compute' | undefined;
  readonly compute?: (root: Document) => Value | undefined;
}

/**
 * Parses a projection, of `find` or of `$project`: inclusion with computed fields, or exclusion.
 *
 * @throws MongoError 31253, 31254 when inclusion and exclusion are mixed, 31250 for paths that collide
 */
export function parseProjection(spec: Document, compileValue: CompileValue): Projection {
  let mode: 'include' | 'exclude' | undefined;
  let id: boolean | undefined;
  const root: Node = { children: new Map(), leaf: undefined };
  const computed: string[] = [];
  const visit = (prefix: string, document: Document): void => {
    for (const [name, wanted] of Object.entries(document) as [string, Value][]) {
      const path = prefix + name;
      assertPath(path);
      if (wanted instanceof Document && !Object.keys(wanted)[0]?.startsWith('$')) {
        if (Object.keys(wanted).length === 0)
          throw new MongoError(51270, 'An empty sub-projection is not a valid value.');
        visit(`${path}.`, wanted);
        continue;
      }
      if (typeof wanted === 'boolean' || isNumber(wanted)) {
        const include = truthy(wanted);
        if (path === '_id') {
          id = include;
          continue;
        }
        if (mode !== undefined && include !== (mode === 'include')) {
          throw include
            ? new MongoError(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
            : new MongoError(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
        }
        mode = include ? 'include' : 'exclude';
        put(root, path, { children: new Map(), leaf: 'keep' });
        continue;
      }
      if (wanted instanceof Document && Object.keys(wanted).some((key) => key === '$elemMatch' || key === '$meta')) {
        throw notImplemented(`${Object.keys(wanted)[0] ?? ''} in a projection`);
      }
      computed.push(path);
      put(root, path, { children: new Map(), leaf: 'compute', compute: compileValue(wanted) });
    }
  };
  visit('', spec);
  if (computed[0] !== undefined) {
    if (mode === 'exclude')
      throw new MongoError(31252, `Cannot use expression other than $meta in exclusion projection: ${computed[0]}`);
    mode = 'include';
  }
  mode ??= id === undefined ? 'exclude' : id ? 'include' : 'exclude';
  const keepId = id ?? true;
  if (mode === 'exclude') {
    if (!keepId) put(root, '_id', { children: new Map(), leaf: 'keep' });
    return { apply: (document) => exclude(document, root), needs: undefined };
  }
  if (keepId && !root.children.has('_id')) put(root, '_id', { children: new Map(), leaf: 'keep' });
  const needs = computed.length > 0 ? undefined : new Set(root.children.keys());
  return { apply: (document) => include(document, root, document) as Document, needs };
}

function assertPath(path: string): void {
  if (path === '' || path.endsWith('.') || path.startsWith('.'))
    throw new MongoError(40353, "FieldPath must not end with a '.'.");
  const bad = path.split('.').find((part) => part.startsWith('$'));
  if (bad === undefined) return;
  if (bad === '$') throw notImplemented('the positional projection');
  throw new MongoError(16410, `FieldPath field names may not start with '$'. Consider using $getField or $setField.`);
}

function put(root: Node, path: string, leaf: Node): void {
  const parts = path.split('.');
  let node = root;
  parts.forEach((part, i) => {
    const present = node.children.get(part);
    const last = i === parts.length - 1;
    if (present !== undefined && (last || present.leaf !== undefined)) {
      throw new MongoError(31250, `Path collision at ${path}`);
    }
    const child = present ?? (last ? leaf : { children: new Map<string, Node>(), leaf: undefined });
    node.children.set(part, child);
    node = child;
  });
}

function include(value: Value, node: Node, root: Document): Value | undefined {
  if (Array.isArray(value)) {
    return value.map((item) => include(item, node, root)).filter((item) => item !== undefined);
  }
  if (!(value instanceof Document)) return undefined;
  const kept = new Document();
  for (const name of Object.keys(value)) {
    const child = node.children.get(name);
    const field = value[name];
    if (child === undefined || field === undefined || child.leaf === 'compute') continue;
    const found = child.leaf === 'keep' ? field : include(field, child, root);
    if (found !== undefined) kept[name] = found;
  }
  return computeFields(kept, node, root);
}

function computeFields(kept: Document, node: Node, root: Document): Document {
  for (const [name, child] of node.children) {
    if (child.leaf === 'keep') continue;
    if (child.compute !== undefined) {
      const result = child.compute(root);
      if (result !== undefined) kept[name] = result;
    } else if (kept[name] === undefined && hasComputed(child)) {
      kept[name] = computeFields(new Document(), child, root);
    }
  }
  return kept;
}

function hasComputed(node: Node): boolean {
  return node.compute !== undefined || [...node.children.values()].some(hasComputed);
}

function exclude(document: Document, node: Node): Document {
  const kept = new Document();
  for (const name of Object.keys(document)) {
    const child = node.children.get(name);
    const field = document[name];
    if (field === undefined || child?.leaf === 'keep') continue;
    kept[name] = child === undefined ? field : excludeWithin(field, child);
  }
  return kept;
}

function excludeWithin(value: Value, node: Node): Value {
  if (Array.isArray(value)) return value.map((item) => excludeWithin(item, node));
  return value instanceof Document ? exclude(value, node) : value;
}

/** The number of a field that has to be whole and not negative, as `limit` and `skip`. */
export function wholeOption(value: Value | undefined, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = isNumber(value) ? Number(numeric(value)) : NaN;
  if (!Number.isSafeInteger(number)) {
    if (isNumber(value)) throw new MongoError(9, `Expected an integer: ${name}: ${number}`);
    throw new MongoError(14, `BSON field '${name}' is the wrong type, expected types '[long, int, decimal, double]'`);
  }
  return number;
}
