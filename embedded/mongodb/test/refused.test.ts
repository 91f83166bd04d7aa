import type { Long } from 'mongodb';
import { Code, Decimal128, MongoClient, MongoServerError } from 'mongodb';
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
  const cases: [string, () => Promise<unknown>][] = [
    ['a Decimal128, in a document, is refused', () => collection().insertOne({ a: Decimal128.fromString('1.10') })],
    ['a Decimal128, in a query, is refused', () => collection().findOne({ a: Decimal128.fromString('1.10') })],
    ['code, in a document, is refused', () => collection().insertOne({ a: new Code('x') })],
    [
      'a collation, in a find, is refused',
      () =>
        collection()
          .find({}, { collation: { locale: 'de' } })
          .toArray(),
    ],
    [
      'a collation, in an update, is refused',
      () => collection().updateOne({}, { $set: { a: 1 } }, { collation: { locale: 'de' } }),
    ],
    [
      'array filters, in an update, are refused',
      () => collection().updateOne({}, { $set: { 'list.$[i].x': 1 } }, { arrayFilters: [{ 'i.x': 1 }] }),
    ],
    [
      'the positional operator, in an update, is refused',
      () => collection().updateOne({ 'list.x': 1 }, { $set: { 'list.$.x': 5 } }),
    ],
    [
      'the positional projection, in a find, is refused',
      () => collection().findOne({ 'list.x': 1 }, { projection: { 'list.$': 1 } }),
    ],
    ['$bit, in an update, is refused', () => collection().updateOne({}, { $bit: { a: { and: 1 } } })],
    [
      '$lookup, in a pipeline, is refused',
      () =>
        collection()
          .aggregate([{ $lookup: { from: 'x', localField: 'a', foreignField: 'b', as: 'c' } }])
          .toArray(),
    ],
    [
      '$out, in a pipeline, is refused',
      () =>
        collection()
          .aggregate([{ $out: 'x' }])
          .toArray(),
    ],
    ['an expiring index, made, is refused', () => collection().createIndex({ at: 1 }, { expireAfterSeconds: 5 }, {})],
    ['a capped collection, made, is refused', () => db().createCollection('capped', { capped: true, size: 4096 })],
    [
      'a time zone, in a date expression, is refused',
      () =>
        collection()
          .aggregate([{ $project: { d: { $dateToString: { date: '$at', timezone: 'Europe/Rome' } } } }])
          .toArray(),
    ],
  ];
  test.each(cases)('%s', async (_name, work) => {
    expect(await codeOf(work)).toBe(238);
  });

  test('text and wildcard indexes, made, are refused', async () => {
    expect(await codeOf(() => collection().createIndex({ a: 'text' }))).toBe(67);
    expect(await codeOf(() => collection().createIndex({ '$**': 1 }))).toBe(67);
  });

  test('$where and $text, in a query, are refused as unknown operators', async () => {
    expect(await codeOf(() => collection().findOne({ $where: 'true' }))).toBe(2);
    expect(await codeOf(() => collection().findOne({ $text: { $search: 'x' } }))).toBe(2);
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

  test('a cursor, opened without a time-out, stays', async () => {
    const opened = await db().command({ find: 'c', batchSize: 1, noCursorTimeout: true }, { promoteLongs: false });
    clock += 60 * 60_000;
    expect(await more((opened['cursor'] as { id: Long }).id)).toBeUndefined();
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
