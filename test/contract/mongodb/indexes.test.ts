import type { Document } from 'mongodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectCode, mongoSuite, refusal, type AnyDocument } from './support.ts';

const suite = mongoSuite('indexes');

describe('reading by an index', () => {
  const total = 2000;
  const start = Date.UTC(2025, 0, 1);
  const orders = () => suite.db.collection<AnyDocument>('orders');
  const statuses = ['PENDING', 'COOKING', 'DELIVERED'];

  beforeAll(async () => {
    await orders().createIndexes([
      { key: { customerId: 1, placedAt: -1, _id: -1 } },
      { key: { customerId: 1, status: 1, placedAt: -1, _id: -1 } },
      { key: { placedAt: -1, _id: -1 } },
      { key: { tags: 1 } },
      { key: { code: 1 }, sparse: true },
    ]);
    await orders().insertMany(
      Array.from({ length: total }, (_, i) => ({
        _id: `order-${String(i).padStart(5, '0')}`,
        customerId: `customer-${i % 4}`,
        status: statuses[i % 3],
        placedAt: new Date(start + Math.floor(i / 5) * 60_000),
        tags: [`t${i % 50}`, `u${i % 70}`],
        total: i,
        ...(i % 100 === 0 ? { code: `c${i}` } : {}),
      })),
    );
  });

  test('keyset pages, following each other, give every document once', async () => {
    for (const base of [
      {},
      { customerId: 'customer-3' },
      { customerId: 'customer-3', status: 'DELIVERED' },
    ] as Document[]) {
      const seen: unknown[] = [];
      let filter = base;
      for (;;) {
        const sort = { placedAt: -1, _id: -1 } as const;
        const page = await orders().find(filter).sort(sort).limit(50).toArray();
        const last = page.at(-1);
        if (last === undefined) break;
        seen.push(...page.map((document) => document._id));
        const before = [
          { placedAt: { $lt: last['placedAt'] as Date } },
          { placedAt: last['placedAt'] as Date, _id: { $lt: last._id } },
        ];
        filter = { ...base, $or: before };
      }
      const all = await orders()
        .find(base)
        .sort({ _id: -1 })
        .map((document) => document._id)
        .toArray();
      expect(seen).toEqual(all);
    }
  });

  test('an array, in an index, is found by each of its items, once', async () => {
    expect(await orders().find({ tags: 't7' }).toArray()).toHaveLength(total / 50);
    expect(await orders().countDocuments({ tags: { $in: ['t7', 'u7'] } })).toBe(
      (await orders().find().toArray()).filter(({ tags }) =>
        (tags as string[]).some((tag) => tag === 't7' || tag === 'u7'),
      ).length,
    );
  });

  test('a sparse index, for null and for a sort, misses no document', async () => {
    expect(await orders().countDocuments({ code: 'c300' })).toBe(1);
    expect(await orders().countDocuments({ code: null })).toBe(total - 20);
    expect(await orders().find().sort({ code: 1 }).toArray()).toHaveLength(total);
  });

  test('an $or, of two indexed fields, finds both without duplicates', async () => {
    const filter = { $or: [{ customerId: 'customer-1' }, { status: 'PENDING' }] };
    const expected = Array.from({ length: total }, (_, i) => i).filter((i) => i % 4 === 1 || i % 3 === 0).length;
    expect(await orders().countDocuments(filter)).toBe(expected);
  });

  test('a hint, by name or pattern, is followed; an unknown one fails with BadValue', async () => {
    const hint = 'placedAt_-1__id_-1';
    expect(await orders().find({ customerId: 'customer-1' }).hint(hint).toArray()).toHaveLength(total / 4);
    expect(await orders().find({}).hint('code_1').toArray()).toHaveLength(20);
    expect(await orders().find({}).hint({ placedAt: -1, _id: -1 }).limit(3).toArray()).toHaveLength(3);
    await expectCode(orders().find({}).hint('nope').toArray(), 2, 'BadValue');
  });

  test('an aggregation, with a leading match and sort, uses the index', async () => {
    const pipeline = [{ $match: { customerId: 'customer-1' } }, { $sort: { placedAt: -1, _id: -1 } }, { $limit: 10 }];
    const found = await orders().aggregate(pipeline).toArray();
    const expected = await orders()
      .find({ customerId: 'customer-1' })
      .sort({ placedAt: -1, _id: -1 })
      .limit(10)
      .toArray();
    expect(found).toEqual(expected);
  });
});

