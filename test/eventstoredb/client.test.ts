import type { ClientHttp2Session } from 'node:http2';
import { Http2SubchannelConnector } from '@grpc/grpc-js/build/src/transport.js';
import { expect, inject, test, vi } from 'vitest';
import { connectEventStore, readHead } from '../../src/eventstoredb/client.ts';
import { connectThroughProxy } from '../support/proxied-client.ts';

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
