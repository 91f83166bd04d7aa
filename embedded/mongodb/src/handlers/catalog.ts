import { equal } from '../bson/compare.ts';
import { Document, documentOf, typeName, type Value } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import { badValue, codes, MongoError, typeMismatch } from '../errors.ts';
import { queryOf } from '../query/execute.ts';
import { truthy } from '../query/filter.ts';
import type { Collection } from '../storage/collection.ts';
import type { Index } from '../storage/index-entry.ts';
import { describeIndex } from '../storage/index-spec.ts';
import {
  assertNamespace,
  collectionName,
  findCollection,
  documentOption,
  obtainCollection,
  wholeOption,
  type Command,
  type Context,
  type Reply,
  type Request,
} from './context.ts';
import { cursorReply } from './find.ts';

function notFound(request: Request): MongoError {
  return new MongoError(codes.NamespaceNotFound, `ns does not exist: ${request.db}.${collectionName(request)}`);
}

/** Of a collection that is there, with the same options (there are none here), nothing comes: as since MongoDB 7.0. */
function create(request: Request, context: Context): Reply {
  obtainCollection(request, context);
  return { ok: 1 };
}

function drop(request: Request, context: Context): Reply {
  const collection = findCollection(request, context);
  if (collection === undefined) return { ok: 1 }; // as MongoDB 7 does
  const nIndexesWas = collection.indexes.length;
  context.store.drop(collection);
  return { nIndexesWas, ns: `${request.db}.${collection.name}`, ok: 1 };
}

function dropDatabase(request: Request, context: Context): Reply {
  const collections = context.store.collections(request.db);
  for (const collection of collections) context.store.drop(collection);
  return { dropped: collections.length > 0 ? request.db : undefined, ok: 1 };
}

/** Splits `db.collection`. */
function namespace(value: Value | undefined, field: string): [string, string] {
  if (typeof value !== 'string')
    throw typeMismatch(`BSON field '${field}' is the wrong type '${typeName(value)}', expected type 'string'`);
  const [db = '', ...name] = value.split('.');
  const pair: [string, string] = [db, name.join('.')];
  assertNamespace(...pair);
  return pair;
}

function renameCollection(request: Request, context: Context): Reply {
  if (request.db !== 'admin')
    throw new MongoError(codes.Unauthorized, 'renameCollection may only be run against the admin database.');
  const from = namespace(request.body['renameCollection'], 'renameCollection');
  const to = namespace(request.body['to'], 'to');
  if (from.join('.') === to.join('.'))
    throw new MongoError(codes.IllegalOperation, "Can't rename a collection to itself");
  const source = context.store.find(...from);
  if (source === undefined)
    throw new MongoError(codes.NamespaceNotFound, `Source collection ${from.join('.')} does not exist`);
  const target = context.store.find(...to);
  if (target !== undefined) {
    if (!truthy(request.body['dropTarget'])) throw new MongoError(codes.NamespaceExists, 'target namespace exists');
    context.store.drop(target);
  }
  context.store.rename(source, ...to);
  return { ok: 1 };
}

function createIndexes(request: Request, context: Context): Reply {
  const specs = request.body['indexes'];
  if (!Array.isArray(specs))
    throw typeMismatch("BSON field 'createIndexes.indexes' is the wrong type, expected type 'array'");
  if (specs.length === 0) throw badValue('Must specify at least one index to create');
  const created = context.store.find(request.db, collectionName(request)) === undefined;
  const collection = obtainCollection(request, context);
  const before = collection.indexes.length;
  for (const spec of specs) {
    if (!(spec instanceof Document)) throw typeMismatch('The elements of the indexes array must be objects');
    context.store.createIndex(collection, spec);
  }
  const after = collection.indexes.length;
  const note = after === before ? 'all indexes already exist' : undefined;
  return { numIndexesBefore: before, numIndexesAfter: after, createdCollectionAutomatically: created, note, ok: 1 };
}

