import { MongoClient } from 'mongodb';
import { describe, expect, inject, test } from 'vitest';
import { expectCode, mongoSuite, refusal } from './support.ts';

const suite = mongoSuite('connection');
const admin = () => suite.client.db('admin');

async function standalone(): Promise<boolean> {
  return (await admin().command({ hello: 1 }))['setName'] === undefined;
}

describe('handshake', () => {
  test('hello, from a driver, gives limits and wire versions that it can work with', async () => {
    const hello = await admin().command({ hello: 1 });
    expect(hello).toMatchObject({
      isWritablePrimary: true,
      maxBsonObjectSize: 16 * 1024 * 1024,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
      ok: 1,
    });
    expect(hello['maxWireVersion']).toBeGreaterThanOrEqual(9);
    expect(hello['compression'] ?? []).toEqual([]);
  });

  test('isMaster, by its old name, says that it is the primary', async () => {
    expect(await admin().command({ isMaster: 1 })).toMatchObject({ ismaster: true, ok: 1 });
  });

  test('a client, asking for compression, works without it', async () => {
    const client = new MongoClient(inject('mongoUrl'), { compressors: ['zlib'] });
    expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
    await client.close();
  });

  test('a client, with a pool of 50, gets an answer on every connection', async () => {
    const client = new MongoClient(inject('mongoUrl'), { maxPoolSize: 50 });
    const answers = await Promise.all(Array.from({ length: 200 }, () => client.db('admin').command({ ping: 1 })));
    expect(answers.every((answer) => answer['ok'] === 1)).toBe(true);
    await client.close();
  });
});

describe('diagnostics', () => {
  test('ping, at any time, answers ok', async () => {
    expect(await suite.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  test('buildInfo, from a driver, gives a version of three numbers', async () => {
    expect((await admin().command({ buildInfo: 1 }))['version']).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('commands', () => {
  test('a command, with an unknown name, fails with CommandNotFound', async () => {
    const error = await refusal(suite.db.command({ makeCoffee: 1 }));
    expect(error).toMatchObject({ code: 59, codeName: 'CommandNotFound' });
    expect(error.message).toContain("no such command: 'makeCoffee'");
  });

  test('find, with an unknown field, fails with 40415', async () => {
    const codes = [40415, 59];
    expect(codes).toContain((await refusal(suite.db.command({ find: 'c', nonsense: 1 }))).code);
  });

  test('a command, on a collection name that is not allowed, fails with InvalidNamespace', async () => {
    await expectCode(suite.db.command({ insert: '', documents: [{ a: 1 }] }), 73, 'InvalidNamespace');
    await expectCode(suite.db.command({ create: 'a$b' }), 73, 'InvalidNamespace');
  });

  test('writes, with w 1, majority or journaled, are acknowledged', async () => {
    const collection = suite.fresh();
    for (const writeConcern of [{ w: 1 }, { w: 'majority' as const }, { w: 1, journal: true }]) {
      expect(await collection.insertOne({}, { writeConcern })).toMatchObject({ acknowledged: true });
    }
  });

  test('a write, with w 0, is done without an answer', async () => {
    const collection = suite.fresh();
    expect(await collection.insertOne({ _id: 1 }, { writeConcern: { w: 0 } })).toMatchObject({ acknowledged: false });
    await expect.poll(() => collection.findOne({ _id: 1 })).toEqual({ _id: 1 });
  });

  test('a write, with a write concern mode that does not exist, is not acknowledged', async () => {
    const writeConcern = { w: 'everywhere' as 'majority' };
    await expect(suite.fresh().insertOne({}, { writeConcern })).rejects.toThrow(/everywhere/);
  });

  test('reads, with concern local and majority, are answered', async () => {
    const collection = suite.fresh();
    await collection.insertOne({ _id: 1 });
    for (const level of ['local', 'majority'] as const) {
      expect(await collection.find({}, { readConcern: { level } }).toArray()).toEqual([{ _id: 1 }]);
    }
  });
});

describe('sessions', () => {
  test('an explicit session, without a transaction, is accepted', async () => {
    const collection = suite.fresh();
    await suite.client.withSession(async (session) => {
      await collection.insertOne({ _id: 1 }, { session });
      expect(await collection.findOne({}, { session })).toEqual({ _id: 1 });
    });
  });

  test('a transaction, on a standalone, fails with IllegalOperation and writes nothing', async ({ skip }) => {
    if (!(await standalone())) skip('a replica set has transactions');
    const collection = suite.fresh();
    await collection.insertOne({ _id: 1 });
    const session = suite.client.startSession();
    session.startTransaction();
    // The driver takes code 20 for a storage engine without retryable writes and keeps the server's words inside.
    const error = await refusal(collection.insertOne({ _id: 2 }, { session }));
    expect(error['originalError']).toMatchObject({ code: 20, codeName: 'IllegalOperation' });
    await session.endSession();
    expect(await collection.countDocuments()).toBe(1);
  });
});
