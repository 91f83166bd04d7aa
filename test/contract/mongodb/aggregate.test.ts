import type { Document } from 'mongodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectCode, mongoSuite, refusal, type AnyDocument } from './support.ts';

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
  test('$group, by a field, sums, averages, counts and takes extremes', async () => {
    const group = {
      $group: {
        _id: '$status',
        n: { $sum: 1 },
        sum: { $sum: '$total' },
        avg: { $avg: '$total' },
        min: { $min: '$total' },
        max: { $max: '$total' },
        count: { $count: {} },
      },
    };
    expect(await run(group, { $sort: { _id: 1 } })).toEqual([
      { _id: 'OPEN', n: 2, sum: 700, avg: 700, min: 700, max: 700, count: 2 },
      { _id: 'PAID', n: 2, sum: 3500, avg: 1750, min: 1000, max: 2500, count: 2 },
    ]);
  });

  test('$group, by null, makes one group; of nothing, none', async () => {
    expect(await run({ $group: { _id: null, sum: { $sum: '$total' } } })).toEqual([{ _id: null, sum: 4200 }]);
    expect(await run({ $match: { _id: 99 } }, { $group: { _id: null, n: { $sum: 1 } } })).toEqual([]);
  });

  test('$group, with $first, $last, $push and $addToSet, follows the order it is given', async () => {
    const group = {
      $group: {
        _id: null,
        first: { $first: '$_id' },
        last: { $last: '$_id' },
        all: { $push: '$status' },
        set: { $addToSet: '$status' },
      },
    };
    const [result] = await run({ $sort: { _id: -1 } }, group);
    expect(result).toMatchObject({ first: 4, last: 1, all: ['OPEN', 'OPEN', 'PAID', 'PAID'] });
    expect((result?.['set'] as string[]).toSorted()).toEqual(['OPEN', 'PAID']);
  });

  test('$group, by a document, compares its fields', async () => {
    const found = await run(
      { $group: { _id: { status: '$status', year: { $year: '$placedAt' } }, n: { $sum: 1 } } },
      { $sort: { n: -1, '_id.year': 1 } },
    );
    expect(found[0]).toEqual({ _id: { status: 'PAID', year: 2015 }, n: 2 });
    expect(found).toHaveLength(3);
  });

  test('daily totals, by $dateToString in UTC, end at midnight', async () => {
    const group = {
      $group: {
        _id: { $dateToString: { date: '$placedAt', format: '%Y-%m-%d' } },
        orders: { $sum: 1 },
        revenue: { $sum: '$total' },
      },
    };
    expect(await run({ $match: { placedAt: { $lt: new Date('2016-01-01') } } }, group, { $sort: { _id: 1 } })).toEqual([
      { _id: '2015-03-01', orders: 1, revenue: 2500 },
      { _id: '2015-03-02', orders: 2, revenue: 1700 },
    ]);
  });

  test('popular items, by $unwind, are summed over their lines', async () => {
    const found = await run(
      { $unwind: '$items' },
      { $group: { _id: '$items.name', sold: { $sum: '$items.quantity' } } },
      { $sort: { sold: -1, _id: 1 } },
      { $limit: 10 },
    );
    expect(found).toEqual([
      { _id: 'Funghi', sold: 3 },
      { _id: 'Margherita', sold: 3 },
    ]);
  });

  test('$unwind, keeping empty ones and their positions, leaves no document out', async () => {
    const unwind = { $unwind: { path: '$items', preserveNullAndEmptyArrays: true, includeArrayIndex: 'at' } };
    const found = await run(unwind, { $project: { at: 1, name: '$items.name' } }, { $sort: { _id: 1, at: 1 } });
    expect(found).toEqual([
      { _id: 1, at: 0, name: 'Margherita' },
      { _id: 2, at: 0, name: 'Margherita' },
      { _id: 2, at: 1, name: 'Funghi' },
      { _id: 3, at: null },
      { _id: 4, at: null },
    ]);
  });

  test('$facet, of two pipelines, gives both from one reading', async () => {
    const [found] = await run({
      $facet: { count: [{ $count: 'n' }], top: [{ $sort: { total: -1 } }, { $limit: 1 }, { $project: { total: 1 } }] },
    });
    expect(found).toEqual({ count: [{ n: 4 }], top: [{ _id: 1, total: 2500 }] });
  });

  test('$addFields, $unset and $replaceRoot, in turn, reshape', async () => {
    expect(
      await run(
        { $match: { _id: 1 } },
        { $addFields: { 'meta.year': { $year: '$placedAt' } } },
        { $unset: ['items', 'placedAt'] },
      ),
    ).toEqual([{ _id: 1, status: 'PAID', total: 2500, meta: { year: 2015 } }]);
    expect(
      await run(
        { $match: { _id: 2 } },
        { $unwind: '$items' },
        { $replaceRoot: { newRoot: '$items' } },
        { $sort: { quantity: 1 } },
      ),
    ).toEqual([
      { name: 'Margherita', quantity: 1 },
      { name: 'Funghi', quantity: 3 },
    ]);
  });

  test('$count and $sortByCount, on groups, count', async () => {
    expect(await run({ $match: { status: 'OPEN' } }, { $count: 'open' })).toEqual([{ open: 2 }]);
    expect(await run({ $match: { _id: 99 } }, { $count: 'none' })).toEqual([]);
    expect(await run({ $match: { _id: { $ne: 4 } } }, { $sortByCount: '$status' })).toEqual([
      { _id: 'PAID', count: 2 },
      { _id: 'OPEN', count: 1 },
    ]);
  });

  test('$skip and $limit, in either order, mean what they say', async () => {
    const ids = async (...stages: Document[]) =>
      (await run({ $sort: { _id: 1 } }, ...stages)).map((one) => one['_id'] as number);
    expect(await ids({ $skip: 1 }, { $limit: 2 })).toEqual([2, 3]);
    expect(await ids({ $limit: 2 }, { $skip: 1 })).toEqual([2]);
    expect(await ids({ $limit: 3 }, { $limit: 2 })).toEqual([1, 2]);
  });

  test('a pipeline, on a collection that is not there, gives nothing, or an empty count', async () => {
    expect(
      await suite
        .fresh()
        .aggregate([{ $match: {} }])
        .toArray(),
    ).toEqual([]);
    expect(
      await suite
        .fresh()
        .aggregate([{ $group: { _id: null, n: { $sum: 1 } } }])
        .toArray(),
    ).toEqual([]);
  });
});

