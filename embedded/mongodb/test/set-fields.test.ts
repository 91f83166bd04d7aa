import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode } from '../src/bson/read.ts';
import { Document, type Value } from '../src/bson/values.ts';
import { encode } from '../src/bson/write.ts';
import { spliceOf } from '../src/write/set-fields.ts';
import { parseUpdate } from '../src/write/update.ts';

const names = fc.constantFrom('a', 'b', 'c', 'B', 'ü', 'name', '__proto__');
const values = fc.oneof<fc.Arbitrary<Value>[]>(
  fc.constant(null),
  fc.integer({ min: -5, max: 5 }),
  fc.string({ maxLength: 3 }),
  fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
  fc.dictionary(names, fc.integer({ min: 0, max: 3 }), { maxKeys: 2 }).map((fields) => withFields(fields)),
  fc.date({ noInvalidDate: true }),
);
const documents = fc.uniqueArray(fc.tuple(names, values), { selector: ([name]) => name, maxLength: 6 });

test('a $set of whole fields, done on the bytes, gives what the general way gives', () => {
  fc.assert(
    fc.property(
      documents,
      documents.filter(({ length }) => length > 0),
      (fields, set) => {
        const document = encode(withFields({ _id: 1 }, fields));
        const update = encode(withFields({ $set: withFields({}, set) }));
        const changed = decode(document);
        parseUpdate(decode(update))(changed, false);

        expect(spliceOf(update)?.(document)).toEqual(encode(changed));
      },
    ),
  );
});

test.each<[string, object]>([
  ['another operator', { $inc: { a: 1 } }],
  ['two operators', { $set: { a: 1 }, $unset: { b: 1 } }],
  ['a path', { $set: { 'a.b': 1 } }],
  ['the _id', { $set: { _id: 1 } }],
  ['a number as name', { $set: { '1': 1 } }],
  ['a name that is refused', { $set: { $a: 1 } }],
  ['no field', { $set: {} }],
  ['no document', { $set: 1 }],
])('%s is left to the general way', (_, update) => {
  expect(spliceOf(encode(update))).toBeUndefined();
});

function withFields(fields: Record<string, Value>, more: readonly (readonly [string, Value])[] = []): Document {
  const document = new Document();
  for (const [name, value] of [...Object.entries(fields), ...more]) document[name] = value;
  return document;
}
