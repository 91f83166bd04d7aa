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
    [
      '$unset, of a nested field, leaves its neighbours',
      { a: { b: 1, c: 2 } },
      { $unset: { 'a.b': '' } },
      { a: { c: 2 } },
    ],
    ['$unset, through a number, does nothing', { a: 1 }, { $unset: { 'a.b': '' } }, { a: 1 }],
    ['$inc, on missing and present fields, adds', { a: 1 }, { $inc: { a: 2, b: -3 } }, { a: 3, b: -3 }],
    ['$inc, past the range of int32, becomes a long', { a: 2147483647 }, { $inc: { a: 1 } }, { a: 2147483648 }],
    ['$inc, by a fraction, becomes a double', { a: 1 }, { $inc: { a: 0.5 } }, { a: 1.5 }],
    [
      '$min and $max, across types, follow the order of types',
      { a: 5, b: 5 },
      { $min: { a: 'x' }, $max: { b: 'x' } },
      { a: 5, b: 'x' },
    ],
    ['$min and $max, on missing fields, set them', {}, { $min: { a: 1 }, $max: { b: 2 } }, { a: 1, b: 2 }],
    ['$setOnInsert, on a document that is there, does nothing', { a: 1 }, { $setOnInsert: { b: 1 } }, { a: 1 }],
  ];
  test.each(cases)('%s', async (_name, before, update, after) => {
    expect(await updated(before, update)).toEqual(after);
  });

  test('fields that an update adds, whatever their order in it, come in lexical order behind the others', async () => {
    expect(Object.keys((await updated({ z: 1 }, { $set: { c: 1, a: 1, b: 1 } })) ?? {})).toEqual(['z', 'a', 'b', 'c']);
  });
});

describe('refused updates', () => {
  const cases: [string, Document, Document, number][] = [
    ['$inc, on a string, fails with TypeMismatch', { a: 'x' }, { $inc: { a: 1 } }, 14],
    ['$inc, by a string, fails with TypeMismatch', { a: 1 }, { $inc: { a: 'x' } }, 14],
    ['$inc, past the range of a long, fails with BadValue', { a: 9223372036854775807n }, { $inc: { a: 1 } }, 2],
    ['$set, through a number, fails with PathNotViable', { a: 1 }, { $set: { 'a.b': 1 } }, 28],
    ['$set, of a name in an array, fails with PathNotViable', { a: [1] }, { $set: { 'a.b': 1 } }, 28],
    ['two operators, on one path, conflict with code 40', { a: 1 }, { $set: { a: 2 }, $inc: { a: 1 } }, 40],
    ['two paths, one within the other, conflict with code 40', { a: {} }, { $set: { a: {}, 'a.b': 1 } }, 40],
    ['an unknown operator, in an update, fails with FailedToParse', { a: 1 }, { $frobnicate: { a: 1 } }, 9],
    ['an empty path, in $set, fails with EmptyFieldName', { a: 1 }, { $set: { 'a.': 1 } }, 56],
  ];
  test.each(cases)('%s', async (_name, before, update, code) => {
    if (typeof before['a'] === 'bigint') {
      const collection = suite.fresh();
      await collection.insertOne({ _id: 1, ...before });
      await expectCode(collection.updateOne({}, update), code);
    } else expect(await refused(before, update)).toBe(code);
  });
});