function dropIndexes(request: Request, context: Context): Reply {
  const collection = findCollection(request, context);
  if (collection === undefined)
    throw new MongoError(codes.NamespaceNotFound, `ns not found ${request.db}.${collectionName(request)}`);
  const nIndexesWas = collection.indexes.length;
  const wanted = request.body['index'];
  const secondary = collection.indexes.filter((index) => index.id !== 0);
  if (wanted === '*') {
    for (const index of secondary) context.store.dropIndex(collection, index);
    return { nIndexesWas, msg: 'non-_id indexes dropped for collection', ok: 1 };
  }
  const found = (Array.isArray(wanted) ? wanted : [wanted]).map((one) => indexNamed(collection, one ?? null));
  for (const index of found) context.store.dropIndex(collection, index);
  return { nIndexesWas, ok: 1 };
}

function indexNamed(collection: Collection, wanted: Value): Index {
  const found = collection.indexes.find((index) =>
    typeof wanted === 'string' ? index.name === wanted : equal(index.key, wanted),
  );
  if (found?.id === 0) throw new MongoError(codes.InvalidOptions, 'cannot drop _id index');
  if (found !== undefined) return found;
  const name = typeof wanted === 'string' ? `index not found with name [${wanted}]` : "can't find index with that key";
  throw new MongoError(codes.IndexNotFound, name);
}

function listed(request: Request, context: Context, name: string, documents: readonly Document[]): Reply {
  const ns = `${request.db}.${name}`;
  const cursor = documentOption(request.body, 'cursor');
  const batchSize = cursor === undefined ? undefined : wholeOption(cursor, 'batchSize');
  const encoded = documents.map(encode)[Symbol.iterator]();
  const opened = context.cursors.open(ns, encoded, batchSize ?? Infinity);
  return cursorReply(opened.id, ns, opened.batch, 'firstBatch');
}

function listIndexes(request: Request, context: Context): Reply {
  const collection = findCollection(request, context);
  if (collection === undefined) throw notFound(request);
  return listed(request, context, collection.name, collection.indexes.map(describeIndex));
}

function listCollections(request: Request, context: Context): Reply {
  const { matches } = queryOf(documentOption(request.body, 'filter'));
  const nameOnly = truthy(request.body['nameOnly']);
  const found = context.store.collections(request.db).map(({ name, indexes }) => {
    const description = documentOf([
      ['name', name],
      ['type', 'collection'],
    ]);
    if (nameOnly) return description;
    description['options'] = new Document();
    description['info'] = documentOf([['readOnly', false]]);
    description['idIndex'] = indexes.map(describeIndex)[0];
    return description;
  });
  return listed(request, context, '$cmd.listCollections', found.filter(matches));
}

function listDatabases(request: Request, context: Context): Reply {
  if (request.db !== 'admin')
    throw new MongoError(codes.Unauthorized, 'listDatabases may only be run against the admin database.');
  const names = context.store.databases();
  if (truthy(request.body['nameOnly'])) return { databases: names.map((name) => ({ name })), ok: 1 };
  const totalSize = context.store.size();
  return { databases: names.map((name) => ({ name, sizeOnDisk: totalSize, empty: false })), totalSize, ok: 1 };
}

export const catalogCommands: Readonly<Record<string, Command>> = {
  create: { writes: true, fields: [], run: create },
  drop: { writes: true, fields: [], run: drop },
  dropDatabase: { writes: true, fields: [], run: dropDatabase },
  renameCollection: { writes: true, fields: ['to', 'dropTarget'], run: renameCollection },
  createIndexes: { writes: true, fields: ['indexes', 'commitQuorum'], run: createIndexes },
  dropIndexes: { writes: true, fields: ['index'], run: dropIndexes },
  listIndexes: { writes: false, fields: ['cursor'], run: listIndexes },
  listCollections: {
    writes: false,
    fields: ['filter', 'nameOnly', 'authorizedCollections', 'cursor'],
    run: listCollections,
  },
  listDatabases: { writes: false, fields: ['nameOnly', 'authorizedDatabases'], run: listDatabases },
};
