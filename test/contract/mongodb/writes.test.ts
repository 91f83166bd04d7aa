import { MongoBulkWriteError, MongoServerError } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { expectCode, mongoSuite, refusal } from './support.ts';

const suite = mongoSuite('writes');

async function bulkError(work: Promise<unknown>): Promise<MongoBulkWriteError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof MongoBulkWriteError) return error;
    throw error;
  }
  throw new Error('the bulk write succeeded');
}

describe('insert', () => {
  test('insertOne, without an _id, stores the document under a new ObjectId', async () => {
    const collection = suite.fresh();
    const { insertedId } = await collection.insertOne({ a: 1 });
    expect(await collection.findOne({ _id: insertedId })).toEqual({ _id: insertedId, a: 1 });
  });

  test('insertOne, with an _id that is taken, fails with 11000 naming index and key', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ _id: 'x', a: 1 });
    const error = await refusal(collection.insertOne({ _id: 'x', a: 2 }));
    expect(error).toMatchObject({ code: 11000, keyPattern: { _id: 1 }, keyValue: { _id: 'x' } });
    expect(error.message).toBe(
      `E11000 duplicate key error collection: ${collection.namespace} index: _id_ dup key: { _id: "x" }`,
    );
    expect(await collection.findOne({ _id: 'x' })).toEqual({ _id: 'x', a: 1 });
  });

  test('insertMany, of more than one statement takes and some of them refused, leaves exact indexes', async () => {
    const collection = suite.fresh();
    await collection.createIndexes([{ key: { group: 1 } }, { key: { serial: 1 }, unique: true }]);
    const documents = Array.from({ length: 60 }, (_, at) => ({ _id: `d${at % 58}`, group: at % 3, serial: at % 55 }));
    const error = await bulkError(collection.insertMany(documents, { ordered: false }));
    expect(error.writeErrors).toHaveLength(5);
    for (const group of [0, 1, 2]) {
      const found = await collection.find({ group }, { hint: { group: 1 } }).toArray();
      expect(found).toHaveLength(documents.slice(0, 55).filter((document) => document.group === group).length);
    }
    expect(await collection.find({ serial: 54 }, { hint: { serial: 1 } }).toArray()).toEqual([
      { _id: 'd54', group: 0, serial: 54 },
    ]);
  });

  test('insertOne, with _id 1 and 1.0 and NumberLong(1), takes them for the same', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ _id: 1 });
    await expectCode(collection.insertOne({ _id: 1n }), 11000);
  });

  test('a raw insert, with _id behind other fields, stores _id first', async () => {
    const collection = suite.fresh();
    await suite.db.command({ insert: collection.collectionName, documents: [{ b: 1, _id: 7, a: 2 }] });
    expect(Object.keys((await collection.findOne()) ?? {})).toEqual(['_id', 'b', 'a']);
  });

  test('an _id, that is an array or has $ in front of a name, is refused', async () => {
    const collection = suite.fresh();
    await expectCode(collection.insertOne({ _id: [1] }), 2);
    for (const _id of [{ $gt: 1 }, { a: 1, $b: 2 }, { a: { $b: 1 } }, { a: [{ $b: 1 }] }])
      await expectCode(collection.insertOne({ _id }), 52);
    const replacement = {
      update: collection.collectionName,
      updates: [{ q: { a: 1 }, u: { _id: [1] }, upsert: true }],
    };
    await expectCode(suite.db.command(replacement).then(throwFirst), 53);
    expect(await collection.countDocuments()).toBe(0);
    await collection.insertOne({ _id: { a: 1, b: { c: 2 } } });
  });

  test('insertMany, ordered with a duplicate in the middle, stops there', async () => {
    const collection = suite.fresh();
    const error = await bulkError(collection.insertMany([{ _id: 1 }, { _id: 1 }, { _id: 2 }]));
    expect(error.result.insertedCount).toBe(1);
    expect(error.writeErrors).toMatchObject([{ index: 1, code: 11000 }]);
    expect(await collection.countDocuments()).toBe(1);
  });

  test('insertMany, unordered with two duplicates, reports both and stores the rest', async () => {
    const collection = suite.fresh();
    const documents = [{ _id: 1 }, { _id: 1 }, { _id: 2 }, { _id: 2 }, { _id: 3 }];
    const error = await bulkError(collection.insertMany(documents, { ordered: false }));
    expect(error.result.insertedCount).toBe(3);
    expect([error.writeErrors].flat().map(({ index }) => index)).toEqual([1, 3]);
    expect((await collection.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id)).toEqual([1, 2, 3]);
  });

  test('an insert, beside 50 others of which some fail, is not undone by them', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ _id: 'taken' });
    const writes = Array.from({ length: 50 }, (_, i) => collection.insertOne({ _id: i % 5 === 0 ? 'taken' : i }));
    const settled = await Promise.allSettled(writes);
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(10);
    expect(await collection.countDocuments()).toBe(41);
  });

  test('a document of just under 16 MiB is stored, one above is refused', async () => {
    const collection = suite.fresh();
    const almost = 'x'.repeat(16 * 1024 * 1024 - 100);
    await collection.insertOne({ _id: 1, almost });
    expect((await collection.findOne({ _id: 1 }))?.['almost']).toHaveLength(almost.length);
    await expect(collection.insertOne({ _id: 2, big: `${almost}${'x'.repeat(200)}` })).rejects.toThrow();
    expect(await collection.countDocuments()).toBe(1);
  });

  test('an update, that makes a document larger than 16 MiB, fails and changes nothing', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ _id: 1, a: 'x'.repeat(9_000_000) });
    const error = await refusal(collection.updateOne({ _id: 1 }, { $set: { b: 'y'.repeat(9_000_000) } }));
    expect(error.code).toBe(17419);
    expect(await collection.findOne({ _id: 1 }, { projection: { b: 1 } })).toEqual({ _id: 1 });
  });

  test('a batch, empty, is refused', async () => {
    await expectCode(suite.db.command({ insert: 'c', documents: [] }), 16);
  });
});

