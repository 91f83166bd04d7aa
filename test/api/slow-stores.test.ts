import { pino } from 'pino';
import { expect, inject, test } from 'vitest';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { findAtRevision } from '../../src/http/requests/wait-for-revision.ts';
import { createService } from '../../src/service.ts';
import { startProxy } from '../drills/proxy.ts';
import { besides, placeOrder } from '../support/projections.ts';
import { startTestService } from '../support/service.ts';
import { until } from '../support/until.ts';

/** Each way: one answer is within a time limit, two are not. */
const DELAY = { type: 'delay', ms: 950 } as const;

test('the state of read models, of an event store that is slow, has one time limit for all of its calls', async () => {
  const like = await startTestService();
  const url = inject('eventStoreUrl');
  const proxy = await startProxy(Number(/:(\d+)/.exec(url)?.[1]));
  const eventStore = connectEventStore(url.replace(/:\d+/, `:${proxy.port}`));
  const { config, mongo } = like;
  const service = await createService({ config, eventStore, mongo, log: pino({ level: 'silent' }) });
  try {
    // So that what is left to do has to be counted, by a second call.
    await Promise.all([like.service.worker.stop(), service.worker.stop()]);
    await placeOrder(like);
    await until('something is left to do', async () => (await besides(like).admin.lag()).events > 0);
    expect((await service.app.inject('/admin/projections')).statusCode).toBe(200);
    proxy.set(DELAY);
    expect((await service.app.inject('/admin/projections')).statusCode).toBe(503);
  } finally {
    proxy.set({ type: 'none' });
    await service.close();
    await eventStore.dispose();
    await proxy.close();
    await like.close();
  }
});

test('a read that waits for a revision does not wait longer for an answer of the store', async () => {
  const pressure = { awaitingReadModel: <T>(task: () => Promise<T>) => task() };
  let calls = 0;
  const find = () => {
    calls += 1;
    return calls < 3 ? Promise.resolve({ revision: 4 }) : new Promise<never>(() => undefined);
  };
  await expect(findAtRevision('order 1', 9, find, pressure)).rejects.toMatchObject({
    problem: { status: 503, detail: 'The read model is at revision 4 of order 1, not yet at 9' },
  });
  expect(calls).toBe(3);
});
