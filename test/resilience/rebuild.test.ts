import { expect, inject, test } from 'vitest';
import { checkReadModels } from '../drills/check.ts';
import { readHistory } from '../drills/history.ts';
import { startTestService } from '../support/service.ts';

test('read models, their database deleted while the service was down, are built from the log at the next start', async () => {
  const service = await startTestService();
  const { mongoDatabase, streamPrefix } = service.config;
  try {
    for (let index = 0; index < 20; index += 1) {
      const items = [{ name: `Pizza ${index % 3}`, quantity: 1 + index, unitPrice: '9.50' }];
      const placed = await service.post('/orders', { customerId: `customer-${index % 4}`, items });
      const { id } = placed.body as { readonly id: string };
      if (index % 2 === 0) await service.post(`/orders/${id}/payment`, { paymentMethod: 'cash', transactionId: id });
    }
    await service.put('/customers/customer-1', { name: 'Ada', email: 'ada@example.com' });
    const log = await readHistory(inject('eventStoreUrl'), streamPrefix);
    expect(log.orders.size).toBe(20);
    expect(await checkReadModels(log, inject('mongoUrl'), mongoDatabase)).toEqual([]);

    await service.service.close();
    await service.mongo.db(mongoDatabase).dropDatabase();
    expect(await checkReadModels(log, inject('mongoUrl'), mongoDatabase, 0)).not.toEqual([]);

    const rebuilt = await startTestService({ like: service });
    try {
      expect(await checkReadModels(log, inject('mongoUrl'), mongoDatabase)).toEqual([]);
    } finally {
      await rebuilt.close();
    }
  } finally {
    await service.close();
  }
});
