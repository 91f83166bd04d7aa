import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { caughtUp, placeOrder } from '../support/projections.ts';
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
async function watch(path = '/stream/kitchen', headers: Record<string, string> = {}): Promise<WatchedStream> {
  const stream = await openStream(`${base}${path}`, headers);
  opened.push(stream);
  return stream;
}

async function confirm(orderId: string, headers: Record<string, string> = {}): Promise<void> {
  const body = { estimatedDeliveryTime: '2030-01-01T19:30:00Z', kitchenNotes: 'Extra cheese' };
  expect((await service.post(`/orders/${orderId}/confirm`, body, headers)).status).toBe(200);
}

async function setStatus(orderId: string, status: string): Promise<void> {
  expect((await service.post(`/orders/${orderId}/status`, { status })).status).toBe(200);
}

describe('GET /stream/kitchen', () => {
  test('a stream, opened, says at once from where it goes on and how often it gives a sign of life', async () => {
    const stream = await watch();
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    const [hello] = await stream.untilOf('hello');
    expect(hello?.data).toEqual({
      serverTime: expect.any(String) as string,
      resumedFrom: hello?.id,
      heartbeatSeconds: 15,
    });
    expect(stream.headers['last-event-id']).toBe(hello?.id);
    expect(stream.text()).toMatch(/^retry: 2000\n/);
  });

  test('changes, made while it is open, come each once, in order, with the order as it is then', async () => {
    const stream = await watch();
    const id = await placeOrder(service);
    await confirm(id, { 'x-actor': 'anna' });
    await service.post(`/orders/${id}/payment`, { paymentMethod: 'cash', transactionId: 't' });
    const changes = await stream.untilOf('order', 3);
    expect(changes.map(({ data }) => [data.orderId, data.revision, data.eventType, data.actor])).toEqual([
      [id, 0, 'PizzaOrderPlaced', 'anonymous'],
      [id, 1, 'PizzaOrderConfirmed', 'anna'],
      [id, 2, 'PaymentProcessed', 'anonymous'],
    ]);
    for (const { data } of changes) {
      const { body } = await service.get(`/orders/${id}/state?revision=${data.revision}`);
      expect(data.card).toEqual(body);
    }
    const positions = changes.map((change) => BigInt(change.id ?? ''));
    expect(positions).toEqual([...positions].sort((one, other) => Number(one - other)));
  });

  test('an order whose stream is deleted for good, is no change, and the others go on', async () => {
    const stream = await watch();
    const [gone, other] = [await placeOrder(service), await placeOrder(service)];
    await service.eventStore.tombstoneStream(`${service.config.streamPrefix}PizzaOrder-${gone}`);
    await confirm(other);
    const changes = await stream.untilOf('order', 3);
    expect(changes.map(({ data }) => [data.orderId, data.revision])).toEqual([
      [gone, 0],
      [other, 0],
      [other, 1],
    ]);
    const resumed = await watch(`/stream/kitchen?after=${changes[0]?.id ?? ''}`);
    expect((await resumed.untilOf('order', 2)).map(({ data }) => data.orderId)).toEqual([other, other]);
  });

  test('a stream, resumed by Last-Event-ID or after, goes on right after that event', async () => {
    const first = await watch();
    const id = await placeOrder(service);
    await confirm(id);
    await setStatus(id, 'READY');
    const [, second] = await first.untilOf('order', 3);
    const byHeader = await watch('/stream/kitchen?after=0', { 'last-event-id': second?.id ?? '' });
    expect((await byHeader.untilOf('order', 1)).map(({ data }) => data.revision)).toEqual([2]);
    const byQuery = await watch(`/stream/kitchen?after=${second?.id}`);
    expect((await byQuery.untilOf('order', 1)).map(({ data }) => data.revision)).toEqual([2]);
    expect(byQuery.headers['last-event-id']).toBe(second?.id);
  });

  test.each([
    ['beyond the end of the log', '9999999999999'],
    ['that is no number', 'yesterday'],
    ['that is negative', '-7'],
    ['larger than any', '9'.repeat(30)],
  ])('a position %s is answered with a reset, and the stream ends', async (_, position) => {
    const stream = await watch('/stream/kitchen', { 'last-event-id': position });
    const [reset] = await stream.untilOf('reset');
    expect(reset?.data).toEqual({ reason: 'unknown-position' });
    expect(reset?.id).toBeUndefined();
    expect(stream.headers['last-event-id']).toBeUndefined();
    await until('it ends', () => stream.isEnded());
  });

  test('notes full of what could begin a line, or end one, stay within their event', async () => {
    const stream = await watch();
    const notes = 'a\n\ndata: {"orderId":"forged"}\r\nevent: reset\rid: 1\n\n\u2028\u2029é🍕';
    const id = await placeOrder(service);
    await service.post(`/orders/${id}/confirm`, { estimatedDeliveryTime: '2030-01-01T19:30:00Z', kitchenNotes: notes });
    const [, confirmed] = await stream.untilOf('order', 2);
    expect(confirmed?.data.card.kitchenNotes).toBe(notes);
    expect(stream.events.map(({ event }) => event)).toEqual(['hello', 'order', 'order']);
    expect(stream.text()).not.toContain('\r');
  });

  test('HEAD of a stream is answered and done with', async () => {
    const { statusCode, headers, body } = await service.app.inject({ method: 'HEAD', url: '/stream/kitchen' });
    expect([statusCode, headers['content-type'], body]).toEqual([200, 'text/event-stream', '']);
  });
});

describe('GET /kitchen/board', () => {
  test('the board has the orders that are not over, as they are, and from where a stream goes on', async () => {
    const [pending, cooking, delivered, cancelled] = await Promise.all(
      Array.from({ length: 4 }, () => placeOrder(service)),
    );
    await confirm(cooking ?? '');
    await setStatus(cooking ?? '', 'COOKING');
    await setStatus(delivered ?? '', 'DELIVERED');
    await setStatus(cancelled ?? '', 'CANCELLED');
    await caughtUp(service);
    const { status, body } = await service.get('/kitchen/board');
    expect(status).toBe(200);
    const cards = new Map((body.orders as { id: string }[]).map((card) => [card.id, card]));
    expect(cards.has(delivered ?? '') || cards.has(cancelled ?? '')).toBe(false);
    for (const id of [pending, cooking]) {
      expect(cards.get(id ?? '')).toEqual((await service.get(`/orders/${id}/state`)).body);
    }
    const stream = await watch(`/stream/kitchen?after=${body.asOf}`);
    await setStatus(pending ?? '', 'READY');
    const [change] = await stream.untilOf('order');
    expect(change?.data.orderId).toBe(pending);
  });
});
