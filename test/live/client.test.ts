import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { eventText, HEARTBEAT } from '../../src/live/message.ts';
import {
  type BoardCard,
  type Connection,
  createParser,
  type LiveEvent,
  watch,
  watchBoard,
} from '../../web/live-client.ts';
import { caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService } from '../support/service.ts';
import { listen } from '../support/streams.ts';
import { until } from '../support/until.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers each attempt in its own way, and the last one's way after that. */
async function serve(...answers: Answer[]) {
  const attempts: { readonly at: number; readonly headers: IncomingMessage['headers']; readonly path: string }[] = [];
  const server = createServer((request, response) => {
    attempts.push({ at: performance.now(), headers: request.headers, path: request.url ?? '' });
    answers[Math.min(attempts.length, answers.length) - 1]?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, attempts };
}

function start(base: string, more: Partial<Parameters<typeof watch>[0]> = {}) {
  const events: LiveEvent[] = [];
  const connections: Connection[] = [];
  const ending = new AbortController();
  const watching = watch({
    url: () => `${base}/stream/test`,
    onEvent: (event) => events.push(event),
    onConnection: (connection) => connections.push(connection),
    signal: ending.signal,
    ...more,
  });
  closing.push(async () => {
    ending.abort();
    await watching;
  });
  return { events, connections };
}

const refuse =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    void response.writeHead(status, headers).end('{}');
const stream =
  (text: string, isEnded = false): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(text);
    if (isEnded) response.end();
  };
const hello = (id?: string, heartbeatSeconds = 15) =>
  eventText('hello', { resumedFrom: id ?? null, heartbeatSeconds }, id);
const change = (number: number) => eventText('order', { number }, String(number));

test('bytes, cut anywhere, give the events that were written', () => {
  const value = fc.string({ unit: 'grapheme' });
  const written = fc.array(
    fc.record({ data: fc.dictionary(fc.constantFrom('a', 'b'), value), id: fc.option(fc.nat()) }),
  );
  fc.assert(
    fc.property(written, fc.array(fc.nat({ max: 400 })), (messages, cuts) => {
      const texts = messages.map(({ data, id }) => eventText('order', data, id === null ? undefined : String(id)));
      const bytes = Buffer.from(texts.join(HEARTBEAT));
      const parse = createParser();
      const places = [...cuts.filter((at) => at < bytes.length), 0, bytes.length].sort((one, two) => one - two);
      const found = places.slice(1).flatMap((to, index) => parse(bytes.subarray(places[index], to)));
      const expected = messages.map(({ data, id }) => ({
        id: id === null ? undefined : String(id),
        event: 'order',
        data: { ...data },
      }));
      expect(JSON.parse(JSON.stringify(found))).toEqual(JSON.parse(JSON.stringify(expected)));
    }),
  );
});

test('a stream that ends is resumed after the last event that was seen, with the headers of then', async () => {
  const { base, attempts } = await serve(
    stream(hello('4') + change(5) + change(6), true),
    stream(hello('6') + change(7)),
  );
  let token = 0;
  const { events } = start(base, { headers: () => ({ authorization: `Bearer ${(token += 1)}` }) });
  await until('it goes on', () => events.length === 3);
  expect(events.map(({ data }) => data['number'])).toEqual([5, 6, 7]);
  expect(attempts.map(({ headers }) => [headers['last-event-id'], headers.authorization])).toEqual([
    [undefined, 'Bearer 1'],
    ['6', 'Bearer 2'],
  ]);
});

test('what is no stream is told, and asked again, not before Retry-After', async () => {
  const { base, attempts } = await serve(
    refuse(401),
    refuse(429, { 'retry-after': '1' }),
    refuse(503, { 'retry-after': '1' }),
    stream(hello('1')),
  );
  const { connections } = start(base);
  await until('it is live', () => connections.at(-1) === 'live');
  expect(connections).toEqual(['signed-out', 'reconnecting', 'reconnecting', 'live']);
  const [, second = 0, third = 0, fourth = 0] = attempts.map(({ at }) => at);
  expect(third - second).toBeGreaterThanOrEqual(990);
  expect(fourth - third).toBeGreaterThanOrEqual(990);
});

