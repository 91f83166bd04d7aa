import { decode } from '../bson/read.ts';
import type { Document } from '../bson/values.ts';
import { isNumber, numeric } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import type { Batch } from '../cursors.ts';
import { typeMismatch } from '../errors.ts';
import { countRows, firstRow, idOf, queryOf, rowsOf, type Query } from '../query/execute.ts';
import { truthy } from '../query/filter.ts';
import { parseProjection, type Projection } from '../query/projection.ts';
import { parseSort } from '../query/sort.ts';
import type { Collection, Row } from '../storage/collection.ts';
import {
  collectionName,
  documentOption,
  findCollection,
  wholeOption,
  type Command,
  type Context,
  type Reply,
  type Request,
} from './context.ts';

export const defaultBatch = 101;

/** The query of a `find` or a `count`. */
function readQuery(body: Document, filterField: string): Query {
  const limit = wholeOption(body, 'limit') ?? 0;
  return queryOf(documentOption(body, filterField), {
    sort: parseSort(documentOption(body, 'sort')),
    skip: wholeOption(body, 'skip') ?? 0,
    limit: limit === 0 ? Infinity : limit,
    hint: body['hint'],
  });
}

function projectionOf(body: Document): Projection | undefined {
  const spec = documentOption(body, 'projection');
  return spec === undefined || Object.keys(spec).length === 0 ? undefined : parseProjection(spec);
}

function project(row: Row, projection: Projection | undefined): Buffer {
  return projection === undefined ? row.body : encode(projection.apply(decode(row.body, 0, projection.needs)));
}

function* projected(rows: Iterable<Row>, projection: Projection | undefined): Generator<Buffer> {
  for (const row of rows) yield project(row, projection);
}

export function cursorReply(id: bigint, namespace: string, batch: Batch, field: 'firstBatch' | 'nextBatch'): Reply {
  return { cursor: { [field]: batch, id, ns: namespace }, ok: 1 };
}

function find(request: Request, context: Context): Reply {
  const { body } = request;
  const name = collectionName(request);
  const namespace = `${request.db}.${name}`;
  const query = readQuery(body, 'filter');
  const projection = projectionOf(body);
  const collection = context.store.find(request.db, name);
  if (collection === undefined) return cursorReply(0n, namespace, [], 'firstBatch');
  const batchSize = wholeOption(body, 'batchSize') ?? defaultBatch;
  const documents = documentsOf(collection, query, projection, batchSize);
  const { id, batch } = context.cursors.open(namespace, documents, batchSize, truthy(body['singleBatch']));
  return cursorReply(id, namespace, batch, 'firstBatch');
}

/** A find by `_id` needs neither plan nor generator. */
function documentsOf(
  collection: Collection,
  query: Query,
  projection: Projection | undefined,
  batchSize: number,
): Iterator<Buffer> {
  if (idOf(query.filter) !== undefined && query.skip === 0 && batchSize > 0 && query.hint === undefined) {
    const row = firstRow(collection, query);
    return (row === undefined ? [] : [project(row, projection)])[Symbol.iterator]();
  }
  return projected(rowsOf(collection, query, batchSize), projection);
}

function getMore(request: Request, context: Context): Reply {
  const { getMore: id, collection } = request.body;
  if (!isNumber(id)) throw typeMismatch("BSON field 'getMore.getMore' is the wrong type, expected type 'long'");
  if (typeof collection !== 'string') throw typeMismatch("BSON field 'getMore.collection' is missing or not a string");
  const namespace = `${request.db}.${collection}`;
  const batchSize = wholeOption(request.body, 'batchSize') ?? 0;
  const next = context.cursors.more(BigInt(numeric(id)), namespace, batchSize === 0 ? Infinity : batchSize);
  return cursorReply(next.id, namespace, next.batch, 'nextBatch');
}

function killCursors(request: Request, context: Context): Reply {
  const ids = request.body['cursors'];
  if (!Array.isArray(ids))
    throw typeMismatch("BSON field 'killCursors.cursors' is the wrong type, expected type 'array'");
  const killed: bigint[] = [];
  const notFound: bigint[] = [];
  for (const id of ids) {
    if (!isNumber(id)) throw typeMismatch('cursor ids have to be numbers');
    const key = BigInt(numeric(id));
    (context.cursors.kill(key) ? killed : notFound).push(key);
  }
  return { cursorsKilled: killed, cursorsNotFound: notFound, cursorsAlive: [], cursorsUnknown: [], ok: 1 };
}

function count(request: Request, context: Context): Reply {
  const collection = findCollection(request, context);
  const query = readQuery(request.body, 'query');
  return { n: collection === undefined ? 0 : countRows(collection, query), ok: 1 };
}

const findFields = [
  'filter',
  'sort',
  'projection',
  'hint',
  'skip',
  'limit',
  'batchSize',
  'singleBatch',
  'allowDiskUse',
];

export const findCommands: Readonly<Record<string, Command>> = {
  find: { writes: false, fields: findFields, run: find },
  getMore: { writes: false, fields: ['collection', 'batchSize'], run: getMore },
  killCursors: { writes: false, fields: ['cursors'], run: killCursors },
  count: { writes: false, fields: ['query', 'limit', 'skip', 'hint'], run: count },
};
