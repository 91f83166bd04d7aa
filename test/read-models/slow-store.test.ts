import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { READ_MODELS } from '../../src/read-models/index.ts';
import type { ReadModel } from '../../src/read-models/read-model.ts';
import { type FaultProxy, startProxy } from '../drills/proxy.ts';
import { placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

/** Of a command: shorter than the client takes for the end of a connection that gives no sign of life. */
const limits = vi.hoisted(() => ({ STORE_TIME_LIMIT_MS: 1000 }));
vi.mock('../../src/time-limit.ts', async (load) => ({ ...(await load<object>()), ...limits }));

/** Its verification reads the stream of each order, as others do of what seems to differ; the store is slow by then,
 * with questions as with answers. */
const reading = (model: ReadModel): ReadModel => ({
  ...model,
  async verify({ streams }, _, findings) {
    proxy.set({ type: 'delay', ms: 0.6 * limits.STORE_TIME_LIMIT_MS });
    for (const id of orderIds)
      findings.checked += (await streams.readRecorded(streams.streamOf('PizzaOrder', id))).length;
  },
});

const orderIds: string[] = [];
let proxy: FaultProxy;
let service: TestService;
beforeAll(async () => {
  const url = inject('eventStoreUrl');
  proxy = await startProxy(Number(/:(\d+)/.exec(url)?.[1]));
  service = await startTestService({
    eventStoreUrl: url.replace(/:\d+/, `:${proxy.port}`),
    readModels: READ_MODELS.map((model) => (model.name === 'orders' ? reading(model) : model)),
  });
});
afterAll(async () => {
  await service.close();
  await proxy.close();
});

test('a verification waits longer for an event store than a command does', async () => {
  orderIds.push(await until('a busy store has taken an order', () => placeOrder(service).catch(() => undefined)));
  try {
    const verified = await service.post('/admin/projections/orders/verify', undefined);
    expect(verified).toMatchObject({ status: 200, body: { checked: 1 } });
    const change = await service.post(`/orders/${orderIds[0]}/status`, { status: 'READY' });
    expect(change.status).toBe(503);
  } finally {
    proxy.set({ type: 'none' });
  }
});
