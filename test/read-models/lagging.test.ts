import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { READ_MODEL_NAMES } from '../../src/read-models/index.ts';
import { startWorker } from '../../src/read-models/live/worker.ts';
import { rebuildId, rebuildStates } from '../../src/read-models/rebuild/lease.ts';
import { besides, caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';

/** How many documents each read model lacks while its worker is paused, and how. */
const LACKING: Readonly<Record<string, { readonly documents: number } | null>> = {
  customers: { documents: 2 },
  orders: { documents: 3 },
  audit: { documents: 4 },
  analytics: null,
};

let service: TestService;
let beside: ReturnType<typeof besides>;
let unchanged: string;

beforeAll(async () => {
  service = await startTestService();
  beside = besides(service);
  const orderId = await placeOrder(service);
  unchanged = await placeOrder(service);
  await service.put('/customers/ada', { name: 'Ada', email: 'ada@example.com' });
  await caughtUp(service);
  await service.service.worker.stop();
  for (const customerId of ['ada', 'bob']) await placeOrder(service, customerId);
  await service.post(`/orders/${orderId}/payment`, { paymentMethod: 'cash', transactionId: 'transaction' });
  await service.post(`/orders/${orderId}/status`, { status: 'READY' });
  await service.put('/customers/ada', { name: 'Ada Lovelace', email: 'ada@example.com' });
  await service.put('/customers/bob', { name: 'Bob', email: 'bob@example.com' });
});
afterAll(() => service.close());

describe('verifying a read model whose worker is paused', () => {
  test.each(READ_MODEL_NAMES)('%s, finds no difference, and says what is behind and how far', async (name) => {
    const { db } = beside.database;
    const before = await db.collection(name).find({}).sort({ _id: 1 }).toArray();
    for (const repair of [false, true]) {
      const result = await beside.admin.verify(name, { repair, settleMs: 200 });
      expect(result).toMatchObject({ differences: 0, listed: [], repaired: 0 });
      const lacking = LACKING[name];
      if (!lacking) {
        expect(result.behind).toBeNull();
        continue;
      }
      expect(result.behind).toMatchObject({ ...lacking, events: 6 });
      expect(result.behind?.position ?? 0).toBeLessThan(result.behind?.head ?? 0);
    }
    expect(await db.collection(name).find({}).sort({ _id: 1 }).toArray()).toEqual(before);
  });

  test('a document that is wrong at its revision, is a difference all the same', async () => {
    const { orders } = beside.database;
    await orders.updateOne({ _id: unchanged }, { $set: { totalMinor: 1 } });
    const result = await beside.admin.verify('orders', { repair: true, settleMs: 0 });
    const listed = [{ id: unchanged, kind: 'different', fields: ['totalMinor'] }];
    expect(result).toMatchObject({ differences: 1, listed, repaired: 1, behind: LACKING['orders'] });
    expect(await orders.findOne({ _id: unchanged })).toMatchObject({ totalMinor: 2000 });
  });

  test('a read model that a rebuild has just replaced, is as far as that rebuild', async () => {
    const states = rebuildStates(beside.database.db);
    const { finished } = await beside.rebuilds.start('customers');
    await finished;
    await states.updateOne(
      { _id: rebuildId('customers') },
      { $set: { phase: 'swapping', position: null, owner: 'x' } },
    );
    await beside.database.customers.deleteOne({ _id: 'bob' });
    const result = await beside.admin.verify('customers', { repair: false, settleMs: 0 });
    expect(result).toMatchObject({ differences: 0, behind: { documents: 1, position: 0 } });
    await states.deleteOne({ _id: rebuildId('customers') });
  });

  test('and goes on while it is verified, is waited for until it is there', async () => {
    const verifying = beside.admin.verify('audit', { repair: false, settleMs: 20_000 });
    const worker = startWorker({
      ...beside,
      prepare: () => Promise.resolve(),
      pressure: { isHigh: () => false },
    });
    try {
      expect(await verifying).toMatchObject({ differences: 0, behind: null });
    } finally {
      await worker.stop();
    }
  });
});
