import { randomUUID } from 'node:crypto';
import { type Collection, MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { countDocuments, createIndexes } from '../../src/read-models/database.ts';
import { type FaultProxy, startProxy } from '../drills/proxy.ts';
import { failureOf } from '../contract/eventstoredb/support.ts';

/** What a driver waits for an answer here, and what a large collection takes. */
const SOCKET_TIMEOUT_MS = 250;
const SCAN_MS = 700;
const name = `large_${randomUUID().slice(0, 8)}`;

let proxy: FaultProxy;
let client: MongoClient;
let collection: Collection;

beforeAll(async () => {
  const url = new URL(inject('mongoUrl'));
  proxy = await startProxy(Number(url.port));
  url.port = String(proxy.port);
  url.searchParams.set('directConnection', 'true');
  client = new MongoClient(url.href, { socketTimeoutMS: SOCKET_TIMEOUT_MS, retryReads: false });
  collection = client.db(name).collection('documents');
  await collection.insertMany([{ a: 1 }, { a: 2 }]);
});
beforeEach(() => proxy.set({ type: 'none' }));
afterAll(async () => {
  proxy.set({ type: 'none' });
  await client.db(name).dropDatabase();
  await client.close();
  await proxy.close();
});

test('a count of all documents, which takes longer than other calls may, ends', async () => {
  proxy.set({ type: 'delay', ms: SCAN_MS / 2 });
  expect(String(await failureOf(collection.countDocuments({})))).toContain('timed out');
  expect(await countDocuments(collection)).toBe(2);
});

test('an index that takes longer to build than other calls may, is built, and is not built again', async () => {
  let builds = 0;
  /** Slow from the moment that an index is asked for. */
  const slow = new Proxy(collection, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (property === 'createIndexes') {
          builds += 1;
          proxy.set({ type: 'delay', ms: SCAN_MS / 2 });
        }
        return value.apply(target, given) as unknown;
      };
    },
  });
  const index = { key: { a: 1, b: -1 } } as const;
  await createIndexes(slow, [index]);
  proxy.set({ type: 'none' });
  expect((await collection.indexes()).map(({ key }) => key)).toContainEqual(index.key);
  await createIndexes(slow, [index]);
  expect(builds).toBe(1);
});

test('indexes, one of which cannot be built, are there but for that one', async () => {
  await expect(createIndexes(collection, [{ key: { a: -1 } }, { key: { b: 1 }, unique: true }])).rejects.toThrow(
    'E11000',
  );
  expect((await collection.indexes()).map(({ key }) => key)).toContainEqual({ a: -1 });
});
