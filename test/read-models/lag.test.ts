import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventStoreDBClient, jsonEvent, type PersistentSubscriptionToAllInfo } from '@eventstore/db-client';
import { startEmbedded } from '@marios-pizzeria/embedded-eventstoredb';
import { afterAll, beforeAll, expect, test, type MockInstance, vi } from 'vitest';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { checkpointOf, createLagMeter } from '../../src/read-models/lag.ts';
import { endOfLog } from '../../src/read-models/log-reader.ts';

/** A log of its own: what others write would count in an estimate. */
const dataDir = mkdtempSync(join(tmpdir(), 'pizzeria-lag-'));
let server: Awaited<ReturnType<typeof startEmbedded>>;
let client: EventStoreDBClient;
beforeAll(async () => {
  server = await startEmbedded({ dataDir, port: 0 });
  client = connectEventStore(server.url);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await client.dispose();
  await server.close();
  rmSync(dataDir, { recursive: true });
});

/** A prefix of streams, with so many events in one order's. */
async function logOf(events: number): Promise<string> {
  const prefix = `lag${randomUUID()}-`;
  const stream = `${prefix}PizzaOrder-${randomUUID()}`;
  const batch = Array.from({ length: events }, () => jsonEvent({ type: 'Any', data: {} }));
  await client.appendToStream(stream, batch);
  return prefix;
}

test('a large lag, asked for again at once, is not counted again', async () => {
  const before = await endOfLog(client);
  const measure = createLagMeter(client, [await logOf(1500)]);
  const head = await endOfLog(client);
  const opening = vi.spyOn(client, 'GRPCStreamCreator' as never) as MockInstance<(...call: unknown[]) => unknown>;
  const first = await measure(before, head);
  expect(first.seconds).toBeGreaterThanOrEqual(0);
  expect((await measure(before, head)).events).toBe(first.events);
  expect(opening.mock.calls.map(([, name]) => name)).toEqual(['subscribeToAll']);
});

test('a large lag, is estimated by how much of the log it takes', async () => {
  const before = await endOfLog(client);
  const prefix = await logOf(3000);
  const { events } = await createLagMeter(client, [prefix])(before, await endOfLog(client));
  // Others write meanwhile, and EventStoreDB counts positions in bytes.
  expect(events).toBeGreaterThan(2000);
  expect(events).toBeLessThan(4500);
});

test('a lag of exactly as many events as are counted, is told by the position of the last', async () => {
  const before = await endOfLog(client);
  const prefix = await logOf(1000);
  const measure = createLagMeter(client, [prefix]);
  expect((await measure(before, undefined)).events).toBe(1000);
});

test('a small lag, is counted each time, so that none is never told late', async () => {
  const prefix = await logOf(3);
  const measure = createLagMeter(client, [prefix]);
  expect((await measure(undefined, undefined)).events).toBe(3);
  await client.appendToStream(`${prefix}PizzaOrder-${randomUUID()}`, [jsonEvent({ type: 'Any', data: {} })]);
  expect((await measure(undefined, undefined)).events).toBe(4);
});

test('a lag, of streams that are not asked for, is none', async () => {
  const measure = createLagMeter(client, [`${await logOf(3)}Customer-`]);
  expect(await measure(undefined, undefined)).toEqual({ events: 0, seconds: 0 });
});

test('a checkpoint, which the server moved past an event that waits, is not believed', () => {
  const at = (commit: bigint) => ({ commit, prepare: commit });
  const group = (known: bigint | undefined, checkpoint: bigint | undefined, waiting: number) => {
    const stats: Partial<PersistentSubscriptionToAllInfo['stats']> = {
      readBufferCount: waiting,
      retryBufferCount: 0,
      totalInFlightMessages: 0,
      ...(known !== undefined && { lastKnownEventPosition: at(known) }),
      ...(checkpoint !== undefined && { lastCheckpointedEventPosition: at(checkpoint) }),
    };
    return { stats: stats as PersistentSubscriptionToAllInfo['stats'] };
  };
  expect(checkpointOf(group(7n, 9n, 1))).toBeUndefined();
  expect(checkpointOf(group(7n, 9n, 0))).toEqual(at(9n));
  expect(checkpointOf(group(9n, 7n, 1))).toEqual(at(7n));
  expect(checkpointOf(group(undefined, 7n, 0))).toEqual(at(7n));
  expect(checkpointOf(group(7n, undefined, 1))).toBeUndefined();
});
