import { Binary, Double, ObjectId } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compare } from '../src/bson/compare.ts';
import { encodeKey, invert, successor } from '../src/bson/keys.ts';
import { decode, validate } from '../src/bson/read.ts';
import { Document, documentOf, double, type Value } from '../src/bson/values.ts';
import { encode } from '../src/bson/write.ts';
import { MongoError } from '../src/errors.ts';

const names = fc.oneof(
  fc.constantFrom('a', 'b', '__proto__', 'constructor', 'ü'),
  fc.string({ maxLength: 4 }).filter((name) => !name.includes('\0') && !/^\d/.test(name)),
);

const values = fc.letrec<{ value: Value; leaf: Value }>((tie) => ({
  leaf: fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer({ min: -2147483648, max: 2147483647 }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom<Value>(
      9007199254740992n,
      9007199254740993n,
      double(9007199254740992),
      new Double(-0),
      2n ** 63n - 1n,
      double(2 ** 63),
    ),
    fc.double().map(double),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom('', '\0', 'a\0', 'a', 'a\u0001', '\uffff', '🍕'),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
    fc.uint8Array({ maxLength: 5 }).map((bytes) => new Binary(bytes)),
  ),
  value: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 3 }).map(documentOf),
  ),
})).value;

const sign = (number: number): number => Math.sign(number);

describe('index keys', () => {
  test('the bytes of two keys, of any values, are ordered as the values are', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(sign(Buffer.compare(encodeKey(a), encodeKey(b)))).toBe(sign(compare(a, b)));
      }),
      { numRuns: 3000 },
    );
  });

  test('inverted keys, of any values, are ordered the other way, also with something behind them', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [x, y] = [a, b].map((value) => Buffer.concat([invert(encodeKey(value)), Buffer.from([255, 0, 255])]));
        if (x === undefined || y === undefined || compare(a, b) === 0) return;
        expect(sign(Buffer.compare(x, y))).toBe(-sign(compare(a, b)));
      }),
      { numRuns: 2000 },
    );
  });

  test('no key, of any value, is the beginning of another', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [x, y] = [encodeKey(a), encodeKey(b)];
        if (!x.equals(y)) expect(y.subarray(0, x.length).equals(x)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test('the successor, of a key, comes after all that begin with it and before what comes next', () => {
    const key = encodeKey('a');
    expect(Buffer.compare(successor(key), Buffer.concat([key, Buffer.alloc(20, 255)]))).toBe(1);
    expect(Buffer.compare(successor(key), encodeKey('a\u0001'))).toBe(-1);
    expect(() => successor(Buffer.from([255, 255]))).toThrow(RangeError);
  });
});

describe('BSON', () => {
  test('a document, written and read, is the same with its types and bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(names, values), { maxLength: 5 }).map(documentOf), (document) => {
        const bytes = encode(document);
        expect(validate(bytes, 0, bytes.length)).toBe(bytes.length);
        const read = decode(bytes);
        expect(read).toEqual(document);
        expect(Object.keys(read)).toEqual(Object.keys(document));
        expect(encode(read).equals(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('a document, read in part, holds those fields only', () => {
    const bytes = encode({ a: 1, b: { c: 2 }, d: 'x' });
    expect(decode(bytes, 0, new Set(['b', 'z']))).toEqual(documentOf([['b', documentOf([['c', 2]])]]));
  });

  test.each([
    ['a field named by a number', encode({ 1: 'x' })],
    ['text that is not UTF-8', encodedText(Buffer.from([0xc3, 0x28]))],
    ['a lone surrogate in UTF-8', encodedText(Buffer.from([0xed, 0xa0, 0x80]))],
    ['long text that is not UTF-8', encodedText(Buffer.alloc(200, 0xff))],
  ])('%s, which would not come back as it was, is refused by the check', (_, bytes) => {
    expect(() => validate(bytes, 0, bytes.length)).toThrow();
  });

  test('a field that a document holds twice is not decoded', () => {
    const once = encode({ a: 1 });
    const twice = Buffer.concat([once.subarray(0, -1), once.subarray(4)]);
    twice.writeInt32LE(twice.length, 0);
    expect(() => decode(twice)).toThrow('twice');
  });

  test('bytes, of any kind, are refused by the check or read without harm', () => {
    const valid = encode({ a: 1, b: 'text', c: [1, { d: new Date(0) }], e: 5n, f: new Binary(Buffer.from([1])) });
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length - 1), fc.nat(255), (i, x, j, y) => {
        const damaged = Buffer.from(valid);
        damaged[i] = x;
        damaged[j] = y;
        try {
          validate(damaged, 0, damaged.length);
          expect(decode(damaged)).toBeInstanceOf(Document);
        } catch (error) {
          expect(error).toBeInstanceOf(MongoError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

function encodedText(text: Buffer): Buffer {
  const bytes = encode({ a: 'x'.repeat(text.length) });
  text.copy(bytes, 4 + 3 + 4);
  return bytes;
}
