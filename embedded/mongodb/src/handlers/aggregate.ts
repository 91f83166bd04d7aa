import { neededFields } from '../aggregate/needs.ts';
import { parsePipeline, stageNumber, stageOf } from '../aggregate/stages.ts';
import { decode } from '../bson/read.ts';
import { Document, type Value } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import { codes, failedToParse, MongoError, notImplemented, typeMismatch } from '../errors.ts';
import { planOf, queryOf, rowsOf, type Query } from '../query/execute.ts';
import { truthy } from '../query/filter.ts';
import { wholeOption } from '../query/projection.ts';
import { parseSort } from '../query/sort.ts';
import { maxDocumentBytes, type Collection } from '../storage/collection.ts';
import type { ScanCounters } from '../storage/scan.ts';
import { assertNamespace, option, type Command, type Context, type Reply, type Request } from './context.ts';
import { cursorReply } from './find.ts';

/** A pipeline whose first stages became a query. */
export interface Aggregation {
  readonly query: Query;
  /** The stages that the query does not do. */
  readonly rest: readonly Value[];
}

/** Takes leading `$match`, `$sort`, `$skip` and `$limit` into a query, so that an index can serve them. */
export function planAggregation(pipeline: readonly Value[], hint: Value | undefined): Aggregation {
  const filters: Value[] = [];
  let at = 0;
  const stage = (name: string): Value | undefined => {
    const next = pipeline[at];
    if (next === undefined || stageOf(next)[0] !== name) return undefined;
    at += 1;
    return stageOf(next)[1];
  };
  for (let filter = stage('$match'); filter !== undefined; filter = stage('$match')) filters.push(filter);
  const sort = stage('$sort');
  for (let filter = stage('$match'); filter !== undefined; filter = stage('$match')) filters.push(filter);
  const skip = stage('$skip');
  const limit = stage('$limit');
  for (const filter of filters)
    if (!(filter instanceof Document))
      throw new MongoError(15959, 'the match filter must be an expression in an object');
  const query = queryOf(filters.length <= 1 ? filters[0] : Object.assign(new Document(), { $and: filters }), {
    sort: parseSort(sort),
    skip: skip === undefined ? 0 : stageNumber(skip, '$skip'),
    limit: limit === undefined ? Infinity : stageNumber(limit, '$limit'),
    hint,
  });
  return { query, rest: pipeline.slice(at) };
}

/** What the pipeline gives, as BSON. */
export function runAggregation(
  collection: Collection,
  { query, rest }: Aggregation,
  batchSize: number,
  counters?: ScanCounters,
): Iterator<Buffer> {
  const run = parsePipeline(rest);
  const rows = rowsOf(collection, query, rest.length === 0 ? batchSize : 1000, planOf(collection, query), counters);
  if (rest.length === 0) return bodies(rows);
  const needed = neededFields(rest);
  return encoded(run(decoded(rows, needed)));
}

function* bodies(rows: Iterable<{ readonly body: Buffer }>): Generator<Buffer> {
  for (const row of rows) yield row.body;
}

function* decoded(
  rows: Iterable<{ readonly body: Buffer }>,
  needed: ReadonlySet<string> | undefined,
): Generator<Document> {
  for (const row of rows) yield decode(row.body, 0, needed);
}

function* encoded(documents: Iterable<Document>): Generator<Buffer> {
  for (const document of documents) {
    const bytes = encode(document);
    if (bytes.length > maxDocumentBytes)
      throw new MongoError(codes.BSONObjectTooLarge, `BSONObj size: ${bytes.length} is invalid`);
    yield bytes;
  }
}

/** `countDocuments` of the drivers: a count that an exact plan answers from the index alone. */
function countOnly(collection: Collection, { query, rest }: Aggregation): Buffer[] | undefined {
  const [only] = rest;
  if (rest.length !== 1 || only === undefined || query.skip > 0 || query.limit !== Infinity) return undefined;
  const [name, group] = stageOf(only);
  if (name !== '$group' || !(group instanceof Document)) return undefined;
  const { _id: id, n: sum, ...others } = group;
  const counts = sum instanceof Document && Object.keys(sum).length === 1 && sum['$sum'] === 1;
  if (!counts || typeof id !== 'number' || Object.keys(others).length > 0) return undefined;
  const plan = planOf(collection, { ...query, sort: [] });
  if (!plan.exact) return undefined;
  const n =
    plan.kind === 'collection'
      ? collection.count()
      : plan.ranges.reduce((total, range) => total + collection.indexCount(plan.index, range.low, range.high), 0);
  return n === 0 ? [] : [encode({ _id: id, n })];
}

/** @throws MongoError for a pipeline that is no array */
export function pipelineOf(body: Document): Value[] {
  const pipeline = body['pipeline'];
  if (!Array.isArray(pipeline)) throw typeMismatch("'pipeline' option must be specified as an array");
  return pipeline;
}

function aggregate(request: Request, context: Context): Reply {
  const { body } = request;
  const name = body['aggregate'];
  if (typeof name !== 'string') throw notImplemented('aggregate without a collection');
  assertNamespace(request.db, name);
  const namespace = `${request.db}.${name}`;
  if (body['let'] !== undefined) throw notImplemented('let');
  if (truthy(body['explain']))
    throw notImplemented('explain as an option of aggregate: use the explain command, which');
  const cursor = option(body, 'cursor');
  if (cursor === undefined)
    throw failedToParse("The 'cursor' option is required, except for aggregate with the explain argument");
  const batchSize = wholeOption(cursor['batchSize'], 'batchSize') ?? 101;
  const aggregation = planAggregation(pipelineOf(body), body['hint']);
  parsePipeline(aggregation.rest); // a wrong one fails even where there is nothing to read
  const collection = context.store.find(request.db, name);
  const documents =
    collection === undefined
      ? runEmpty(aggregation)
      : (countOnly(collection, aggregation)?.[Symbol.iterator]() ?? runAggregation(collection, aggregation, batchSize));
  const opened = context.cursors.open(namespace, documents, batchSize, { single: false, immortal: false });
  return cursorReply(opened.id, namespace, opened.batch, 'firstBatch');
}

function runEmpty({ rest }: Aggregation): Iterator<Buffer> {
  return encoded(parsePipeline(rest)([]));
}

const fields = new Set(['pipeline', 'cursor', 'hint', 'allowDiskUse', 'bypassDocumentValidation', 'let', 'explain']);

export const aggregateCommands: Readonly<Record<string, Command>> = {
  aggregate: { writes: false, fields, run: aggregate },
};
