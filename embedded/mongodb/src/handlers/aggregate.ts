import { equal } from '../bson/compare.ts';
import { decode } from '../bson/read.ts';
import type { Document } from '../bson/values.ts';
import { documentOf, type Value } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import { codes, failedToParse, MongoError, typeMismatch } from '../errors.ts';
import { countRows, queryOf, rowsOf, type Query } from '../query/execute.ts';
import {
  limitArgument,
  matchArgument,
  parseStage,
  skipArgument,
  sortArgument,
  stageOf,
  type Stage,
} from '../aggregate/stages.ts';
import type { Collection } from '../storage/collection.ts';
import { maxDocumentBytes } from '../storage/document.ts';
import {
  collectionName,
  documentOption,
  wholeOption,
  type Command,
  type Context,
  type Reply,
  type Request,
} from './context.ts';
import { cursorReply, defaultBatch } from './find.ts';

/** A pipeline whose first stages became a query. */
interface Aggregation {
  readonly query: Query;
  /** What the query does not do. */
  readonly stages: readonly Stage[];
  /** All that is left is the `$group` with which drivers count documents. */
  readonly counts: boolean;
}

/** Takes leading `$match`, `$sort`, `$skip` and `$limit` into a query, so that an index can serve them. */
function planAggregation(pipeline: readonly Value[], hint: Value | undefined): Aggregation {
  const rest = [...pipeline];
  const take = (name: string): Value | undefined => {
    const next = rest[0] === undefined ? undefined : stageOf(rest[0]);
    if (next?.[0] !== name) return undefined;
    rest.shift();
    return next[1];
  };
  const match = take('$match');
  const sort = take('$sort');
  const skip = take('$skip');
  const limit = take('$limit');
  return {
    query: queryOf(match === undefined ? undefined : matchArgument(match), {
      sort: sort === undefined ? [] : sortArgument(sort),
      skip: skip === undefined ? 0 : skipArgument(skip),
      limit: limit === undefined ? Infinity : limitArgument(limit),
      hint,
    }),
    stages: rest.map(parseStage),
    counts: rest.length === 1 && equal(rest[0] ?? null, countStage),
  };
}

const countStage = documentOf([
  [
    '$group',
    documentOf([
      ['_id', 1],
      ['n', documentOf([['$sum', 1]])],
    ]),
  ],
]);

function run(collection: Collection, { query, stages, counts }: Aggregation, batchSize: number): Iterable<Buffer> {
  if (stages.length === 0) return bodies(rowsOf(collection, query, batchSize));
  if (!counts) return encoded(stages, decoded(collection, query, stages[0]?.needs));
  const n = countRows(collection, query);
  return n === 0 ? [] : [encode({ _id: 1, n })];
}

function* bodies(rows: Iterable<{ readonly body: Buffer }>): Generator<Buffer> {
  for (const row of rows) yield row.body;
}

function* decoded(collection: Collection, query: Query, needs: ReadonlySet<string> | undefined): Generator<Document> {
  for (const row of rowsOf(collection, query, 1000)) yield decode(row.body, 0, needs);
}

function* encoded(stages: readonly Stage[], documents: Iterable<Document>): Generator<Buffer> {
  for (const document of stages.reduce((input, stage) => stage.run(input), documents)) {
    const bytes = encode(document);
    if (bytes.length > maxDocumentBytes)
      throw new MongoError(codes.BSONObjectTooLarge, `BSONObj size: ${bytes.length} is invalid`);
    yield bytes;
  }
}

function aggregate(request: Request, context: Context): Reply {
  const { pipeline, hint } = request.body;
  if (!Array.isArray(pipeline)) throw typeMismatch("'pipeline' option must be specified as an array");
  const cursor = documentOption(request.body, 'cursor');
  if (cursor === undefined)
    throw failedToParse("The 'cursor' option is required, except for aggregate with the explain argument");
  const batchSize = wholeOption(cursor, 'batchSize') ?? defaultBatch;
  const aggregation = planAggregation(pipeline, hint);
  const name = collectionName(request);
  const namespace = `${request.db}.${name}`;
  const collection = context.store.find(request.db, name);
  const documents =
    collection === undefined ? encoded(aggregation.stages, []) : run(collection, aggregation, batchSize);
  const opened = context.cursors.open(namespace, documents[Symbol.iterator](), batchSize);
  return cursorReply(opened.id, namespace, opened.batch, 'firstBatch');
}

export const aggregateCommands: Readonly<Record<string, Command>> = {
  aggregate: {
    writes: false,
    fields: ['pipeline', 'cursor', 'hint', 'allowDiskUse', 'bypassDocumentValidation'],
    run: aggregate,
  },
};
