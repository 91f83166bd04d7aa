import { Binary, Double, Int32, Long, ObjectId, UUID, type Document, type Filter } from 'mongodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectCode, mongoSuite, refusal, type AnyDocument } from './support.ts';

const suite = mongoSuite('queries');

async function ids(documents: AnyDocument[], filter: Filter<AnyDocument>): Promise<unknown[]> {
  const collection = suite.fresh();
  await collection.insertMany(documents.map((document, i) => ({ _id: i, ...document })));
  const found = await collection.find(filter, { sort: { _id: 1 } }).toArray();
  return found.map((document) => document._id);
}

describe('operators', () => {
  const numbers: AnyDocument[] = [{ a: 1 }, { a: 2 }, { a: 3 }, { a: '2' }, { a: null }, {}, { a: [2, 5] }];
  const cases: [string, AnyDocument[], Filter<AnyDocument>, number[]][] = [
    ['equality, with a number, also finds arrays that hold it', numbers, { a: 2 }, [1, 6]],
    ['$gt, with a number, finds numbers only', numbers, { a: { $gt: 1 } }, [1, 2, 6]],
    ['$lte, with a number, finds numbers only', numbers, { a: { $lte: 2 } }, [0, 1, 6]],
    [
      '$gt and $lt, on an array, may hold for different items',
      [{ a: [1, 9] }, { a: [1] }],
      { a: { $gt: 3, $lt: 2 } },
      [0],
    ],
    ['null, as a value, finds null and missing', numbers, { a: null }, [4, 5]],
    ['$ne, with null, finds what is there', numbers, { a: { $ne: null } }, [0, 1, 2, 3, 6]],
    ['$in, with values and null, finds each', numbers, { a: { $in: [1, '2', null] } }, [0, 3, 4, 5]],
    ['$nin, with values, finds the others', numbers, { a: { $nin: [1, 2, null] } }, [2, 3]],
    ['$exists, true and false, tells missing from null', numbers, { a: { $exists: false } }, [5]],
    ['$not, around a comparison, finds missing too', numbers, { a: { $not: { $gt: 1 } } }, [0, 3, 4, 5]],
    ['$or and $nor, together, combine', numbers, { $or: [{ a: 1 }, { a: 3 }], $nor: [{ a: 3 }] }, [0]],
    [
      '$and, of two conditions on one field, needs both',
      numbers,
      { $and: [{ a: { $gte: 2 } }, { a: { $lte: 2 } }] },
      [1, 6],
    ],
    [
      'a dotted path, into documents in arrays, finds any',
      [{ a: [{ b: 1 }, { b: 2 }] }, { a: { b: 2 } }, { a: 2 }],
      { 'a.b': 2 },
      [0, 1],
    ],
    ['a dotted path, with a position, finds that item', [{ a: [5, 6] }, { a: [6, 5] }], { 'a.0': 6 }, [1]],
    ['an array, at a position, is one value', [{ a: [[1, 2]] }, { a: [1] }], { 'a.0': 1 }, [1]],
    ['an array, at a position, is not each of its items', [{ a: [[1, 2]] }, { a: [1] }], { 'a.0': { $ne: 1 } }, [0]],
    [
      'a position in a position, deeper than the item, finds nothing',
      [{ a: [[[7]]] }, { a: [[7]] }],
      { 'a.0.0': 7 },
      [1],
    ],
    ['a field of a number, at a position, is not even missing', [{ a: [1] }, { a: [{}] }], { 'a.0.b': null }, [1]],
    [
      'a document, as a value, is compared with its order of fields',
      [{ a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } }],
      { a: { x: 1, y: 2 } },
      [0],
    ],
    ['an array, as a value, is compared whole', [{ a: [1, 2] }, { a: [2, 1] }, { a: [[1, 2]] }], { a: [1, 2] }, [0, 2]],
    [
      'dates, by range, are found',
      [{ a: new Date(1000) }, { a: new Date(5000) }, { a: 3000 }],
      { a: { $gte: new Date(2000) } },
      [1],
    ],
    [
      'fields named as parts of JavaScript objects, when missing, are not found',
      [{}],
      { ['constructor' as string]: { $exists: true } },
      [],
    ],
  ];
  test.each(cases)('%s', async (_name, documents, filter, expected) => {
    expect(await ids(documents, filter)).toEqual(expected);
  });
});

