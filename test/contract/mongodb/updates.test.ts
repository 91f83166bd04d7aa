import { describe, expect, test } from 'vitest';
import type { Document } from 'mongodb';
import { expectCode, mongoSuite, refusal } from './support.ts';

const suite = mongoSuite('updates');

/** What an update makes of a document. */
async function updated(before: Document, update: Document): Promise<Document | null> {
  const collection = suite.fresh();
  await collection.insertOne({ _id: 1, ...before });
  await collection.updateOne({ _id: 1 }, update);
  return collection.findOne({}, { projection: { _id: 0 } });
}

/** The code with which an update is refused; the document must stay as it was. */
async function refused(before: Document, update: Document): Promise<number | string | undefined> {
  const collection = suite.fresh();
  await collection.insertOne({ _id: 1, ...before });
  const error = await refusal(collection.updateOne({ _id: 1 }, update));
  expect(await collection.findOne({}, { projection: { _id: 0 } })).toEqual(before);
  return error.code;
}

describe('field operators', () => {
  const cases: [string, Document, Document, Document][] = [
    [
      '$set, on a nested path, makes the documents on the way',
      { a: 1 },
      { $set: { 'b.c.d': 2 } },
      { a: 1, b: { c: { d: 2 } } },
    ],
    ['$set, on an array position, changes that item', { a: [1, 2, 3] }, { $set: { 'a.1': 9 } }, { a: [1, 9, 3] }],
    [
      '$set, behind the end of an array, fills with null',
      { a: [1] },
      { $set: { 'a.3': 9 } },
      { a: [1, null, null, 9] },
    ],
    [
      '$unset, of a nested field, leaves its neighbours',
      { a: { b: 1, c: 2 } },
      { $unset: { 'a.b': '' } },
      { a: { c: 2 } },
    ],
    ['$unset, of an array item, leaves null', { a: [1, 2] }, { $unset: { 'a.0': '' } }, { a: [null, 2] }],
    ['$inc, on missing and present fields, adds', { a: 1 }, { $inc: { a: 2, b: -3 } }, { a: 3, b: -3 }],
    ['$inc, past the range of int32, becomes a long', { a: 2147483647 }, { $inc: { a: 1 } }, { a: 2147483648 }],
    ['$inc, by a fraction, becomes a double', { a: 1 }, { $inc: { a: 0.5 } }, { a: 1.5 }],
    ['$mul, on missing and present fields, multiplies', { a: 3 }, { $mul: { a: 2, b: 5 } }, { a: 6, b: 0 }],
    [
      '$min and $max, across types, follow the order of types',
      { a: 5, b: 5 },
      { $min: { a: 'x' }, $max: { b: 'x' } },
      { a: 5, b: 'x' },
    ],
    ['$min and $max, on missing fields, set them', {}, { $min: { a: 1 }, $max: { b: 2 } }, { a: 1, b: 2 }],
    [
      '$rename, into another document, moves the value',
      { a: 1, b: { c: 2 } },
      { $rename: { a: 'b.d' } },
      { b: { c: 2, d: 1 } },
    ],
    ['$rename, of a missing field, does nothing', { a: 1 }, { $rename: { x: 'y' } }, { a: 1 }],
    ['$setOnInsert, on a document that is there, does nothing', { a: 1 }, { $setOnInsert: { b: 1 } }, { a: 1 }],
  ];
  test.each(cases)('%s', async (_name, before, update, after) => {
    expect(await updated(before, update)).toEqual(after);
  });

  test('$currentDate, as a date, sets the time of the server', async () => {
    const found = await updated({}, { $currentDate: { at: true } });
    expect(Math.abs((found?.['at'] as Date).getTime() - Date.now())).toBeLessThan(60_000);
  });

  test('fields that an update adds, whatever their order in it, come in lexical order behind the others', async () => {
    expect(Object.keys((await updated({ z: 1 }, { $set: { c: 1, a: 1, b: 1 } })) ?? {})).toEqual(['z', 'a', 'b', 'c']);
  });
});

