import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readyAfter } from '../drills/drill.ts';
import { createWorld, type ServiceProcess, type World } from '../drills/world.ts';
import { until } from '../support/until.ts';
import { type Caller, createCaller, pizza } from './caller.ts';

const MOST_IN_FLIGHT = 6;

let world: World;
let service: ServiceProcess;
let caller: Caller;

beforeAll(async () => {
  world = await createWorld({ env: { MAX_IN_FLIGHT: String(MOST_IN_FLIGHT) } });
  [service] = world.services as [ServiceProcess];
  caller = createCaller((path) => service.url(path));
  expect(await readyAfter(service)).toBeDefined();
});

afterAll(async () => {
  caller.close();
  await world.close();
});

test('a request beyond the limit in flight gets 503 with Retry-After at once, and those within it their answers', async () => {
  world.eventStore.proxy.set({ type: 'hold-answers' });
  const within = Array.from({ length: MOST_IN_FLIGHT }, () => caller.post('/orders', pizza()));
  const first = await until('one is refused', async () => {
    const answer = await caller.get('/orders');
    return answer.status === 503 ? answer : undefined;
  });
  expect(first.retryAfter).toBeDefined();
  expect(first.took).toBeLessThan(500);
  expect((await caller.get('/health/live')).status).toBe(200); // busy is not dead
  world.eventStore.proxy.set({ type: 'none' });
  for (const { status } of await Promise.all(within)) expect(status).toBe(201);
  expect((await caller.get('/orders')).status).toBe(200);
});

test.concurrent.each([
  ['headers', 'POST /orders HTTP/1.1\r\nhost: localhost\r\n', 'x-slow: '],
  [
    'body',
    'POST /orders HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n',
    '{"customerId": "',
  ],
])('a client whose %s trickle in gets 408 within 3 s and its connection is closed', async (_, start, next) => {
  const socket = connect(service.port(), '127.0.0.1');
  await once(socket, 'connect');
  const started = performance.now();
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  socket.on('error', () => undefined); // it may be reset while we write
  socket.write(`${start}${next}`);
  const trickle = setInterval(() => socket.write('x'), 100);
  try {
    await once(socket, 'close');
  } finally {
    clearInterval(trickle);
    socket.destroy();
  }
  expect(received).toMatch(/^HTTP\/1\.1 408 /);
  expect(performance.now() - started).toBeLessThan(3000);
});

test('10,000 connections that each ask for a stream: 500 get one, the rest 503 with Retry-After, and requests are served', async () => {
  const sockets: Socket[] = [];
  const heads: string[] = [];
  const ask = async () => {
    const socket = connect(service.port(), '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write('GET /stream/kitchen HTTP/1.1\r\nhost: localhost\r\n\r\n');
    const [head] = (await once(socket, 'data')) as [Buffer];
    heads.push(head.toString());
  };
  try {
    for (let wave = 0; wave < 20; wave += 1) await Promise.all(Array.from({ length: 500 }, ask));
    expect(sockets).toHaveLength(10_000);
    expect(heads.filter((head) => head.startsWith('HTTP/1.1 200'))).toHaveLength(500);
    const refused = heads.filter((head) => /^HTTP\/1\.1 503 [^]*\r\nretry-after: \d/.test(head));
    expect(refused).toHaveLength(9500);
    expect((await caller.post('/orders', pizza())).status).toBe(201);
    expect((await caller.get('/health/ready')).status).toBe(200);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}, 120_000);
