import { randomUUID } from 'node:crypto';
import { type Collection, type CommandStartedEvent, MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { askTogether, findTogether } from '../../src/read-models/orders/find-together.ts';

interface Counted {
  readonly _id: string;
  readonly count: number;
}

const DOCUMENTS = 200;
let client: MongoClient;
let collection: Collection<Counted>;
let queries: CommandStartedEvent[] = [];

beforeAll(async () => {
  client = new MongoClient(inject('mongoUrl'), { monitorCommands: true });
  client.on('commandStarted', (command) => {
    if (command.commandName === 'find') queries.push(command);
  });
  collection = client.db(`together-${randomUUID()}`).collection('documents');
  await collection.insertMany(Array.from({ length: DOCUMENTS }, (_, count) => ({ _id: `id-${count}`, count })));
});
beforeEach(() => (queries = []));
afterAll(async () => {
  await client.db(collection.dbName).dropDatabase();
  await client.close();
});

test('documents, asked for together, come from few queries, each to who asked for it', async () => {
  const find = findTogether(collection);
  const asked = Array.from({ length: DOCUMENTS }, (_, count) => count);
  const found = await Promise.all(asked.map((count) => find(`id-${count}`)));
  expect(found.map((document) => document?.count)).toEqual(asked);
  expect(queries.length).toBe(Math.ceil(DOCUMENTS / 64));
});

test('a document, asked for alone, is looked up by its id', async () => {
  const find = findTogether(collection);
  expect(await find('id-7')).toEqual({ _id: 'id-7', count: 7 });
  expect(queries.map(({ command }) => (command as { filter: unknown }).filter)).toEqual([{ _id: 'id-7' }]);
});

test('a document that is not there, among others, is undefined, and the same one goes to all who ask', async () => {
  const find = findTogether(collection);
  const [first, none, again] = await Promise.all([find('id-1'), find('nobody'), find('id-1')]);
  expect(first).toEqual({ _id: 'id-1', count: 1 });
  expect(none).toBeUndefined();
  expect(again).toEqual(first);
});

test('a document that has changed, asked for again, is read again', async () => {
  const find = findTogether(collection);
  const _id = randomUUID();
  expect(await find(_id)).toBeUndefined();
  await collection.insertOne({ _id, count: 1 });
  expect((await find(_id))?.count).toBe(1);
  await collection.updateOne({ _id }, { $set: { count: 2 } });
  expect((await find(_id))?.count).toBe(2);
});

test('a query that fails, rejects for all of those who asked together, and for none after them', async () => {
  const other = new MongoClient(inject('mongoUrl'));
  const find = findTogether(other.db(collection.dbName).collection<Counted>('documents'));
  await other.connect();
  await other.close();
  const settled = await Promise.allSettled([find('id-1'), find('id-2')]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await other.connect();
  expect((await find('id-1'))?.count).toBe(1);
  await other.close();
});

test('those who ask the same together share an answer, others have their own, and who asks later asks anew', async () => {
  const asked: { from: number }[] = [];
  const ask = askTogether((query: { from: number }) => {
    asked.push(query);
    return collection
      .find({ count: { $gte: query.from } })
      .limit(1)
      .toArray();
  });
  const [first, same, other] = await Promise.all([ask({ from: 3 }), ask({ from: 3 }), ask({ from: 5 })]);
  expect([first, same, other].map(([document]) => document?.count)).toEqual([3, 3, 5]);
  expect(asked).toEqual([{ from: 3 }, { from: 5 }]);

  await collection.deleteOne({ _id: 'id-3' });
  expect((await ask({ from: 3 }))[0]?.count).toBe(4);
});

test('an answer that fails, fails for those who share it, and for none after them', async () => {
  let isAway = true;
  const ask = askTogether((query: string) => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(query)));
  const settled = await Promise.allSettled([ask('a'), ask('a')]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isAway = false;
  expect(await ask('a')).toBe('a');
});
