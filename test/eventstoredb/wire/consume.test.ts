import { randomUUID } from 'node:crypto';
import {
  ErrorType,
  type EventStoreDBClient,
  jsonEvent,
  persistentSubscriptionToAllSettingsFromDefaults,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { connectEventStore, readHead } from '../../../src/eventstoredb/client.ts';
import { hasType, isUnavailable } from '../../../src/eventstoredb/errors.ts';
import {
  consume,
  encodeAck,
  encodeNack,
  encodeOptions,
  type Subscription,
} from '../../../src/eventstoredb/wire/consume.ts';
import type { ResolvedEvent } from '../../../src/eventstoredb/wire/recorded-event.ts';
import { failureOf } from '../../contract/eventstoredb/support.ts';
import { connectThroughProxy } from '../../support/proxied-client.ts';
import { until } from '../../support/until.ts';

const url = inject('eventStoreUrl');
let client: EventStoreDBClient;
let group: string;

beforeAll(() => {
  client = connectEventStore(url);
});
afterAll(() => client.dispose());

beforeEach(async () => {
  group = `consume-${randomUUID()}`;
  const settings = persistentSubscriptionToAllSettingsFromDefaults({ startFrom: START });
  const filter = streamNameFilter({ prefixes: [`${group}-`] });
  await client.createPersistentSubscriptionToAll(group, settings, { filter });
});
afterEach(() => client.deletePersistentSubscriptionToAll(group).catch(() => undefined));

const write = (count: number) =>
  client.appendToStream(
    `${group}-stream`,
    Array.from({ length: count }, (_, number) => jsonEvent({ type: 'Tested', data: { number } })),
  );
const numbersOf = (events: readonly ResolvedEvent[]) =>
  events.map(({ event }) => (event?.data as { readonly number: number }).number);
const statsOf = async () => (await client.getPersistentSubscriptionToAllInfo(group)).stats;

/** Takes events, in as many batches as they come in, and acknowledges them. */
async function take(subscription: Subscription, count: number, most = count): Promise<ResolvedEvent[]> {
  const taken: ResolvedEvent[] = [];
  for await (const batch of subscription.batches(() => most)) {
    expect(batch.length).toBeLessThanOrEqual(most);
    taken.push(...batch);
    subscription.ack(batch);
    if (taken.length >= count) break;
  }
  return taken;
}

describe('consuming a group', () => {
  it('is confirmed, and brings its events once they are acknowledged, in batches no larger than asked for', async () => {
    const onConfirmation = vi.fn();
    const subscription = await consume(client, { group, bufferSize: 10, onConfirmation });
    await write(25);
    const events = await take(subscription, 25, 4);
    expect(onConfirmation).toHaveBeenCalledTimes(1);
    expect(numbersOf(events).sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, number) => number));
    expect(events.map(({ retryCount }) => retryCount)).toEqual(events.map(() => 0));
    subscription.unsubscribe();
  });

  it('brings no more than the buffer holds, before any of it is acknowledged', async () => {
    await write(25);
    const subscription = await consume(client, { group, bufferSize: 10 });
    await until('the buffer is full', async () => (await statsOf()).totalInFlightMessages === 10);
    const arrived: ResolvedEvent[] = [];
    for await (const batch of subscription.batches(() => 100)) if (arrived.push(...batch) >= 10) break;
    expect(arrived).toHaveLength(10);
    expect((await statsOf()).totalInFlightMessages).toBe(10);
    subscription.unsubscribe();
  });

  it('brings a retried event again, counts that, and parks or skips others for their reason', async () => {
    await write(3);
    const subscription = await consume(client, { group, bufferSize: 10 });
    const seen: ResolvedEvent[] = [];
    for await (const [delivery] of subscription.batches(() => 1)) {
      if (!delivery) continue;
      seen.push(delivery);
      const [number] = numbersOf([delivery]);
      if (number === 0) subscription.nack('park', 'cannot be read', [delivery]);
      else if (number === 1) subscription.nack('skip', 'not wanted', [delivery]);
      else if (delivery.retryCount === 0) subscription.nack('retry', 'once more', [delivery]);
      else {
        subscription.ack([delivery]);
        break;
      }
    }
    expect(numbersOf(seen).sort()).toEqual([0, 1, 2, 2]);
    await until('one is parked', async () => (await statsOf()).parkedMessageCount === 1n);
    subscription.unsubscribe();
  });

  it('ends when it is unsubscribed, and what was not acknowledged goes to the next consumer', async () => {
    await write(2);
    const first = await consume(client, { group, bufferSize: 10 });
    const batches = first.batches(() => 1);
    await batches.next();
    first.unsubscribe();
    expect((await batches.next()).done).toBe(true);
    const second = await consume(client, { group, bufferSize: 10 });
    expect(numbersOf(await take(second, 2)).sort()).toEqual([0, 1]);
    second.unsubscribe();
  });
});