describe('types', () => {
  test('values of every type that is taken, stored and read, come back as they were', async () => {
    const collection = suite.fresh();
    const document = {
      _id: new ObjectId(),
      int: 5,
      double: 1.5,
      negativeZero: -0,
      nan: NaN,
      infinity: -Infinity,
      long: 9007199254740993n,
      text: 'ü 🍕 \u0000 end',
      bool: true,
      none: null,
      date: new Date(-5),
      binary: new Binary(Buffer.from([1, 2, 3])),
      uuid: new UUID('0189b0a8-33a5-7b44-9f0c-1f2c5d2b6a11'),
      nested: { list: [1, [2, { deep: 'x' }], {}], empty: [] },
    };
    await collection.insertOne(document);
    const found = await collection.findOne({}, { useBigInt64: true });
    expect(found).toEqual(document);
    expect(Object.is(found?.['negativeZero'], -0)).toBe(true);
    expect(Object.keys(found ?? {})).toEqual(Object.keys(document));
  });

  test('an update, of one field, keeps the number types of the others', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ _id: 1, double: new Double(25), long: Long.fromNumber(5), int: 5 });
    await collection.updateOne({ _id: 1 }, { $set: { touched: true } });
    const found = await collection.findOne({}, { promoteValues: false });
    expect(found).toMatchObject({ double: new Double(25), long: Long.fromNumber(5), int: new Int32(5) });
  });

  test('large longs, that share a double, are told apart', async () => {
    const documents = [{ a: 9007199254740992n }, { a: 9007199254740993n }];
    expect(await ids(documents, { a: 9007199254740993n })).toEqual([1]);
    expect(await ids(documents, { a: { $gt: 9007199254740992n } })).toEqual([1]);
  });

  test('numbers, of different types, are equal by value', async () => {
    expect(await ids([{ a: 5 }, { a: new Double(5) }, { a: 5n }, { a: 5.5 }], { a: 5 })).toEqual([0, 1, 2]);
  });

  test('binary values, equal in bytes and subtype, are equal; others are not', async () => {
    const uuid = new UUID();
    const documents = [{ a: uuid }, { a: new UUID() }, { a: new Binary(uuid.buffer, 0) }];
    expect(await ids(documents, { a: uuid })).toEqual([0]);
  });

  test('NaN, compared with numbers, equals itself only', async () => {
    const documents = [{ a: NaN }, { a: 1 }, { a: -Infinity }];
    expect(await ids(documents, { a: NaN })).toEqual([0]);
    expect(await ids(documents, { a: { $lt: 5 } })).toEqual([1, 2]);
  });

  test('values of all types, sorted, come in the order of types, both ways', async () => {
    const collection = suite.fresh();
    const ordered = [
      [],
      null,
      NaN,
      -Infinity,
      -1.5,
      0,
      1,
      2n,
      2.5,
      '',
      'B',
      'a',
      'é',
      '\uffff',
      '🍕',
      {},
      { a: 1 },
      { a: 2 },
      { b: 0 },
      new Binary(Buffer.from([9])),
      new Binary(Buffer.from([1, 1])),
      new ObjectId('000000000000000000000001'),
      false,
      true,
      new Date(-1),
      new Date(5),
    ];
    await collection.insertMany(ordered.map((v, _id) => ({ _id, v })).toReversed());
    const sorted = (direction: 1 | -1) =>
      collection
        .find()
        .sort({ v: direction })
        .map((one) => one._id)
        .toArray();
    const expected = ordered.map((_, i) => i);
    expect(await sorted(1)).toEqual(expected);
    expect(await sorted(-1)).toEqual(expected.toReversed());
    await collection.createIndex({ v: 1 });
    expect(
      await collection
        .find()
        .sort({ v: 1 })
        .hint({ v: 1 })
        .map((one) => one._id)
        .toArray(),
    ).toEqual(expected);
    await collection.createIndex({ v: -1 });
    expect(
      await collection
        .find()
        .sort({ v: -1 })
        .hint({ v: -1 })
        .map((one) => one._id)
        .toArray(),
    ).toEqual(expected.toReversed());
  });
});

