import {
  binaryEvent,
  END,
  jsonEvent,
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
  PersistentSubscriptionDoesNotExistError,
  PersistentSubscriptionDroppedError,
  PersistentSubscriptionExistsError,
  PersistentSubscriptionFailedError,
  PersistentSubscriptionMaximumSubscribersReachedError,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import type { PersistentSubscriptionToStreamSettings, Position } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import {
  collect,
  failureOf,
  isEmbedded,
  numberOf,
  record,
  recordAndAck,
  recordOnly,
  testEvents,
  unique,
  until,
  useStore,
} from './support.ts';

const store = useStore();

type Settings = Partial<PersistentSubscriptionToStreamSettings>;

async function newGroup(settings: Settings = {}, events = 0): Promise<{ stream: string; group: string }> {
  const stream = unique('persistent');
  if (events > 0) await store.client.appendToStream(stream, testEvents(events));
  return newGroupOn(stream, settings);
}

async function newGroupOn(stream: string, settings: Settings = {}): Promise<{ stream: string; group: string }> {
  const group = unique('group');
  const full = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, ...settings });
  await store.client.createPersistentSubscriptionToStream(stream, group, full);
  return { stream, group };
}

const connect = ({ stream, group }: { stream: string; group: string }, bufferSize = 10) =>
  store.client.subscribeToPersistentSubscriptionToStream(stream, group, { bufferSize });

const statsOf = async ({ stream, group }: { stream: string; group: string }) =>
  (await store.client.getPersistentSubscriptionToStreamInfo(stream, group)).stats;

const untilLive = ({ stream, group }: { stream: string; group: string }) =>
  until('the group is live', async () => {
    const { status } = await store.client.getPersistentSubscriptionToStreamInfo(stream, group);
    return status === 'Live';
  });

const numbers = (count: number, first = 0): number[] => Array.from({ length: count }, (_, index) => first + index);

