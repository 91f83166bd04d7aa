import { codes, MongoError, notImplemented } from '../errors.ts';
import { emptyArrayKey, encodeKey, invert } from '../bson/keys.ts';
import { show } from '../bson/show.ts';
import { Document, type Value } from '../bson/values.ts';
import { keyValues } from '../query/paths.ts';

export interface IndexField {
  readonly path: string;
  readonly parts: readonly string[];
  readonly descending: boolean;
}

export interface Index {
  readonly id: number;
  readonly name: string;
  /** Its definition's `key`. */
  readonly key: Document;
  readonly fields: readonly IndexField[];
  readonly unique: boolean;
  readonly sparse: boolean;
  /** Top-level fields that decide what the index holds of a document. */
  readonly needs: ReadonlySet<string>;
  /** Some document has an array in an indexed field. */
  multikey: boolean;
}

export interface IndexKeys {
  readonly keys: readonly Buffer[];
  readonly multikey: boolean;
}

const none: IndexKeys = { keys: [], multikey: false };

/**
 * The keys under which an index holds a document.
 *
 * @throws MongoError CannotIndexParallelArrays when two of its fields are arrays
 */
export function keysOf(index: Index, document: Document): IndexKeys {
  const plainKey = plainKeyOf(index, document);
  if (plainKey !== undefined) return { keys: [plainKey], multikey: false };
  let keys: Buffer[] | undefined;
  let array: string | undefined;
  let present = false;
  for (const field of index.fields) {
    const [name] = field.parts;
    const plain = field.parts.length === 1 && name !== undefined ? document[name] : undefined;
    let encoded: Buffer[];
    if (field.parts.length === 1 && !Array.isArray(plain)) {
      present ||= plain !== undefined;
      encoded = [encodeField(plain ?? null, field.descending)];
    } else {
      const found = keyValues(document, field.parts);
      present ||= found.present;
      if (array !== undefined && found.array === array) throw notImplemented('an index on two fields of one array');
      if (array !== undefined && found.array !== undefined) throw parallelArrays(array, found.array);
      array ??= found.array;
      encoded = found.values.map((value) => encodeField(value, field.descending));
    }
    keys = keys === undefined ? encoded : keys.flatMap((head) => encoded.map((tail) => Buffer.concat([head, tail])));
  }
  if (index.sparse && !present) return none;
  if (keys === undefined) return none;
  return { keys: keys.length > 1 ? distinct(keys) : keys, multikey: array !== undefined };
}

/** The one key of a document that has a value that is no array in each indexed top-level field: the rule. */
function plainKeyOf({ fields }: Index, document: Document): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const {
    path,
    parts: { length },
    descending,
  } of fields) {
    const value = length === 1 ? document[path] : undefined;
    if (value === undefined || Array.isArray(value)) return undefined;
    parts.push(encodeField(value, descending));
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

function encodeField(value: Value | undefined, descending: boolean): Buffer {
  const key = value === undefined ? emptyArrayKey : encodeKey(value);
  return descending ? invert(key) : key;
}

function distinct(keys: readonly Buffer[]): Buffer[] {
  const sorted = keys.toSorted((a, b) => Buffer.compare(a, b));
  return sorted.filter((key, i) => i === 0 || sorted[i - 1]?.equals(key) !== true);
}

function parallelArrays(first: string, second: string): MongoError {
  return new MongoError(codes.CannotIndexParallelArrays, `cannot index parallel arrays [${second}] [${first}]`);
}

/** The error for a document whose key is taken. */
export function duplicateKey(
  collection: { readonly db: string; readonly name: string },
  index: Index,
  document: Document,
): MongoError {
  const keyValue: Record<string, Value> = {};
  for (const { path, parts } of index.fields) {
    let node: Value | undefined = document;
    for (const part of parts) node = node instanceof Document ? node[part] : undefined;
    keyValue[path] = node ?? null;
  }
  const shown = Object.entries(keyValue).map(([path, value]) => `${path}: ${show(value)}`);
  return new MongoError(
    codes.DuplicateKey,
    `E11000 duplicate key error collection: ${collection.db}.${collection.name} index: ${index.name} dup key: { ${shown.join(', ')} }`,
    { keyPattern: index.key, keyValue },
  );
}