describe('sort, skip, limit, projection', () => {
  const collection = () => suite.db.collection<AnyDocument>('people');
  beforeAll(async () => {
    await collection().insertMany([
      { _id: 1, name: 'Mario', age: 40, tags: ['b', 'z'], address: { city: 'Rome', zip: 1 } },
      { _id: 2, name: 'Luigi', age: 38, tags: ['a'], address: { city: 'Milan', zip: 2 } },
      { _id: 3, name: 'Peach', age: 40, tags: [], address: { city: 'Turin', zip: 3 } },
    ]);
  });
  const order = (sort: Document) =>
    collection()
      .find()
      .sort(sort as never)
      .map((one) => one._id)
      .toArray();

  test('a sort, by two fields, orders by the second among equals', async () => {
    expect(await order({ age: -1, name: 1 })).toEqual([1, 3, 2]);
  });

  test('a sort, on arrays, takes the least item up and the greatest down', async () => {
    expect(await order({ tags: 1 })).toEqual([3, 2, 1]);
    expect(await order({ tags: -1 })).toEqual([1, 2, 3]);
  });

  test('a sort, by two arrays, fails with BadValue', async () => {
    const other = suite.fresh();
    await other.insertOne({ a: [1], b: [2] });
    await expectCode(other.find().sort({ a: 1, b: 1 }).toArray(), 2, 'BadValue');
    await other.updateOne({}, { $set: { b: 2 } });
    expect(await other.find().sort({ a: 1, b: 1 }).toArray()).toHaveLength(1);
  });

  test('an empty array, sorted, comes before null and what is missing', async () => {
    const other = suite.fresh();
    await other.insertMany([{ _id: 1, a: null }, { _id: 2, a: [] }, { _id: 3 }, { _id: 4, a: [null, 5] }]);
    const sorted = (direction: 1 | -1) =>
      other
        .find()
        .sort({ a: direction, _id: 1 })
        .map((one) => one._id)
        .toArray();
    expect(await sorted(1)).toEqual([2, 1, 3, 4]);
    expect(await sorted(-1)).toEqual([4, 1, 3, 2]);
    await other.createIndex({ a: 1, _id: 1 });
    expect(await sorted(1)).toEqual([2, 1, 3, 4]);
  });

  test('skip and limit, on a sort, take a window', async () => {
    expect(
      await collection()
        .find()
        .sort({ _id: 1 })
        .skip(1)
        .limit(1)
        .map((one) => one._id)
        .toArray(),
    ).toEqual([2]);
    expect(await collection().find().sort({ name: 1 }).skip(5).toArray()).toEqual([]);
  });

  const projections: [string, Document, Document][] = [
    ['inclusion, of fields, keeps _id and their order', { name: 1, age: 1 }, { _id: 1, name: 'Mario', age: 40 }],
    ['inclusion, without _id, drops it', { _id: 0, name: 1 }, { name: 'Mario' }],
    ['exclusion, of fields, keeps the others', { tags: 0, address: 0, age: false }, { _id: 1, name: 'Mario' }],
    ['nested inclusion, by path, keeps that part', { 'address.city': 1 }, { _id: 1, address: { city: 'Rome' } }],
    [
      'nested exclusion, by path, drops that part',
      { 'address.zip': 0, tags: 0 },
      { _id: 1, name: 'Mario', age: 40, address: { city: 'Rome' } },
    ],
  ];
  test.each(projections)('%s', async (_name, projection, expected) => {
    const found = await collection().findOne({ _id: 1 }, { projection });
    expect(found).toEqual(expected);
    expect(Object.keys(found ?? {})).toEqual(Object.keys(expected));
  });

  test('inclusion, of a path into documents in arrays, keeps it in each', async () => {
    const other = suite.fresh();
    await other.insertOne({ _id: 1, items: [{ a: 1, b: 2 }, { b: 3 }, 5] });
    expect(await other.findOne({}, { projection: { 'items.a': 1 } })).toEqual({ _id: 1, items: [{ a: 1 }, {}] });
  });

  test('count, with a query, skip and limit, counts the window', async () => {
    expect(await collection().countDocuments({ age: 40 })).toBe(2);
    expect(await collection().countDocuments({}, { skip: 1, limit: 5 })).toBe(2);
    expect(await collection().estimatedDocumentCount()).toBe(3);
    expect(await suite.fresh().countDocuments()).toBe(0);
  });
});

describe('refused queries', () => {
  const cases: [string, Document, number][] = [
    ['an unknown operator, on a field, fails with BadValue', { a: { $nope: 1 } }, 2],
    ['an unknown operator, at the top, fails with BadValue', { $nope: [] }, 2],
    ['$in, without an array, fails with BadValue', { a: { $in: 5 } }, 2],
    ['$or, with an empty array, fails with BadValue', { $or: [] }, 2],
    ['$and, with something that is no document, fails with BadValue', { $and: [5] }, 2],
  ];
  test.each(cases)('%s', async (_name, filter, code) => {
    const collection = suite.fresh();
    await collection.insertOne({ a: 1 });
    await expectCode(collection.find(filter as Filter<AnyDocument>).toArray(), code);
  });

  test('a sort, by something but 1 and -1, is refused', async () => {
    const error = await refusal(suite.db.command({ find: 'c', sort: { a: 2 } }));
    expect([2, 15975]).toContain(error.code);
  });

  test('a projection, that mixes inclusion and exclusion, fails with 31254', async () => {
    await expectCode(
      suite
        .fresh()
        .find({}, { projection: { a: 1, b: 0 } })
        .toArray(),
      31254,
    );
    await expectCode(
      suite
        .fresh()
        .find({}, { projection: { a: 0, b: 1 } })
        .toArray(),
      31253,
    );
  });

  test('a projection, with two paths that collide, fails with 31250 or 31249', async () => {
    const error = await refusal(
      suite
        .fresh()
        .find({}, { projection: { a: 1, 'a.b': 1 } })
        .toArray(),
    );
    expect([31249, 31250]).toContain(error.code);
  });

  test('a negative skip, in a raw find, is refused', async () => {
    const error = await refusal(suite.db.command({ find: 'c', skip: -1 }));
    expect([2, 51024]).toContain(error.code);
  });
});