describe('a subscription that is dead fails', () => {
  const consumeAll = async (subscription: Subscription) => {
    for await (const batch of subscription.batches(() => 10)) subscription.ack(batch);
  };

  it('when there is no such group', async () => {
    const subscription = await consume(client, { group: `${group}-none`, bufferSize: 10 });
    const error = await failureOf(consumeAll(subscription));
    expect(hasType(error, ErrorType.PERSISTENT_SUBSCRIPTION_DOES_NOT_EXIST)).toBe(true);
  });

  it('when the group is deleted', async () => {
    const confirmed = vi.fn();
    const subscription = await consume(client, { group, bufferSize: 10, onConfirmation: confirmed });
    const ending = consumeAll(subscription).then(
      () => 'ended',
      (error: unknown) => error,
    );
    await vi.waitFor(() => expect(confirmed).toHaveBeenCalled());
    await client.deletePersistentSubscriptionToAll(group);
    expect(await ending).toBeDefined();
  });

  it('when the connection breaks', async () => {
    const { client: other, proxy, close } = await connectThroughProxy(url);
    const subscription = await consume(other, { group, bufferSize: 10, onConfirmation: () => proxy.reset() });
    expect(isUnavailable(await failureOf(consumeAll(subscription)))).toBe(true);
    await close();
  });
});

describe('a subscription that the server never confirms', () => {
  it('fails as an outage', async () => {
    const { client: other, proxy, close } = await connectThroughProxy(url);
    const confirmed = vi.fn();
    await readHead(other, 10_000);
    proxy.set({ type: 'hold-answers' });
    const options = { group, bufferSize: 10, onConfirmation: confirmed, confirmWithinMs: 100 };
    const subscription = await consume(other, options);
    const error = await failureOf(subscription.batches(() => 10).next());
    expect(isUnavailable(error)).toBe(true);
    expect(confirmed).not.toHaveBeenCalled();
    proxy.reset();
    await close();
  });
});

describe('what is sent is what the generated code reads', () => {
  const event = (id: string) => ({ event: { id } }) as unknown as ResolvedEvent;
  const ids = Array.from({ length: 300 }, () => randomUUID());

  it('to begin with', () => {
    const options = persistent.ReadReq.deserializeBinary(encodeOptions('Ünal 🍕', 8000)).getOptions();
    expect(options?.hasAll()).toBe(true);
    expect(options?.getGroupName()).toBe('Ünal 🍕');
    expect(options?.getBufferSize()).toBe(8000);
    expect(options?.getUuidOption()?.hasString()).toBe(true);
  });

  it('to acknowledge', () => {
    const ack = persistent.ReadReq.deserializeBinary(encodeAck(ids.map(event))).getAck();
    expect(ack?.getIdsList().map((id) => id.getString())).toEqual(ids);
  });

  it.each(['park', 'retry', 'skip'] as const)('to %s, by the id of the link where there is one', (action) => {
    const linked = { event: { id: 'an event' }, link: { id: 'a link' } } as unknown as ResolvedEvent;
    const nack = persistent.ReadReq.deserializeBinary(
      encodeNack(action, 'a reason', [linked, ...ids.map(event)]),
    ).getNack();
    const { Action } = persistent.ReadReq.Nack;
    expect(nack?.getAction()).toBe({ park: Action.PARK, retry: Action.RETRY, skip: Action.SKIP }[action]);
    expect(nack?.getReason()).toBe('a reason');
    expect(nack?.getIdsList().map((id) => id.getString())).toEqual(['a link', ...ids]);
  });
});
