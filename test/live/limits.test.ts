import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { createStreams } from '../../src/http/live/streams.ts';
import { viewerOf } from '../../src/http/live/viewer.ts';
import { createMetrics } from '../../src/metrics.ts';
import { caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { listen, openStream, type WatchedStream } from '../support/streams.ts';
import { until } from '../support/until.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(maxStreams = 500): Promise<{ service: TestService; base: string }> {
  const service = await startTestService({ config: { maxStreams } });
  closing.push(() => service.close());
  return { service, base: await listen(service.app) };
}

async function watch(url: string, headers: Record<string, string> = {}): Promise<WatchedStream> {
  const stream = await openStream(url, headers);
  closing.push(() => stream.close());
  return stream;
}

async function metric(service: TestService, series: string): Promise<number | undefined> {
  const { body } = await service.app.inject('/metrics');
  const line = body.split('\n').find((found) => found.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('the budget of streams', () => {
  test('a stream beyond MAX_STREAMS is 503 with Retry-After; one that is left makes room', async () => {
    const { service, base } = await start(3);
    const [first] = await Promise.all([1, 2, 3].map(() => watch(`${base}/stream/kitchen`)));
    const refused = await watch(`${base}/stream/kitchen`);
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    expect(await metric(service, 'pizzeria_streams_open{kind="kitchen"}')).toBe(3);
    first?.close();
    await until('there is room', async () => (await metric(service, 'pizzeria_streams_open{kind="kitchen"}')) === 2);
    expect((await watch(`${base}/stream/operations`)).status).toBe(200);
  });

  test('a caller’s ninth stream is 429 with Retry-After; another caller is let in', async () => {
    const { base } = await start();
    const anna = { 'x-actor': 'anna' };
    const streams = await Promise.all(Array.from({ length: 8 }, () => watch(`${base}/stream/kitchen`, anna)));
    expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    const ninth = await watch(`${base}/stream/operations`, anna);
    expect([ninth.status, ninth.headers['retry-after']]).toEqual([429, '30']);
    expect((await watch(`${base}/stream/kitchen`, { 'x-actor': 'luca' })).status).toBe(200);
  });

  test('a request that is refused or fails takes no place', async () => {
    const { service, base } = await start(1);
    const nobody = '00000000-0000-4000-8000-000000000000';
    for (let times = 0; times < 3; times += 1) {
      expect((await watch(`${base}/stream/orders/${nobody}`)).status).toBe(404);
      expect((await fetch(`${base}/stream/kitchen`, { method: 'HEAD' })).status).toBe(200);
    }
    expect((await watch(`${base}/stream/kitchen`)).status).toBe(200);
    expect(await metric(service, 'pizzeria_streams_open{kind="order"}')).toBe(0);
  });

  test('open streams count neither as requests in flight nor in the histogram of durations', async () => {
    const service = await startTestService({ config: { maxInFlight: 1 } });
    closing.push(() => service.close());
    const base = await listen(service.app);
    const streams = await Promise.all([1, 2, 3].map(() => watch(`${base}/stream/kitchen`)));
    expect((await fetch(`${base}/menu`)).status).toBe(200);
    for (const stream of streams) stream.close();
    await until('they are gone', async () => (await metric(service, 'pizzeria_streams_open{kind="kitchen"}')) === 0);
    const { body } = await service.app.inject('/metrics');
    expect(body).not.toContain('route="/stream/kitchen"');
  });

  test('with 500 streams open, readiness, commands and projections are as without, and each reader gets each change', async () => {
    const { service, base } = await start();
    const streams = await Promise.all(Array.from({ length: 500 }, () => watch(`${base}/stream/kitchen`)));
    expect((await watch(`${base}/stream/kitchen`)).status).toBe(503);
    expect((await fetch(`${base}/health/ready`)).status).toBe(200);
    const ids: string[] = [];
    for (let orders = 0; orders < 20; orders += 1) ids.push(await placeOrder(service));
    await caughtUp(service);
    await until('all have come to all', () => streams.every((stream) => stream.of('order').length === 20));
    for (const stream of streams) expect(stream.of('order').map(({ data }) => data.orderId)).toEqual(ids);
  }, 60_000);
});

describe('readers that do not read', () => {
  /** Asks for a stream, and then reads nothing until `resume`. */
  async function deafReader(base: string): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(base).port) });
    await once(socket, 'connect');
    socket.write('GET /stream/kitchen HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'data');
    socket.pause();
    closing.push(() => socket.destroy());
    return socket;
  }

  const large = Array.from({ length: 100 }, (_, index) => ({
    name: `Pizza ${index} ${'x'.repeat(180)}`,
    quantity: 1,
    unitPrice: '1.00',
  }));

  test('a reader that reads nothing is told to begin anew and let go; the others miss nothing', async () => {
    const { service, base } = await start();
    await deafReader(base);
    const other = await watch(`${base}/stream/kitchen`);
    let placed = 0;
    const resets = 'pizzeria_stream_resets_total{reason="slow-reader"}';
    while ((await metric(service, resets)) !== 1) {
      const placing = Array.from({ length: 5 }, () => service.post('/orders', { customerId: 'ada', items: large }));
      placed += (await Promise.all(placing)).length;
      await other.untilOf('order', placed);
    }
    expect(other.of('reset')).toEqual([]);
    await until('it is let go', async () => (await metric(service, 'pizzeria_streams_open{kind="kitchen"}')) === 1);
  }, 60_000);

  test('a reader that pauses while one order changes again and again gets what it is at last', async () => {
    const { service, base } = await start();
    const { body } = await service.post('/orders', { customerId: 'ada', items: large });
    const slow = await deafReader(base);
    const changes = 200;
    for (let change = 0; change < changes; change += 1) {
      const address = { street: `${change}`, city: 'Napoli', postalCode: '80100' };
      expect((await service.post(`/orders/${body.id}/delivery-address`, address)).status).toBe(200);
    }
    let text = '';
    slow.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-50_000)));
    slow.resume();
    await until('the last change comes', () => text.includes(`"revision":${changes},"eventType"`));
    expect(await metric(service, 'pizzeria_stream_resets_total{reason="slow-reader"}')).toBeUndefined();
  }, 60_000);

  test('a reader that is gone is forgotten', async () => {
    const { service, base } = await start();
    const socket = await deafReader(base);
    socket.resetAndDestroy();
    await until('it is gone', async () => (await metric(service, 'pizzeria_streams_open{kind="kitchen"}')) === 0);
    await placeOrder(service);
  });
});

