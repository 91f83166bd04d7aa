import type { Document } from 'mongodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { examined, expectCode, mongoSuite, refusal, stagesOf, type AnyDocument } from './support.ts';

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
      { key: { total: 1 }, partialFilterExpression: { status: 'PENDING' } },
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

  const explain = (filter: Document, sort: Record<string, 1 | -1> = {}, limit = 0): Promise<Document> =>
    orders().find(filter).sort(sort).limit(limit).explain('executionStats');

  test('a find, by _id, looks at one document', async () => {
    const plan = await explain({ _id: 'order-00777' });
    expect(stagesOf(plan)).not.toContain('COLLSCAN');
    expect(examined(plan)).toEqual({ documents: 1, returned: 1 });
  });

  test('a find, by several _ids, looks at those', async () => {
    const plan = await explain({ _id: { $in: ['order-00001', 'order-00003', 'nobody'] } });
    expect(examined(plan)).toEqual({ documents: 2, returned: 2 });
  });

  test('a find, without a fitting index, scans the collection and says so', async () => {
    const plan = await explain({ nothing: 1 });
    expect(stagesOf(plan)).toBe('COLLSCAN');
    expect(examined(plan)).toEqual({ documents: total, returned: 0 });
  });

  test('a find, by equality and a range, looks only at what it returns', async () => {
    const from = new Date(start + 100 * 60_000);
    const to = new Date(start + 110 * 60_000);
    const plan = await explain({ customerId: 'customer-1', placedAt: { $gte: from, $lt: to } });
    expect(stagesOf(plan)).toContain('IXSCAN');
    const { documents, returned } = examined(plan);
    expect(returned).toBeGreaterThan(5);
    expect(documents).toBe(returned);
  });

  test('a sorted page, by the index, needs no sort and looks only at the page', async () => {
    for (const filter of [{}, { customerId: 'customer-2' }, { customerId: 'customer-2', status: 'COOKING' }]) {
      const plan = await explain(filter, { placedAt: -1, _id: -1 }, 20);
      expect(stagesOf(plan)).toContain('IXSCAN');
      expect(stagesOf(plan)).not.toContain('SORT');
      expect(examined(plan)).toEqual({ documents: 20, returned: 20 });
    }
  });

  test('a sorted page, read backwards, uses the same index', async () => {
    const plan = await explain({ customerId: 'customer-2' }, { placedAt: 1, _id: 1 }, 20);
    expect(examined(plan)).toEqual({ documents: 20, returned: 20 });
  });

  test('keyset pages, following each other, give every document once at a flat cost', async () => {
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
        const plan = await explain(filter, sort, 50);
        expect(examined(plan).documents).toBeLessThanOrEqual(page.length + 5);
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
    const plan = await explain({ tags: 't7' });
    expect(stagesOf(plan)).toContain('IXSCAN');
    expect(examined(plan)).toEqual({ documents: total / 50, returned: total / 50 });
    expect(await orders().countDocuments({ tags: { $in: ['t7', 'u7'] } })).toBe(
      (await orders().find().toArray()).filter(({ tags }) =>
        (tags as string[]).some((tag) => tag === 't7' || tag === 'u7'),
      ).length,
    );
  });

  test('a sparse index, for a value, is used; for null it would miss documents and is not', async () => {
    expect(stagesOf(await explain({ code: 'c300' }))).toContain('IXSCAN');
    expect(await orders().countDocuments({ code: null })).toBe(total - 20);
    expect(await orders().find().sort({ code: 1 }).toArray()).toHaveLength(total);
  });

  test('a partial index, for a query within its filter, is used; for another it is not', async () => {
    const within = await explain({ total: { $gte: 10, $lt: 20 }, status: 'PENDING' });
    expect(stagesOf(within)).toContain('IXSCAN');
    expect(examined(within).returned).toBe(3);
    expect(await orders().countDocuments({ total: { $gte: 10, $lt: 20 } })).toBe(10);
  });

  test('a prefix of text, as a regular expression, is read from the index', async () => {
    const plan = await explain({ customerId: /^customer-1/ });
    expect(stagesOf(plan)).toContain('IXSCAN');
    expect(examined(plan).returned).toBe(total / 4);
  });

  test('an $or, of two indexed fields, finds both without duplicates', async () => {
    const filter = { $or: [{ customerId: 'customer-1' }, { status: 'PENDING' }] };
    const expected = Array.from({ length: total }, (_, i) => i).filter((i) => i % 4 === 1 || i % 3 === 0).length;
    expect(await orders().countDocuments(filter)).toBe(expected);
  });

  test('a hint, by name or pattern, is followed; an unknown one fails with BadValue', async () => {
    const hinted = await orders()
      .find({ customerId: 'customer-1' })
      .hint('placedAt_-1__id_-1')
      .explain('executionStats');
    expect(examined(hinted).documents).toBe(total);
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

  test('a partial unique index, outside its filter, lets duplicates be', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ n: 1 }, { unique: true, partialFilterExpression: { active: true } }, {});
    await collection.insertMany([{ n: 1, active: true }, { n: 1, active: false }, { n: 1 }]);
    await expectCode(collection.insertOne({ n: 1, active: true }), 11000);
    await expectCode(collection.updateOne({ active: false }, { $set: { active: true } }), 11000);
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
    const plan = await collection.find({ n: 3 }).explain('executionStats');
    expect(examined(plan)).toEqual({ documents: 50, returned: 50 });
  });

  test('createIndex, of one that is there, changes nothing', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ a: 1, b: -1 }, { unique: true }, {});
    await collection.createIndex({ a: 1, b: -1 }, { unique: true }, {});
    expect(await collection.indexes()).toMatchObject([
      { v: 2, key: { _id: 1 }, name: '_id_' },
      { v: 2, key: { a: 1, b: -1 }, name: 'a_1_b_-1', unique: true },
    ]);
  });

  test('createIndex, alike but with another name or option, fails with 85 or 86', async () => {
    const collection = suite.fresh();
    await collection.createIndex({ a: 1 });
    await expectCode(collection.createIndex({ a: 1 }, { name: 'other' }, {}), 85, 'IndexOptionsConflict');
    await expectCode(collection.createIndex({ a: 1 }, { unique: true }, {}), 86, 'IndexKeySpecsConflict');
    await expectCode(collection.createIndex({ b: 1 }, { name: 'a_1' }, {}), 86, 'IndexKeySpecsConflict');
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

  test('dropIndex, of one, of an unknown and of _id_, drops, fails and fails', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ a: 1 });
    await collection.createIndex({ a: 1 });
    await collection.createIndex({ b: 1 });
    await collection.dropIndex('a_1');
    expect((await collection.indexes()).map(({ name }) => name)).toEqual(['_id_', 'b_1']);
    await expectCode(collection.dropIndex('a_1'), 27, 'IndexNotFound');
    await expectCode(collection.dropIndex('_id_'), 72, 'InvalidOptions');
    await collection.dropIndexes();
    expect(await collection.indexes()).toHaveLength(1);
    expect(stagesOf(await collection.find({ a: 1 }).explain())).toBe('COLLSCAN');
  });

  test('listIndexes, of a collection that is not there, fails with NamespaceNotFound', async () => {
    await expectCode(suite.fresh().indexes(), 26, 'NamespaceNotFound');
  });
});