describe('unique indexes', () => {
  test('an insert, of a value that is taken, fails with 11000, keyPattern and keyValue', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ email: 1, shop: -1 }, { unique: true }, {});
    await collection.insertOne({ _id: 1, email: 'a@b.c', shop: 5 });
    const error = await refusal(collection.insertOne({ _id: 2, email: 'a@b.c', shop: 5 }));
    expect(error).toMatchObject({
      code: 11000,
      keyPattern: { email: 1, shop: -1 },
      keyValue: { email: 'a@b.c', shop: 5 },
    });
    expect(error.message).toContain('index: email_1_shop_-1 dup key: { email: "a@b.c", shop: 5 }');
    await collection.insertOne({ _id: 2, email: 'a@b.c', shop: 6 });
  });

  test('an update, into a value that is taken, fails and changes nothing', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ n: 1 }, { unique: true }, {});
    await collection.insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
    ]);
    await expectCode(collection.updateOne({ _id: 2 }, { $set: { n: 1 } }), 11000);
    await expectCode(collection.replaceOne({ _id: 2 }, { n: 1 }), 11000);
    expect(await collection.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
    ]);
    await collection.updateOne({ _id: 2 }, { $set: { n: 2, other: true } });
  });

  test('a missing value, in a unique index, may be there once; in a sparse one often', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ a: 1 }, { unique: true }, {});
    await collection.createIndex({ b: 1 }, { unique: true, sparse: true }, {});
    await collection.insertOne({ _id: 1 });
    await expectCode(collection.insertOne({ _id: 2 }), 11000);
    await collection.insertMany([
      { _id: 2, a: 1 },
      { _id: 3, a: 2 },
    ]);
  });

  test('items of arrays, in a unique index, are each taken', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ tags: 1 }, { unique: true }, {});
    await collection.insertOne({ tags: ['a', 'b', 'a'] });
    await expectCode(collection.insertOne({ tags: ['c', 'b'] }), 11000);
    await collection.insertOne({ tags: 'c' });
  });

  test('a unique index, over duplicates that are there, is not made', async () => {
    const collection = suite.fresh();
    await collection.insertMany([{ n: 1 }, { n: 1 }]);
    await expectCode(collection.createIndex({ n: 1 }, { unique: true }, {}), 11000);
    expect(await collection.indexes()).toHaveLength(1);
    await collection.createIndex({ n: 1 });
  });

  test('a value, freed by a delete, can be taken again', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ n: 1 }, { unique: true }, {});
    await collection.insertOne({ n: 1 });
    await collection.deleteOne({ n: 1 });
    await collection.insertOne({ n: 1 });
  });
});

describe('managing indexes', () => {
  test('createIndex, on documents that are there, indexes them', async () => {
    const collection = suite.fresh();
    await collection.insertMany(Array.from({ length: 500 }, (_, i) => ({ n: i % 10 })));
    expect(await collection.createIndex({ n: 1 })).toBe('n_1');
    expect(await collection.find({ n: 3 }).hint({ n: 1 }).toArray()).toHaveLength(50);
  });

  test('createIndex, of one that is there, changes nothing', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ a: 1, b: -1 }, { unique: true }, {});
    await collection.createIndex({ a: 1, b: -1 }, { unique: true }, {});
    const indexes = await collection.indexes();
    expect(indexes).toHaveLength(2);
    expect(indexes).toContainEqual(expect.objectContaining({ v: 2, key: { _id: 1 }, name: '_id_' }));
    expect(indexes).toContainEqual(
      expect.objectContaining({ v: 2, key: { a: 1, b: -1 }, name: 'a_1_b_-1', unique: true }),
    );
  });

  test('createIndex, alike but with another name or option, fails with 85 or 86', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ a: 1 });
    await expectCode(collection.createIndex({ a: 1 }, { name: 'other' }, {}), 85, 'IndexOptionsConflict');
    await expectCode(collection.createIndex({ a: 1 }, { unique: true }, {}), 86, 'IndexKeySpecsConflict');
    await expectCode(collection.createIndex({ b: 1 }, { name: 'a_1' }, {}), 86, 'IndexKeySpecsConflict');
    await collection.createIndex({ a: 1 }, { name: 'unique', unique: true }, {});
    expect(await collection.indexes()).toHaveLength(3);
  });

  test('createIndex, on two arrays of one document, fails with 171', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ a: 1, b: 1 });
    await expectCode(collection.insertOne({ a: [1], b: [2] }), 171);
    expect(await collection.countDocuments()).toBe(0);
  });

  test('createIndex, with an unknown option or direction, is refused', async () => {
    await expectCode(suite.db.command({ createIndexes: 'x', indexes: [{ key: { a: 1 }, name: 'a', nope: 1 }] }), 197);
    await expectCode(suite.db.command({ createIndexes: 'x', indexes: [{ key: { a: 0 }, name: 'a' }] }), 67);
    await expectCode(suite.db.command({ createIndexes: 'x', indexes: [{ key: {}, name: 'a' }] }), 67);
  });

  test('createIndex, on _id, takes no option and no other direction', async () => {
    const collection = suite.fresh();
    const create = (index: Document) =>
      suite.db.command({ createIndexes: collection.collectionName, indexes: [{ name: '_id_', ...index }] });
    for (const option of ['sparse', 'unique'])
      await expectCode(create({ key: { _id: 1 }, [option]: true }), 197, 'InvalidIndexSpecificationOption');
    await expectCode(create({ key: { _id: -1 } }), 2, 'BadValue');
    await expectCode(create({ key: { a: 1 } }), 2, 'BadValue');
    expect(await create({ key: { _id: 1 } })).toMatchObject({ numIndexesAfter: 1 });
  });

  test('dropIndex, of one, of an unknown and of _id_, drops, fails and fails', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ a: 1 });
    await collection.createIndex({ a: 1 });
    await collection.createIndex({ b: 1 });
    await collection.dropIndex('a_1');
    expect((await collection.indexes()).map(({ name }) => name).sort()).toEqual(['_id_', 'b_1']);
    await expectCode(collection.dropIndex('a_1'), 27, 'IndexNotFound');
    await expectCode(collection.dropIndex('_id_'), 72, 'InvalidOptions');
    await collection.dropIndexes();
    expect(await collection.indexes()).toHaveLength(1);
  });

  test('listIndexes, of a collection that is not there, fails with NamespaceNotFound', async () => {
    await expectCode(suite.fresh().indexes(), 26, 'NamespaceNotFound');
  });
});
