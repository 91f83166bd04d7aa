import { codes, MongoError } from '../errors.ts';
import { emptyArrayKey, encodeKey, invert } from '../bson/keys.ts';
import type { Document, Value } from '../bson/values.ts';
import type { Filter } from '../query/filter.ts';
import type { Predicate } from '../query/match.ts';
import { indexValues } from '../query/paths.ts';

export interface IndexField {
  readonly path: string;
  readonly parts: readonly string[];
  readonly descending: boolean;
}

export interface Index {
  readonly id: number;
  readonly name: string;
  readonly fields: readonly IndexField[];
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly partial: { readonly filter: Filter; readonly matches: Predicate; readonly source: Document } | undefined;
  /** Top-level fields that decide what the index holds of a document; undefined: any may. */
  readonly needs: ReadonlySet<string> | undefined;
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
  if (index.partial !== undefined && !index.partial.matches(document)) return none;
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
      const found = indexValues(document, field.parts);
      present ||= found.present;
      if (found.multikey) {
        if (array !== undefined) throw parallelArrays(array, field.path);
        array = field.path;
      }
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