describe('managing groups', () => {
  it('created twice, the same name, is refused as existing', async () => {
    const { stream, group } = await newGroup();
    const settings = persistentSubscriptionToStreamSettingsFromDefaults();
    const error = await failureOf(store.client.createPersistentSubscriptionToStream(stream, group, settings));
    expect(error).toBeInstanceOf(PersistentSubscriptionExistsError);
    expect(error).toMatchObject({ streamName: stream, groupName: group });
  });

  it('a missing group, whatever is asked of it, is reported as missing', async () => {
    const stream = unique('persistent');
    const group = unique('group');
    const settings = persistentSubscriptionToStreamSettingsFromDefaults();
    for (const action of [
      () => store.client.getPersistentSubscriptionToStreamInfo(stream, group),
      () => store.client.updatePersistentSubscriptionToStream(stream, group, settings),
      () => store.client.deletePersistentSubscriptionToStream(stream, group),
      () => store.client.replayParkedMessagesToStream(stream, group),
    ]) {
      const error = await failureOf(action());
      expect(error).toBeInstanceOf(PersistentSubscriptionDoesNotExistError);
      expect(error).toMatchObject({ streamName: stream, groupName: group });
    }
    const recording = recordOnly(connect({ stream, group }));
    expect(await until('it has failed', () => recording.errors[0])).toBeInstanceOf(
      PersistentSubscriptionDoesNotExistError,
    );
  });

  it('settings that contradict each other are refused with the reason', async () => {
    const error = await failureOf(newGroup({ readBatchSize: 100, historyBufferSize: 50 }));
    expect(error).toBeInstanceOf(PersistentSubscriptionFailedError);
  });

  it('info, all settings given, gives them back', async () => {
    const settings = {
      resolveLinkTos: true,
      startFrom: 5n,
      extraStatistics: true,
      messageTimeout: 12_345,
      maxRetryCount: 7,
      checkPointAfter: 3456,
      checkPointLowerBound: 3,
      checkPointUpperBound: 33,
      maxSubscriberCount: 4,
      liveBufferSize: 111,
      readBatchSize: 22,
      historyBufferSize: 222,
      consumerStrategyName: 'Pinned',
    } as const;
    const { stream, group } = await newGroup(settings);
    const info = await store.client.getPersistentSubscriptionToStreamInfo(stream, group);
    expect(info).toMatchObject({ eventSource: stream, groupName: group, connections: [] });
    expect(info.settings).toEqual(settings);
  });

  it('updated, with a consumer, has new settings and drops the consumer', async () => {
    const names = await newGroup({}, 2);
    const recording = recordAndAck(connect(names));
    await recording.first(2);
    const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, maxRetryCount: 3 });
    await store.client.updatePersistentSubscriptionToStream(names.stream, names.group, settings);
    expect(await until('it is dropped', () => recording.errors[0])).toBeInstanceOf(PersistentSubscriptionDroppedError);
    const info = await store.client.getPersistentSubscriptionToStreamInfo(names.stream, names.group);
    expect(info.settings.maxRetryCount).toBe(3);
  });

  it('deleted, with a consumer, drops the consumer and is gone', async () => {
    const names = await newGroup({}, 1);
    const recording = recordAndAck(connect(names));
    await recording.first(1);
    await store.client.deletePersistentSubscriptionToStream(names.stream, names.group);
    expect(await until('it is dropped', () => recording.errors[0])).toBeInstanceOf(PersistentSubscriptionDroppedError);
    const again = await failureOf(store.client.deletePersistentSubscriptionToStream(names.stream, names.group));
    expect(again).toBeInstanceOf(PersistentSubscriptionDoesNotExistError);
  });

  it('listed, of a stream and of all, are those that exist', async () => {
    const one = await newGroup();
    const settings = persistentSubscriptionToStreamSettingsFromDefaults();
    const second = unique('group');
    await store.client.createPersistentSubscriptionToStream(one.stream, second, settings);
    const ofStream = await store.client.listPersistentSubscriptionsToStream(one.stream);
    expect(ofStream.map(({ groupName }) => groupName).sort()).toEqual([one.group, second].sort());
    const all = await store.client.listAllPersistentSubscriptions();
    expect(all.map(({ groupName }) => groupName)).toEqual(expect.arrayContaining([one.group, second]));
    const none = await failureOf(store.client.listPersistentSubscriptionsToStream(unique('persistent')));
    expect(none).toBeInstanceOf(PersistentSubscriptionDoesNotExistError);
  });

  it('more consumers than allowed, the last, is refused', async () => {
    const names = await newGroup({ maxSubscriberCount: 1 }, 1);
    const first = connect(names);
    await recordAndAck(first).first(1);
    const recording = recordOnly(connect(names));
    expect(await until('it is refused', () => recording.errors[0])).toBeInstanceOf(
      PersistentSubscriptionMaximumSubscribersReachedError,
    );
    await first.unsubscribe();
  });

  it('info, with a consumer that holds messages, counts them', async () => {
    const names = await newGroup({ extraStatistics: true }, 20);
    const subscription = connect(names, 5);
    const recording = recordOnly(subscription);
    await recording.first(5);
    const info = await store.client.getPersistentSubscriptionToStreamInfo(names.stream, names.group);
    expect(info.stats).toMatchObject({ totalInFlightMessages: 5, outstandingMessagesCount: 5, totalItems: 5n });
    expect(info.stats.lastKnownEventRevision).toBe(19n);
    expect(info.connections).toHaveLength(1);
    expect(info.connections[0]).toMatchObject({ inFlightMessages: 5, availableSlots: 0, totalItems: 5n });
    await subscription.unsubscribe();
  });
});

