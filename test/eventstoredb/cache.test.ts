import { randomBytes, randomUUID } from 'node:crypto';
import { type EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { PizzaOrder } from '../../src/domain/pizza-order.ts';
import { ORDER } from '../../src/eventstoredb/aggregates.ts';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { StreamGoneError } from '../../src/eventstoredb/errors.ts';
import { EventSourcingRepository, NEW } from '../../src/eventstoredb/repository.ts';
import { createStreamStore } from '../../src/eventstoredb/streams.ts';
import { connectThroughProxy } from '../support/proxied-client.ts';
import { placeOrder } from '../support/projections.ts';
import { startTestService } from '../support/service.ts';
import { createService } from '../../src/service.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const streamPrefix = `t${randomBytes(6).toString('hex')}-`;
let client: EventStoreDBClient;
beforeAll(() => {
  client = connectEventStore(inject('eventStoreUrl'));
});
afterAll(() => client.dispose());

const streamOf = (id: string) => `${streamPrefix}PizzaOrder-${id}`;

/** A repository whose reads can be held up after the store has answered. */
function repository() {
  const streams = createStreamStore({ client, streamPrefix, timeLimitMs: 5000 });
  let held: Promise<void> = Promise.resolve();
  let answers = 0;
  const slow = {
    ...streams,
    async readRecorded(...args: Parameters<typeof streams.readRecorded>) {
      const recorded = await streams.readRecorded(...args);
      answers += 1;
      await held;
      return recorded;
    },
  };
  const orders = new EventSourcingRepository(ORDER, { streams: slow, log });
  return {
    orders,
    answers: () => answers,
    hold: () => {
      let release: () => void = () => undefined;
      held = new Promise((resolve) => (release = resolve));
      return release;
    },
    place: async () => {
      const orderId = randomUUID();
      const items = [{ name: 'Margherita', quantity: 1, unitPrice: '10' }];
      const placed = PizzaOrder.place({ orderId, customerId: 'c', items, currency: 'USD' }, new Date().toISOString());
      const context = { commandId: randomUUID(), correlationId: 'c', actor: 'test' };
      await orders.save(orderId, NEW, placed.uncommittedEvents, context);
      return orderId;
    },
  };
}

test('an aggregate that is evicted while it is loaded is not cached as it was', async () => {
  const { orders, place, hold, answers } = repository();
  const id = await place();
  const release = hold();
  const before = answers();
  const loading = orders.getFresh(id);
  await until('the store has answered', () => answers() > before);
  await client.deleteStream(streamOf(id));
  orders.evict(id);
  release();
  await loading;
  await expect(orders.getById(id)).rejects.toThrow(StreamGoneError);
});

test('aggregates, while nobody says what to evict, are loaded each time', async () => {
  const { orders, place } = repository();
  const id = await place();
  expect(await orders.getById(id)).toMatchObject({ fromCache: true });
  orders.cacheAnew(false);
  expect(await orders.getById(id)).toMatchObject({ fromCache: false });
  expect(await orders.getById(id)).toMatchObject({ fromCache: false });
  orders.cacheAnew(true);
  expect(await orders.getById(id)).toMatchObject({ fromCache: false });
  expect(await orders.getById(id)).toMatchObject({ fromCache: true });
});

test('an order that is deleted while its service is cut off from the event store is not brought back', async () => {
  const direct = await startTestService();
  const { client: eventStore, proxy, close } = await connectThroughProxy(inject('eventStoreUrl'));
  const service = await createService({ config: direct.config, eventStore, mongo: direct.mongo, log });
  const pay = (id: string) =>
    service.app.inject({
      method: 'POST',
      url: `/orders/${id}/payment`,
      payload: { paymentMethod: 'cash', transactionId: 't' },
    });
  try {
    await until('it consumes', () => service.worker.status().state === 'consuming');
    const ids: string[] = [];
    for (let count = 0; count < 20; count += 1) {
      const id = await placeOrder({ ...direct, post: postTo(service.app) });
      ids.push(id);
    }
    proxy.set({ type: 'cut' });
    const stream = (id: string) => `${direct.config.streamPrefix}PizzaOrder-${id}`;
    for (const id of ids) await direct.eventStore.deleteStream(stream(id));
    proxy.set({ type: 'none' });
    const [first = '', ...others] = ids;
    // Whichever is asked for first after the connection is back.
    await until('the event store is reached', async () => (await pay(first)).statusCode !== 503);
    for (const id of [first, ...others]) expect((await pay(id)).statusCode).toBe(410);
    for (const id of ids) {
      await expect(
        eventStore.appendToStream(stream(id), jsonEvent({ type: 'A', data: {} }), { expectedRevision: 0n }),
      ).resolves.toMatchObject({
        nextExpectedRevision: 1n, // nothing stood there
      });
    }
  } finally {
    await service.close();
    await close();
    await direct.close();
  }
});

function postTo(app: Awaited<ReturnType<typeof createService>>['app']) {
  return async (url: string, body: unknown) => {
    const { statusCode, headers, body: text } = await app.inject({ method: 'POST', url, payload: body as object });
    return { status: statusCode, headers, body: JSON.parse(text) as unknown };
  };
}
