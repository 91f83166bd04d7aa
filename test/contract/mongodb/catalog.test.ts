import { describe, expect, test } from 'vitest';
import { expectCode, mongoSuite, refusal } from './support.ts';

const suite = mongoSuite('catalog');
const names = async () => (await suite.db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);

describe('collections', () => {
  test('a collection, written to, comes into being with an index on _id', async () => {
    const collection = suite.fresh();
    await collection.insertOne({});
    expect(await names()).toContain(collection.collectionName);
    expect(await collection.indexes()).toMatchObject([{ key: { _id: 1 }, name: '_id_' }]);
  });

  // Since MongoDB 7.0 (SERVER-60064); before, it failed with NamespaceExists whatever the options.
  test('create, of a collection that is there with the same options, succeeds and changes nothing', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ a: 1 });
    await collection.insertOne({ _id: 1 });
    expect(await suite.db.command({ create: collection.collectionName })).toMatchObject({ ok: 1 });
    expect(await collection.find().toArray()).toEqual([{ _id: 1 }]);
    expect(await collection.indexes()).toHaveLength(2);
  });

  test('reads and deletes, on a collection that is not there, find nothing and make nothing', async () => {
    const collection = suite.fresh();
    expect(await collection.find().toArray()).toEqual([]);
    expect(await collection.deleteMany({})).toMatchObject({ deletedCount: 0 });
    expect(await collection.updateOne({ _id: 1 }, { $set: { a: 1 } })).toMatchObject({ matchedCount: 0 });
    expect(await names()).not.toContain(collection.collectionName);
  });

  test('drop, of a collection, removes documents and indexes', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ a: 1 });
    await collection.insertOne({ a: 1 });
    expect(await collection.drop()).toBe(true);
    expect(await names()).not.toContain(collection.collectionName);
    expect(await collection.countDocuments()).toBe(0);
    await collection.insertOne({ a: 2 });
    expect(await collection.indexes()).toHaveLength(1);
  });

  test('listCollections, with a filter, gives those', async () => {
    await suite.db.createCollection('filtered');
    const found = await suite.db.listCollections({ name: 'filtered' }).toArray();
    expect(found).toMatchObject([{ name: 'filtered', type: 'collection' }]);
    expect(await suite.db.listCollections({ name: 'nobody' }).toArray()).toEqual([]);
  });
});

describe('rename', () => {
  test('a rename, to a free name, takes documents and indexes along', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ a: 1 }, { unique: true }, {});
    await collection.insertOne({ _id: 1, a: 1 });
    const renamed = await collection.rename('renamed');
    expect(await renamed.find().toArray()).toEqual([{ _id: 1, a: 1 }]);
    expect(await renamed.indexes()).toHaveLength(2);
    await expectCode(renamed.insertOne({ a: 1 }), 11000);
    expect(await names()).not.toContain(collection.collectionName);
  });

  test('a rename, to a taken name, fails with NamespaceExists and changes nothing', async () => {
    const [from, to] = [suite.fresh(), suite.fresh()];
    await from.insertOne({ _id: 'from' });
    await to.insertOne({ _id: 'to' });
    await expectCode(from.rename(to.collectionName), 48, 'NamespaceExists');
    expect(await to.findOne()).toEqual({ _id: 'to' });
    expect(await from.findOne()).toEqual({ _id: 'from' });
  });

  test('a rename with dropTarget, under reads, shows the old or the new and never neither', async () => {
    const live = suite.fresh();
    await live.insertMany([
      { _id: 1, v: 0 },
      { _id: 2, v: 0 },
    ]);
    const writing = new AbortController();
    const reading = (async () => {
      const seen: string[] = [];
      while (!writing.signal.aborted)
        seen.push((await live.find().sort({ _id: 1 }).toArray()).map(({ v }) => String(v)).join());
      return seen;
    })();
    for (let v = 1; v <= 10; v += 1) {
      const shadow = suite.fresh();
      await shadow.insertMany([
        { _id: 1, v },
        { _id: 2, v },
      ]);
      await shadow.rename(live.collectionName, { dropTarget: true });
    }
    writing.abort();
    const seen = await reading;
    expect(seen.every((values) => /^(\d+),\1$/.test(values))).toBe(true);
    expect((await live.find().toArray()).map(({ v }) => Number(v))).toEqual([10, 10]);
  });

  test('a cursor, on a collection that a rename replaces, ends with an error', async () => {
    const [live, shadow] = [suite.fresh(), suite.fresh()];
    await live.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }, { _id: 4 }]);
    await shadow.insertOne({ _id: 5 });
    const cursor = live.find({}, { batchSize: 2 });
    await cursor.next();
    await shadow.rename(live.collectionName, { dropTarget: true });
    expect([175, 43, 237]).toContain((await refusal(cursor.toArray())).code);
    expect(await live.find().toArray()).toEqual([{ _id: 5 }]);
  });

  test('a rename, of a collection that is not there, fails with NamespaceNotFound', async () => {
    await expectCode(suite.fresh().rename('whatever'), 26, 'NamespaceNotFound');
  });
});

describe('databases', () => {
  test('a database, dropped, is gone with all its collections and no other', async () => {
    const other = suite.client.db('contract_catalog_other');
    await other.collection('a').insertOne({});
    await other.collection('b').insertOne({});
    const list = async () =>
      (await suite.client.db('admin').admin().listDatabases({ nameOnly: true })).databases.map(({ name }) => name);
    expect(await list()).toContain('contract_catalog_other');
    await suite.fresh().insertOne({});
    await other.dropDatabase();
    expect(await list()).not.toContain('contract_catalog_other');
    expect(await list()).toContain('contract_catalog');
  });

  test('listDatabases, outside of admin, is refused', async () => {
    await expectCode(suite.db.command({ listDatabases: 1 }), 13, 'Unauthorized');
  });
});
