import { randomUUID } from 'node:crypto';
import type { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { AuditDocument } from '../../src/read-models/audit/document.ts';
import { createAuditQueries } from '../../src/read-models/audit/queries.ts';
import { type Database, openDatabase } from '../../src/read-models/collections.ts';
import { connectMongo } from '../../src/read-models/database.ts';
import { inPeriod, type PageKey } from '../../src/read-models/orders/queries.ts';
import { laterThan } from '../../src/read-models/refunds/queries.ts';

const name = `pages_${randomUUID().slice(0, 8)}`;
let mongo: MongoClient;
let database: Database;
let newestFirst: { readonly _id: string; readonly recordedAt: Date }[];

beforeAll(async () => {
  mongo = connectMongo(inject('mongoUrl'));
  database = openDatabase(mongo, name);
  // Several at each time, so that pages end among those of the same time.
  const documents = Array.from({ length: 30 }, (_, at) => ({ _id: randomUUID(), recordedAt: new Date(at % 4) }));
  await database.audit.insertMany(documents as unknown as AuditDocument[]);
  const order = ({ _id, recordedAt }: { readonly _id: string; readonly recordedAt: Date }) =>
    `${recordedAt.getTime()} ${_id}`;
  newestFirst = documents.sort((one, other) => (order(one) < order(other) ? 1 : -1));
});
afterAll(async () => {
  await mongo.db(name).dropDatabase();
  await mongo.close();
});

test.each([1, 3, 7])('pages of %i, many documents having the same time, hold each once and in order', async (limit) => {
  const queries = createAuditQueries(database, 10_000);
  const seen: string[] = [];
  const bounds = { from: new Date(1), to: new Date(3) };
  for (let after: PageKey | undefined; ;) {
    const page = await queries.list(bounds, limit, after);
    const last = page.at(-1);
    if (!last) break;
    seen.push(...page.map(({ _id }) => _id));
    after = { time: last.recordedAt, id: last._id };
  }
  const wanted = newestFirst.filter(({ recordedAt }) => recordedAt >= bounds.from && recordedAt < bounds.to);
  expect(seen).toEqual(wanted.map(({ _id }) => _id));
});

test('a page after another, is asked for by one range of times, which an index bounds', () => {
  const [from, to, time] = [new Date(1), new Date(9), new Date(5)];
  expect(inPeriod('placedAt', from, to, { time, id: 'x' })).toEqual({
    placedAt: { $gte: from, $lte: time },
    $nor: [{ placedAt: time, _id: { $gte: 'x' } }],
  });
  expect(inPeriod('placedAt', undefined, undefined, undefined)).toEqual({});
  expect(laterThan('requestedAt', '_id', { time, id: 'x' })).toEqual({
    requestedAt: { $gte: time },
    $nor: [{ requestedAt: time, _id: { $lte: 'x' } }],
  });
});
