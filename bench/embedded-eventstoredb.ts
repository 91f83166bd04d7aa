/**
 * Rates of the embedded event store, as ratios to SQLite itself doing the same transactions in the same run, and with
 * `--memory` the resident memory of the server while a million events go in and come out.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  EventStoreDBClient,
  jsonEvent,
  NO_STREAM,
  persistentSubscriptionToAllSettingsFromDefaults,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { openStoreFile } from '../src/embedded/database.ts';
import { startEmbeddedEventStore } from '../src/embedded/eventstoredb/index.ts';
import { APPLICATION_ID, createEventLog, SCHEMA } from '../src/embedded/eventstoredb/log.ts';

const CONCURRENT = 64;
const EVENTS = 30_000;
const data = Buffer.from(JSON.stringify({ orderId: randomUUID(), items: 'x'.repeat(200) }));
const metadata = Buffer.from(JSON.stringify({ $correlationId: randomUUID(), actor: 'bench' }));

const PREFIX = 'Order-';
const content = JSON.parse(data.toString()) as Record<string, string>;
const newEvent = () => jsonEvent({ type: 'OrderPlaced', data: content, metadata: { actor: 'bench' } });

const MILLION = 1_000_000;

const dir = mkdtempSync(join(tmpdir(), 'bench-eventstoredb-'));
try {
  if (process.argv.includes('--memory')) await measureMemory();
  else await measureRates();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function measureRates(): Promise<void> {
  const bare = bareLoop();
  report('SQLite alone, 64 events a transaction', bare);
  const log = await throughLog();
  report('64 concurrent appends to the event log', log, `${(log / bare).toFixed(2)} of SQLite alone`);
  const server = await startEmbeddedEventStore({ dataDir: join(dir, 'server'), port: 0 });
  const client = EventStoreDBClient.connectionString(server.url);
  const appended = await throughClient(client);
  report('64 concurrent appends through the client', appended, `${(appended / bare).toFixed(2)} of SQLite alone`);
  report('sequential appends through the client', await sequential(client));
  report('readAll through the client', await readAll(client));
  report('persistent subscription, an ack for each', await consume(client, 1));
  report('persistent subscription, an ack for 20', await consume(client, 20));
  await client.dispose();
  await server.close();
}

function report(what: string, rate: number, note = ''): void {
  console.log(`${what.padEnd(45)} ${Math.round(rate).toString().padStart(8)}/s  ${note}`);
}

function rateSince(start: number, count: number): number {
  return (count / (performance.now() - start)) * 1000;
}

/** The transactions that the server would make, by the shortest way. */
function bareLoop(): number {
  const file = openStoreFile(join(dir, 'bare.sqlite'), APPLICATION_ID, SCHEMA);
  const insert = file.db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const start = performance.now();
  for (let position = 0; position < EVENTS; position += CONCURRENT) {
    file.db.exec('BEGIN IMMEDIATE');
    for (let at = position; at < position + CONCURRENT; at += 1) {
      insert.run([at, `Order-${randomUUID()}`, 0, randomUUID(), 'OrderPlaced', 1, Date.now(), data, metadata, at]);
    }
    file.db.exec('COMMIT');
  }
  const rate = rateSince(start, EVENTS);
  file.close();
  return rate;
}

async function concurrently(work: () => Promise<unknown>): Promise<number> {
  let left = EVENTS;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CONCURRENT }, async () => {
      while (left > 0) {
        left -= 1;
        await work();
      }
    }),
  );
  return rateSince(start, EVENTS);
}

async function throughLog(): Promise<number> {
  const file = openStoreFile(join(dir, 'log.sqlite'), APPLICATION_ID, SCHEMA);
  const log = createEventLog(file.db, Date.now, randomUUID, (error) => error);
  const rate = await concurrently(() =>
    log.append({
      stream: `Order-${randomUUID()}`,
      expected: 'no_stream',
      events: [{ id: randomUUID(), type: 'OrderPlaced', isJson: true, data, metadata }],
    }),
  );
  log.close();
  file.close();
  return rate;
}

function throughClient(client: EventStoreDBClient): Promise<number> {
  return concurrently(() =>
    client.appendToStream(`${PREFIX}${randomUUID()}`, newEvent(), { expectedRevision: NO_STREAM }),
  );
}

async function sequential(client: EventStoreDBClient): Promise<number> {
  const count = 1000;
  const start = performance.now();
  for (let left = count; left > 0; left -= 1) await client.appendToStream(`Single-${randomUUID()}`, newEvent());
  return rateSince(start, count);
}

async function readAll(client: EventStoreDBClient): Promise<number> {
  const start = performance.now();
  let count = 0;
  for await (const { event } of client.readAll()) if (event !== undefined) count += 1;
  return rateSince(start, count);
}

async function consume(client: EventStoreDBClient, perAck: number): Promise<number> {
  const group = `bench-${perAck}`;
  await client.createPersistentSubscriptionToAll(
    group,
    persistentSubscriptionToAllSettingsFromDefaults({ startFrom: START, readBatchSize: 100 }),
    { filter: streamNameFilter({ prefixes: [PREFIX] }) },
  );
  const subscription = client.subscribeToPersistentSubscriptionToAll(group, { bufferSize: 200 });
  const start = performance.now();
  let count = 0;
  let waiting = [];
  for await (const event of subscription) {
    count += 1;
    waiting.push(event);
    if (waiting.length < perAck && count < EVENTS) continue;
    await subscription.ack(...waiting);
    waiting = [];
    if (count >= EVENTS) break;
  }
  return rateSince(start, count);
}

async function measureMemory(): Promise<void> {
  const cli = fileURLToPath(new URL('../src/embedded/eventstoredb/cli.js', import.meta.url));
  const child = spawn(process.execPath, [cli, '--port', '0', '--data', join(dir, 'memory')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const [found] = /esdb:\/\/\S+false/u.exec(chunk.toString()) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  const client = EventStoreDBClient.connectionString(url);
  const megabytes = (field: string): number => {
    const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
    return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`, 'u').exec(status)?.[1]) / 1024);
  };
  let start = performance.now();
  let left = MILLION;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left > 0) {
        left -= 100;
        await client.appendToStream(`Order-${randomUUID()}`, Array.from({ length: 100 }, newEvent));
      }
    }),
  );
  report('a million events in, 100 an append', rateSince(start, MILLION), `${megabytes('VmRSS')} MB resident`);
  start = performance.now();
  let count = 0;
  for await (const { event } of client.readAll()) if (event !== undefined) count += 1;
  report('and out again', rateSince(start, count), `${megabytes('VmRSS')} MB resident`);
  console.log(`${count} events read; at most ${megabytes('VmHWM')} MB resident in the server`);
  await client.dispose();
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
