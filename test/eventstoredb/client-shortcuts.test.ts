import { randomUUID } from 'node:crypto';
import type { ClientHttp2Session } from 'node:http2';
import { setImmediate as turn } from 'node:timers/promises';
import {
  type EventStoreDBClient,
  jsonEvent,
  NO_STREAM,
  persistentSubscriptionToStreamSettingsFromDefaults,
  START,
} from '@eventstore/db-client';
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { Http2SubchannelCall } from '@grpc/grpc-js/build/src/subchannel-call.js';
import { Http2SubchannelConnector } from '@grpc/grpc-js/build/src/transport.js';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { connectEventStore, readHead } from '../../src/eventstoredb/client.ts';
import { EventResponse } from '../../src/eventstoredb/wire/read-response.ts';
import { connectThroughProxy } from '../support/proxied-client.ts';

const prefix = `Shortcuts-${randomUUID()}`;
let client: EventStoreDBClient;

beforeAll(() => {
  client = connectEventStore(inject('eventStoreUrl'));
});

afterAll(() => client.dispose());

const eventOf = (number: number) => jsonEvent({ type: 'Tested', data: { number } });

test('appends that are made together leave the process together, not one in each turn of the event loop', async () => {
  await client.appendToStream(`${prefix}-first`, eventOf(0), { expectedRevision: NO_STREAM });
  const sent = vi.spyOn(Http2SubchannelCall.prototype, 'sendMessageWithContext');
  const appends = Array.from({ length: 50 }, (_, number) =>
    client.appendToStream(`${prefix}-${number}`, eventOf(number), { expectedRevision: NO_STREAM }),
  );
  for (let turns = 0; turns < 3; turns += 1) await turn();
  expect(sent).toHaveBeenCalledTimes(50);
  sent.mockRestore();
  for (const { success } of await Promise.all(appends)) expect(success).toBe(true);
});

test('a server may send far more than 64 kB of a call before any of it is read', async () => {
  const connecting = vi.spyOn(Http2SubchannelConnector.prototype, 'connect');
  const { client: other, close } = await connectThroughProxy(inject('eventStoreUrl'));
  await readHead(other, 5000);
  const transport = await (connecting.mock.results[0]?.value as ReturnType<Http2SubchannelConnector['connect']>);
  connecting.mockRestore();
  const { localSettings, state } = (transport as unknown as { session: ClientHttp2Session }).session;
  expect(localSettings.initialWindowSize).toBe(2 ** 20);
  expect(state.effectiveLocalWindowSize).toBe(2 ** 20);
  await close();
});

test('events are read directly, by reads and by persistent subscriptions, and all else as before', async () => {
  const reading = vi.spyOn(streams.ReadResp, 'deserializeBinary');
  await client.appendToStream(`${prefix}-read`, eventOf(1));
  for await (const { event } of client.readStream(`${prefix}-read`)) expect(event?.data).toMatchObject({ number: 1 });
  const readNone = async () => {
    for await (const event of client.readStream(`${prefix}-none`)) expect(event).toBeUndefined();
  };
  await expect(readNone()).rejects.toThrow('not found');
  const made = reading.mock.results.map(({ value }) => value instanceof EventResponse);
  reading.mockRestore();
  expect(new Set(made)).toEqual(new Set([true, false]));

  const group = `${prefix}-group`;
  const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START });
  await client.createPersistentSubscriptionToStream(`${prefix}-read`, group, settings);
  const delivering = vi.spyOn(persistent.ReadResp, 'deserializeBinary');
  const subscription = client.subscribeToPersistentSubscriptionToStream(`${prefix}-read`, group);
  for await (const delivery of subscription) {
    expect(delivery.event?.data).toMatchObject({ number: 1 });
    await subscription.ack(delivery);
    break;
  }
  expect(delivering.mock.results.map(({ value }) => value instanceof EventResponse)).toEqual([false, true]);
  delivering.mockRestore();
});