describe('consuming', () => {
  it('from the start, everything acknowledged, gets each event once', async () => {
    const names = await newGroup({}, 300);
    const subscription = connect(names, 20);
    const recording = recordAndAck(subscription);
    await recording.first(300);
    await store.client.appendToStream(names.stream, testEvents(10, 'Live', 300));
    expect((await recording.first(310)).map(numberOf)).toEqual(numbers(310));
    await until('all are acknowledged', async () => (await statsOf(names)).outstandingMessagesCount === 0);
    expect(recording.events.every((event) => (event as { retryCount?: number }).retryCount === 0)).toBe(true);
    // The live buffer keeps the last live events, done or not.
    expect(await statsOf(names)).toMatchObject({ readBufferCount: 0, totalInFlightMessages: 0, liveBufferCount: 10n });
    await subscription.unsubscribe();
  });

  it.each([
    ['a revision, inclusive', 3n, [3, 4]],
    ['the end', END, []],
  ] as const)('from %s, older events, are not delivered', async (_case, startFrom, expected) => {
    const names = await newGroup({ startFrom }, 5);
    await store.client.appendToStream(names.stream, testEvents(1, 'Live', 5));
    const subscription = connect(names);
    const recording = recordAndAck(subscription);
    expect((await recording.first(expected.length + 1)).map(numberOf)).toEqual([...expected, 5]);
    await subscription.unsubscribe();
  });

  it('with a full buffer, nothing acknowledged, gets no more until it acknowledges', async () => {
    const names = await newGroup({}, 30);
    const subscription = connect(names, 4);
    const recording = recordOnly(subscription);
    await recording.first(4);
    expect((await statsOf(names)).totalInFlightMessages).toBe(4);
    expect(recording.events).toHaveLength(4);
    await subscription.ack(...(recording.events.slice(0, 2) as never[]));
    expect((await recording.first(6)).map(numberOf)).toEqual(numbers(6));
    await subscription.unsubscribe();
  });

  it('a consumer that leaves, holding messages, leaves them to the next', async () => {
    const names = await newGroup({}, 6);
    const first = connect(names, 4);
    await recordOnly(first).first(4);
    await first.unsubscribe();
    const second = connect(names, 10);
    const events = await recordAndAck(second).first(6);
    expect(events.map(numberOf).sort()).toEqual(numbers(6));
    expect(events.filter((event) => (event as { retryCount?: number }).retryCount === 1)).toHaveLength(4);
    await second.unsubscribe();
  });

  it('live, of a stream with $maxCount, gets what is hidden by then', async () => {
    const names = await newGroup();
    await store.client.setStreamMetadata(names.stream, { maxCount: 2 });
    const subscription = connect(names);
    const recording = recordAndAck(subscription);
    await untilLive(names);
    await store.client.appendToStream(names.stream, testEvents(5));
    expect((await recording.first(5)).map(numberOf)).toEqual(numbers(5));
    await subscription.unsubscribe();
  });

  it('live, of a stream that is truncated meanwhile, gets what is hidden by then', async () => {
    const names = await newGroup({}, 2);
    const subscription = connect(names);
    const recording = recordAndAck(subscription);
    await recording.first(2);
    await untilLive(names);
    await store.client.setStreamMetadata(names.stream, { truncateBefore: 50 });
    await store.client.appendToStream(names.stream, testEvents(300, 'Tested', 2));
    expect((await recording.first(302)).map(numberOf)).toEqual(numbers(302));
    await subscription.unsubscribe();
  });

  it('live, of a stream that was soft-deleted before, gets no older events', async () => {
    const stream = unique('persistent');
    await store.client.appendToStream(stream, testEvents(3));
    await store.client.deleteStream(stream);
    const names = await newGroupOn(stream);
    const subscription = connect(names);
    const recording = recordAndAck(subscription);
    await untilLive(names);
    await store.client.appendToStream(stream, testEvents(2, 'Tested', 3));
    expect((await recording.first(2)).map(numberOf)).toEqual([3, 4]);
    await subscription.unsubscribe();
  });

  it('live, of metadata, gets those that were replaced at once', async () => {
    const stream = `$$${unique('persistent')}`;
    const metadata = [1, 2, 3].map((a) => jsonEvent({ type: '$metadata', data: { a } }));
    await store.client.appendToStream(stream, metadata.slice(0, 1));
    const names = await newGroupOn(stream);
    const subscription = connect(names);
    const recording = recordAndAck(subscription);
    await recording.first(1);
    await untilLive(names);
    await store.client.appendToStream(stream, metadata.slice(1));
    expect((await recording.first(3)).map(({ event }) => event?.revision)).toEqual([0n, 1n, 2n]);
    await subscription.unsubscribe();
  });

  it('of a tombstoned stream, from the start, is dropped', async () => {
    const stream = unique('persistent');
    await store.client.appendToStream(stream, testEvents(1));
    await store.client.tombstoneStream(stream);
    const names = await newGroupOn(stream);
    const recording = recordOnly(connect(names));
    expect(await until('it is dropped', () => recording.errors[0])).toBeInstanceOf(PersistentSubscriptionDroppedError);
  });

  it('of a stream that is tombstoned meanwhile, gets the tombstone', async () => {
    const names = await newGroup({}, 1);
    const subscription = connect(names);
    const recording = recordAndAck(subscription);
    await recording.first(1);
    await store.client.tombstoneStream(names.stream);
    expect((await recording.first(2)).at(-1)?.event?.type).toBe('$streamDeleted');
    await subscription.unsubscribe();
  });

  it('two consumers, round robin, share the events evenly', async () => {
    const names = await newGroup({ consumerStrategyName: 'RoundRobin', startFrom: END });
    const consumers = [connect(names, 50), connect(names, 50)];
    const recordings = consumers.map((consumer) => recordAndAck(consumer));
    await until('both are connected', async () => {
      const info = await store.client.getPersistentSubscriptionToStreamInfo(names.stream, names.group);
      return info.connections.length === 2;
    });
    await store.client.appendToStream(names.stream, testEvents(40));
    await until('all have come', () => recordings.reduce((sum, { events }) => sum + events.length, 0) === 40);
    expect(recordings.map(({ events }) => events.length)).toEqual([20, 20]);
    for (const consumer of consumers) await consumer.unsubscribe();
  });

  it('two consumers, dispatch to single, leave the events to the first while it has room', async () => {
    const names = await newGroup({ consumerStrategyName: 'DispatchToSingle', startFrom: END });
    const first = connect(names, 50);
    const firstRecording = recordOnly(first);
    await until('it is connected', async () => (await connectionsOf(names)) === 1);
    const second = connect(names, 50);
    const secondRecording = recordOnly(second);
    await until('both are connected', async () => (await connectionsOf(names)) === 2);
    await store.client.appendToStream(names.stream, testEvents(60));
    await until('all have come', () => firstRecording.events.length + secondRecording.events.length === 60);
    expect(firstRecording.events).toHaveLength(50);
    await first.unsubscribe();
    await second.unsubscribe();
  });

  async function connectionsOf(names: { stream: string; group: string }): Promise<number> {
    const info = await store.client.getPersistentSubscriptionToStreamInfo(names.stream, names.group);
    return info.connections.length;
  }
});