describe('statements', () => {
  test.each<[string, 'update' | 'delete', object, number]>([
    ['an update with an unknown field', 'update', { q: {}, u: { $set: { a: 2 } }, order: 1 }, 40415],
    ['an update without a query', 'update', { u: { $set: { a: 2 } } }, 40414],
    ['an update that is a number', 'update', { q: {}, u: 2 }, 9],
    ['an update whose query is a number', 'update', { q: 2, u: { $set: { a: 2 } } }, 14],
    ['a delete with a limit of two', 'delete', { q: {}, limit: 2 }, 9],
  ])('%s, behind a right one, fails the command before anything is written', async (_, command, wrong, code) => {
    const collection = suite.fresh();
    await collection.insertOne({ _id: 1, a: 1 });
    const right = { update: { q: {}, u: { $set: { a: 2 } } }, delete: { q: {}, limit: 1 } }[command];
    const failed = suite.db.command({ [command]: collection.collectionName, [`${command}s`]: [right, wrong] });
    await expectCode(failed, code);
    expect(await collection.find().toArray()).toEqual([{ _id: 1, a: 1 }]);
  });
});

describe('update', () => {
  test('updateOne, guarded by a revision, changes once and then matches nothing', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ _id: 1, revision: 0, status: 'A' });
    const change = () => collection.updateOne({ _id: 1, revision: 0 }, { $set: { status: 'B', revision: 1 } });
    expect(await change()).toMatchObject({ matchedCount: 1, modifiedCount: 1 });
    expect(await change()).toMatchObject({ matchedCount: 0, modifiedCount: 0 });
  });

  test('updateOne, to the value that is there, matches but modifies nothing', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ _id: 1, a: 5 });
    expect(await collection.updateOne({ _id: 1 }, { $set: { a: 5 } })).toMatchObject({
      matchedCount: 1,
      modifiedCount: 0,
    });
  });

  test('updateMany, on the field its index is on, changes each document once', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ n: 1 });
    await collection.insertMany(Array.from({ length: 300 }, (_, i) => ({ _id: i, n: i })));
    expect(await collection.updateMany({ n: { $gte: 0 } }, { $inc: { n: 1000 } })).toMatchObject({
      modifiedCount: 300,
    });
    expect(
      await collection
        .find({}, { sort: { n: 1 } })
        .map((one) => Number(one['n']))
        .toArray(),
    ).toEqual(Array.from({ length: 300 }, (_, i) => i + 1000));
  });

  test('replaceOne, of a document, keeps _id and drops every other field', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ _id: 1, a: 1, b: 2 });
    await collection.replaceOne({ _id: 1 }, { c: 3 });
    expect(await collection.findOne()).toEqual({ _id: 1, c: 3 });
  });

  test('replaceOne and $set, of another _id, fail with ImmutableField', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ _id: 1, a: 1 });
    await expectCode(collection.replaceOne({ a: 1 }, { _id: 2, a: 1 }), 66);
    await expectCode(collection.updateOne({ a: 1 }, { $set: { _id: 2 } }), 66);
    await expectCode(collection.updateOne({ a: 1 }, { $unset: { _id: 1 } }), 66);
    expect(await collection.findOne()).toEqual({ _id: 1, a: 1 });
  });

  test('upsert, where nothing matches, inserts the equalities of the query with the update', async () => {
    const collection = suite.fresh();
    const update = { $set: { status: 'A' }, $setOnInsert: { made: true } };
    const first = await collection.updateOne({ _id: 9, 'a.b': 1, n: { $gt: 3 } }, update, { upsert: true });
    expect(first).toMatchObject({ matchedCount: 0, upsertedCount: 1, upsertedId: 9 });
    expect(await collection.findOne()).toEqual({ _id: 9, a: { b: 1 }, made: true, status: 'A' });
    await collection.updateOne({ _id: 9 }, { $set: { status: 'B' }, $setOnInsert: { made: false } }, { upsert: true });
    expect(await collection.findOne()).toMatchObject({ made: true, status: 'B' });
  });

  test('replaceOne with upsert, without an _id, makes one', async () => {
    const collection = suite.fresh();
    const { upsertedId } = await collection.replaceOne({ a: 1 }, { b: 2 }, { upsert: true });
    expect(upsertedId).toBeTruthy();
    expect(await collection.findOne()).toEqual({ _id: upsertedId, b: 2 });
  });

  test('bulkWrite, of all kinds, counts each', async () => {
    const collection = suite.fresh();
    await collection.insertMany([
      { _id: 1, a: 1 },
      { _id: 2, a: 1 },
      { _id: 3, a: 1 },
    ]);
    const result = await collection.bulkWrite([
      { insertOne: { document: { _id: 4 } } },
      { updateOne: { filter: { _id: 1 }, update: { $set: { a: 2 } } } },
      { updateMany: { filter: { a: 1 }, update: { $inc: { a: 5 } } } },
      { replaceOne: { filter: { _id: 8 }, replacement: { z: 1 }, upsert: true } },
      { deleteOne: { filter: { _id: 2 } } },
      { deleteMany: { filter: { _id: { $in: [3, 4] } } } },
    ]);
    expect(result).toMatchObject({
      insertedCount: 1,
      matchedCount: 3,
      modifiedCount: 3,
      upsertedCount: 1,
      deletedCount: 3,
    });
    expect(result.upsertedIds).toEqual({ 3: 8 });
  });

  test('an unordered bulk, with failures, reports their positions and does the rest', async () => {
    const collection = suite.fresh();
    await collection.insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 'text' },
      { _id: 3, n: 3 },
    ]);
    const operations = [1, 2, 3].map((_id) => ({ updateOne: { filter: { _id }, update: { $inc: { n: 1 } } } }));
    const error = await bulkError(collection.bulkWrite(operations, { ordered: false }));
    expect(error.writeErrors).toMatchObject([{ index: 1, code: 14 }]);
    expect((await collection.find().sort({ n: 1 }).toArray()).map(({ n }) => n as unknown)).toEqual([2, 4, 'text']);
  });

  test('a multi update, with a replacement, fails with FailedToParse', async () => {
    const update = { update: 'c', updates: [{ q: {}, u: { a: 1 }, multi: true }] };
    await expectCode(suite.db.command(update).then(throwFirst), 9);
  });
});

/** Raw commands report errors of single writes inside a successful answer. */
function throwFirst(answer: Record<string, unknown>): void {
  const [first] = (answer['writeErrors'] ?? []) as { code: number; errmsg: string }[];
  if (first !== undefined) throw new MongoServerError(first);
}

describe('delete', () => {
  test('deleteOne and deleteMany, by a query, remove one and all', async () => {
    const collection = suite.fresh();
    await collection.insertMany([1, 2, 3, 4, 5].map((_id) => ({ _id, odd: _id % 2 })));
    expect(await collection.deleteOne({ odd: 1 })).toMatchObject({ deletedCount: 1 });
    expect(await collection.deleteMany({ odd: 1 })).toMatchObject({ deletedCount: 2 });
    expect(await collection.deleteMany({ odd: 7 })).toMatchObject({ deletedCount: 0 });
    expect((await collection.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id)).toEqual([2, 4]);
  });

  test('a delete, with an unknown operator, fails with BadValue and removes nothing', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ a: 1 });
    await expectCode(collection.deleteMany({ a: { $nope: 1 } }), 2);
    expect(await collection.countDocuments()).toBe(1);
  });
});