describe('expressions', () => {
  const cases: [string, unknown, unknown][] = [
    ['$add, of ints past int32, gives a long', { $add: [2147483647, 1] }, 2147483648],
    ['$add, of a date and a number, gives a date', { $add: [new Date(1000), 500] }, new Date(1500)],
    ['$subtract, of dates, gives milliseconds', { $subtract: [new Date(5000), new Date(2000)] }, 3000],
    ['$multiply, with null, gives null', { $multiply: [2, null] }, null],
    ['$divide, of ints, gives a double', { $divide: [7, 2] }, 3.5],
    ['$mod, of a negative, keeps its sign', { $mod: [-7, 3] }, -1],
    [
      '$round, at the half, goes to the even',
      { $map: { input: [0.5, 1.5, 2.5, -2.5], in: { $round: ['$$this', 0] } } },
      [0, 2, 2, -2],
    ],
    ['$round, to places, keeps them', { $round: [1234.5678, 2] }, 1234.57],
    ['$trunc and $floor, of a negative, differ', [{ $trunc: -1.5 }, { $floor: -1.5 }, { $ceil: -1.5 }], [-1, -2, -1]],
    ['$cond, in both forms, chooses', [{ $cond: [true, 1, 2] }, { $cond: { if: 0, then: 1, else: 2 } }], [1, 2]],
    [
      '$switch, with a default, takes the first match',
      {
        $switch: {
          branches: [
            { case: false, then: 1 },
            { case: true, then: 2 },
          ],
          default: 3,
        },
      },
      2,
    ],
    ['$ifNull, of missing and null, goes on', { $ifNull: ['$missing', null, 'here'] }, 'here'],
    [
      '$eq and $cmp, across types, follow the order of types',
      [{ $eq: [1, 1.0] }, { $cmp: ['a', 5] }, { $lt: [null, 0] }],
      [true, 1, true],
    ],
    [
      '$and, $or and $not, on truth, combine',
      [{ $and: [1, 'x', {}] }, { $or: [0, null, false] }, { $not: [0] }],
      [true, false, true],
    ],
    ['$concat and $toUpper, of text, make text', { $concat: [{ $toUpper: 'ab' }, '-', { $toString: 5 }] }, 'AB-5'],
    [
      '$substrCP and $strLenCP, with emoji, count code points',
      [{ $substrCP: ['a🍕b', 1, 1] }, { $strLenCP: 'a🍕b' }],
      ['🍕', 3],
    ],
    [
      '$filter, $map and $reduce, on arrays, compute',
      {
        $reduce: {
          input: {
            $map: {
              input: { $filter: { input: [1, 2, 3, 4], as: 'n', cond: { $gt: ['$$n', 2] } } },
              as: 'n',
              in: { $multiply: ['$$n', 10] },
            },
          },
          initialValue: 0,
          in: { $add: ['$$value', '$$this'] },
        },
      },
      70,
    ],
    [
      '$size, $arrayElemAt and $slice, on arrays, take parts',
      [{ $size: [[1, 2, 3]] }, { $arrayElemAt: [[1, 2, 3], -1] }, { $slice: [[1, 2, 3], 1, 1] }],
      [3, 3, [2]],
    ],
    [
      '$in and $concatArrays, on arrays, look and join',
      [{ $in: [2, [1, 2]] }, { $concatArrays: [[1], [2]] }],
      [true, [1, 2]],
    ],
    [
      '$mergeObjects, of documents, takes the last',
      { $mergeObjects: [{ a: 1, b: 1 }, null, { b: 2 }] },
      { a: 1, b: 2 },
    ],
    ['$sum and $avg, of an array, skip what is no number', [{ $sum: [[1, 'x', 2]] }, { $avg: [1, 2, 'x'] }], [0, 1.5]],
    [
      '$dateToString, with every part, formats in UTC',
      { $dateToString: { date: new Date('2015-01-02T03:04:05.006Z'), format: '%Y/%m/%d %H:%M:%S.%L %j %u %G-%V %%' } },
      '2015/01/02 03:04:05.006 002 5 2015-01 %',
    ],
    [
      '$dateTrunc, to the day, is midnight',
      { $dateTrunc: { date: new Date('2015-01-02T03:04:05Z'), unit: 'day' } },
      new Date('2015-01-02'),
    ],
    [
      'parts of a date, in UTC, are numbers',
      [{ $year: new Date(0) }, { $month: new Date(0) }, { $dayOfMonth: new Date(0) }, { $dayOfWeek: new Date(0) }],
      [1970, 1, 1, 5],
    ],
    ['$let, with variables, sees them', { $let: { vars: { x: 2 }, in: { $add: ['$$x', 1] } } }, 3],
    ['$literal, of an expression, is that', { $literal: '$total' }, '$total'],
    [
      '$type, of missing and of a long, says so',
      [{ $type: '$missing' }, { $type: { $toLong: 5 } }],
      ['missing', 'long'],
    ],
    ['$toInt and $toDouble, of text, convert', [{ $toInt: '12' }, { $toDouble: '1.5' }], [12, 1.5]],
  ];
  test.each(cases)('%s', async (_name, expression, expected) => {
    const [found] = await run({ $match: { _id: 1 } }, { $project: { _id: 0, value: expression } });
    expect(found?.['value']).toEqual(expected);
  });
});