test.each([
  [401, 'signed-out'],
  [403, 'forbidden'],
  [404, 'gone'],
  [410, 'gone'],
  [500, 'reconnecting'],
])('the answer %d is told as %s', async (status, told) => {
  const { base } = await serve(refuse(status));
  const { connections } = start(base);
  await until('it is told', () => connections.length > 0);
  expect(connections[0]).toBe(told);
});

test('a connection that is silent for two and a half heartbeats is given up', async () => {
  const { base, attempts } = await serve(stream(hello('1', 0.1)), stream(hello('1') + change(2)));
  const { connections, events } = start(base);
  await until('it is live again', () => events.length === 1);
  expect(connections).toEqual(['live', 'reconnecting', 'live']);
  expect((attempts[1]?.at ?? 0) - (attempts[0]?.at ?? 0)).toBeGreaterThanOrEqual(240);
});

test('an instance that says bye is followed by the next one, when it said', async () => {
  const { base, attempts } = await serve(
    stream(hello('1') + eventText('bye', { retryMs: 300 }), true),
    stream(hello('1')),
  );
  const { connections } = start(base);
  await until('it is live again', () => attempts.length === 2 && connections.at(-1) === 'live');
  expect((attempts[1]?.at ?? 0) - (attempts[0]?.at ?? 0)).toBeGreaterThanOrEqual(290);
});

test('a reset has what is watched read anew, and the stream goes on from there', async () => {
  const { base, attempts } = await serve(
    stream(hello() + eventText('reset', { reason: 'slow-reader' }), true),
    stream(hello('9') + change(10)),
  );
  let begun = 0;
  const { events } = start(base, { begin: () => Promise.resolve(String((begun += 1))) });
  await until('it goes on', () => events.length === 1);
  expect(attempts.map(({ headers }) => headers['last-event-id'])).toEqual(['1', '2']);
});

test('a board, watched on a service, is kept as the orders change, and a cancelled order leaves it', async () => {
  const service = await startTestService();
  closing.push(() => service.close());
  const base = await listen(service.app);
  const [first, second] = [await placeOrder(service), await placeOrder(service)];
  await caughtUp(service);
  let board: ReadonlyMap<string, BoardCard> = new Map();
  const changed: string[] = [];
  const ending = new AbortController();
  const watching = watchBoard({
    base: () => base,
    signal: ending.signal,
    onBoard(cards, card) {
      board = cards;
      if (card) changed.push(`${card.id} ${card.status}`);
    },
  });
  closing.push(async () => {
    ending.abort();
    await watching;
  });
  await until('the board is read', () => board.size === 2);
  for (const [id, status] of [
    [first, 'READY'],
    [second, 'CANCELLED'],
  ] as const) {
    await service.post(`/orders/${id}/status`, { status });
  }
  await until('it follows', () => changed.length === 2);
  expect([...board.values()].map(({ id, status }) => [id, status])).toEqual([[first, 'READY']]);
  expect(changed).toEqual([`${first} READY`, `${second} CANCELLED`]);
});

test('a board, told an older change of an order that has left it, does not bring it back', async () => {
  const card = (id: string, revision: number, status: string) => ({ id, revision, status });
  const changes = [card('a', 4, 'DELIVERED'), card('a', 3, 'READY'), card('b', 1, 'READY'), card('b', 1, 'COOKING')];
  const { base } = await serve(
    (_, response) => response.end(JSON.stringify({ asOf: '1', orders: [card('a', 2, 'COOKING')] })),
    (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const each of changes) response.write(eventText('order', { card: each }));
      response.write(eventText('order', { card: card('c', 0, 'PENDING') }));
    },
  );
  let board: ReadonlyMap<string, BoardCard> = new Map();
  const ending = new AbortController();
  const watching = watchBoard({
    base: () => base,
    signal: ending.signal,
    onBoard: (cards) => (board = cards),
  });
  closing.push(async () => {
    ending.abort();
    await watching;
  });
  await until('the last change is shown', () => board.has('c'));
  expect([...board.values()].map(({ id, status }) => `${id} ${status}`)).toEqual(['b READY', 'c PENDING']);
});
