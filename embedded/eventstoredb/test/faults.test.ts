import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import { startEmbedded } from '@marios-pizzeria/embedded-eventstoredb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { collect, failureOf, testEvents, unique } from '../../../test/contract/eventstoredb/support.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'eventstoredb-test-'));
let server: Awaited<ReturnType<typeof startEmbedded>>;
let client: EventStoreDBClient;

beforeAll(async () => {
  server = await startEmbedded({ dataDir, port: 0, faults: ['drop-racing-duplicates'] });
  client = EventStoreDBClient.connectionString(server.url);
});

afterAll(async () => {
  await client.dispose();
  await server.close();
  rmSync(dataDir, { recursive: true });
});

it('an append that repeats one that is not answered yet, is left without an answer', async () => {
  const stream = unique('racing');
  const events = testEvents(2);
  const append = () => client.appendToStream(stream, events, { expectedRevision: NO_STREAM });
  let answers = 0;

  const racing = [append(), append()].map((answer) => answer.finally(() => (answers += 1)));
  expect(await Promise.race(racing)).toMatchObject({ success: true, nextExpectedRevision: 1n });
  expect(await append()).toMatchObject({ success: true, nextExpectedRevision: 1n });

  expect(answers).toBe(1);
  expect(await collect(client.readStream(stream))).toHaveLength(2);
});

it('an append that repeats one that is refused, is refused as well', async () => {
  const stream = unique('racing');
  await client.appendToStream(stream, testEvents(1));
  const events = testEvents(1);
  const append = () => client.appendToStream(stream, events, { expectedRevision: NO_STREAM });
  for (const error of await Promise.all([failureOf(append()), failureOf(append())])) {
    expect(error).toMatchObject({ type: 'wrong-expected-version' });
  }
});

it('a fault that the server does not know is an error', async () => {
  const other = mkdtempSync(join(tmpdir(), 'eventstoredb-test-'));
  expect(String(await failureOf(startEmbedded({ dataDir: other, port: 0, faults: ['nonsense'] })))).toContain(
    'nonsense is not a fault that this server can show',
  );
  rmSync(other, { recursive: true });
});
