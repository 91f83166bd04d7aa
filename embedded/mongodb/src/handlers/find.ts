import { compileExpression } from '../aggregate/expressions.ts';
import { encodeKey } from '../bson/keys.ts';
import { decode } from '../bson/read.ts';
import { isNumber, numeric, type Document, type Value } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import type { Batch } from '../cursors.ts';
import { badValue, MongoError, notImplemented, typeMismatch } from '../errors.ts';
import { firstRow, idOf, queryOf, rowsOf, type Query } from '../query/execute.ts';
import { truthy } from '../query/filter.ts';
import { reached } from '../query/paths.ts';
import { parseProjection, wholeOption, type Projection } from '../query/projection.ts';
import { parseSort } from '../query/sort.ts';
import type { Collection, Row } from '../storage/collection.ts';
import {
  collectionName,
  findCollection,
  option,
  type Command,
  type Context,
  type Reply,
  type Request,
} from './context.ts';

const defaultBatch = 101;
const maxDistinct = 200_000;

function positive(body: Document, name: string): number | undefined {
  const value = wholeOption(body[name], name);
  if (value !== undefined && value < 0) {
    throw new MongoError(51024, `BSON field '${name}' value must be >= 0, actual value '${value}'`);
  }
  return value;
}

/** The query of a `find`, `count` or their `explain`. */
export function findQuery(body: Document, filterField = 'filter'): Query {
  const limit = positive(body, 'limit') ?? 0;
  return queryOf(option(body, filterField), {
    sort: parseSort(body['sort'] ?? undefined),
    skip: positive(body, 'skip') ?? 0,
    limit: limit === 0 ? Infinity : limit,
    hint: body['hint'],
  });
}

export function projectionOf(body: Document, name = 'projection'): Projection | undefined {
  const spec = option(body, name);
  if (spec === undefined || Object.keys(spec).length === 0) return undefined;
  return parseProjection(spec, compileExpression);
}

export function project(body: Buffer, projection: Projection | undefined): Buffer {
  return projection === undefined ? body : encode(projection.apply(decode(body, 0, projection.needs)));
}

function* projected(rows: Iterable<Row>, projection: Projection | undefined): Generator<Buffer> {
  for (const row of rows) yield project(row.body, projection);
}

export function cursorReply(id: bigint, namespace: string, batch: Batch, field: 'firstBatch' | 'nextBatch'): Reply {
  return { cursor: { [field]: batch, id, ns: namespace }, ok: 1 };
}

function find(request: Request, context: Context): Reply {
  const { body } = request;
  const name = collectionName(request);
  const namespace = `${request.db}.${name}`;
  if (truthy(body['tailable']) || truthy(body['awaitData'])) throw notImplemented('a tailable cursor');
  for (const name of ['returnKey', 'showRecordId']) if (truthy(body[name])) throw notImplemented(`${name} of find`);
  if (body['let'] !== undefined || body['min'] !== undefined || body['max'] !== undefined)
    throw notImplemented('let, min and max of find');
  const query = findQuery(body);
  const projection = projectionOf(body);
  const collection = context.store.find(request.db, name);
  if (collection === undefined) return cursorReply(0n, namespace, [], 'firstBatch');
  const batchSize = positive(body, 'batchSize') ?? defaultBatch;
  const documents = documentsOf(collection, query, projection, batchSize);
  const { id, batch } = context.cursors.open(namespace, documents, batchSize, {
    single: truthy(body['singleBatch']),
    immortal: truthy(body['noCursorTimeout']),
  });
  return cursorReply(id, namespace, batch, 'firstBatch');
}

/** A find by `_id` needs neither plan nor generator. */
function documentsOf(
  collection: Collection,
  query: Query,
  projection: Projection | undefined,
  batchSize: number,
): Iterator<Buffer> {
  if (idOf(query) !== undefined && query.skip === 0 && batchSize > 0 && query.hint === undefined) {
    const row = firstRow(collection, query);
    return (row === undefined ? [] : [project(row.body, projection)])[Symbol.iterator]();
  }
  return projected(rowsOf(collection, query, batchSize), projection);
}

function getMore(request: Request, context: Context): Reply {
  const { body } = request;
  const id = body['getMore'];
  if (!isNumber(id)) throw typeMismatch("BSON field 'getMore.getMore' is the wrong type, expected type 'long'");
  const collection = body['collection'];
  if (typeof collection !== 'string') throw typeMismatch("BSON field 'getMore.collection' is missing or not a string");
  const namespace = `${request.db}.${collection}`;
  const batchSize = positive(body, 'batchSize') ?? 0;
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
  const body = request.body;
  const limit = Math.abs(wholeOption(body['limit'], 'limit') ?? 0);
  const query = queryOf(option(body, 'query'), {
    skip: positive(body, 'skip') ?? 0,
    limit: limit === 0 ? Infinity : limit,
    hint: body['hint'],
  });
  if (collection === undefined) return { n: 0, ok: 1 };
  const plain = query.filter.kind === 'and' && query.filter.parts.length === 0;
  const all = plain ? collection.count() : countRows(collection, query);
  const n = plain ? Math.max(0, Math.min(all - query.skip, query.limit)) : all;
  return { n, ok: 1 };
}

function countRows(collection: Collection, query: Query): number {
  let n = 0;
  const rows = rowsOf(collection, query, 1000);
  while (rows.next().done !== true) n += 1;
  return n;
}

function distinct(request: Request, context: Context): Reply {
  const collection = findCollection(request, context);
  const key = request.body['key'];
  if (typeof key !== 'string')
    throw typeMismatch("BSON field 'distinct.key' is the wrong type, expected type 'string'");
  if (key === '' || key.includes('\0')) throw badValue('distinct needs a field');
  const query = queryOf(option(request.body, 'query'), { hint: request.body['hint'] });
  if (collection === undefined) return { values: [], ok: 1 };
  return { values: distinctValues(collection, query, key), ok: 1 };
}

function distinctValues(collection: Collection, query: Query, key: string): Value[] {
  const found = new Map<string, Value>();
  const path = key.split('.');
  const only = new Set([path[0] ?? '']);
  for (const row of rowsOf(collection, query, 1000)) {
    for (const value of reached(decode(row.body, 0, only), path)) {
      found.set(encodeKey(value).toString('latin1'), value);
      if (found.size > maxDistinct) throw new MongoError(17217, 'distinct too big, 16mb cap');
    }
  }
  return [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

const findFields = new Set([
  'filter',
  'sort',
  'projection',
  'hint',
  'skip',
  'limit',
  'batchSize',
  'singleBatch',
  'noCursorTimeout',
  'allowDiskUse',
  'returnKey',
  'showRecordId',
  'tailable',
  'awaitData',
  'oplogReplay',
  'allowPartialResults',
  'let',
  'min',
  'max',
]);

export const findCommands: Readonly<Record<string, Command>> = {
  find: { writes: false, fields: findFields, run: find },
  getMore: { writes: false, fields: new Set(['collection', 'batchSize']), run: getMore },
  killCursors: { writes: false, fields: new Set(['cursors']), run: killCursors },
  count: { writes: false, fields: new Set(['query', 'limit', 'skip', 'hint', 'fields']), run: count },
  distinct: { writes: false, fields: new Set(['key', 'query', 'hint']), run: distinct },
};