describe('retrying and parking', () => {
  it('nack retry, again and again, counts up and parks after the last', async () => {
    const names = await newGroup({ maxRetryCount: 2 }, 2);
    const subscription = connect(names);
    const seen: [number, number][] = [];
    const recording = record(subscription as never, (event: never) => {
      const { retryCount } = event as { retryCount: number };
      seen.push([numberOf(event), retryCount]);
      const settle = numberOf(event) === 0 ? subscription.nack('retry', 'again', event) : subscription.ack(event);
      settle.catch((error: unknown) => recording.errors.push(error));
    });
    await until('it is parked', async () => (await statsOf(names)).parkedMessageCount === 1n);
    expect(seen.filter(([n]) => n === 0).map(([, retries]) => retries)).toEqual([0, 1, 2]);
    await subscription.unsubscribe();
  });

  it('nack skip, one event, is not delivered again', async () => {
    const names = await newGroup({}, 3);
    const subscription = connect(names);
    const recording = recordOnly(subscription);
    await recording.first(3);
    await subscription.nack('skip', 'not wanted', ...(recording.events as never[]));
    await until('nothing is outstanding', async () => (await statsOf(names)).outstandingMessagesCount === 0);
    expect(await statsOf(names)).toMatchObject({ parkedMessageCount: 0n });
    expect(recording.events).toHaveLength(3);
    await subscription.unsubscribe();
  });

  it('nack park, with a reason, keeps a link and the reason in the parked stream', async () => {
    const names = await newGroup({}, 2);
    const subscription = connect(names);
    const recording = recordOnly(subscription);
    const [first] = await recording.first(2);
    await subscription.nack('park', 'cannot be read', first as never);
    await until('it is parked', async () => (await statsOf(names)).parkedMessageCount === 1n);
    const parked = `$persistentsubscription-${names.stream}::${names.group}-parked`;
    const credentials = { username: 'admin', password: 'changeit' };
    for await (const { event, link } of store.client.readStream(parked, { resolveLinkTos: true, credentials })) {
      expect(event?.id).toBe(first?.event?.id);
      expect(JSON.stringify(link?.metadata)).toContain('cannot be read');
    }
    await subscription.unsubscribe();
  });

  it('nack park, links that are none, keeps a link to the older itself and the data of the live one', async () => {
    const names = { stream: unique('persistent'), group: unique('group') };
    const link = () => binaryEvent({ type: '$>', data: Buffer.from('nowhere') });
    await store.client.appendToStream(names.stream, link());
    const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, resolveLinkTos: true });
    await store.client.createPersistentSubscriptionToStream(names.stream, names.group, settings);
    const subscription = connect(names);
    const recording = recordOnly(subscription);
    await recording.first(1);
    await untilLive(names);
    await store.client.appendToStream(names.stream, link());
    const events = await recording.first(2);
    expect(events.map(({ event, link: via }) => [event?.revision, via?.revision])).toEqual([
      [0n, undefined],
      [undefined, 1n],
    ]);
    for (const [index, event] of events.entries()) {
      await subscription.nack('park', 'no link', event);
      await until('it is parked', async () => (await statsOf(names)).parkedMessageCount === BigInt(index + 1));
    }
    const parked = await collect(
      store.client.readStream(`$persistentsubscription-${names.stream}::${names.group}-parked`),
    );
    expect(parked.map(({ event }) => Buffer.from(event?.data as Uint8Array).toString())).toEqual([
      `0@${names.stream}`,
      'nowhere',
    ]);
    await subscription.unsubscribe();
  });

  it('a message that is not settled in time is delivered again', async () => {
    const names = await newGroup({ messageTimeout: 300 }, 1);
    const subscription = connect(names);
    const recording = recordOnly(subscription);
    const events = await recording.first(2);
    expect(events.map((event) => (event as { retryCount?: number }).retryCount)).toEqual([0, 1]);
    await subscription.ack(events[1] as never);
    await until('nothing is outstanding', async () => (await statsOf(names)).outstandingMessagesCount === 0);
    await subscription.unsubscribe();
  });

  it('parked messages, replayed, come again with their link and leave the parked stream', async () => {
    const names = await newGroup({}, 4);
    const subscription = connect(names);
    const recording = recordOnly(subscription);
    const events = await recording.first(4);
    await subscription.nack('park', 'later', ...(events as never[]));
    await until('all are parked', async () => (await statsOf(names)).parkedMessageCount === 4n);
    await store.client.replayParkedMessagesToStream(names.stream, names.group);
    const all = await recording.first(8);
    expect(
      all
        .slice(4)
        .map(({ event }) => event?.id)
        .sort(),
    ).toEqual(
      events
        .slice(0, 4)
        .map(({ event }) => event?.id)
        .sort(),
    );
    expect(all.slice(4).every(({ link }) => link !== undefined)).toBe(true);
    await subscription.ack(...(all.slice(4) as never[]));
    await until('none is parked', async () => {
      const stats = await statsOf(names);
      return stats.parkedMessageCount === 0n && stats.outstandingMessagesCount === 0;
    });
    await subscription.unsubscribe();
  });

  it('parked messages, replayed up to a number, leave the rest parked', async () => {
    const names = await newGroup({}, 5);
    const subscription = connect(names);
    const recording = recordOnly(subscription);
    await subscription.nack('park', 'later', ...((await recording.first(5)) as never[]));
    await until('all are parked', async () => (await statsOf(names)).parkedMessageCount === 5n);
    await store.client.replayParkedMessagesToStream(names.stream, names.group, { stopAt: 2 });
    await recording.first(7);
    await until('the rest is parked', async () => (await statsOf(names)).parkedMessageCount === 3n);
    expect(recording.events).toHaveLength(7);
    await subscription.unsubscribe();
  });

  it('deleted with parked messages and created again, a group, starts with none parked', async () => {
    const names = await newGroup({}, 3);
    const subscription = connect(names);
    const recording = recordOnly(subscription);
    await subscription.nack('park', 'later', ...((await recording.first(3)) as never[]));
    await until('all are parked', async () => (await statsOf(names)).parkedMessageCount === 3n);
    await store.client.deletePersistentSubscriptionToStream(names.stream, names.group);
    expect(await store.client.listPersistentSubscriptionsToStream(names.stream)).toEqual([]);
    const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START });
    await store.client.createPersistentSubscriptionToStream(names.stream, names.group, settings);
    expect((await statsOf(names)).parkedMessageCount).toBe(0n);
  });

  it('parked messages whose events are gone, replayed, come as links alone', async () => {
    const names = await newGroup({}, 2);
    const first = connect(names);
    first.on('data', (event) => void first.nack('park', 'later', event).catch(() => undefined));
    await until('both are parked', async () => (await statsOf(names)).parkedMessageCount === 2n);
    await first.unsubscribe();
    await store.client.setStreamMetadata(names.stream, { truncateBefore: 1 });
    await store.client.replayParkedMessagesToStream(names.stream, names.group);
    const second = connect(names);
    const events = await recordOnly(second).first(2);
    expect(events.map(({ event, link }) => [event?.revision, link?.revision])).toEqual([
      [undefined, 0n],
      [1n, 1n],
    ]);
    await second.unsubscribe();
  });

  it('nothing parked, replayed, is no error', async () => {
    const names = await newGroup({}, 1);
    await store.client.replayParkedMessagesToStream(names.stream, names.group);
    expect((await statsOf(names)).parkedMessageCount).toBe(0n);
  });
});

