import { decode } from '../bson/read.ts';
import { Document, isNumber, numeric, typeName, type Value } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import { codes, MongoError, notImplemented, typeMismatch } from '../errors.ts';
import { parseFilter, truthy } from '../query/filter.ts';
import { compileFilter, fieldsOf } from '../query/match.ts';
import type { Index, IndexField } from './index-entry.ts';

const unsupported = [
  'expireAfterSeconds',
  'collation',
  'wildcardProjection',
  'weights',
  'default_language',
  'bits',
  'min',
  'max',
];
const known = new Set([
  'key',
  'name',
  'unique',
  'sparse',
  'partialFilterExpression',
  'background',
  'v',
  'ns',
  'hidden',
]);

/** An index's definition in the form that is stored and that `listIndexes` shows. */
export function normalizeIndexSpec(spec: Document): Document {
  const key = spec['key'];
  if (!(key instanceof Document))
    throw new MongoError(codes.FailedToParse, "The 'key' field is a required property of an index specification");
  const fields = Object.entries(key) as [string, Value][];
  if (fields.length === 0) throw new MongoError(codes.CannotCreateIndex, 'Index keys cannot be empty.');
  if (fields.length > 32) throw new MongoError(13103, 'too many compound keys');
  for (const [path, direction] of fields) assertField(path, direction);
  const name = spec['name'];
  if (typeof name !== 'string')
    throw new MongoError(codes.FailedToParse, "The 'name' field is a required property of an index specification");
  if (name === '' || name === '*') throw new MongoError(codes.BadValue, 'The index name is not valid');
  for (const option of Object.keys(spec)) {
    if (unsupported.includes(option) || (option === 'hidden' && truthy(spec[option])))
      throw notImplemented(`the index option ${option}`);
    if (known.has(option)) continue;
    throw new MongoError(
      codes.InvalidIndexSpecificationOption,
      `The field '${option}' is not valid for an index specification. Specification: ${JSON.stringify(Object.keys(spec))}`,
    );
  }
  const partial = spec['partialFilterExpression'];
  if (partial !== undefined && !(partial instanceof Document)) {
    throw typeMismatch(`The field 'partialFilterExpression' must be an object, but got ${typeName(partial)}`);
  }
  const normal = new Document();
  normal['v'] = 2;
  normal['key'] = key;
  normal['name'] = name;
  if (truthy(spec['unique'])) normal['unique'] = true;
  if (truthy(spec['sparse'])) normal['sparse'] = true;
  if (partial !== undefined) {
    if (truthy(spec['sparse']))
      throw new MongoError(codes.CannotCreateIndex, 'cannot mix "partialFilterExpression" and "sparse" options');
    normal['partialFilterExpression'] = partial;
  }
  indexOf(0, encode(normal), false); // its filter has to parse
  return normal;
}

function assertField(path: string, direction: Value): void {
  if (path === '' || path.startsWith('.') || path.endsWith('.') || path.includes('..')) {
    throw new MongoError(codes.CannotCreateIndex, 'Index keys cannot contain an empty field.');
  }
  if (path.split('.').some((part) => part.startsWith('$'))) {
    const how = path.includes('$**')
      ? 'wildcard indexes are not supported by this server'
      : "Index key contains an illegal field name: field name starts with '$'.";
    throw new MongoError(codes.CannotCreateIndex, how);
  }
  if (typeof direction === 'string')
    throw new MongoError(codes.CannotCreateIndex, `Unknown index plugin '${direction}'`);
  if (!isNumber(direction) || Number(numeric(direction)) === 0 || Number.isNaN(numeric(direction))) {
    throw new MongoError(codes.CannotCreateIndex, 'Values in v:2 index key pattern cannot be of this type or be 0.');
  }
}

/** An index from its stored definition. */
export function indexOf(id: number, spec: Buffer, multikey: boolean): Index {
  const definition = decode(spec);
  const fields: IndexField[] = Object.entries(definition['key'] as Document).map(([path, direction]) => ({
    path,
    parts: path.split('.'),
    descending: isNumber(direction) && Number(numeric(direction)) < 0,
  }));
  const source = definition['partialFilterExpression'];
  const filter = source instanceof Document ? parseFilter(source) : undefined;
  const filterFields = filter === undefined ? new Set<string>() : fieldsOf(filter);
  const noExpressions = (): never => {
    throw new MongoError(codes.CannotCreateIndex, 'unsupported expression in partial index: $expr');
  };
  return {
    id,
    name: typeof definition['name'] === 'string' ? definition['name'] : '',
    fields,
    unique: definition['unique'] === true,
    sparse: definition['sparse'] === true,
    partial:
      filter === undefined || !(source instanceof Document)
        ? undefined
        : { filter, matches: compileFilter(filter, noExpressions), source },
    needs:
      filterFields === undefined
        ? undefined
        : new Set([...fields.map((field) => field.parts[0] ?? ''), ...filterFields]),
    multikey,
  };
}

/** An index's definition as `listIndexes` shows it. */
export function describeIndex(index: Index): Document {
  const description = new Document();
  const key = new Document();
  for (const field of index.fields) key[field.path] = field.descending ? -1 : 1;
  description['v'] = 2;
  description['key'] = key;
  description['name'] = index.name;
  if (index.id !== 0 && index.unique) description['unique'] = true;
  if (index.sparse) description['sparse'] = true;
  if (index.partial !== undefined) description['partialFilterExpression'] = index.partial.source;
  return description;
}
