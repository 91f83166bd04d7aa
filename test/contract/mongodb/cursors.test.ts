import { Long, MongoServerError } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { expectCode, mongoSuite, refusal } from './support.ts';

const suite = mongoSuite('cursors');

async function filled(count: number, size = 10) {
  const collection = suite.fresh();
  await collection.insertMany(Array.from({ length: count }, (_, _id) => ({ _id, text: 'x'.repeat(size) })));
  return collection;
}

interface CursorReply {
  readonly cursor: { readonly id: Long | number; readonly firstBatch?: unknown[]; readonly nextBatch?: unknown[] };
}

describe('batches', () => {
  test('find, over many documents, gives all of them over several batches', async () => {
    const collection = await filled(1000);
    const found = await collection
      .find({}, { batchSize: 7, sort: { _id: 1 } })
      .map((one) => one._id)
      .toArray();
    expect(found).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test('find, without a batch size, gives 101 documents first and the rest next', async () => {
    const collection = await filled(150);
    const first = (await suite.db.command({ find: collection.collectionName }, { promoteLongs: false })) as CursorReply;
    expect(first.cursor.firstBatch).toHaveLength(101);
    const more = { getMore: first.cursor.id, collection: collection.collectionName };
    const next = (await suite.db.command(more)) as CursorReply;
    expect(next.cursor.nextBatch).toHaveLength(49);
    expect(Number(next.cursor.id)).toBe(0);
  });

  test('find, with a batch size of 0, opens a cursor without documents', async () => {
    const collection = await filled(3);
    const opened = (await suite.db.command(
      { find: collection.collectionName, batchSize: 0 },
      { promoteLongs: false },
    )) as CursorReply;
    expect(opened.cursor.firstBatch).toEqual([]);
    expect(Number(opened.cursor.id)).not.toBe(0);
    const next = (await suite.db.command({
      getMore: opened.cursor.id,
      collection: collection.collectionName,
    })) as CursorReply;
    expect(next.cursor.nextBatch).toHaveLength(3);
  });

  test('find, with singleBatch, leaves no cursor open', async () => {
    const collection = await filled(10);
    const command = { find: collection.collectionName, batchSize: 2, singleBatch: true };
    const reply = (await suite.db.command(command)) as CursorReply;
    expect(reply.cursor.firstBatch).toHaveLength(2);
    expect(Number(reply.cursor.id)).toBe(0);
  });

  test('find, over large documents, keeps each batch under 16 MiB', async () => {
    const collection = await filled(10, 4_000_000);
    const reply = (await suite.db.command(
      { find: collection.collectionName, batchSize: 10 },
      { promoteLongs: false },
    )) as CursorReply;
    expect(reply.cursor.firstBatch?.length).toBeLessThanOrEqual(4);
    expect(await collection.find().toArray()).toHaveLength(10);
    await suite.db.command({ killCursors: collection.collectionName, cursors: [reply.cursor.id] });
  });

  test('aggregate, with a batch size, is read to its end', async () => {
    const collection = await filled(300);
    const found = await collection.aggregate([{ $project: { _id: 1 } }], { batchSize: 11 }).toArray();
    expect(found).toHaveLength(300);
  });

  test('a cursor, while other writes happen, goes on and gives no document twice', async () => {
    const collection = await filled(500);
    const seen = new Set<unknown>();
    for await (const document of collection.find({}, { batchSize: 50, sort: { _id: 1 } })) {
      expect(seen.has(document._id)).toBe(false);
      seen.add(document._id);
      if (seen.size % 100 === 0) await collection.updateOne({ _id: document._id }, { $set: { text: 'changed' } });
      if (seen.size === 250) await collection.deleteOne({ _id: 499 });
    }
    expect(seen.size).toBe(499);
  });
});

describe('ends', () => {
  test('getMore, of an unknown cursor, fails with CursorNotFound', async () => {
    await expectCode(suite.db.command({ getMore: Long.fromNumber(12345), collection: 'x' }), 43, 'CursorNotFound');
  });

  test('getMore, of a killed cursor, fails with CursorNotFound', async () => {
    const collection = await filled(10);
    const opened = (await suite.db.command(
      { find: collection.collectionName, batchSize: 2 },
      { promoteLongs: false },
    )) as CursorReply;
    const killed = await suite.db.command({ killCursors: collection.collectionName, cursors: [opened.cursor.id] });
    expect(killed['cursorsKilled']).toHaveLength(1);
    await expectCode(suite.db.command({ getMore: opened.cursor.id, collection: collection.collectionName }), 43);
    const again = await suite.db.command({ killCursors: collection.collectionName, cursors: [opened.cursor.id] });
    expect(again).toMatchObject({ cursorsKilled: [] });
    expect(again['cursorsNotFound']).toHaveLength(1);
  });

  test('getMore, under the name of another collection, is refused', async () => {
    const collection = await filled(10);
    const opened = (await suite.db.command(
      { find: collection.collectionName, batchSize: 2 },
      { promoteLongs: false },
    )) as CursorReply;
    await expectCode(suite.db.command({ getMore: opened.cursor.id, collection: 'other' }), 13, 'Unauthorized');
  });

  test('a cursor, whose collection is dropped, ends with an error', async () => {
    const collection = await filled(1000);
    const cursor = collection.find({}, { batchSize: 2 });
    await cursor.next();
    await collection.drop();
    const rest = cursor.toArray();
    expect(await refusal(rest)).toBeInstanceOf(MongoServerError);
  });

  test('a cursor, closed early by the driver, frees the server', async () => {
    const collection = await filled(1000);
    for (let i = 0; i < 20; i += 1) {
      const cursor = collection.find({}, { batchSize: 2 });
      await cursor.next();
      await cursor.close();
    }
    expect(await collection.countDocuments()).toBe(1000);
  });
});
