import type { ClientHttp2Session } from 'node:http2';
import { Http2SubchannelConnector } from '@grpc/grpc-js/build/src/transport.js';
import { expect, inject, test, vi } from 'vitest';
import { readHead } from '../../src/eventstoredb/client.ts';
import { connectThroughProxy } from '../support/proxied-client.ts';

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