describe('the end of streams', () => {
  test('a service that drains tells each reader when to come back, and lets no more in', async () => {
    const { service, base } = await start();
    const streams = await Promise.all(Array.from({ length: 20 }, () => watch(`${base}/stream/kitchen`)));
    service.service.drain();
    for (const stream of streams) {
      const [bye] = await stream.untilOf('bye');
      expect(bye?.data.retryMs).toBeGreaterThanOrEqual(1000);
      expect(bye?.data.retryMs).toBeLessThan(5000);
      await until('it ends', () => stream.isEnded());
    }
    expect(new Set(streams.map((stream) => stream.of('bye')[0]?.data.retryMs)).size).toBeGreaterThan(1);
    expect((await watch(`${base}/stream/kitchen`)).status).toBe(503);
  });

  test('a stream whose viewer’s right to watch ends says so, and ends then', async () => {
    const app = Fastify();
    const metrics = createMetrics();
    const streams = createStreams({ maxStreams: 1, metrics, clock: () => new Date(), heartbeatMs: 20 });
    app.get('/stream/test', (request, reply) => {
      const viewer = { ...viewerOf(request), until: Date.now() + 200 };
      streams.reserve('kitchen', viewer, reply)(undefined);
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    closing.push(
      () => app.close(),
      () => streams.close(),
      () => metrics.close(),
    );
    const stream = await watch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/stream/test`);
    await stream.untilOf('expired');
    await until('it ends', () => stream.isEnded());
    expect(stream.events.map(({ event }) => event)).toEqual(['hello', 'expired']);
    expect(stream.text()).toContain('\n\n:\n\n');
  });
});
