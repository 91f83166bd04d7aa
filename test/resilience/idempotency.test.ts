import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

interface Command {
  readonly name: string;
  /** On an order that was placed before. */
  readonly path: (orderId: string) => string;
  readonly body: object;
  readonly otherBody: object;
}

const placing = { customerId: 'customer-1', items: [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }] };
const address = { street: '1 Via Roma', city: 'Napoli', postalCode: '80100' };

const commands: readonly Command[] = [
  { name: 'place', path: () => '/orders', body: placing, otherBody: { ...placing, customerId: 'customer-2' } },
  {
    name: 'confirm',
    path: (id) => `/orders/${id}/confirm`,
    body: { estimatedDeliveryTime: '2030-01-01T18:30:00Z' },
    otherBody: { estimatedDeliveryTime: '2030-01-01T19:30:00Z' },
  },
  {
    name: 'pay',
    path: (id) => `/orders/${id}/payment`,
    body: { paymentMethod: 'cash', transactionId: 't-1' },
    otherBody: { paymentMethod: 'cash', transactionId: 't-2' },
  },
  {
    name: 'change status',
    path: (id) => `/orders/${id}/status`,
    body: { status: 'READY' },
    otherBody: { status: 'OUT_FOR_DELIVERY' },
  },
  {
    name: 'apply discount',
    path: (id) => `/orders/${id}/discount`,
    body: { discountCode: 'TEN', discountAmount: '1.00' },
    otherBody: { discountCode: 'TEN', discountAmount: '2.00' },
  },
  {
    name: 'change delivery address',
    path: (id) => `/orders/${id}/delivery-address`,
    body: address,
    otherBody: { ...address, city: 'Roma' },
  },
  {
    name: 'cancel',
    path: (id) => `/orders/${id}/cancel`,
    body: { reason: 'no more dough' },
    otherBody: { reason: 'no more cheese' },
  },
];

/** One of each command, and what it was answered. */
const done: { url: string; body: object; key: Record<string, string>; answer: Answer }[] = [];

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

describe.each(commands)('$name with an Idempotency-Key', ({ path, body, otherBody }) => {
  test('repeated to the instance that did it and to another gets the first answer again', async () => {
    const { url, key } = await prepare(path);
    const answer = await first.post(url, body, key);
    expect(answer.status).toBeLessThan(300);
    // Something happens in between, so that the present order would be another answer.
    await first.post(`/orders/${orderOf(answer)}/delivery-address`, { ...address, notes: randomUUID() });
    for (const instance of [first, second])
      expect(essence(await instance.post(url, body, key))).toEqual(essence(answer));
    done.push({ url, body, key, answer });
  });

  test('reused with another body is refused with 422 and changes nothing', async () => {
    const { url, key } = await prepare(path);
    const answer = await first.post(url, body, key);
    const reused = await second.post(url, otherBody, key);
    expect(reused.status).toBe(422);
    expect(reused.body).toMatchObject({ type: '/problems/idempotency-key-reused' });
    expect(await revisionOf(orderOf(answer))).toBe(revisionIn(answer));
  });

  test('sent fifty times at once to two instances has one effect and one answer', async () => {
    const { url, key, revision } = await prepare(path);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? first : second).post(url, body, key)),
    );
    const [answer] = answers;
    if (!answer) throw new Error('no answers');
    expect(answer.status).toBeLessThan(300);
    for (const each of answers) expect(essence(each)).toEqual(essence(answer));
    expect(await revisionOf(orderOf(answer))).toBe(revision + 1);
  });

  test('repeated by a caller that hung up before the answer gets the answer to what was done', async () => {
    const { url, key, revision, orderId } = await prepare(path);
    await sendAndHangUp(url, body, key);
    if (orderId !== undefined) await until('it took effect', async () => (await revisionOf(orderId)) === revision + 1);
    const answer = await second.post(url, body, key);
    expect(answer.status).toBeLessThan(300);
    expect(essence(await first.post(url, body, key))).toEqual(essence(answer));
    expect(await revisionOf(orderOf(answer))).toBe(revision + 1);
  });
});

test('commands repeated after a restart get their first answers again', async () => {
  expect(done).toHaveLength(commands.length);
  const restarted = await startTestService({ like: first });
  try {
    for (const { url, body, key, answer } of done) {
      expect(essence(await restarted.post(url, body, key))).toEqual(essence(answer));
    }
  } finally {
    await restarted.close();
  }
});

/** An order for the command, unless it places one itself, and a key of its own. */
async function prepare(path: Command['path']) {
  const key = { 'idempotency-key': randomUUID() };
  if (path('') === '/orders') return { url: '/orders', key, revision: -1, orderId: undefined };
  const orderId = orderOf(await first.post('/orders', placing));
  return { url: path(orderId), key, revision: 0, orderId };
}

/** What a repeated command must answer again. */
function essence({ status, headers, body }: Answer) {
  return { status, etag: headers['etag'], location: headers['location'], body: body as unknown };
}

function orderOf(answer: Answer): string {
  return (answer.body as { readonly id: string }).id;
}

function revisionIn(answer: Answer): number {
  return (answer.body as { readonly revision: number }).revision;
}

async function revisionOf(orderId: string): Promise<number> {
  const timeline = await first.get(`/orders/${orderId}/timeline`);
  return timeline.status === 404 ? -1 : (timeline.body as { readonly items: readonly unknown[] }).items.length - 1;
}

async function sendAndHangUp(url: string, body: object, headers: Readonly<Record<string, string>>): Promise<void> {
  if (!first.app.server.listening) await first.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = first.app.server.address() as AddressInfo;
  const payload = JSON.stringify(body);
  const lines = Object.entries({
    host: 'localhost',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(payload),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`POST ${url} HTTP/1.1\r\n${lines.join('')}\r\n${payload}`);
  const received = once(first.app.server, 'request');
  await received;
  socket.resetAndDestroy();
}
