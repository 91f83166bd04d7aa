import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CancelledError,
  EventStoreDBClient,
  jsonEvent,
  NO_STREAM,
  persistentSubscriptionToStreamSettingsFromDefaults,
  START,
} from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { credentials, status } from '@grpc/grpc-js';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmbedded } from '@marios-pizzeria/embedded-eventstoredb';
import { collect, failureOf, testEvents, unique } from '../../../test/contract/eventstoredb/support.ts';
import { startProcess } from './process.ts';

let dir: string;
const fileName = (): string => join(dir, 'eventstoredb.sqlite');

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eventstoredb-test-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe('a server that is killed', () => {
  it('under appends, several times, loses nothing it has acknowledged and shows nothing by halves', async () => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 3; round += 1) {
      const server = await startProcess(dir);
      const client = EventStoreDBClient.connectionString(server.url);
      let going = true;
      let count = 0;
      const writers = Array.from({ length: 16 }, async () => {
        while (going) {
          const stream = unique('killed');
          try {
            await client.appendToStream(stream, testEvents(3), { expectedRevision: NO_STREAM });
            acknowledged.set(stream, 3);
            count += 1;
          } catch {
            going = false;
          }
        }
      });
      while (count < 150) await new Promise((resolve) => setImmediate(resolve));
      await server.end('SIGKILL');
      await Promise.all(writers);
      await client.dispose();
    }
    const server = await startProcess(dir);
    const client = EventStoreDBClient.connectionString(server.url);
    const found = new Map<string, number>();
    for await (const { event } of client.readAll()) {
      if (event?.type === 'Tested') found.set(event.streamId, (found.get(event.streamId) ?? 0) + 1);
    }
    for (const [stream, events] of acknowledged) expect(found.get(stream)).toBe(events);
    expect([...found.values()].every((events) => events === 3)).toBe(true);
    const [stream] = acknowledged.keys();
    expect(await collect(client.readStream(stream ?? ''))).toHaveLength(3);
    await client.dispose();
    expect(await server.end('SIGTERM')).toBe(0);
  });

  it('stopped by SIGTERM or SIGINT, with clients connected, ends with 0 and leaves one file', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const server = await startProcess(dir);
      const client = EventStoreDBClient.connectionString(server.url);
      await client.appendToStream(unique('stopped'), testEvents(1));
      const subscription = client.subscribeToAll();
      subscription.on('error', () => undefined);
      subscription.resume();
      expect(await server.end(signal)).toBe(0);
      expect(() => statSync(`${fileName()}-wal`)).toThrow('ENOENT');
      await client.dispose();
    }
  });
});

describe('a server that stops', () => {
  it('with a batch append, catch-up and persistent subscriptions open, cancels each', async () => {
    const server = await startProcess(dir);
    const client = EventStoreDBClient.connectionString(server.url);
    const stream = unique('open');
    await client.appendToStream(stream, testEvents(1));
    await client.createPersistentSubscriptionToStream(
      stream,
      'group',
      persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START }),
    );
    const subscriptions = [
      client.subscribeToStream(stream),
      client.subscribeToAll(),
      client.subscribeToPersistentSubscriptionToStream(stream, 'group'),
    ];
    const ends = subscriptions.map(
      (subscription) => new Promise<unknown>((resolve) => subscription.once('error', resolve).resume()),
    );
    await Promise.all(
      subscriptions.map((subscription) => new Promise((resolve) => subscription.once('data', resolve))),
    );
    // An append without a stream is answered, which shows that its call is open.
    const call = new StreamsClient(new URL(server.url).host, credentials.createInsecure()).batchAppend();
    const appendEnds = new Promise<unknown>((resolve) => call.once('error', resolve));
    const request = new streams.BatchAppendReq();
    const id = new shared.UUID();
    id.setString(randomUUID());
    request.setCorrelationId(id);
    request.setOptions(new streams.BatchAppendReq.Options());
    call.write(request);
    await new Promise((resolve) => call.once('data', resolve));

    expect(await server.end('SIGTERM')).toBe(0);

    for (const end of ends) expect(await end).toBeInstanceOf(CancelledError);
    expect(await appendEnds).toMatchObject({ code: status.CANCELLED });
    await client.dispose();
  });
});