describe('checkpoints', () => {
  it('by count, after enough acknowledgements, are written', async () => {
    const names = await newGroup({ checkPointUpperBound: 10, checkPointLowerBound: 5, checkPointAfter: 60_000 }, 25);
    const subscription = connect(names, 10);
    await recordAndAck(subscription).first(25);
    const stats = await until('a checkpoint is written', async () => {
      const found = await statsOf(names);
      return (found.lastCheckpointedEventRevision ?? 0n) >= 15n && found;
    });
    expect(stats.lastCheckpointedEventRevision).toBeLessThanOrEqual(24n);
    await subscription.unsubscribe();
  });

  it('by time, few acknowledgements, are written', async () => {
    const names = await newGroup({ checkPointLowerBound: 1, checkPointUpperBound: 1000, checkPointAfter: 100 }, 3);
    const subscription = connect(names, 10);
    await recordAndAck(subscription).first(3);
    await until('a checkpoint is written', async () => (await statsOf(names)).lastCheckpointedEventRevision === 2n);
    await subscription.unsubscribe();
  });

  it('written, are SubscriptionCheckpoint events of a stream of the group', async () => {
    const names = await newGroup({ checkPointUpperBound: 1, checkPointLowerBound: 1 }, 1);
    const subscription = connect(names);
    await recordAndAck(subscription).first(1);
    const checkpoints = `$persistentsubscription-${names.stream}::${names.group}-checkpoint`;
    const checkpoint = await until('there is a checkpoint', async () => {
      const events = await collect(store.client.readStream(checkpoints)).catch(() => []);
      return events[0]?.event;
    });
    expect(checkpoint).toMatchObject({ type: 'SubscriptionCheckpoint', data: '0' });
    await subscription.unsubscribe();
  });

  it('never pass an event that is not acknowledged', async () => {
    const names = await newGroup({ checkPointLowerBound: 1, checkPointUpperBound: 5, checkPointAfter: 100 }, 30);
    const subscription = connect(names, 50);
    const recording = recordOnly(subscription);
    const events = await recording.first(30);
    await subscription.ack(...(events.filter((event) => numberOf(event) !== 12) as never[]));
    await until('a checkpoint is written', async () => (await statsOf(names)).lastCheckpointedEventRevision === 11n);
    expect((await statsOf(names)).outstandingMessagesCount).toBe(1);
    await subscription.unsubscribe();
  });

  it.runIf(isEmbedded)('after a restart, a group with a checkpoint, goes on from there', async () => {
    const names = await newGroup({ checkPointLowerBound: 1, checkPointUpperBound: 10, checkPointAfter: 100 }, 20);
    const subscription = connect(names, 50);
    const recording = recordOnly(subscription);
    const events = await recording.first(20);
    await subscription.ack(...(events.slice(0, 10) as never[]));
    await subscription.nack('park', 'for later', events[10] as never, events[11] as never);
    await until('a checkpoint is written', async () => (await statsOf(names)).lastCheckpointedEventRevision === 11n);
    await store.restart();
    expect((await statsOf(names)).parkedMessageCount).toBe(2n);
    const next = connect(names, 50);
    const again = await recordAndAck(next).first(8);
    expect(again.map(numberOf)).toEqual(numbers(8, 12));
    await next.unsubscribe();
  });
});

