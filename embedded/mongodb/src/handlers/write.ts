import { compilePipelineUpdate } from '../aggregate/pipeline-update.ts';
import { decode, elements } from '../bson/read.ts';
import { Document, types, type Value } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import { codes, failedToParse, MongoError, notImplemented } from '../errors.ts';
import { queryOf, rowsOf, firstRow, type Query } from '../query/execute.ts';
import { truthy } from '../query/filter.ts';
import { withId, type Collection, type Row } from '../storage/collection.ts';
import { spliceOf } from '../write/set-fields.ts';
import { assertSameId, parseUpdate, type Apply } from '../write/update.ts';
import { upsertBase } from '../write/upsert.ts';
import {
  isSimpleCollation,
  obtainCollection,
  findCollection,
  type Command,
  type Context,
  type Reply,
  type Request,
} from './context.ts';
import { wholeOption } from '../query/projection.ts';

const maxBulk = 100_000;

/** What an update does to a document: new bytes from the old ones (undefined: an upsert). */
export type Change = (row: Row | undefined, query: Query) => Buffer;

function statements(request: Request, name: string): readonly Buffer[] {
  const found = request.sequences.get(name);
  if (found === undefined) {
    throw new MongoError(40414, `BSON field '${request.name}.${name}' is missing but a required field`);
  }
  if (found.length === 0 || found.length > maxBulk) {
    throw new MongoError(
      codes.InvalidOptions,
      `Write batch sizes must be between 1 and ${maxBulk}. Got ${found.length} operations.`,
    );
  }
  return found;
}

interface WriteError {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
  readonly [field: string]: Value | undefined;
}

/** Runs the parts of a bulk write; each fails by itself, an ordered one stops there. */
function each(request: Request, parts: readonly Buffer[], run: (part: Buffer, index: number) => void): WriteError[] {
  const ordered = request.body['ordered'] === undefined || truthy(request.body['ordered']);
  const errors: WriteError[] = [];
  for (let index = 0; index < parts.length; index += 1) {
    try {
      run(parts[index] ?? Buffer.alloc(0), index);
    } catch (error) {
      if (!(error instanceof MongoError)) throw error;
      errors.push({ index, code: error.code, errmsg: error.message, ...(error.extra as Record<string, Value>) });
      if (ordered) break;
    }
  }
  return errors;
}

function insert(request: Request, context: Context): Reply {
  const documents = statements(request, 'documents');
  const collection = obtainCollection(request, context);
  let n = 0;
  const writeErrors = collection.inserting(() =>
    each(request, documents, (document) => {
      collection.insert(withId(document));
      n += 1;
    }),
  );
  return { n, writeErrors: writeErrors.length > 0 ? writeErrors : undefined, ok: 1 };
}

const updateFields = new Set(['q', 'u', 'multi', 'upsert', 'hint', 'collation', 'arrayFilters', 'c', 'sort']);

function update(request: Request, context: Context): Reply {
  const parts = statements(request, 'updates');
  let collection = findCollection(request, context);
  let n = 0;
  let nModified = 0;
  const upserted: { index: number; _id: Value }[] = [];
  const writeErrors = each(request, parts, (part, index) => {
    const fields = new Map(elements(part).map((field) => [field.name, field]));
    for (const name of fields.keys()) {
      if (!updateFields.has(name))
        throw new MongoError(40415, `BSON field 'update.updates.${name}' is an unknown field.`);
    }
    const options = decode(part, 0, statementOptions);
    refuseOptions(options);
    const u = fields.get('u');
    if (u === undefined || options['q'] === undefined)
      throw new MongoError(40414, "BSON field 'update.updates.u' is missing but a required field");
    const multi = truthy(options['multi']);
    const change = changeOf(part.subarray(u.at, u.end), u.type, multi, context);
    const query = queryOf(options['q'], { hint: options['hint'], limit: multi ? Infinity : 1 });
    let matched = 0;
    if (collection !== undefined) {
      const done = updateRows(collection, query, change, multi);
      matched = done.matched;
      nModified += done.modified;
    }
    n += matched;
    if (matched > 0 || !truthy(options['upsert'])) return;
    collection ??= obtainCollection(request, context);
    upserted.push({ index, _id: insertUpsert(collection, query, change) });
    n += 1;
  });
  return {
    n,
    nModified,
    upserted: upserted.length > 0 ? upserted : undefined,
    writeErrors: writeErrors.length > 0 ? writeErrors : undefined,
    ok: 1,
  };
}

const statementOptions: ReadonlySet<string> = new Set([
  'q',
  'multi',
  'upsert',
  'hint',
  'collation',
  'arrayFilters',
  'c',
  'sort',
  'limit',
]);

function refuseOptions(options: Document): void {
  if (options['collation'] !== undefined && !isSimpleCollation(options['collation']))
    throw notImplemented('a collation');
  if (Array.isArray(options['arrayFilters']) && options['arrayFilters'].length === 0) return;
  if (options['arrayFilters'] !== undefined) throw notImplemented('arrayFilters');
  if (options['c'] !== undefined) throw notImplemented('c of an update');
  if (options['sort'] !== undefined)
    throw new MongoError(40415, "BSON field 'update.updates.sort' is an unknown field.");
}