describe('refused pipelines', () => {
  const cases: [string, Document, number][] = [
    ['an unknown stage, in a pipeline, fails with 40324', { $nope: {} }, 40324],
    ['a stage, with two names, fails with 40323', { $match: {}, $limit: 1 }, 40323],
    ['an unknown accumulator, in $group, fails with 15952', { $group: { _id: null, a: { $nope: 1 } } }, 15952],
    ['$group, without _id, fails with 15955', { $group: { a: { $sum: 1 } } }, 15955],
    ['an unknown expression, in $addFields, fails with 168', { $addFields: { a: { $nope: 1 } } }, 168],
    ['$limit, of zero, fails with 15958', { $limit: 0 }, 15958],
    ['$unwind, without a dollar, fails with 28818', { $unwind: 'items' }, 28818],
    ['$divide, by zero, is refused', { $addFields: { a: { $divide: [1, 0] } } }, 2],
    ['$add, with text, is refused', { $addFields: { a: { $add: [1, 'x'] } } }, 14],
    ['an undefined variable, in an expression, fails with 17276', { $addFields: { a: '$$nope' } }, 17276],
    ['$size, of something that is no array, fails with 17124', { $addFields: { a: { $size: '$total' } } }, 17124],
  ];
  test.each(cases)('%s', async (_name, stage, code) => {
    const error = await refusal(run(stage));
    expect([code, 16608, 16554, 7157723]).toContain(error.code);
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
