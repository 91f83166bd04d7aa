import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { startEmbedded } from '@marios-pizzeria/embedded-eventstoredb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { createStreamStore, type StreamStore } from '../../src/eventstoredb/streams.ts';
import { createBatchAppend } from '../../src/eventstoredb/wire/append.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'streams-test-'));
let server: Awaited<ReturnType<typeof startEmbedded>>;
const clients: EventStoreDBClient[] = [];
const retries = { count: 0 };

beforeAll(async () => {
  server = await startEmbedded({ dataDir, port: 0, faults: ['drop-racing-duplicates'] });
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.dispose()));
  await server.close();
  rmSync(dataDir, { recursive: true });
});

/** The streams as one instance of the service sees them. */
function instance(): StreamStore {
  const client = connectEventStore(server.url);
  clients.push(client);
  const observer = { appended: () => undefined, retried: () => (retries.count += 1) };
  return createStreamStore({ client, streamPrefix: '', timeLimitMs: 20_000, observer });
}

it('an append that two instances make at once, of which the store leaves one unanswered, has one effect and one answer', async () => {
  const instances = [instance(), instance()];
  // Connected first, or one of them would come too late to race the other.
  await Promise.all(instances.map((streams) => appendTo(streams, randomUUID(), randomUUID())));
  for (let attempts = 0; retries.count === 0 && attempts < 100; attempts += 1) {
    const [id, commandId] = [randomUUID(), randomUUID()];
    const answers = await Promise.all(instances.map((streams) => appendTo(streams, id, commandId)));
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.revision).toBe(0);
    expect(await instances[0]?.readRecorded(`Customer-${id}`)).toHaveLength(1);
  }
  expect(retries.count, 'appends that were sent again').toBeGreaterThan(0);
});

it.each([
  ['{$tb: 9}', true],
  ["{'$maxAge': 1}", true],
  ['{"$tb": 9,}', true],
  ['{"$tb": 9}', true],
  ['{"$maxAge": 1}', true],
  ['{"$tbx": 9}', false],
  ['{$tbx: 9}', false],
  ['none', false],
  ['null', false],
])('a stream without events, with the metadata %s, counts as gone: %s', async (data, isGone) => {
  const client = connectEventStore(server.url);
  clients.push(client);
  const stream = `Customer-${randomUUID()}`;
  await createBatchAppend(client)(`$$${stream}`, 'any', [{ id: randomUUID(), type: '$metadata', data, metadata: '' }]);
  expect(await instance().isGone(stream, undefined)).toBe(isGone);
});

function appendTo(streams: StreamStore, customerId: string, commandId: string) {
  const data = { customerId, name: 'Ada', email: 'ada@example.com', registeredAt: '2030-01-01T12:00:00.000Z' };
  const command = { commandId, correlationId: 'c', actor: 'a', idempotencyKey: 'k', requestHash: 'h' };
  return streams.append(`Customer-${customerId}`, -1, [{ type: 'CustomerRegistered', data }], command);
}
