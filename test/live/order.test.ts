import { randomUUID } from 'node:crypto';
import { jsonEvent } from '@eventstore/db-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { READ_MODEL_NAMES } from '../../src/read-models/index.ts';
import { placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { listen, openStream, type WatchedStream } from '../support/streams.ts';
import { until } from '../support/until.ts';

let service: TestService;
let base: string;
beforeAll(async () => {
  service = await startTestService();
  base = await listen(service.app);
});
afterAll(() => service.close());

const opened: WatchedStream[] = [];
afterEach(() => {
  for (const stream of opened.splice(0)) stream.close();
});
async function watch(path: string, headers: Record<string, string> = {}): Promise<WatchedStream> {
  const stream = await openStream(`${base}${path}`, headers);
  opened.push(stream);
  return stream;
}

async function setStatus(orderId: string, status: string): Promise<void> {
  expect((await service.post(`/orders/${orderId}/status`, { status })).status).toBe(200);
}

describe('GET /stream/orders/{orderId}', () => {
  test('a stream begins with the order as it is, goes on with its changes, and has no other order’s', async () => {
    const id = await placeOrder(service);
    await setStatus(id, 'COOKING');
    const stream = await watch(`/stream/orders/${id}`);
    await stream.untilOf('order');
    await placeOrder(service);
    await setStatus(id, 'READY');
    await setStatus(id, 'CANCELLED');
    const changes = await stream.untilOf('order', 3);
    expect(changes.map((change) => [change.id, change.data.orderId, change.data.card.status])).toEqual([
      ['1', id, 'COOKING'],
      ['2', id, 'READY'],
      ['3', id, 'CANCELLED'],
    ]);
    expect(changes[0]?.data.card).toEqual((await service.get(`/orders/${id}/state?revision=1`)).body);
  });

  test('a stream, resumed after a revision, has every revision after it once', async () => {
    const id = await placeOrder(service);
    for (const status of ['COOKING', 'READY', 'OUT_FOR_DELIVERY']) await setStatus(id, status);
    const stream = await watch(`/stream/orders/${id.toUpperCase()}`, { 'last-event-id': '1' });
    await stream.untilOf('order', 2);
    await setStatus(id, 'DELIVERED');
    const changes = await stream.untilOf('order', 3);
    expect(changes.map((change) => Number(change.id))).toEqual([2, 3, 4]);
    const [hello] = stream.of('hello');
    expect(hello?.data.resumedFrom).toBe('1');
  });

  test.each(['9', 'yesterday', '-1'])(
    'a revision that the order has not, %s, is answered with a reset',
    async (after) => {
      const id = await placeOrder(service);
      const stream = await watch(`/stream/orders/${id}?after=${after}`);
      expect((await stream.untilOf('reset'))[0]?.data).toEqual({ reason: 'unknown-position' });
      await until('it ends', () => stream.isEnded());
    },
  );

  test('a stream of an order that there is not is 404', async () => {
    const { status, body } = await service.get(`/stream/orders/${randomUUID()}`);
    expect([status, body.type]).toEqual([404, '/problems/not-found']);
  });

  test.each([
    ['deleted', (stream: string) => service.eventStore.deleteStream(stream)],
    ['deleted for good', (stream: string) => service.eventStore.tombstoneStream(stream)],
    [
      'cut off at its beginning',
      (stream: string) => service.eventStore.setStreamMetadata(stream, { truncateBefore: 1 }),
    ],
  ])('a stream of an order whose stream was %s is 410', async (_, remove) => {
    const id = await placeOrder(service);
    await setStatus(id, 'COOKING');
    await remove(`${service.config.streamPrefix}PizzaOrder-${id}`);
    const { status, body } = await service.get(`/stream/orders/${id}`);
    expect([status, body.type]).toEqual([410, '/problems/gone']);
  });
});

describe('an order with an event that cannot be read', () => {
  let spoiled = 0;
  async function spoiledOrder(): Promise<string> {
    spoiled += 1;
    const id = await placeOrder(service);
    await setStatus(id, 'COOKING');
    const stream = `${service.config.streamPrefix}PizzaOrder-${id}`;
    await service.eventStore.appendToStream(stream, [jsonEvent({ type: 'PizzaEaten', data: { orderId: id } })]);
    return id;
  }

  test('an event that cannot be read, appended while streams are open, is told; other orders go on', async () => {
    const kitchen = await watch('/stream/kitchen');
    const id = await spoiledOrder();
    const [parked] = await kitchen.untilOf('parked');
    expect(parked).toMatchObject({ id: undefined, data: { orderId: id, revision: 2 } });
    const next = await placeOrder(service);
    const changes = await kitchen.untilOf('order', 3);
    expect(changes.map(({ data }) => data.orderId)).toEqual([id, id, next]);
  });

  test('it is counted by the stream of operations, which tells the state of every read model', async () => {
    const operations = await watch('/stream/operations');
    const [state] = await operations.untilOf('projection');
    expect(state?.data.checks).toEqual({ eventStore: 'up', readModels: 'up', projection: 'consuming' });
    expect(state?.data.items.map(({ name }: { name: string }) => name)).toEqual(READ_MODEL_NAMES);
    await operations.untilOf('parked');
    await spoiledOrder();
    await until('each is parked', () => operations.of('parked').at(-1)?.data.total === spoiled);
    expect(operations.events.every(({ id }) => id === undefined)).toBe(true);
  });

  test('a stream of that order begins with what it was before, and says that it stands still', async () => {
    const id = await spoiledOrder();
    const stream = await watch(`/stream/orders/${id}`);
    await stream.untilOf('parked');
    expect(stream.events.map(({ event, data }) => [event, data.revision])).toEqual([
      ['hello', undefined],
      ['order', 1],
      ['parked', 2],
    ]);
  });
});
