import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { EventStoreUnavailableError } from '../../src/eventstoredb/errors.ts';
import { createStreamStore } from '../../src/eventstoredb/streams.ts';
import { openDatabase } from '../../src/read-models/collections.ts';
import { createProjectionAdmin, type ProjectionAdmin } from '../../src/read-models/admin.ts';
import { READ_MODELS } from '../../src/read-models/index.ts';
import { createRebuilds } from '../../src/read-models/rebuild/rebuild.ts';
import type { TestService } from './service.ts';
import { until } from './until.ts';

/** What a process beside a test's service needs to look after its read models. */
export function projectionOptions({ eventStore: client, mongo, config }: TestService) {
  const { streamPrefix } = config;
  const streams = createStreamStore({ client, streamPrefix, timeLimitMs: 5000 });
  const database = openDatabase(mongo, config.mongoDatabase);
  const context = { client, streams, db: database.db, streamPrefix, log: pino({ level: 'silent' }) };
  return { context, database, streams, models: READ_MODELS, group: config.consumerGroup };
}

/** Another process's rebuilds and administration, of the same read models. */
export function besides(service: TestService) {
  const options = projectionOptions(service);
  const rebuilds = createRebuilds(options.context, options.models);
  return { ...options, rebuilds, admin: createProjectionAdmin({ ...options, rebuilds }) };
}

export interface Writing {
  readonly orderIds: readonly string[];
  /** Ends the writing and waits for what is in flight. */
  stop(): Promise<void>;
}

const PIZZAS = ['Margherita', 'Funghi', 'Diavola', 'Marinara'];

/** Places one order of a customer. */
export async function placeOrder(service: TestService, customerId = 'ada', name = 'Margherita'): Promise<string> {
  const items = [{ name, quantity: 2, unitPrice: '10.00' }];
  const placed = await service.post('/orders', { customerId, items });
  if (placed.status !== 201) throw new Error(`placing an order answered ${placed.status}`);
  return (placed.body as { readonly id: string }).id;
}

/** Orders are placed and changed, and customers and the menu as well, one after the other, until told to stop. */
export function keepWriting(service: TestService): Writing {
  const orderIds: string[] = [];
  let isStopped = false;
  const write = async (writer: number) => {
    for (let turn = 0; !isStopped; turn += 1) {
      const customerId = `customer-${turn % 5}`;
      const id = await placeOrder(service, customerId, PIZZAS[turn % PIZZAS.length]);
      orderIds.push(id);
      const details = { name: `Name ${writer} ${turn}`, email: `c${turn}@example.com` };
      await service.put(`/customers/${customerId}`, details);
      const price = `${turn % 100}.${writer}0`;
      await service.put(`/menu/pizza-${turn % 5}`, { name: 'Margherita', category: 'Classic', price });
      await service.post(`/orders/${id}/payment`, { paymentMethod: 'cash', transactionId: randomUUID() });
      const refund = await service.post(`/orders/${id}/refunds`, { amount: '5.00', reason: 'cold' });
      const path = String(refund.headers['location']);
      if (turn % 3 === 0) await service.post(`${path}/complete`, { transactionId: randomUUID() });
      if (turn % 2 === 0) {
        await service.post(`/orders/${id}/confirm`, { estimatedDeliveryTime: '2999-01-01T00:00:00Z' });
      }
    }
  };
  const writers = [1, 2].map(write);
  return {
    orderIds,
    async stop() {
      isStopped = true;
      await Promise.all(writers);
    },
  };
}

/** Waits until the read models have seen all that is in the log. */
export async function caughtUp(service: TestService): Promise<void> {
  const { admin } = besides(service);
  await until('the read models have caught up', () => isDone(admin));
}

/** A busy event store may take longer to say so than whoever asks waits. */
async function isDone(admin: Pick<ProjectionAdmin, 'lag'>): Promise<boolean> {
  try {
    return (await admin.lag()).events === 0;
  } catch (error) {
    if (error instanceof EventStoreUnavailableError) return false;
    throw error;
  }
}