describe('groups over $all', () => {
  it('with a stream name filter, get exactly what matches, in order, also live', async () => {
    const prefix = unique('orders');
    const group = unique('group');
    await store.client.appendToStream(`${prefix}-1`, testEvents(2));
    await store.client.appendToStream(unique('other'), testEvents(5, 'Other', 500));
    await store.client.createPersistentSubscriptionToAll(
      group,
      persistentSubscriptionToAllSettingsFromDefaults({
        startFrom: START,
        checkPointLowerBound: 1,
        checkPointAfter: 100,
      }),
      { filter: streamNameFilter({ prefixes: [prefix] }) },
    );
    const subscription = store.client.subscribeToPersistentSubscriptionToAll(group);
    const recording = recordAndAck(subscription);
    await recording.first(2);
    await store.client.appendToStream(unique('other'), testEvents(5, 'Other', 500));
    await store.client.appendToStream(`${prefix}-2`, testEvents(2, 'Tested', 2));
    expect((await recording.first(4)).map(numberOf)).toEqual([0, 1, 2, 3]);
    const { stats, settings } = await until('it is checkpointed', async () => {
      const info = await store.client.getPersistentSubscriptionToAllInfo(group);
      // A real server may have a checkpoint at 0 first.
      return (info.stats.lastCheckpointedEventPosition?.commit ?? 0n) > 0n && info;
    });
    expect(stats.lastCheckpointedEventPosition?.commit).toBeGreaterThan(0n);
    expect(settings.startFrom).toBe(START);
    await subscription.unsubscribe();
    await store.client.deletePersistentSubscriptionToAll(group);
  });

  it('without a filter, their own checkpoints and parked messages, are never delivered', async () => {
    const group = unique('group');
    const { position } = await store.client.appendToStream(unique('all'), testEvents(1));
    await store.client.createPersistentSubscriptionToAll(
      group,
      persistentSubscriptionToAllSettingsFromDefaults({
        startFrom: position as Position,
        checkPointLowerBound: 1,
        checkPointUpperBound: 1,
      }),
    );
    const subscription = store.client.subscribeToPersistentSubscriptionToAll(group);
    const recording = recordAndAck(subscription);
    for (let round = 0; round < 10; round += 1) await store.client.appendToStream(unique('all'), testEvents(1));
    await until('all have come', () => recording.events.filter(({ event }) => event?.type === 'Tested').length >= 11);
    const own = recording.events.filter(({ event }) => event?.streamId.includes(group) === true);
    expect(own).toEqual([]);
    await subscription.unsubscribe();
    await store.client.deletePersistentSubscriptionToAll(group);
  });

  it('from a position that is the start of no record, are created and drop their consumers', async () => {
    const { position } = await store.client.appendToStream(unique('persistent'), testEvents(1));
    const at = (position?.commit ?? 0n) + 1n;
    await store.client.appendToStream(unique('persistent'), testEvents(1));
    const group = unique('group');
    const settings = persistentSubscriptionToAllSettingsFromDefaults({ startFrom: { commit: at, prepare: at } });
    await store.client.createPersistentSubscriptionToAll(group, settings);
    const recording = recordOnly(store.client.subscribeToPersistentSubscriptionToAll(group));
    expect(await until('it is dropped', () => recording.errors[0])).toBeInstanceOf(PersistentSubscriptionDroppedError);
    await store.client.deletePersistentSubscriptionToAll(group);
  });

  it('from a position beyond the end are refused', async () => {
    const settings = persistentSubscriptionToAllSettingsFromDefaults({
      startFrom: { commit: 1n << 50n, prepare: 1n << 50n },
    });
    const error = await failureOf(store.client.createPersistentSubscriptionToAll(unique('group'), settings));
    expect(error).toBeInstanceOf(PersistentSubscriptionFailedError);
    expect(error).toMatchObject({ streamName: '$all' });
  });

  it.runIf(isEmbedded)('restarted with the subsystem, their consumers, are dropped and can come back', async () => {
    const names = await newGroup({}, 1);
    const recording = recordOnly(connect(names));
    await recording.first(1);
    await store.client.restartPersistentSubscriptionSubsystem();
    expect(await until('it is dropped', () => recording.errors[0])).toBeInstanceOf(PersistentSubscriptionDroppedError);
    const again = connect(names);
    expect((await recordAndAck(again).first(1)).map(numberOf)).toEqual([0]);
    await again.unsubscribe();
  });
});