describe('a data directory', () => {
  async function fill(): Promise<void> {
    const server = await startEmbedded({ dataDir: dir, port: 0 });
    const client = EventStoreDBClient.connectionString(server.url);
    for (let round = 0; round < 20; round += 1) {
      await client.appendToStream(unique('filled'), jsonEvent({ type: 'T', data: { text: 'filling '.repeat(2000) } }));
    }
    await client.dispose();
    await server.close();
  }

  it('in use by a process, opened again, is refused naming the process', async () => {
    const server = await startProcess(dir);
    const message = String(await failureOf(startProcess(dir)));
    expect(message).toContain('exit 1');
    expect(message).toContain(`${fileName()} is in use by process ${server.child.pid ?? 0}`);
    expect(String(await failureOf(startEmbedded({ dataDir: dir, port: 0 })))).toContain('is in use by process');
    await server.end('SIGTERM');
  });

  it('whose file is no database, opened, is refused naming the file, which is left alone', async () => {
    writeFileSync(fileName(), 'these are my notes, not a database\n'.repeat(100));
    const message = String(await failureOf(startEmbedded({ dataDir: dir, port: 0 })));
    expect(message).toContain(`${fileName()} is corrupt`);
    expect(readFileSync(fileName(), 'utf8')).toContain('my notes');
  });

  it('whose file is the database of something else, opened, is refused', async () => {
    const other = new Database(fileName());
    other.exec('CREATE TABLE customers (id INTEGER)');
    other.close();
    expect(String(await failureOf(startEmbedded({ dataDir: dir, port: 0 })))).toContain(
      'was not written by this server',
    );
  });

  it('whose file is cut short, opened, is refused as corrupt', async () => {
    await fill();
    truncateSync(fileName(), Math.floor(statSync(fileName()).size / 2));
    expect(String(await failureOf(startEmbedded({ dataDir: dir, port: 0 })))).toMatch(
      /is corrupt \(it has \d+ of \d+ bytes\)/u,
    );
  });

  it('whose file is overwritten in part, opened, is refused as corrupt', async () => {
    await fill();
    const bytes = readFileSync(fileName());
    bytes.fill(0xa5, 4096 * 2, 4096 * 40);
    writeFileSync(fileName(), bytes);
    expect(String(await failureOf(startEmbedded({ dataDir: dir, port: 0 })))).toContain(`${fileName()} is corrupt`);
  });

  it('with one byte of an event changed, read, ends the server with an error naming the file', async () => {
    await fill();
    const bytes = readFileSync(fileName());
    bytes.write('F', bytes.lastIndexOf('filling filling')); // the first may be a leftover in a page's free space
    writeFileSync(fileName(), bytes);
    const server = await startEmbedded({ dataDir: dir, port: 0 });
    const client = EventStoreDBClient.connectionString(server.url);
    expect(await failureOf(collect(client.readAll()))).toBeInstanceOf(Error);
    expect(String(await failureOf(server.failed))).toContain(`${fileName()} is corrupt`);
    await client.dispose();
  });

  it('that was copied while nothing ran, opened elsewhere, holds the same events', async () => {
    await fill();
    const copy = mkdtempSync(join(tmpdir(), 'eventstoredb-test-'));
    copyFileSync(fileName(), join(copy, 'eventstoredb.sqlite'));
    const server = await startEmbedded({ dataDir: copy, port: 0 });
    const client = EventStoreDBClient.connectionString(server.url);
    const events = await collect(client.readAll());
    expect(events.filter(({ event }) => event?.type === 'T')).toHaveLength(20);
    await client.dispose();
    await server.close();
    rmSync(copy, { recursive: true });
  });

  it('started on a port that is taken, is refused naming the port', async () => {
    const first = await startEmbedded({ dataDir: dir, port: 0 });
    const other = mkdtempSync(join(tmpdir(), 'eventstoredb-test-'));
    const port = Number(new URL(first.url).port);
    expect(String(await failureOf(startProcess(other, port)))).toMatch(
      new RegExp(`exit 1: embedded EventStoreDB: port ${port} of 127.0.0.1 is in use by another program`, 'u'),
    );
    await first.close();
    rmSync(other, { recursive: true, force: true });
  });
});
