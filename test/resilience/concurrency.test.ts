import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { checkPromises } from '../drills/check.ts';
import { readHistory } from '../drills/history.ts';
import type { Kind, LoadedCommand, SentCommand, Settled } from '../drills/load.ts';
import { type Answer, startTestService, type TestService } from '../support/service.ts';

let first: TestService;
let second: TestService;

beforeAll(async () => {
  first = await startTestService();
  second = await startTestService({ like: first });
});

afterAll(async () => {
  await second.close();
  await first.close();
});

const address = { street: '1 Via Roma', city: 'Napoli', postalCode: '80100' };
const statuses = ['COOKING', 'READY', 'OUT_FOR_DELIVERY', 'CANCELLED'];

test('fifty commands on one order at once over two instances: each fits the state it was decided on, or is refused', async () => {
  const orderId = await placeOrder();
  const commands = Array.from({ length: 50 }, (_, index) => commandOn(orderId, index));
  const settled = await Promise.all(
    commands.map(async (command, index): Promise<LoadedCommand> => {
      const answer = await (index % 2 === 0 ? first : second).post(command.path, command.body);
      return { command, settled: settledBy(answer, orderId) };
    }),
  );

  const log = await readHistory(inject('eventStoreUrl'), first.config.streamPrefix);
  expect(log.impossible).toEqual([]);
  expect(checkPromises(log, settled)).toEqual({ lost: [], duplicated: [], contradicted: [] });
  expect(log.orders.get(orderId)?.events.length).toBeGreaterThan(1);
});

test('a command whose If-Match names an older revision is refused with 412, and stores nothing', async () => {
  const orderId = await placeOrder();
  await first.post(`/orders/${orderId}/delivery-address`, address);
  const stale = await second.post(`/orders/${orderId}/status`, { status: 'READY' }, { 'if-match': '"0"' });
  expect(stale.status).toBe(412);
  const log = await readHistory(inject('eventStoreUrl'), first.config.streamPrefix);
  expect(log.orders.get(orderId)?.events).toHaveLength(2);
});

function settledBy({ status: answered, body }: Answer, subject: string): Settled {
  // A store on a busy machine may take longer than a command waits: what it did is in the log.
  if (answered === 503) return { type: 'unknown' };
  expect([200, 409]).toContain(answered);
  const { revision, status } = body as { readonly revision: number; readonly status: string };
  return answered === 200 ? { type: 'acknowledged', subject, revision, status } : { type: 'refused' };
}

async function placeOrder(): Promise<string> {
  const items = [{ name: 'Margherita', quantity: 1, unitPrice: '25.00' }];
  const placed = await first.post('/orders', { customerId: 'c', items });
  return (placed.body as { readonly id: string }).id;
}

function commandOn(orderId: string, index: number): SentCommand {
  const mark = `race-${index}`;
  const of = (kind: Kind, action: string, body: Readonly<Record<string, unknown>>): SentCommand => {
    return { mark, kind, subject: orderId, key: undefined, method: 'POST', path: `/orders/${orderId}/${action}`, body };
  };
  switch (index % 5) {
    case 0:
      return of('confirm', 'confirm', { estimatedDeliveryTime: '2030-01-01T18:30:00Z', kitchenNotes: mark });
    case 1:
      return of('pay', 'payment', { paymentMethod: 'cash', transactionId: mark });
    case 2:
      return of('status', 'status', { status: index < 40 ? statuses[index % 3] : 'CANCELLED', reason: mark });
    case 3:
      return of('discount', 'discount', { discountCode: mark, discountAmount: '0.50' });
    default:
      return of('address', 'delivery-address', { ...address, notes: mark });
  }
}
