import type { Document, Long } from 'mongodb';
import { Code, Decimal128, MaxKey, MinKey, MongoClient, MongoServerError, Timestamp } from 'mongodb';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../src/storage/store.ts';
import { serve, type MongoServer } from '../src/net/server.ts';

let folder: string;
let server: MongoServer;
let client: MongoClient;
let clock = Date.now();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mongodb-'));
  server = await serve({ store: openStore(folder), port: 0, now: () => clock });
  client = await new MongoClient(`mongodb://127.0.0.1:${server.port}/?directConnection=true`).connect();
  await collection().insertMany([{ a: 1, list: [{ x: 1 }] }, { a: 2 }, { a: 3 }]);
});
afterAll(async () => {
  await client.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const db = () => client.db('d');
const collection = () => db().collection('c');

async function codeOf(work: () => Promise<unknown>): Promise<number | string | undefined> {
  try {
    await work();
  } catch (error) {
    if (error instanceof MongoServerError) return error.code;
    throw error;
  }
  return undefined;
}

describe('what MongoDB can do and this server does not', () => {
  const find = (filter: Document, options: Document = {}) => collection().find(filter, options).toArray();
  const update = (change: Document | Document[], options: Document = {}) => collection().updateOne({}, change, options);
  const aggregate = (...pipeline: Document[]) => collection().aggregate(pipeline).toArray();
  const index = (spec: Document) => db().command({ createIndexes: 'c', indexes: [{ name: 'x', ...spec }] });

  const commands: Document[] = [
    { explain: { find: 'c' } },
    { findAndModify: 'c', query: {}, update: { $set: { a: 1 } } },
    { distinct: 'c', key: 'a' },
    { bulkWrite: 1, ops: [], nsInfo: [] },
    { collStats: 'c' },
    { dbStats: 1 },
    { serverStatus: 1 },
    { getParameter: '*' },
    { collMod: 'c' },
    { mapReduce: 'c' },
  ];
  test.each(commands)('the command %j is not found', async (command) => {
    expect(await codeOf(() => client.db('d').command(command))).toBe(59);
  });

  const operators = ['$regex', '$type', '$mod', '$size', '$all', '$elemMatch', '$geoWithin', '$bitsAllSet'];
  test.each(operators)('the operator %s, in a query, is unknown', async (operator) => {
    expect(await codeOf(() => find({ a: { [operator]: 1 } }))).toBe(2);
    expect(await codeOf(() => find({ a: { $not: { [operator]: 1 } } }))).toBe(2);
  });

  test.each(['$expr', '$where', '$text', '$jsonSchema', '$comment'])(
    'the operator %s, at the top of a query, is unknown',
    async (operator) => {
      expect(await codeOf(() => find({ [operator]: {} }))).toBe(2);
    },
  );

  const modifiers = '$mul $rename $currentDate $push $addToSet $pull $pullAll $pop $bit'.split(' ');
  test.each(modifiers)('the update operator %s is unknown and nothing is changed', async (operator) => {
    expect(await codeOf(() => update({ [operator]: { a: 1 }, $set: { b: 1 } }))).toBe(9);
    expect(await collection().countDocuments({ b: 1 })).toBe(0);
  });

  const updates: [string, () => Promise<unknown>, number][] = [
    ['the positional operator', () => update({ $set: { 'list.$.x': 5 } }), 238],
    ['the positional operator for all', () => update({ $set: { 'list.$[].x': 5 } }), 238],
    ['a position in an array', () => update({ $set: { 'list.0.x': 5 } }), 238],
    ['a pipeline', () => update([{ $set: { a: 1 } }]), 238],
    ['a part of the _id', () => update({ $set: { '_id.x': 5 } }), 66],
    ['a part of the _id, taken away', () => update({ $unset: { '_id.x': 5 } }), 66],
    ['array filters', () => update({ $set: { a: 1 } }, { arrayFilters: [{ i: 1 }] }), 40415],
    ['a collation', () => update({ $set: { a: 1 } }, { collation: { locale: 'de' } }), 40415],
    ['variables', () => update({ $set: { a: 1 } }, { let: { v: 1 } }), 40415],
    ['a field named by a number', () => update({ $set: { '5': 1 } }), 238],
  ];
  test.each(updates)('%s, in an update, is refused', async (_name, work, code) => {
    expect(await codeOf(work)).toBe(code);
  });

  const stages =
    '$addFields $set $unset $unwind $count $facet $lookup $out $merge $replaceRoot $replaceWith $sortByCount $bucket $sample $unionWith $changeStream $documents';
  test.each(stages.split(' '))('the stage %s is unknown, wherever it stands', async (stage) => {
    expect(await codeOf(() => aggregate({ [stage]: {} }))).toBe(40324);
    expect(await codeOf(() => aggregate({ $match: {} }, { $limit: 1 }, { [stage]: {} }))).toBe(40324);
  });

  const pipelines: [string, Document, number][] = [
    ['$avg', { $group: { _id: null, v: { $avg: '$a' } } }, 15952],
    ['$push', { $group: { _id: null, v: { $push: '$a' } } }, 15952],
    ['an expression for $sum', { $group: { _id: null, v: { $sum: { $add: ['$a', 1] } } } }, 168],
    ['an array for $sum', { $group: { _id: null, v: { $sum: [[1]] } } }, 40237],
    ['an expression for _id', { $group: { _id: { $year: '$at' } } }, 168],
    ['a document for _id', { $group: { _id: { a: '$a' } } }, 238],
    ['the whole document for _id', { $group: { _id: '$$ROOT' } }, 17276],
    ['a computed field', { $project: { v: '$a' } }, 238],
    ['an expression', { $project: { v: { $add: ['$a', 1] } } }, 31325],
  ];
  test.each(pipelines)('%s, in a pipeline, is refused', async (_name, stage, code) => {
    expect(await codeOf(() => aggregate(stage))).toBe(code);
  });

  const finds: [string, Document, number][] = [
    ['a collation', { collation: { locale: 'de' } }, 40415],
    ['a cursor without a time-out', { noCursorTimeout: true }, 40415],
    ['a tailable cursor', { tailable: true }, 40415],
    ['a lower bound', { min: { a: 1 }, hint: { a: 1 } }, 40415],
    ['variables', { let: { v: 1 } }, 40415],
    ['the natural order', { hint: { $natural: 1 } }, 2],
    ['the positional projection', { projection: { 'list.$': 1 } }, 238],
    ['$slice', { projection: { list: { $slice: 1 } } }, 31325],
    ['$elemMatch', { projection: { list: { $elemMatch: { x: 1 } } } }, 31325],
    ['a computed field', { projection: { b: '$a' } }, 238],
    ['a sort in the natural order', { sort: { $natural: -1 } }, 238],
    ['a sort by a name that no field has', { sort: { 'a.$b': 1 } }, 238],
    ['a sort by a score', { sort: { a: { $meta: 'textScore' } } }, 2],
  ];
  test.each(finds)('%s, in a find, is refused', async (_name, options, code) => {
    expect(await codeOf(() => find({}, options))).toBe(code);
  });

  const indexes: [string, Document, number][] = [
    ['that expires', { key: { at: 1 }, expireAfterSeconds: 5 }, 197],
    ['that is partial', { key: { at: 1 }, partialFilterExpression: { a: 1 } }, 197],
    ['with a collation', { key: { at: 1 }, collation: { locale: 'de' } }, 197],
    ['of text', { key: { at: 'text' } }, 67],
    ['of every field', { key: { '$**': 1 } }, 67],
    ['with a direction of 2', { key: { at: 2 } }, 238],
  ];
  test.each(indexes)('an index %s, made, is refused', async (_name, spec, code) => {
    expect(await codeOf(() => index(spec))).toBe(code);
  });

  test.each([{ capped: true, size: 4096 }, { viewOn: 'c', pipeline: [] }, { validator: { a: 1 } }])(
    'a collection with the options %j, made, is refused',
    async (options) => {
      expect(await codeOf(() => db().createCollection('other', options))).toBe(40415);
    },
  );

  const values: [string, unknown][] = [
    ['a Decimal128', Decimal128.fromString('1.10')],
    ['code', new Code('x')],
    ['a regular expression', /x/],
    ['a timestamp', new Timestamp({ t: 0, i: 0 })],
    ['MinKey', new MinKey()],
    ['MaxKey', new MaxKey()],
    ['a document with a field named by a number', { 7: 1 }],
  ];
  test.each(values)('%s, stored or looked for, is refused', async (_name, a) => {
    expect(await codeOf(() => collection().insertOne({ list: [{ a }] }))).toBe(238);
    expect(await codeOf(() => find({ a: { $in: [a] } }))).toBe(238);
  });

  test('two fields of one array, in a sort or an index, are refused', async () => {
    const pairs = db().collection('pairs');
    await pairs.insertOne({ list: [{ a: 1, b: 2 }] });
    expect(await codeOf(() => pairs.find().sort({ 'list.a': 1, 'list.b': 1 }).toArray())).toBe(238);
    expect(await codeOf(() => pairs.createIndex({ 'list.a': 1, 'list.b': 1 }))).toBe(238);
    expect(await codeOf(() => pairs.createIndex({ 'list.0.a': 1 }))).toBe(238);
    expect(await pairs.indexes()).toHaveLength(1);
  });

  test('credentials, in the connection string, fail to authenticate', async () => {
    const url = `mongodb://user:secret@127.0.0.1:${server.port}/?directConnection=true&authMechanism=PLAIN&authSource=%24external`;
    const other = new MongoClient(url, { serverSelectionTimeoutMS: 1000 });
    await expect(other.connect()).rejects.toThrow(/Authentication failed/);
    await other.close();
  });
});

describe('idle cursors', () => {
  async function open(): Promise<Long> {
    const opened = await db().command({ find: 'c', batchSize: 1 }, { promoteLongs: false });
    return (opened['cursor'] as { id: Long }).id;
  }
  const more = (id: Long) => codeOf(() => db().command({ getMore: id, collection: 'c', batchSize: 1 }));

  test('a cursor, unused for ten minutes, is gone; one that is used stays', async () => {
    const [idle, used] = [await open(), await open()];
    clock += 9 * 60_000;
    expect(await more(used)).toBeUndefined();
    clock += 2 * 60_000;
    expect(await more(idle)).toBe(43);
    expect(await more(used)).toBeUndefined();
  });
});

test('a write that fails, beside others, leaves their cursors and collections alone', async () => {
  const opened = await db().command({ find: 'c', batchSize: 1 }, { promoteLongs: false });
  await collection().createIndex({ u: 1 }, { unique: true, sparse: true }, {});
  await db()
    .collection('twice')
    .insertMany([{ n: 1 }, { n: 1 }]);
  expect(await codeOf(() => db().collection('twice').createIndex({ n: 1 }, { unique: true }, {}))).toBe(11000);
  const next = await db().command({ getMore: (opened['cursor'] as { id: Long }).id, collection: 'c', batchSize: 5 });
  expect((next['cursor'] as { nextBatch: unknown[] }).nextBatch).toHaveLength(2);
  await db().collection('twice').insertOne({ n: 1 });
});
