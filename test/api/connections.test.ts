import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openConnection, request } from '../support/raw-client.ts';
import { caughtUp } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ config: { maxInFlight: 20 } });
  await service.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => service.close());

const JSON_TYPE = 'content-type: application/json\r\n';

/** One request, as it is sent. */
function sent(line: string, body?: object | string, headers = ''): string {
  const text = typeof body === 'string' ? body : body ? JSON.stringify(body) : '';
  const about = body === undefined ? '' : `${JSON_TYPE}content-length: ${Buffer.byteLength(text)}\r\n`;
  return `${line} HTTP/1.1\r\nhost: x\r\n${about}${headers}\r\n${text}`;
}

const LAST = 'connection: close\r\n';
const orderOf = (customerId: string) => ({ customerId, items: [{ name: 'Funghi', quantity: 1, unitPrice: '9.00' }] });
const item = { name: 'Funghi', category: 'Classic', price: '9.00' };

/** The statuses of all answers, when the server has closed the connection. */
async function statusesOf(text: string): Promise<number[]> {
  const connection = await openConnection(service.app);
  connection.send(text);
  await until('the connection is closed', () => connection.socket.destroyed);
  return [...connection.text().matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
}

describe('requests that are sent without waiting for answers', () => {
  it('are worked on one after another', async () => {
    const path = `/menu/${randomUUID()}`;
    const texts = [sent(`PUT ${path}`, item), sent(`DELETE ${path}`), sent(`DELETE ${path}`, undefined, LAST)];
    expect(await statusesOf(texts.join(''))).toEqual([201, 204, 404]);
  });

  it('are all answered, however many they are', async () => {
    const texts = Array.from({ length: 300 }, () => sent('GET /menu'));
    const statuses = await statusesOf(`${texts.join('')}${sent('GET /health/live', undefined, LAST)}`);
    expect(statuses).toHaveLength(301);
    expect(statuses.at(-1)).toBe(200);
  });

  it.each([
    ['bad JSON', 400, () => sent('POST /orders', '{')],
    ['a body of another type', 415, () => sent('POST /orders').replace('\r\n\r\n', '\r\ncontent-length: 1\r\n\r\n{')],
    ['what says so itself', 404, () => sent('GET /menu/none', undefined, LAST)],
    [
      'chunks that nobody asked for',
      404,
      () => `${sent('POST /nothing').replace('\r\n\r\n', '\r\ntransfer-encoding: chunked\r\n\r\n')}1\r\n{\r\n0\r\n\r\n`,
    ],
  ])('are not worked on after the last one of a connection, %s', async (_, status, first) => {
    const customerId = randomUUID();
    expect(await statusesOf(first() + sent('POST /orders', orderOf(customerId)))).toEqual([status]);
    await service.post('/orders', orderOf('somebody-else'));
    await caughtUp(service);
    expect((await service.get(`/orders?customerId=${customerId}`)).body.items).toEqual([]);
  });

  it('behind an event stream keep nobody else from being served', async () => {
    const connection = await openConnection(service.app);
    connection.send(sent('GET /stream/kitchen') + sent('GET /menu').repeat(500));
    await until('the stream has begun', () => connection.text().includes('event: hello'));
    expect((await request(service.app, 'GET /menu')).status).toBe(200);
    connection.socket.destroy();
  });
});

it('a CONNECT is told that this is no proxy', async () => {
  const connection = await openConnection(service.app);
  connection.send('CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n');
  const answer = await connection.closed();
  expect(answer).toMatchObject({ status: 405, headers: { allow: '' }, body: { type: '/problems/method-not-allowed' } });
});

it('a header after many others counts', async () => {
  const path = `/menu/${randomUUID()}`;
  await service.put(path, item);
  const many = 'a:\r\n'.repeat(2500);
  const [status] = await statusesOf(sent(`PUT ${path}`, item, `${many}if-match: "9"\r\n${LAST}`));
  expect(status).toBe(412);
});

it.each(['/menu/50%off', `/menu/${'x'.repeat(501)}`])(
  'a path that no route takes, %s, has the headers of others',
  async (url) => {
    const { status, headers } = await service.get(url);
    expect(status).toBe(400);
    expect(headers).toMatchObject({ 'x-request-id': expect.any(String), 'x-content-type-options': 'nosniff' });
  },
);

it('a path with a slash at its end, under another method, is 405 with all that it has', async () => {
  const { statusCode, headers } = await service.app.inject({ method: 'POST', url: '/docs/' });
  expect([statusCode, headers.allow]).toEqual([405, 'GET, HEAD']);
});

it.each([
  ['/docs', 'docs/'],
  ['/docs?x=1', 'docs/'],
  ['/docs/static/index.html', '../'],
])('%s leads to the page by a path that a prefix does not break', async (url, location) => {
  expect((await service.app.inject(url)).headers).toMatchObject({ location });
});

it.each(['{"__proto__":{}}', '{"constructor":{"prototype":{}}}'])(
  'the body %s is not called invalid JSON',
  async (body) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await service.app.inject({ method: 'POST', url: '/orders', headers, payload: body });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().detail).toContain('__proto__');
  },
);

it('a request on a kept connection, while the service stops, is answered as ever, and the last of its connection', async () => {
  const stopping = await startTestService();
  await stopping.app.listen({ host: '127.0.0.1', port: 0 });
  const { body } = await stopping.post('/orders', orderOf('ada'));
  const connection = await openConnection(stopping.app);
  const arrived = once(stopping.app.server, 'request');
  connection.send(sent(`GET /orders/${(body as { id: string }).id}?minRevision=9`));
  await arrived;
  const closed = stopping.app.close();
  connection.send(sent('GET /nothing'));
  await closed;
  await until('the connection is closed', () => connection.socket.destroyed);
  expect([...connection.text().matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status)).toEqual(['503', '404']);
  expect(connection.text()).toMatch(/404[^{]*connection: close/is);
  expect(connection.text()).toContain('/problems/not-found');
  await stopping.close();
});