/** @param raw the BSON of `u`: a replacement, operators or a pipeline */
export function changeOf(raw: Buffer, type: number, multi: boolean, context: Context): Change {
  if (type === types.array) return changing(compilePipelineUpdate(decode(raw)));
  if (type !== types.object) throw failedToParse('Update argument must be either an object or an array');
  const first = elements(raw)[0]?.name;
  if (first?.startsWith('$') === true) {
    const general = () => changing(parseUpdate(decode(raw), () => new Date(context.now())));
    const splice = spliceOf(raw);
    return splice ? (row, query) => (row ? splice(row.body) : general()(row, query)) : general();
  }
  if (multi) throw failedToParse('multi update is not supported for replacement-style update');
  return replacement(raw);
}

function changing(apply: Apply): Change {
  return (row, query) => {
    const document = row === undefined ? upsertBase(query.filter) : decode(row.body);
    const id = document['_id'];
    apply(document, row === undefined);
    if (row !== undefined || id !== undefined) assertSameId(id, document);
    return encode(document);
  };
}

function replacement(raw: Buffer): Change {
  const fields = elements(raw);
  const dollar = fields.find((field) => field.name.startsWith('$'));
  if (dollar !== undefined) {
    throw new MongoError(
      codes.DollarPrefixedFieldName,
      `The dollar ($) prefixed field '${dollar.name}' in '${dollar.name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
    );
  }
  const given = decode(raw, 0, idOnly)['_id'];
  return (row, query) => {
    const id = row === undefined ? upsertBase(query.filter)['_id'] : decode(row.body, 0, idOnly)['_id'];
    if (given !== undefined || id === undefined) {
      if (id !== undefined && given !== undefined) assertReplacedId(id, given);
      return raw;
    }
    const head = encode({ _id: id });
    const whole = Buffer.concat([head.subarray(0, head.length - 1), raw.subarray(4)]);
    whole.writeInt32LE(whole.length, 0);
    return whole;
  };
}

const idOnly: ReadonlySet<string> = new Set(['_id']);

function assertReplacedId(before: Value, now: Value): void {
  const document = new Document();
  document['_id'] = now;
  try {
    assertSameId(before, document);
  } catch {
    throw new MongoError(
      codes.ImmutableField,
      "After applying the update, the (immutable) field '_id' was found to have been altered",
    );
  }
}

function updateRows(
  collection: Collection,
  query: Query,
  change: Change,
  multi: boolean,
): { matched: number; modified: number } {
  if (!multi) {
    const row = firstRow(collection, query);
    return row === undefined
      ? { matched: 0, modified: 0 }
      : { matched: 1, modified: store(collection, row, change(row, query)) };
  }
  // A changed document may come up again further on in the index that is being read.
  const seen = new Set<number>();
  let modified = 0;
  for (const row of rowsOf(collection, query, 1000)) {
    if (seen.has(row.rid)) continue;
    seen.add(row.rid);
    modified += store(collection, row, change(row, query));
  }
  return { matched: seen.size, modified };
}

/** @returns 1 when the document changed */
export function store(collection: Collection, row: Row, document: Buffer): 0 | 1 {
  const whole = withId(document);
  if (whole.equals(row.body)) return 0;
  collection.replace(row, whole);
  return 1;
}

/** @returns the new document's `_id` */
export function insertUpsert(collection: Collection, query: Query, change: Change): Value {
  const document = withId(change(undefined, query));
  collection.insert(document);
  return decode(document, 0, idOnly)['_id'] ?? null;
}

const deleteFields = new Set(['q', 'limit', 'hint', 'collation']);

function remove(request: Request, context: Context): Reply {
  const parts = statements(request, 'deletes');
  const collection = findCollection(request, context);
  let n = 0;
  const writeErrors = each(request, parts, (part) => {
    const statement = decode(part);
    for (const name of Object.keys(statement)) {
      if (!deleteFields.has(name))
        throw new MongoError(40415, `BSON field 'delete.deletes.${name}' is an unknown field.`);
    }
    refuseOptions(statement);
    const limit = wholeOption(statement['limit'], 'limit');
    if (statement['q'] === undefined || limit === undefined)
      throw new MongoError(40414, "BSON field 'delete.deletes.limit' is missing but a required field");
    if (limit !== 0 && limit !== 1)
      throw failedToParse(`The limit field in delete objects must be 0 or 1. Got ${limit}`);
    const query = queryOf(statement['q'], { hint: statement['hint'], limit: limit === 0 ? Infinity : 1 });
    if (collection === undefined) return;
    for (const row of rowsOf(collection, query, limit === 0 ? 1000 : 1)) {
      collection.remove(row);
      n += 1;
    }
  });
  return { n, writeErrors: writeErrors.length > 0 ? writeErrors : undefined, ok: 1 };
}

const bulk = ['ordered', 'bypassDocumentValidation'];

export const writeCommands: Readonly<Record<string, Command>> = {
  insert: { writes: true, fields: new Set([...bulk]), run: insert },
  update: { writes: true, fields: new Set([...bulk]), run: update },
  delete: { writes: true, fields: new Set(bulk), run: remove },
};
