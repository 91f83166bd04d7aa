import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createAdmittingServer } from '../../src/http/admission.ts';
import { createPressure } from '../../src/pressure.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server whose requests are answered when `finish` is called. */
async function serve({ maxInFlight = 1, isStalled = false }) {
  const waiting: (() => void)[] = [];
  const recorded: string[] = [];
  const logged: object[] = [];
  const pressure = createPressure();
  const server = createAdmittingServer(
    {},
    (_, response) => {
      waiting.push(() => response.end('done'));
    },
    {
      maxInFlight,
      isStalled: () => isStalled,
      pressure,
      metrics: {
        requestRecorder:
          (...labels) =>
          () =>
            recorded.push(labels.join(' ')),
      },
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
  const finish = () => waiting.splice(0).forEach((answer) => answer());
  const untilWaiting = async (count: number) => {
    while (waiting.length < count) await delay(1);
  };
  return { call, finish, untilWaiting, recorded, logged, pressure };
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

test('many refusals are one line of the log', async () => {
  const { call, logged } = await serve({ maxInFlight: 0 });
  for (let request = 0; request < 20; request += 1) expect((await call('/orders')).status).toBe(503);
  while (logged.length === 0) await delay(10);
  expect(logged).toEqual([{ refused: 20, inFlight: 0 }]);
});
