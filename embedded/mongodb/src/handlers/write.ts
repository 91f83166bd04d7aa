import { equal } from '../bson/compare.ts';
import { decode, elements } from '../bson/read.ts';
import { show } from '../bson/show.ts';
import { types, type Value } from '../bson/values.ts';
import { codes, failedToParse, MongoError, notImplemented } from '../errors.ts';
import { assertDocument, firstRow, queryOf, rowsOf, type Query } from '../query/execute.ts';
import { truthy } from '../query/filter.ts';
import type { Collection, Row } from '../storage/collection.ts';
import { assertSize, idOnly, withId } from '../storage/document.ts';
import { changeOf, type Change } from '../write/change.ts';
import {
  findCollection,
  missingField,
  obtainCollection,
  unknownField,
  type Command,
  type Context,
  type Reply,
  type Request,
} from './context.ts';
import { maxBulkWrites } from './diagnostics.ts';

function statements(request: Request, name: string): readonly Buffer[] {
  const found = request.sequences.get(name);
  if (found === undefined) throw missingField(`${request.name}.${name}`);
  if (found.length === 0 || found.length > maxBulkWrites) {
    throw new MongoError(
      codes.InvalidLength,
      `Write batch sizes must be between 1 and ${maxBulkWrites}. Got ${found.length} operations.`,
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
function each<Part>(
  request: Request,
  parts: readonly Part[],
  run: (part: Part, index: number) => void,
): readonly WriteError[] | undefined {
  const ordered = request.body['ordered'] === undefined || truthy(request.body['ordered']);
  const errors: WriteError[] = [];
  for (const [index, part] of parts.entries()) {
    try {
      run(part, index);
    } catch (error) {
      if (!(error instanceof MongoError)) throw error;
      errors.push({ index, code: error.code, errmsg: error.message, ...(error.extra as Record<string, Value>) });
      if (ordered) break;
    }
  }
  return errors.length > 0 ? errors : undefined;
}

function insert(request: Request, context: Context): Reply {
  const documents = statements(request, 'documents');
  const collection = obtainCollection(request, context);
  let n = 0;
  const writeErrors = collection.inserting(() =>
    each(request, documents, (document) => {
      assertSize(document, codes.BadValue);
      collection.insert(withId(document, codes.BadValue));
      n += 1;
    }),
  );
  return { n, writeErrors, ok: 1 };
}

const updateFields: ReadonlySet<string> = new Set(['q', 'u', 'multi', 'upsert', 'hint']);
const updateOptions: ReadonlySet<string> = new Set(['q', 'multi', 'upsert', 'hint']);
const deleteFields: ReadonlySet<string> = new Set(['q', 'limit', 'hint']);

function assertFields(names: Iterable<string>, known: ReadonlySet<string>, path: string): void {
  for (const name of names) if (!known.has(name)) throw unknownField(`${path}.${name}`);
}

/** A statement of the wrong shape fails the whole command, before anything is written. */
function parseUpdateStatement(part: Buffer) {
  const fields = new Map(elements(part).map((field) => [field.name, field]));
  assertFields(fields.keys(), updateFields, 'update.updates');
  const { q, multi, upsert, hint } = decode(part, 0, updateOptions);
  const u = fields.get('u');
  if (u === undefined || q === undefined) throw missingField(`update.updates.${u === undefined ? 'u' : 'q'}`);
  if (u.type === types.array) throw notImplemented('an update made of a pipeline');
  if (u.type !== types.object) throw failedToParse('Update argument must be either an object or an array');
  assertDocument(q);
  return { q, hint, update: part.subarray(u.at, u.end), isMulti: truthy(multi), isUpsert: truthy(upsert) };
}

function parseDeleteStatement(part: Buffer) {
  const statement = decode(part);
  assertFields(Object.keys(statement), deleteFields, 'delete.deletes');
  const { q, limit, hint } = statement;
  if (q === undefined || limit === undefined) throw missingField(`delete.deletes.${q === undefined ? 'q' : 'limit'}`);
  const isOne = equal(limit, 1);
  if (!isOne && !equal(limit, 0))
    throw failedToParse(`The limit field in delete objects must be 0 or 1. Got ${show(limit)}`);
  assertDocument(q);
  return { q, hint, isOne };
}

function update(request: Request, context: Context): Reply {
  const parts = statements(request, 'updates').map(parseUpdateStatement);
  let collection = findCollection(request, context);
  let n = 0;
  let nModified = 0;
  const upserted: { index: number; _id: Value }[] = [];
  const writeErrors = each(request, parts, ({ q, hint, update: raw, isMulti, isUpsert }, index) => {
    const change = changeOf(raw, isMulti);
    const query = queryOf(q, { hint, limit: isMulti ? Infinity : 1 });
    if (collection !== undefined) {
      const { matched, modified } = isMulti
        ? updateMany(collection, query, change)
        : updateOne(collection, query, change);
      n += matched;
      nModified += modified;
      if (matched > 0) return;
    }
    if (!isUpsert) return;
    collection ??= obtainCollection(request, context);
    upserted.push({ index, _id: insertUpsert(collection, query, change) });
    n += 1;
  });
  return { n, nModified, upserted: upserted.length > 0 ? upserted : undefined, writeErrors, ok: 1 };
}

interface Updated {
  readonly matched: number;
  readonly modified: number;
}

function updateOne(collection: Collection, query: Query, change: Change): Updated {
  const row = firstRow(collection, query);
  return row === undefined
    ? { matched: 0, modified: 0 }
    : { matched: 1, modified: store(collection, row, change(row.body, query.filter)) };
}

function updateMany(collection: Collection, query: Query, change: Change): Updated {
  // A changed document may come up again further on in the index that is being read.
  const seen = new Set<number>();
  let modified = 0;
  for (const row of rowsOf(collection, query, 1000)) {
    if (seen.has(row.rid)) continue;
    seen.add(row.rid);
    modified += store(collection, row, change(row.body, query.filter));
  }
  return { matched: seen.size, modified };
}

/** @returns 1 when the document changed */
function store(collection: Collection, row: Row, changed: Buffer): 0 | 1 {
  const document = withId(changed);
  if (document.equals(row.body)) return 0;
  assertSize(document, 17419);
  collection.replace(row, document);
  return 1;
}

/** @returns the new document's `_id` */
function insertUpsert(collection: Collection, query: Query, change: Change): Value {
  const document = withId(change(undefined, query.filter));
  assertSize(document, 17420);
  collection.insert(document);
  return decode(document, 0, idOnly)['_id'] ?? null;
}

function remove(request: Request, context: Context): Reply {
  const parts = statements(request, 'deletes').map(parseDeleteStatement);
  const collection = findCollection(request, context);
  let n = 0;
  const writeErrors = each(request, parts, ({ q, hint, isOne }) => {
    const query = queryOf(q, { hint, limit: isOne ? 1 : Infinity });
    if (collection === undefined) return;
    for (const row of rowsOf(collection, query, isOne ? 1 : 1000)) {
      collection.remove(row);
      n += 1;
    }
  });
  return { n, writeErrors, ok: 1 };
}

const fields = ['ordered', 'bypassDocumentValidation'];

export const writeCommands: Readonly<Record<string, Command>> = {
  insert: { writes: true, fields, run: insert },
  update: { writes: true, fields, run: update },
  delete: { writes: true, fields: ['ordered'], run: remove },
};
