import { randomUUID } from 'node:crypto';
import type { ClientHttp2Session } from 'node:http2';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { startEmbedded } from '@marios-pizzeria/embedded-eventstoredb';
import { PersistentSubscriptionDoesNotExistError } from '@eventstore/db-client';
import { Client, credentials, status } from '@grpc/grpc-js';
import { Http2SubchannelCall } from '@grpc/grpc-js/build/src/subchannel-call.js';
import { Http2SubchannelConnector } from '@grpc/grpc-js/build/src/transport.js';
import { expect, inject, test, vi } from 'vitest';
import { connectEventStore, readHead } from '../../src/eventstoredb/client.ts';
import { EventStoreUnavailableError } from '../../src/eventstoredb/errors.ts';
import { createStreamStore } from '../../src/eventstoredb/streams.ts';
import { createBatchAppend } from '../../src/eventstoredb/wire/append.ts';
import { readParked } from '../../src/read-models/parked.ts';
import { freePort } from '../support/ports.ts';
import { connectThroughProxy } from '../support/proxied-client.ts';
import { until } from '../support/until.ts';

test('a client pings every 3 s, unless its URL says otherwise, and no warning is printed', async () => {
  const warned = vi.spyOn(console, 'warn').mockReturnValue();
  const url = inject('eventStoreUrl');
  const keepAlive = async (connection: string) => {
    const client = connectEventStore(connection);
    const channel = await client['getChannel']();
    const { options } = channel['internalChannel'] as unknown as { options: Record<string, unknown> };
    await client.dispose();
    return [options['grpc.keepalive_time_ms'], options['grpc.keepalive_timeout_ms']];
  };
  expect(await keepAlive(url)).toEqual([3000, 3000]);
  expect(await keepAlive(`${url}${url.includes('?') ? '&' : '?'}keepAliveInterval=20000`)).toEqual([20_000, 10_000]);
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});

test('a server may send far more than 64 kB of a call before any of it is read', async () => {
  const connecting = vi.spyOn(Http2SubchannelConnector.prototype, 'connect');
  const { client, close } = await connectThroughProxy(inject('eventStoreUrl'));
  await readHead(client, 5000);
  const transport = await (connecting.mock.results[0]?.value as ReturnType<Http2SubchannelConnector['connect']>);
  connecting.mockRestore();
  const { localSettings, state } = (transport as unknown as { session: ClientHttp2Session }).session;
  expect(localSettings.initialWindowSize).toBe(2 ** 20);
  expect(state.effectiveLocalWindowSize).toBe(2 ** 20);
  await close();
});

test('appends that are asked for at once leave at once, and none of the first ones is lost', async () => {
  const sending = vi.spyOn(Http2SubchannelCall.prototype, 'sendMessageWithContext');
  const client = connectEventStore(inject('eventStoreUrl'));
  const append = createBatchAppend(client);
  const appendTen = () =>
    Promise.all(
      Array.from({ length: 10 }, () => {
        const id = randomUUID();
        return append(`AtOnce-${id}`, -1, [{ id, type: 'Tested', data: '{}', metadata: '' }]);
      }),
    );
  const ten = Array.from({ length: 10 }, () => 0);
  await expect(appendTen()).resolves.toEqual(ten);
  sending.mockClear();
  const appending = appendTen();
  await setImmediate();
  expect(sending).toHaveBeenCalledTimes(10);
  await expect(appending).resolves.toEqual(ten);
  sending.mockRestore();
  await client.dispose();
});

test('a cluster of which no node answers is away, for as long as it is, and the process lives on', async () => {
  const ports = [await freePort(), await freePort()];
  const client = connectEventStore(`esdb://${ports.map((port) => `127.0.0.1:${port}`).join(',')}?tls=false`);
  const streams = createStreamStore({ client, streamPrefix: '', timeLimitMs: 60_000 });
  for (const read of [() => streams.readRecorded('PizzaOrder-1'), () => readHead(client, 60_000)])
    await expect(read()).rejects.toThrow(EventStoreUnavailableError);
  await client.dispose();
});

test('a cluster of which no node answers in time is away, and what fails afterwards is nobody’s', async () => {
  const ports = [await freePort(), await freePort()];
  const client = connectEventStore(
    `esdb://${ports.map((port) => `127.0.0.1:${port}`).join(',')}?tls=false&maxDiscoverAttempts=2&discoveryInterval=200`,
  );
  await expect(readHead(client, 20)).rejects.toThrow(EventStoreUnavailableError);
  await expect(readParked(client, 'group', 1, 20)).rejects.toThrow(EventStoreUnavailableError);
  // An error that nobody caught would have the process end.
  const isOver = client['getChannel']().catch(() => 'over');
  expect(await isOver).toBe('over');
  await new Promise((resolve) => setTimeout(resolve, 50));
  await client.dispose();
});

test('a group of a cluster is asked about again after an outage in which somebody has asked', async () => {
  const ports = [await freePort(), await freePort()];
  const client = connectEventStore(
    `esdb://${ports.map((port) => `127.0.0.1:${port}`).join(',')}?tls=false&maxDiscoverAttempts=1`,
  );
  const ask = () => client.getPersistentSubscriptionToAllInfo('none');
  await expect(ask()).rejects.toThrow('no node of the event store answers');
  const dataDir = mkdtempSync(join(tmpdir(), 'pizzeria-test-'));
  const server = await startEmbedded({ dataDir, port: ports[0] ?? 0 });
  await until('it says that there is none', async () => {
    const error: unknown = await ask().catch((reason: unknown) => reason);
    return error instanceof PersistentSubscriptionDoesNotExistError;
  });
  await client.dispose();
  await server.close();
  rmSync(dataDir, { recursive: true });
});

test('an error of a call on a channel, while no node is there for the next one, is nobody’s', async () => {
  const client = connectEventStore('esdb://127.0.0.1:1,127.0.0.1:2?tls=false&maxDiscoverAttempts=1');
  void client['getChannel']().catch(() => undefined);
  const lost = Object.assign(new Error('lost'), { code: status.UNAVAILABLE });
  await expect(client['handleError'](new Client('127.0.0.1:1', credentials.createInsecure()), lost)).resolves.toBe(
    undefined,
  );
  await client.dispose();
});
