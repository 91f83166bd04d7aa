import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '@marios-pizzeria/embedded-eventstoredb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PizzaOrder } from '../../src/domain/pizza-order.ts';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { createStreamStore } from '../../src/eventstoredb/streams.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { pizza } from './caller.ts';

/** What it would take if a lost answer were waited for. */
const LONG_MS = 1000;
const ROUNDS = 5;

const dataDir = mkdtempSync(join(tmpdir(), 'racing-'));
let server: Awaited<ReturnType<typeof startEmbedded>>;
let first: TestService;
let second: TestService;

beforeAll(async () => {
  server = await startEmbedded({ dataDir, port: 0, faults: ['drop-racing-duplicates'] });
  first = await startTestService({ eventStoreUrl: server.url });
  second = await startTestService({ like: first });
});

afterAll(async () => {
  await second.close();
  await first.close();
  await server.close();
  rmSync(dataDir, { recursive: true });
});

/** @returns milliseconds that the fastest of some rounds took: any other may have been held up by the machine */
async function fastestOf(round: () => Promise<void>): Promise<number> {
  const took: number[] = [];
  for (let rounds = 1; rounds <= ROUNDS; rounds += 1) {
    const started = performance.now();
    await round();
    took.push(performance.now() - started);
  }
  return Math.min(...took);
}

test('one Idempotency-Key at two instances at once, where the store drops a racing duplicate: one effect, one answer, soon', async () => {
  const fastest = await fastestOf(async () => {
    const key = { 'idempotency-key': randomUUID() };
    const [one, other] = await Promise.all([first, second].map((each) => each.post('/orders', pizza(), key)));
    expect(one?.status).toBe(201);
    expect({ status: other?.status, body: other?.body as unknown }).toEqual({
      status: 201,
      body: one?.body as unknown,
    });
    const timeline = await first.get(`${String(one?.headers['location'])}/timeline`);
    expect((timeline.body as { readonly items: readonly unknown[] }).items).toHaveLength(1);
  });
  expect(fastest).toBeLessThan(LONG_MS);
});

test('a hundred identical appends at once from two clients, where the store drops racing duplicates: each has the answer, soon', async () => {
  const clients = [connectEventStore(server.url), connectEventStore(server.url)];
  const stores = clients.map((client) => createStreamStore({ client, streamPrefix: 'racing-', timeLimitMs: 20_000 }));
  const context = () => ({
    commandId: randomUUID(),
    correlationId: randomUUID(),
    actor: 'test',
    idempotencyKey: randomUUID(),
    requestHash: 'hash',
  });
  try {
    const fastest = await fastestOf(async () => {
      const order = placed();
      const asked = context();
      const appending = Array.from({ length: 50 }, () =>
        stores.map((store) =>
          store.append(store.streamOf('PizzaOrder', order.state.id), -1, order.uncommittedEvents, asked),
        ),
      );
      const answers = await Promise.all(appending.flat());
      for (const answer of answers) expect(answer).toEqual(answers[0]);
      expect(answers[0]?.revision).toBe(0);
    });
    expect(fastest).toBeLessThan(LONG_MS);
  } finally {
    await Promise.all(clients.map((client) => client.dispose()));
  }
});

function placed(): PizzaOrder {
  const items = [{ name: 'Margherita', quantity: 1, unitPrice: '10.00' }];
  const order = { orderId: randomUUID(), customerId: 'ada', items, currency: 'USD' };
  return PizzaOrder.place(order, '2030-01-01T12:00:00.000Z');
}
