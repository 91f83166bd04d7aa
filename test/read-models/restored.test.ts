import type { Db, Document } from 'mongodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { READ_MODEL_NAMES } from '../../src/read-models/index.ts';
import { besides, caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let service: TestService;
let db: Db;
beforeEach(async () => {
  service = await startTestService();
  ({ db } = besides(service).database);
});
afterEach(() => service.close());

async function copyOf(database: Db): Promise<Map<string, Document[]>> {
  const copy = new Map<string, Document[]>();
  for (const { collectionName } of await database.collections()) {
    copy.set(collectionName, await database.collection(collectionName).find().toArray());
  }
  return copy;
}

async function restore(copy: ReadonlyMap<string, readonly Document[]>): Promise<void> {
  await db.dropDatabase();
  for (const [name, documents] of copy) if (documents.length > 0) await db.collection(name).insertMany([...documents]);
}

const place = (count: number) => Promise.all(Array.from({ length: count }, () => placeOrder(service)));
const shown = (ids: readonly string[]) =>
  db.collection<{ _id: string }>('orders').countDocuments({ _id: { $in: ids } });

async function isRight(ids: readonly string[]): Promise<void> {
  await until('all orders are shown', async () => (await shown(ids)) === ids.length);
  await until('it is ready', async () => (await service.get('/health/ready')).status === 200);
  await caughtUp(service);
  for (const name of READ_MODEL_NAMES) {
    const verified = await service.post(`/admin/projections/${name}/verify`, undefined);
    expect(verified).toMatchObject({ status: 200, body: { name, differences: 0, behind: null } });
  }
  const warnings = service.logged.filter(({ msg }) => msg === 'projection worker is waiting for its stores');
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatchObject({ err: { type: 'ReadModelsRestoredError' } });
}

test('read models, restored to an earlier point while nothing happens, are brought up to date', async () => {
  const before = await place(3);
  await caughtUp(service);
  const copy = await copyOf(db);
  const after = await place(4);
  await caughtUp(service);
  await restore(copy);
  expect(await shown(after)).toBe(0);
  await isRight([...before, ...after]);
});

test('read models, restored to an earlier point, lack nothing when they are written to before anybody has noticed', async () => {
  await place(1);
  await caughtUp(service);
  const copy = await copyOf(db);
  const lost = await place(4);
  await caughtUp(service);
  await restore(copy);
  const next = await place(1);
  await isRight([...lost, ...next]);
});

test('read models, restored to an earlier point twice, are brought up to date twice', async () => {
  await place(1);
  await caughtUp(service);
  const copy = await copyOf(db);
  for (let times = 0; times < 2; times += 1) {
    const lost = await place(2);
    await caughtUp(service);
    service.logged.length = 0;
    await restore(copy);
    await isRight(lost);
  }
});

test('read models, their database dropped, are built from the log, with their indexes', async () => {
  const ids = await place(3);
  await caughtUp(service);
  const indexes = await db.collection('orders').indexes();
  await db.dropDatabase();
  await isRight(ids);
  expect(await db.collection('orders').indexes()).toHaveLength(indexes.length);
});

test('read models, their database dropped before the first event, are made when there is one', async () => {
  await until('they are there', async () => (await db.collection('projections').countDocuments()) > 0);
  await db.dropDatabase();
  await until('they are there again', async () => (await db.collection('projections').countDocuments()) > 0);
  await isRight(await place(2));
});
