import { decode } from '../bson/read.ts';
import { Document, RawDocument, types, type Value } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import { encodeKey } from '../bson/keys.ts';
import { failedToParse, notImplemented } from '../errors.ts';
import { firstRow, queryOf } from '../query/execute.ts';
import { truthy } from '../query/filter.ts';
import { parseSort } from '../query/sort.ts';
import type { Collection, Row } from '../storage/collection.ts';
import {
  findCollection,
  obtainCollection,
  option,
  type Command,
  type Context,
  type Reply,
  type Request,
} from './context.ts';
import { project, projectionOf } from './find.ts';
import { changeOf, insertUpsert, store } from './write.ts';

function findAndModify(request: Request, context: Context): Reply {
  const { body } = request;
  const remove = truthy(body['remove']);
  const upsert = truthy(body['upsert']);
  const wantNew = truthy(body['new']);
  const update = body['update'];
  if (remove && update !== undefined) throw failedToParse('Cannot specify both an update and remove=true');
  if (remove && upsert) throw failedToParse('Cannot specify both upsert=true and remove=true');
  if (remove && wantNew)
    throw failedToParse("Cannot specify both new=true and remove=true; 'remove' always returns the deleted document");
  if (!remove && update === undefined) throw failedToParse('Either an update or remove=true must be specified');
  if (body['let'] !== undefined) throw notImplemented('let');
  if (Array.isArray(body['arrayFilters']) && body['arrayFilters'].length > 0) throw notImplemented('arrayFilters');
  const query = queryOf(option(body, 'query'), {
    sort: parseSort(body['sort'] ?? undefined),
    limit: 1,
    hint: body['hint'],
  });
  const projection = projectionOf(body, 'fields');
  const show = (row: Buffer | undefined): RawDocument | null =>
    row === undefined ? null : new RawDocument(project(row, projection));
  const collection = findCollection(request, context);
  const row = collection === undefined ? undefined : firstRow(collection, query);
  if (remove) {
    if (row !== undefined) collection?.remove(row);
    return { lastErrorObject: { n: row === undefined ? 0 : 1 }, value: show(row?.body), ok: 1 };
  }
  const change = changeOf(
    encodeUpdate(update ?? null),
    Array.isArray(update) ? types.array : types.object,
    false,
    context,
  );
  if (row !== undefined && collection !== undefined) {
    const changed = change(row, query);
    store(collection, row, changed);
    return {
      lastErrorObject: { n: 1, updatedExisting: true },
      value: show(wantNew ? reread(collection, changed, row) : row.body),
      ok: 1,
    };
  }
  if (!upsert) return { lastErrorObject: { n: 0, updatedExisting: false }, value: null, ok: 1 };
  const target = collection ?? obtainCollection(request, context);
  const id = insertUpsert(target, query, change);
  const made = wantNew ? target.get(encodeKey(id))?.body : undefined;
  return { lastErrorObject: { n: 1, updatedExisting: false, upserted: id }, value: show(made), ok: 1 };
}

function reread(collection: Collection, changed: Buffer, row: Row): Buffer {
  const id = decode(row.body, 0, new Set(['_id']))['_id'];
  return id === undefined ? changed : (collection.get(encodeKey(id))?.body ?? changed);
}

function encodeUpdate(update: Value): Buffer {
  if (update instanceof Document) return encode(update);
  if (Array.isArray(update)) return encode(Object.fromEntries(update.map((stage, i) => [String(i), stage])));
  throw failedToParse('Update argument must be either an object or an array');
}

const fields = new Set([
  'query',
  'sort',
  'remove',
  'update',
  'new',
  'fields',
  'upsert',
  'bypassDocumentValidation',
  'hint',
  'arrayFilters',
  'let',
]);

export const findAndModifyCommands: Readonly<Record<string, Command>> = {
  findAndModify: { writes: true, fields, run: findAndModify },
  findandmodify: { writes: true, fields, run: findAndModify },
};
