import { MongoClient, type AnyBulkWriteOperation } from 'mongodb';
import { expect, test } from 'vitest';
import { startProcess, temporaryFolder } from './support.ts';

interface Entry {
  readonly _id: string;
  readonly n: number;
  readonly pair: string;
}

test('a server, killed again and again under load, keeps all it acknowledged and nothing half-written', async () => {
  const folder = await temporaryFolder();
  const acknowledged = new Set<string>();
  const attempted = new Set<string>();
  for (let round = 0; round < 5; round += 1) {
    const server = await startProcess(folder);
    const client = await new MongoClient(server.url, { retryReads: false, serverSelectionTimeoutMS: 500 }).connect();
    const collection = client.db('d').collection<Entry>('c');
    await collection.createIndex({ n: -1 });
    await collection.createIndex({ pair: 1 }, { unique: true }, {});
    let writing = true;
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let i = 0; writing; i += 1) {
        const key = `${round}-${writer}-${i}`;
        attempted.add(key);
        try {
          if (i % 3 === 0) await collection.insertOne({ _id: key, n: i, pair: key });
          else await collection.bulkWrite([upsert(key, i - 1), upsert(key, i)]);
          acknowledged.add(key);
        } catch {
          return; // the server is gone
        }
      }
    });
    const goal = acknowledged.size + 200;
    await expect.poll(() => acknowledged.size, { timeout: 120_000 }).toBeGreaterThan(goal);
    await server.kill();
    writing = false;
    await Promise.all(writers);
    await client.close();
  }
  const server = await startProcess(folder);
  const client = await new MongoClient(server.url).connect();
  const collection = client.db('d').collection<Entry>('c');
  const byId = await collection.find().toArray();
  const present = new Set(byId.map(({ _id }) => _id));
  expect([...acknowledged].filter((key) => !present.has(key))).toEqual([]);
  expect([...present].filter((key) => !attempted.has(key))).toEqual([]);
  expect(byId.filter(({ n, pair, _id }) => pair !== _id || n !== Number(_id.split('-')[2]))).toEqual([]);
  const byIndex = await collection.find().sort({ n: -1 }).hint({ n: -1 }).toArray();
  expect(new Set(byIndex.map(({ _id }) => _id))).toEqual(present);
  const byUnique = await collection.find().hint({ pair: 1 }).toArray();
  expect(byUnique).toHaveLength(present.size);
  await client.close();
  await server.stop();
});

/** Two of these in one command: after a kill both or none are there, so that `n` is that of the second. */
function upsert(key: string, n: number): AnyBulkWriteOperation<Entry> {
  return { updateOne: { filter: { _id: key }, update: { $set: { n, pair: key } }, upsert: true } };
}
