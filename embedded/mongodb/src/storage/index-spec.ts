import { equal } from '../bson/compare.ts';
import { show } from '../bson/show.ts';
import { decode } from '../bson/read.ts';
import { Document, documentOf, isNumber, numeric, type Value } from '../bson/values.ts';
import { badValue, codes, failedToParse, MongoError, notImplemented } from '../errors.ts';
import { truthy } from '../query/filter.ts';
import { topLevel } from '../query/match.ts';
import type { Index } from './index-entry.ts';

const options = new Set(['v', 'key', 'name', 'unique', 'sparse']);
const optionsOfIdIndex = new Set(['v', 'key', 'name']);

/**
 * An index's definition in the form that is stored and that `listIndexes` shows.
 *
 * @throws MongoError CannotCreateIndex, FailedToParse, InvalidIndexSpecificationOption
 */
export function normalizeIndexSpec(spec: Document): Document {
  const { key, name } = spec;
  if (!(key instanceof Document))
    throw failedToParse("The 'key' field is a required property of an index specification");
  assertKey(key);
  if (typeof name !== 'string')
    throw failedToParse("The 'name' field is a required property of an index specification");
  const isIdIndex = Object.keys(key).join() === '_id';
  if (name === '' || name === '*' || (name === '_id_' && !isIdIndex)) throw badValue('The index name is not valid');
  for (const option of Object.keys(spec)) {
    if ((isIdIndex ? optionsOfIdIndex : options).has(option)) continue;
    throw new MongoError(
      codes.InvalidIndexSpecificationOption,
      `The field '${option}' is not valid for an ${isIdIndex ? '_id index' : 'index'} specification. Specification: ${show(spec)}`,
    );
  }
  if (isIdIndex && !equal(key['_id'] ?? null, 1))
    throw badValue(`The field 'key' for an _id index must be {_id: 1}, but got ${show(key)}`);
  const normal = documentOf([
    ['v', 2],
    ['key', key],
    ['name', isIdIndex ? '_id_' : name],
  ]);
  for (const option of ['unique', 'sparse']) if (truthy(spec[option])) normal[option] = true;
  return normal;
}

function assertKey(key: Document): void {
  const fields = Object.entries(key) as [string, Value][];
  if (fields.length === 0) throw cannotCreate('Index keys cannot be empty.');
  if (fields.length > 32) throw new MongoError(13103, 'too many compound keys');
  for (const [path, direction] of fields) {
    const parts = path.split('.');
    if (parts.includes('')) throw cannotCreate('Index keys cannot contain an empty field.');
    if (parts.some((part) => part.startsWith('$')))
      throw cannotCreate("Index key contains an illegal field name: field name starts with '$'.");
    if (typeof direction === 'string') throw cannotCreate(`Unknown index plugin '${direction}'`);
    const number = isNumber(direction) ? Number(numeric(direction)) : NaN;
    if (Number.isNaN(number) || number === 0)
      throw cannotCreate('Values in v:2 index key pattern cannot be of this type or be 0.');
    if (Math.abs(number) !== 1) throw notImplemented('a direction other than 1 and -1 in an index');
  }
}

function cannotCreate(why: string): MongoError {
  return new MongoError(codes.CannotCreateIndex, why);
}

/** An index from its stored definition. */
export function indexOf(id: number, spec: Buffer): Index {
  const { key, name, unique, sparse } = decode(spec);
  const paths = key instanceof Document ? (Object.entries(key) as [string, Value][]) : [];
  return {
    id,
    name: typeof name === 'string' ? name : '',
    key: documentOf(paths),
    fields: paths.map(([path, direction]) => ({
      path,
      parts: path.split('.'),
      descending: isNumber(direction) && Number(numeric(direction)) < 0,
    })),
    unique: unique === true,
    sparse: sparse === true,
    needs: new Set(paths.map(([path]) => topLevel(path))),
    multikey: false,
  };
}

/** An index's definition as `listIndexes` shows it. */
export function describeIndex(index: Index): Document {
  const description = documentOf([
    ['v', 2],
    ['key', index.key],
    ['name', index.name],
  ]);
  if (index.id !== 0 && index.unique) description['unique'] = true;
  if (index.sparse) description['sparse'] = true;
  return description;
}

/**
 * Whether the very same index is there already.
 *
 * @throws MongoError IndexOptionsConflict, IndexKeySpecsConflict for one that is only alike
 */
export function isThere(indexes: readonly Index[], spec: Document): boolean {
  const named = indexes.find((index) => index.name === spec['name']);
  if (named !== undefined) {
    if (equal(describeIndex(named), spec)) return true;
    throw new MongoError(
      codes.IndexKeySpecsConflict,
      `An existing index has the same name as the requested index. Requested index: ${show(spec)}, existing index: ${show(describeIndex(named))}`,
    );
  }
  const alike = indexes.find(
    ({ key, unique, sparse }) =>
      equal(key, spec['key'] ?? null) && unique === (spec['unique'] ?? false) && sparse === (spec['sparse'] ?? false),
  );
  if (alike === undefined) return false;
  throw new MongoError(codes.IndexOptionsConflict, `Index already exists with a different name: ${alike.name}`);
}
