import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createAdmittingServer } from '../../src/http/server/admission.ts';
import { createPressure } from '../../src/http/server/pressure.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server whose requests are answered when `finish` is called. */
async function serve({ maxInFlight = 1, isStalled = false, isHigh = () => false, areStreamsFull = false }) {
  const waiting: (() => void)[] = [];
  const recorded: string[] = [];
  const logged: object[] = [];
  const pressure = Object.assign(createPressure(), { isHigh });
  const server = createAdmittingServer(
    {},
    (_, response) => {
      waiting.push(() => response.end('done'));
    },
    {
      maxInFlight,
      isStalled: () => isStalled,
      streams: { isFull: () => areStreamsFull },
      pressure,
      metrics: { requestTook: (labels) => recorded.push(Object.values(labels).join(' ')) },
      log: { warn: (line: object) => logged.push(line) },
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const call = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  /** @returns how many it has answered */
  const finish = () => {
    const answers = waiting.splice(0);
    for (const answer of answers) answer();
    return answers.length;
  };
  const untilWaiting = async (count: number) => {
    while (waiting.length < count) await delay(1);
  };
  return { port, call, finish, untilWaiting, recorded, logged, pressure };
}

test.each(['/%73tream/kitchen', 'http://pizza.example/stream/kitchen?x=1', '/he%61lth/live', '/stream/kitchen#x'])(
  '%s is taken for what it is routed to, and has no place among the requests',
  async (target) => {
    const { port, finish, untilWaiting, pressure } = await serve({ maxInFlight: 0 });
    const answer = requestAt(port, target);
    await untilWaiting(1);
    expect(pressure.requests).toBe(0);
    finish();
    expect(await answer).toBe(200);
  },
);

/** @returns the status */
function requestAt(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });
}

test('a request beyond the limit is refused with a problem document that says when to come again', async () => {
  const { call, finish, untilWaiting, recorded } = await serve({ maxInFlight: 1 });
  const first = call('/orders');
  await untilWaiting(1);
  const refused = await call('/orders?size=1', { method: 'POST', body: '{}' });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  expect(await refused.json()).toMatchObject({ type: '/problems/unavailable', status: 503, instance: '/orders' });
  expect(recorded).toEqual(['POST refused 503']);
  finish();
  expect(await (await first).text()).toBe('done');
});

test('when one of those in flight ends, also because its client went away, the next is taken', async () => {
  const { call, finish, untilWaiting, pressure } = await serve({ maxInFlight: 1 });
  const leaving = new AbortController();
  const left = call('/orders', { signal: leaving.signal });
  await untilWaiting(1);
  leaving.abort();
  await expect(left).rejects.toThrow();
  while (pressure.requests > 0) await delay(1);
  const next = call('/orders');
  await untilWaiting(2);
  finish();
  expect((await next).status).toBe(200);
});

test('a process whose event loop is late refuses all but health probes', async () => {
  const { call, finish, untilWaiting } = await serve({ maxInFlight: 100, isStalled: true });
  expect((await call('/orders')).status).toBe(503);
  const probe = call('/health/live');
  await untilWaiting(1);
  finish();
  expect((await probe).status).toBe(200);
});

test('on a saturated event loop, some are worked on and the rest wait in line, first come, first served', async () => {
  let isSaturated = true;
  const { call, finish, untilWaiting, pressure } = await serve({ maxInFlight: 200, isHigh: () => isSaturated });
  const calls = Array.from({ length: 150 }, () => call('/orders'));
  while (pressure.requests < 150) await delay(1);
  await delay(50);
  const atWork = finish();
  expect(atWork).toBeGreaterThan(0);
  expect(atWork).toBeLessThan(100);
  isSaturated = false;
  await untilWaiting(150 - atWork);
  finish();
  for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
  expect(pressure.requests).toBe(0);
});

test('one that leaves the line is never worked on', async () => {
  const { call, finish, untilWaiting, pressure } = await serve({ maxInFlight: 200, isHigh: () => true });
  const calls = Array.from({ length: 100 }, () => call('/orders'));
  while (pressure.requests < 100) await delay(1);
  const leaving = new AbortController();
  const left = call('/orders', { signal: leaving.signal });
  while (pressure.requests < 101) await delay(1);
  leaving.abort();
  await expect(left).rejects.toThrow();
  while (pressure.requests > 100) await delay(1);
  let answered = finish();
  while (answered < 100) {
    await untilWaiting(1);
    answered += finish();
  }
  await Promise.all(calls);
  expect(answered).toBe(100);
});

test('a flood of refusals is paced, and every one of them comes', async () => {
  const { call } = await serve({ maxInFlight: 0 });
  const began = performance.now();
  const times = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const { status, headers } = await call('/orders');
      expect([status, headers.get('retry-after')]).toEqual([503, '1']);
      return performance.now() - began;
    }),
  );
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(100);
});

test('many refusals are one line of the log', async () => {
  const { call, logged } = await serve({ maxInFlight: 0 });
  for (let request = 0; request < 20; request += 1) expect((await call('/orders')).status).toBe(503);
  while (logged.length === 0) await delay(10);
  expect(logged).toEqual([{ refused: 20, inFlight: 0 }]);
});
