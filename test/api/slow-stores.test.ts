import type { MongoClient } from 'mongodb';
import { pino } from 'pino';
import { expect, inject, test } from 'vitest';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { connectMongo } from '../../src/read-models/database.ts';
import { createService, type Service } from '../../src/service.ts';
import { type FaultProxy, startProxy } from '../drills/proxy.ts';
import { caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService } from '../support/service.ts';

/** Each way: one answer is within every limit, two are not. */
const DELAY = { type: 'delay', ms: 700 } as const;
/** A caller has its answer within 3 s; the rest is for a busy machine, and less than the sum of all limits. */
const MOST_MS = 4000;

const proxyOf = (url: string) => startProxy(Number(/:(\d+)/.exec(url)?.[1]));
const through = ({ port }: FaultProxy, url: string) => url.replace(/:\d+/, `:${port}`);

test.each([
  ['GET an order at a revision that it has not', 'mongo', (id: string) => `/orders/${id}?minRevision=9`],
  ['the state of read models', 'eventStore', () => '/admin/projections'],
])('%s, of a store that is slow, is answered in time', async (_, slow, urlOf) => {
  const like = await startTestService();
  const id = await placeOrder(like);
  await caughtUp(like);
  const urls = { eventStore: inject('eventStoreUrl'), mongo: inject('mongoUrl') };
  const proxies = { eventStore: await proxyOf(urls.eventStore), mongo: await proxyOf(urls.mongo) };
  const eventStore = connectEventStore(through(proxies.eventStore, urls.eventStore));
  const mongo: MongoClient = connectMongo(through(proxies.mongo, urls.mongo));
  const { config } = like;
  const service: Service = await createService({ config, eventStore, mongo, log: pino({ level: 'silent' }) });
  try {
    expect((await service.app.inject(`/orders/${id}`)).statusCode).toBe(200);
    expect((await service.app.inject('/admin/projections')).statusCode).toBe(200);
    // What is in hand has to be counted.
    like.eventStore.subscribeToPersistentSubscriptionToAll(like.group).on('error', () => undefined);
    proxies[slow as keyof typeof proxies].set(DELAY);
    const began = performance.now();
    const { statusCode } = await service.app.inject(urlOf(id));
    expect([200, 503]).toContain(statusCode);
    expect(performance.now() - began).toBeLessThan(MOST_MS);
  } finally {
    for (const proxy of Object.values(proxies)) proxy.set({ type: 'none' });
    await service.close();
    await Promise.all([eventStore.dispose(), mongo.close()]);
    for (const proxy of Object.values(proxies)) await proxy.close();
    await like.close();
  }
});
