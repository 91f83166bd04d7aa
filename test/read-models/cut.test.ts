import type { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { connectMongo } from '../../src/read-models/database.ts';
import { isUnavailable } from '../../src/read-models/errors.ts';
import { createProjectionAdmin } from '../../src/read-models/admin.ts';
import { createRebuilds } from '../../src/read-models/rebuild/rebuild.ts';
import { openDatabase } from '../../src/read-models/collections.ts';
import { failureOf } from '../contract/eventstoredb/support.ts';
import { type FaultProxy, startProxy } from '../drills/proxy.ts';
import { caughtUp, placeOrder, projectionOptions } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';

let service: TestService;
let proxy: FaultProxy;
let mongo: MongoClient;

beforeAll(async () => {
  service = await startTestService();
  const url = new URL(inject('mongoUrl'));
  proxy = await startProxy(Number(url.port));
  url.port = String(proxy.port);
  url.searchParams.set('directConnection', 'true');
  url.searchParams.set('retryWrites', 'false');
  mongo = connectMongo(url.href);
  for (let orders = 0; orders < 20; orders += 1) await placeOrder(service);
  await caughtUp(service);
});
beforeEach(() => proxy.set({ type: 'none' }));
afterAll(async () => {
  proxy.set({ type: 'none' });
  await mongo.close();
  await proxy.close();
  await service.close();
});

/** What another process does, whose connection to MongoDB can be cut. */
function onProxy() {
  const options = projectionOptions(service);
  const { db } = openDatabase(mongo, service.config.mongoDatabase);
  const context = { ...options.context, db };
  const rebuilds = createRebuilds(context, options.models);
  return { rebuilds, admin: createProjectionAdmin({ ...options, context, rebuilds }), database: options.database };
}

test.each(['orders', 'audit'])(
  'a rebuild of %s, cut in the midst of a bulk write, is interrupted and goes on later',
  async (name) => {
    const { rebuilds } = onProxy();
    await mongo.db(service.config.mongoDatabase).command({ ping: 1 });
    proxy.set({ type: 'cut-midway' });
    const { finished } = await rebuilds.start(name);
    expect(isUnavailable(await failureOf(finished))).toBe(true);
    proxy.set({ type: 'none' });
    expect((await rebuilds.states()).get(name)).toMatchObject({ phase: 'filling', error: null });
    await rebuilds.ensure(name, (last) => last !== undefined);
    expect((await rebuilds.states()).get(name)).toMatchObject({ phase: 'done', error: null });
  },
);

test('a repair, cut in the midst of a bulk write, fails as an outage and succeeds later', async () => {
  const { admin, database } = onProxy();
  const before = await database.orders.find({}).sort({ _id: 1 }).toArray();
  await database.orders.deleteMany({});
  proxy.set({ type: 'cut-midway' });
  const repairing = admin.verify('orders', { repair: true, settleMs: 0 });
  expect(isUnavailable(await failureOf(repairing))).toBe(true);
  proxy.set({ type: 'none' });
  expect(await admin.verify('orders', { repair: true, settleMs: 0 })).toMatchObject({ behind: null });
  expect(await database.orders.find({}).sort({ _id: 1 }).toArray()).toEqual(before);
});