describe('array operators', () => {
  const cases: [string, Document, Document, Document][] = [
    ['$push, to a missing field, makes the array', {}, { $push: { a: 1 } }, { a: [1] }],
    ['$push, of an array, adds it as one item', { a: [1] }, { $push: { a: [2, 3] } }, { a: [1, [2, 3]] }],
    ['$push with $each, at the end, adds all', { a: [1] }, { $push: { a: { $each: [2, 3] } } }, { a: [1, 2, 3] }],
    [
      '$push with $position, in front, inserts',
      { a: [3] },
      { $push: { a: { $each: [1, 2], $position: 0 } } },
      { a: [1, 2, 3] },
    ],
    [
      '$push with $slice, negative, keeps the last',
      { a: [1, 2] },
      { $push: { a: { $each: [3, 4], $slice: -3 } } },
      { a: [2, 3, 4] },
    ],
    [
      '$push with $sort and $slice, on documents, keeps the best',
      { a: [{ n: 1 }, { n: 5 }] },
      { $push: { a: { $each: [{ n: 3 }], $sort: { n: -1 }, $slice: 2 } } },
      { a: [{ n: 5 }, { n: 3 }] },
    ],
    [
      '$addToSet, of values there and not, adds only new ones',
      { a: [1, { b: 2 }] },
      { $addToSet: { a: { $each: [1, { b: 2 }, 3, 3] } } },
      { a: [1, { b: 2 }, 3] },
    ],
    [
      '$pull, by a value and by a condition, removes what matches',
      { a: [1, 5, 9, 5], b: [{ n: 1 }, { n: 7 }] },
      { $pull: { a: 5, b: { n: { $gt: 3 } } } },
      { a: [1, 9], b: [{ n: 1 }] },
    ],
    [
      '$pull with $in, on strings, removes them',
      { a: ['x', 'y', 'z'] },
      { $pull: { a: { $in: ['x', 'z'] } } },
      { a: ['y'] },
    ],
    ['$pullAll, of several, removes each', { a: [1, 2, 3, 1] }, { $pullAll: { a: [1, 3] } }, { a: [2] }],
    [
      '$pop, at both ends, removes one',
      { a: [1, 2, 3], b: [1, 2, 3] },
      { $pop: { a: 1, b: -1 } },
      { a: [1, 2], b: [2, 3] },
    ],
  ];
  test.each(cases)('%s', async (_name, before, update, after) => {
    expect(await updated(before, update)).toEqual(after);
  });
});

describe('refused updates', () => {
  const cases: [string, Document, Document, number][] = [
    ['$inc, on a string, fails with TypeMismatch', { a: 'x' }, { $inc: { a: 1 } }, 14],
    ['$inc, by a string, fails with TypeMismatch', { a: 1 }, { $inc: { a: 'x' } }, 14],
    ['$mul, on null, fails with TypeMismatch', { a: null }, { $mul: { a: 2 } }, 14],
    ['$inc, past the range of a long, fails with BadValue', { a: 9223372036854775807n }, { $inc: { a: 1 } }, 2],
    ['$push, on a string, fails with BadValue', { a: 'x' }, { $push: { a: 1 } }, 2],
    ['$addToSet, on a number, fails with BadValue', { a: 1 }, { $addToSet: { a: 1 } }, 2],
    ['$pop, on a number, fails with TypeMismatch', { a: 1 }, { $pop: { a: 1 } }, 14],
    ['$pull, on a number, fails with BadValue', { a: 1 }, { $pull: { a: 1 } }, 2],
    ['$set, through a number, fails with PathNotViable', { a: 1 }, { $set: { 'a.b': 1 } }, 28],
    ['$set, of a name in an array, fails with PathNotViable', { a: [1] }, { $set: { 'a.b': 1 } }, 28],
    ['two operators, on one path, conflict with code 40', { a: 1 }, { $set: { a: 2 }, $inc: { a: 1 } }, 40],
    ['two paths, one within the other, conflict with code 40', { a: {} }, { $set: { a: {}, 'a.b': 1 } }, 40],
    ['an unknown operator, in an update, fails with FailedToParse', { a: 1 }, { $frobnicate: { a: 1 } }, 9],
    ['$rename, to a number, fails with BadValue', { a: 1 }, { $rename: { a: 5 } }, 2],
    ['an empty path, in $set, fails with EmptyFieldName', { a: 1 }, { $set: { 'a.': 1 } }, 56],
    ['$push, with an unknown clause, fails with BadValue', { a: [] }, { $push: { a: { $each: [], $nope: 1 } } }, 2],
  ];
  test.each(cases)('%s', async (_name, before, update, code) => {
    if (typeof before['a'] === 'bigint') {
      const collection = suite.fresh();
      await collection.insertOne({ _id: 1, ...before });
      await expectCode(collection.updateOne({}, update), code);
    } else expect(await refused(before, update)).toBe(code);
  });
});
