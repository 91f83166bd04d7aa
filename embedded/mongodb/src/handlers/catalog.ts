import { Document, typeName, type Value } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import { equal } from '../bson/compare.ts';
import { badValue, codes, MongoError, notImplemented, typeMismatch } from '../errors.ts';
import { queryOf } from '../query/execute.ts';
import { truthy } from '../query/filter.ts';
import { wholeOption } from '../query/projection.ts';
import type { Collection } from '../storage/collection.ts';
import type { Index } from '../storage/index-entry.ts';
import { describeIndex } from '../storage/index-spec.ts';
import {
  assertNamespace,
  collectionName,
  findCollection,
  obtainCollection,
  option,
  type Command,
  type Context,
  type Reply,
  type Request,
} from './context.ts';
import { cursorReply } from './find.ts';

function notFound(request: Request): MongoError {
  return new MongoError(codes.NamespaceNotFound, `ns does not exist: ${request.db}.${collectionName(request)}`);
}

function create(request: Request, context: Context): Reply {
  const name = collectionName(request);
  if (context.store.find(request.db, name) !== undefined) {
    throw new MongoError(codes.NamespaceExists, `Collection ${request.db}.${name} already exists.`);
  }
  if (truthy(request.body['capped'])) throw notImplemented('a capped collection');
  context.store.create(request.db, name);
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
  const dot = value.indexOf('.');
  const pair: [string, string] = dot === -1 ? [value, ''] : [value.slice(0, dot), value.slice(dot + 1)];
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
    typeof wanted === 'string' ? index.name === wanted : equal(describeIndex(index)['key'] ?? null, wanted),
  );
  if (found?.id === 0) throw new MongoError(codes.InvalidOptions, 'cannot drop _id index');
  if (found !== undefined) return found;
  const name = typeof wanted === 'string' ? `index not found with name [${wanted}]` : "can't find index with that key";
  throw new MongoError(codes.IndexNotFound, name);
}

function batchSize(body: Document): number {
  const cursor = option(body, 'cursor');
  return cursor === undefined ? Infinity : (wholeOption(cursor['batchSize'], 'batchSize') ?? Infinity);
}

function listed(request: Request, context: Context, name: string, documents: Iterable<object>): Reply {
  const ns = `${request.db}.${name}`;
  const encoded = [...documents].map((document) => encode(document));
  const opened = context.cursors.open(ns, encoded[Symbol.iterator](), batchSize(request.body), {
    single: false,
    immortal: false,
  });
  return cursorReply(opened.id, ns, opened.batch, 'firstBatch');
}

function listIndexes(request: Request, context: Context): Reply {
  const collection = findCollection(request, context);
  if (collection === undefined) throw notFound(request);
  return listed(request, context, collection.name, collection.indexes.map(describeIndex));
}

function listCollections(request: Request, context: Context): Reply {
  const { matches } = queryOf(option(request.body, 'filter'));
  const found = context.store.collections(request.db).map((collection) => {
    const idIndex = { v: 2, key: { _id: 1 }, name: '_id_' };
    return { name: collection.name, type: 'collection', options: {}, info: { readOnly: false }, idIndex };
  });
  const nameOnly = truthy(request.body['nameOnly']);
  const kept = found
    .filter(({ name, type }) => matches(Object.assign(new Document(), { name, type })))
    .map((collection) => (nameOnly ? { name: collection.name, type: collection.type } : collection));
  return listed(request, context, '$cmd.listCollections', kept);
}

function listDatabases(request: Request, context: Context): Reply {
  if (request.db !== 'admin')
    throw new MongoError(codes.Unauthorized, 'listDatabases may only be run against the admin database.');
  const { matches } = queryOf(option(request.body, 'filter'));
  const names = context.store.databases().filter((name) => matches(Object.assign(new Document(), { name })));
  if (truthy(request.body['nameOnly'])) return { databases: names.map((name) => ({ name })), ok: 1 };
  const totalSize = context.store.size();
  return {
    databases: names.map((name) => ({ name, sizeOnDisk: totalSize, empty: false })),
    totalSize,
    totalSizeMb: Math.floor(totalSize / 1048576),
    ok: 1,
  };
}

function collStats(request: Request, context: Context): Reply {
  const name = collectionName(request);
  const collection = context.store.find(request.db, name);
  const count = collection?.count() ?? 0;
  return { ns: `${request.db}.${name}`, count, nindexes: collection?.indexes.length ?? 0, capped: false, ok: 1 };
}

function dbStats(request: Request, context: Context): Reply {
  const collections = context.store.collections(request.db);
  const objects = collections.reduce((sum, collection) => sum + collection.count(), 0);
  const indexes = collections.reduce((sum, collection) => sum + collection.indexes.length, 0);
  return {
    db: request.db,
    collections: collections.length,
    views: 0,
    objects,
    indexes,
    storageSize: context.store.size(),
    ok: 1,
  };
}

export const catalogCommands: Readonly<Record<string, Command>> = {
  create: {
    writes: true,
    fields: new Set(['capped', 'size', 'max', 'autoIndexId', 'idIndex', 'validationLevel', 'validationAction']),
    run: create,
  },
  drop: { writes: true, fields: new Set(), run: drop },
  dropDatabase: { writes: true, fields: new Set(), run: dropDatabase },
  renameCollection: { writes: true, fields: new Set(['to', 'dropTarget']), run: renameCollection },
  createIndexes: {
    writes: true,
    fields: new Set(['indexes', 'commitQuorum', 'ignoreUnknownIndexOptions']),
    run: createIndexes,
  },
  dropIndexes: { writes: true, fields: new Set(['index']), run: dropIndexes },
  listIndexes: { writes: false, fields: new Set(['cursor']), run: listIndexes },
  listCollections: {
    writes: false,
    fields: new Set(['filter', 'nameOnly', 'authorizedCollections', 'cursor']),
    run: listCollections,
  },
  listDatabases: { writes: false, fields: new Set(['filter', 'nameOnly', 'authorizedDatabases']), run: listDatabases },
  collStats: { writes: false, fields: new Set(['scale', 'freeStorage']), run: collStats },
  dbStats: { writes: false, fields: new Set(['scale', 'freeStorage']), run: dbStats },
};
