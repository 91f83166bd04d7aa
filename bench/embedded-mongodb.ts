/**
 * Rates of the embedded MongoDB server through the official driver, on 100,000 orders, as ratios to SQLite itself
 * doing the same transactions in the same run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type Collection } from 'mongodb';
import { openStoreFile } from '../src/embedded/database.ts';
import { encodeKey, invert } from '../src/embedded/mongodb/bson/keys.ts';
import { encode } from '../src/embedded/mongodb/bson/write.ts';
import { startEmbeddedMongo } from '../src/embedded/mongodb/index.ts';

interface Order {
  readonly _id: string;
  readonly customerId: string;
  readonly status: string;
  readonly placedAt: Date;
  readonly totalMinor: number;
  readonly revision: number;
  readonly items: readonly { readonly name: string; readonly quantity: number; readonly unitPrice: string }[];
  readonly kitchenNotes: string;
}

const total = 100_000;
const bulk = 500;
const together = 64;
const folder = mkdtempSync(join(tmpdir(), 'bench-mongodb-'));

function order(i: number): Order {
  return {
    _id: `6d1f${String(i).padStart(8, '0')}-5f0e-4b8e-9d6e-3c1a2b4d5e6f`,
    customerId: `customer-${i % 50}`,
    status: ['PENDING', 'COOKING', 'DELIVERED'][i % 3] ?? '',
    placedAt: new Date(Date.UTC(2025, 0, 1) + i * 60_000),
    totalMinor: 1000 + (i % 4000),
    revision: 0,
    items: Array.from({ length: 1 + (i % 3) }, (_, line) => ({
      name: `Pizza ${(i + line) % 30}`,
      quantity: 1,
      unitPrice: '12.50',
    })),
    kitchenNotes: 'Extra cheese '.repeat(20),
  };
}

function print(what: string, value: string): void {
  console.log(`${what.padEnd(58)} ${value.padStart(16)}`);
}

async function seconds(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Rows per second of SQLite alone: a document and the entries of two indexes, in groups of one transaction each. */
async function bareRate(documents: readonly Order[], group: number): Promise<number> {
  const schema = `
    CREATE TABLE documents (rid INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
    CREATE TABLE a (key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (key, rid)) WITHOUT ROWID;
    CREATE TABLE b (key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (key, rid)) WITHOUT ROWID;`;
  const rows = documents.map((one) => {
    const page = [invert(encodeKey(one.placedAt)), invert(encodeKey(one._id))];
    return [
      encodeKey(one._id),
      encode(one),
      Buffer.concat([encodeKey(one.customerId), ...page]),
      Buffer.concat(page),
    ] as const;
  });
  const file = openStoreFile(join(folder, `bare-${group}`, 'bare.sqlite'), 1, schema);
  const { db } = file;
  const document = db.prepare('INSERT INTO documents (key, body) VALUES (?, ?)');
  const entries = ['a', 'b'].map((name) => db.prepare(`INSERT INTO ${name} (key, rid) VALUES (?, ?)`));
  const time = await seconds(() => {
    for (let i = 0; i < rows.length; i += group) {
      db.exec('BEGIN IMMEDIATE');
      for (const [key, body, ...keys] of rows.slice(i, i + group)) {
        const rid = Number(document.run([key, body]).lastInsertRowid);
        entries.forEach((entry, n) => entry.run([keys[n], rid]));
      }
      db.exec('COMMIT');
    }
  });
  file.close();
  return rows.length / time;
}

