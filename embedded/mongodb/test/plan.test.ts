import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { decode } from '../src/bson/read.ts';
import type { Document } from '../src/bson/values.ts';
import { encode } from '../src/bson/write.ts';
import { queryOf } from '../src/query/execute.ts';
import { choosePlan } from '../src/query/plan.ts';
import { parseSort } from '../src/query/sort.ts';
import { scan } from '../src/storage/scan.ts';
import { openStore } from '../src/storage/store.ts';

const total = 2000;
const start = Date.UTC(2025, 0, 1);
const folder = mkdtempSync(join(tmpdir(), 'mongodb-'));
const store = openStore(folder);

const orders = store.write(() => {
  const collection = store.create('d', 'orders');
  const keys = {
    page: { placedAt: -1, _id: -1 },
    customer: { customerId: 1, placedAt: -1, _id: -1 },
    status: { customerId: 1, status: 1, placedAt: -1, _id: -1 },
    tags: { tags: 1 },
  };
  for (const [name, key] of Object.entries(keys)) store.createIndex(collection, plain({ name, key }));
  store.createIndex(collection, plain({ name: 'code', key: { code: 1 }, sparse: true }));
  for (let i = 0; i < total; i += 1)
    collection.insert(
      encode({
        _id: `order-${String(i).padStart(5, '0')}`,
        customerId: `customer-${i % 4}`,
        status: ['PENDING', 'COOKING', 'DELIVERED'][i % 3],
        placedAt: minute(i / 5),
        tags: [`t${i % 50}`, `u${i % 70}`],
        ...(i % 100 === 0 ? { code: `c${i}` } : {}),
      }),
    );
  return collection;
});

afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

function minute(minutes: number): Date {
  return new Date(start + Math.floor(minutes) * 60_000);
}

/** An object as the server sees it. */
function plain(fields: object): Document {
  return decode(encode(fields));
}

/** How a query is read: by which index, in its order or not, and how many documents it looks at and finds. */
function read(filter: object, sort: object = {}, limit = Infinity) {
  const query = queryOf(plain(filter), { sort: parseSort(plain(sort)) });
  const plan = choosePlan(orders.indexes, query.filter, query.sort);
  let examined = 0;
  let found = 0;
  for (const { body } of scan(orders, plan, 10)) {
    examined += 1;
    if (query.matches(decode(body))) found += 1;
    if (plan.sorted && found === limit) break;
  }
  return { index: plan.kind === 'index' ? plan.index.name : undefined, sorted: plan.sorted, examined, found };
}

test.each<[string, object, ReturnType<typeof read>]>([
  [
    'a find, by _id, looks at one document',
    { _id: 'order-00777' },
    { index: '_id_', sorted: true, examined: 1, found: 1 },
  ],
  [
    'a find, by several _ids, looks at those',
    { _id: { $in: ['order-00001', 'order-00003', 'nobody'] } },
    { index: '_id_', sorted: true, examined: 2, found: 2 },
  ],
  [
    'a find, without a fitting index, looks at all',
    { nothing: 1 },
    { index: undefined, sorted: true, examined: total, found: 0 },
  ],
  [
    'a find, by equality and a range, looks at what it finds',
    { customerId: 'customer-1', placedAt: { $gte: minute(100), $lt: minute(110) } },
    { index: 'customer', sorted: true, examined: 13, found: 13 },
  ],
  [
    'a find, by an item of an array, looks at what it finds',
    { tags: 't7' },
    { index: 'tags', sorted: true, examined: 40, found: 40 },
  ],
  [
    'a find, by a value in a sparse index, looks at what it finds',
    { code: 'c300' },
    { index: 'code', sorted: true, examined: 1, found: 1 },
  ],
  [
    'a find, by null, does not use a sparse index',
    { code: null },
    { index: undefined, sorted: true, examined: total, found: total - 20 },
  ],
])('%s', (_name, filter, expected) => {
  expect(read(filter)).toEqual(expected);
});

test.each<[object, string]>([
  [{}, 'page'],
  [{ customerId: 'customer-2' }, 'customer'],
  [{ customerId: 'customer-2', status: 'COOKING' }, 'status'],
])('a sorted page of %j, read either way, looks only at the page', (filter, index) => {
  const expected = { index, sorted: true, examined: 20, found: 20 };
  expect(read(filter, { placedAt: -1, _id: -1 }, 20)).toEqual(expected);
  expect(read(filter, { placedAt: 1, _id: 1 }, 20)).toEqual(expected);
});

test('a sort, by a field without an index or by an array, is done in memory', () => {
  expect(read({ customerId: 'customer-2' }, { code: 1 })).toMatchObject({ sorted: false });
  expect(read({}, { tags: 1 })).toMatchObject({ sorted: false });
});

test.each<[object]>([[{}], [{ customerId: 'customer-3' }], [{ customerId: 'customer-3', status: 'DELIVERED' }]])(
  'a keyset page of %j, wherever it begins, looks only at the page',
  (base) => {
    for (const i of [10, 1000, 1900]) {
      const [placedAt, _id] = [minute(i / 5), `order-${String(i).padStart(5, '0')}`];
      const filter = { ...base, $or: [{ placedAt: { $lt: placedAt } }, { placedAt, _id: { $lt: _id } }] };
      const { sorted, examined, found } = read(filter, { placedAt: -1, _id: -1 }, 50);
      expect(sorted).toBe(true);
      expect(examined).toBe(found);
    }
  },
);
