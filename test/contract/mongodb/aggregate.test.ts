import { Double, Int32, Long, type Document } from 'mongodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectCode, mongoSuite, type AnyDocument } from './support.ts';

const suite = mongoSuite('aggregate');
const orders = () => suite.db.collection<AnyDocument>('orders');

beforeAll(async () => {
  await orders().insertMany([
    {
      _id: 1,
      status: 'PAID',
      total: 2500,
      placedAt: new Date('2015-03-01T23:59:59.999Z'),
      items: [{ name: 'Margherita', quantity: 2 }],
    },
    {
      _id: 2,
      status: 'PAID',
      total: 1000,
      placedAt: new Date('2015-03-02T00:00:00Z'),
      items: [
        { name: 'Margherita', quantity: 1 },
        { name: 'Funghi', quantity: 3 },
      ],
    },
    { _id: 3, status: 'OPEN', total: 700, placedAt: new Date('2015-03-02T12:00:00Z'), items: [] },
    { _id: 4, status: 'OPEN', placedAt: new Date('2016-01-01T00:00:00Z') },
  ]);
});

const run = (...pipeline: Document[]): Promise<Document[]> => orders().aggregate(pipeline).toArray();

describe('stages', () => {
  test('$group, by a field, sums a field and counts', async () => {
    const group = { $group: { _id: '$status', n: { $sum: 1 }, sum: { $sum: '$total' } } };
    expect(await run(group, { $sort: { _id: 1 } })).toEqual([
      { _id: 'OPEN', n: 2, sum: 700 },
      { _id: 'PAID', n: 2, sum: 3500 },
    ]);
  });

  test('$group, by null, makes one group; of nothing, none', async () => {
    expect(await run({ $group: { _id: null, sum: { $sum: '$total' } } })).toEqual([{ _id: null, sum: 4200 }]);
    expect(await run({ $match: { _id: 99 } }, { $group: { _id: null, n: { $sum: 1 } } })).toEqual([]);
  });

  test('$group, by a field that some documents lack, puts them with null', async () => {
    const found = await run({ $group: { _id: '$total', n: { $sum: 1 } } }, { $sort: { _id: 1 } }, { $limit: 2 });
    expect(found).toEqual([
      { _id: null, n: 1 },
      { _id: 700, n: 1 },
    ]);
  });

  test('$sum, of ints, longs, doubles and text, keeps the widest type and every digit', async () => {
    const collection = suite.fresh();
    const sumOf = async (...values: unknown[]): Promise<unknown> => {
      await collection.deleteMany({});
      await collection.insertMany(values.map((v) => ({ v })));
      const pipeline = [{ $group: { _id: null, sum: { $sum: '$v' } } }];
      const [found] = await collection.aggregate<{ sum: unknown }>(pipeline, { promoteValues: false }).toArray();
      return found?.sum;
    };
    expect(await sumOf(1, 2)).toEqual(new Int32(3));
    expect(await sumOf(2147483647, 1)).toEqual(Long.fromNumber(2147483648));
    expect(await sumOf(1, 2n)).toEqual(Long.fromNumber(3));
    expect(await sumOf(9007199254740993n, 2, 'x', null)).toEqual(Long.fromString('9007199254740995'));
    expect(await sumOf(9223372036854775807n, 1)).toEqual(new Double(2 ** 63));
    expect(await sumOf(...Array<number>(10).fill(0.1))).toEqual(new Double(1));
    expect(await sumOf(2 ** 52, 0.25, 0.75)).toEqual(new Double(2 ** 52 + 1));
    expect(await sumOf(Infinity, -Infinity)).toEqual(new Double(NaN));
  });

  test('$project, of fields, keeps those, also behind a group', async () => {
    expect(await run({ $match: { _id: 1 } }, { $project: { _id: 0, total: 1, 'items.name': 1 } })).toEqual([
      { total: 2500, items: [{ name: 'Margherita' }] },
    ]);
    const group = { $group: { _id: '$status', n: { $sum: 1 } } };
    expect(await run(group, { $sort: { _id: 1 } }, { $project: { n: 0 } })).toEqual([{ _id: 'OPEN' }, { _id: 'PAID' }]);
  });

  test('$skip and $limit, in either order, mean what they say', async () => {
    const ids = async (...stages: Document[]) =>
      (await run({ $sort: { _id: 1 } }, ...stages)).map((one) => one['_id'] as number);
    expect(await ids({ $skip: 1 }, { $limit: 2 })).toEqual([2, 3]);
    expect(await ids({ $limit: 2 }, { $skip: 1 })).toEqual([2]);
    expect(await ids({ $limit: 3 }, { $limit: 2 })).toEqual([1, 2]);
    expect(await ids({ $limit: 3 }, { $match: { status: 'PAID' } })).toEqual([1, 2]);
  });

  test('a pipeline, on a collection that is not there, gives nothing', async () => {
    const pipelines = [[{ $match: {} }], [{ $group: { _id: null, n: { $sum: 1 } } }]];
    for (const pipeline of pipelines) expect(await suite.fresh().aggregate(pipeline).toArray()).toEqual([]);
  });
});

describe('refused pipelines', () => {
  const cases: [string, Document, number][] = [
    ['an unknown stage, in a pipeline, fails with 40324', { $nope: {} }, 40324],
    ['a stage, with two names, fails with 40323', { $match: {}, $limit: 1 }, 40323],
    ['an unknown accumulator, in $group, fails with 15952', { $group: { _id: null, a: { $nope: 1 } } }, 15952],
    ['$group, without _id, fails with 15955', { $group: { a: { $sum: 1 } } }, 15955],
    ['an unknown expression, in $group, fails with 168', { $group: { _id: { $nope: 1 } } }, 168],
    ['an undefined variable, in $group, fails with 17276', { $group: { _id: '$$nope' } }, 17276],
    ['an empty $project, in a pipeline, fails with 51272', { $project: {} }, 51272],
    ['$limit, of zero, fails with 15958', { $limit: 0 }, 15958],
  ];
  test.each(cases)('%s', async (_name, stage, code) => {
    await expectCode(run(stage), code);
  });

  test('an unknown stage, on a collection that is not there, fails as well', async () => {
    await expectCode(
      suite
        .fresh()
        .aggregate([{ $nope: 1 }])
        .toArray(),
      40324,
    );
  });

  test('aggregate, without cursor, fails with FailedToParse', async () => {
    await expectCode(suite.db.command({ aggregate: 'orders', pipeline: [] }), 9);
  });
});