async function concurrently(workers: number, count: number, work: (i: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const time = await seconds(() =>
    Promise.all(
      Array.from({ length: workers }, async () => {
        while (next < count) await work(next++);
      }),
    ),
  );
  return count / time;
}

async function upserts(orders: Collection<Order>): Promise<number> {
  const time = await seconds(async () => {
    for (let i = 0; i < total; i += bulk) {
      const documents = Array.from({ length: bulk }, (_, n) => order(i + n));
      await orders.bulkWrite(
        documents.map((replacement) => ({
          replaceOne: { filter: { _id: replacement._id }, replacement, upsert: true },
        })),
        { ordered: false },
      );
    }
  });
  return total / time;
}

async function guardedUpdates(orders: Collection<Order>, count: number): Promise<number> {
  const time = await seconds(async () => {
    for (let i = 0; i < count; i += bulk) {
      const updates = Array.from({ length: bulk }, (_, n) => ({
        updateOne: {
          filter: { _id: order(i + n)._id, revision: 0 },
          update: { $set: { revision: 1, status: 'READY' } },
        },
      }));
      await orders.bulkWrite(updates, { ordered: false });
    }
  });
  return count / time;
}

async function medianMs(times: number, work: (i: number) => Promise<unknown>): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < times; i += 1) all.push((await seconds(() => work(i))) * 1000);
  return all.toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? NaN;
}

async function pages(orders: Collection<Order>): Promise<number> {
  const sort = { placedAt: -1, _id: -1 } as const;
  return medianMs(200, (i) => {
    const { placedAt, _id } = order((i * 487) % total);
    const before = [{ placedAt: { $lt: placedAt } }, { placedAt, _id: { $lt: _id } }];
    return orders
      .find({ customerId: `customer-${i % 50}`, $or: before })
      .sort(sort)
      .limit(20)
      .toArray();
  });
}

async function daily(orders: Collection<Order>): Promise<number> {
  const from = order(0).placedAt;
  const to = order(20_000).placedAt;
  const day = { $dateToString: { date: '$placedAt', format: '%Y-%m-%d' } };
  const pipeline = [
    { $match: { placedAt: { $gte: from, $lt: to } } },
    { $group: { _id: day, orders: { $sum: 1 }, revenue: { $sum: '$totalMinor' } } },
    { $sort: { _id: 1 } },
  ];
  return medianMs(5, () => orders.aggregate(pipeline).toArray());
}

const server = await startEmbeddedMongo({ dataDir: join(folder, 'server'), port: 0 });
const client = await new MongoClient(server.url, { maxPoolSize: together }).connect();
try {
  const orders = client.db('bench').collection<Order>('orders');
  await orders.createIndexes([{ key: { customerId: 1, placedAt: -1, _id: -1 } }, { key: { placedAt: -1, _id: -1 } }]);
  const all = Array.from({ length: 20_000 }, (_, i) => order(i));

  const bareBulk = await bareRate(all, bulk);
  const upserted = await upserts(orders);
  print(`bulk upserts in groups of ${bulk}`, `${Math.round(upserted)} docs/s`);
  print('  ratio to the bare SQLite loop', (upserted / bareBulk).toFixed(2));
  print('guarded $set updates in bulk', `${Math.round(await guardedUpdates(orders, 20_000))} docs/s`);

  const bareGrouped = await bareRate(all, together);
  const inserts = client.db('bench').collection<Order>('inserts');
  await inserts.createIndexes([{ key: { customerId: 1, placedAt: -1, _id: -1 } }, { key: { placedAt: -1, _id: -1 } }]);
  const inserted = await concurrently(together, 20_000, (i) => inserts.insertOne(order(i)));
  print(`insertOne, ${together} at a time`, `${Math.round(inserted)} docs/s`);
  print('  ratio to the bare SQLite loop', (inserted / bareGrouped).toFixed(2));

  const byId = (i: number): Promise<unknown> => orders.findOne({ _id: order((i * 7919) % total)._id });
  print('find by id, one at a time', `${Math.round(await concurrently(1, 10_000, byId))} /s`);
  print('find by id, 16 at a time', `${Math.round(await concurrently(16, 20_000, byId))} /s`);
  print('page of 20 by index and keyset, 100,000 orders, median', `${(await pages(orders)).toFixed(2)} ms`);
  print('daily totals of 20,000 orders, median', `${(await daily(orders)).toFixed(0)} ms`);
  print('resident memory, server and client', `${Math.round(process.memoryUsage().rss / 1048576)} MB`);
} finally {
  await client.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
