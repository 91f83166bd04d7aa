import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../src/log/events.ts';
import type { Consumer, Message } from '../src/groups/group.ts';
import { ConsumerGroup } from '../src/groups/group.ts';
import type { GroupSettings } from '../src/groups/group-settings.ts';

const DEFAULTS: GroupSettings = {
  resolveLinkTos: false,
  extraStatistics: false,
  messageTimeout: 1000,
  maxRetryCount: 2,
  checkPointAfter: 500,
  minCheckPointCount: 2,
  maxCheckPointCount: 10,
  maxSubscriberCount: 0,
  liveBufferSize: 100,
  readBatchSize: 5,
  historyBufferSize: 20,
  namedConsumerStrategy: 'RoundRobin',
};

function message(place: number, stream = 's', id = `id-${place}`): Message {
  const event = { position: place, stream, revision: place, id } as RecordedEvent;
  return { id, resolved: { event, link: undefined }, stream, place, retries: 0 };
}

function newGroup(settings: Partial<GroupSettings> = {}, after = -1) {
  const delivered: [consumer: number, id: string, retries: number][] = [];
  const parked: [id: string, reason: string][] = [];
  const checkpoints: number[] = [];
  const congested = new Set<number>();
  const group = new ConsumerGroup(
    { ...DEFAULTS, ...settings },
    {
      deliver(consumer, { id, retries }) {
        delivered.push([consumer.id, id, retries]);
        return !congested.has(consumer.id);
      },
      park: ({ id }, reason) => void parked.push([id, reason]),
      saveCheckpoint: (place) => void checkpoints.push(place),
    },
    after,
  );
  const connect = (id: number, slots = 10): Consumer => {
    const consumer: Consumer = { id, slots, inFlight: new Set(), totalItems: 0, ready: true };
    group.connect(consumer, 0);
    return consumer;
  };
  const feed = (first: number, last: number, stream?: (place: number) => string): void => {
    const places = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    group.feed(
      places.map((place) => message(place, stream?.(place))),
      last,
      0,
    );
  };
  const ids = (consumer?: number): string[] =>
    delivered.filter(([to]) => consumer === undefined || to === consumer).map(([, id]) => id);
  return { group, delivered, parked, checkpoints, congested, connect, feed, ids };
}

const range = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `id-${first + index}`);

describe('delivery', () => {
  it('without consumers, fed, delivers nothing and is hungry until its buffer is full', () => {
    const { group, delivered, feed } = newGroup();
    feed(0, 15);
    expect(delivered).toEqual([]);
    expect(group.hungry).toBe(false);
    expect(group.counts).toMatchObject({ buffered: 16, outstanding: 0 });
  });

  it('to one consumer, never exceeds its slots, and goes on when it acknowledges', () => {
    const { group, connect, feed, ids } = newGroup();
    connect(1, 3);
    feed(0, 9);
    expect(ids()).toEqual(range(0, 2));
    group.ack(['id-1'], 0);
    expect(ids()).toEqual(range(0, 3));
    group.ack(['id-0', 'id-2', 'id-3'], 0);
    expect(ids()).toEqual(range(0, 6));
  });

  it('an acknowledgement of what is not out, or twice, changes nothing', () => {
    const { group, connect, feed } = newGroup();
    connect(1, 2);
    feed(0, 4);
    group.ack(['nonsense', 'id-0', 'id-0', 'id-4'], 0);
    expect(group.counts.outstanding).toBe(2);
  });

  it('to a congested consumer, stops until it has drained', () => {
    const { group, connect, feed, congested, ids } = newGroup();
    congested.add(1);
    connect(1);
    feed(0, 4);
    expect(ids()).toEqual(['id-0']);
    congested.clear();
    group.drained(1, 0);
    expect(ids()).toEqual(range(0, 4));
  });

  it('round robin, two consumers, alternates and skips the one that is full', () => {
    const { connect, feed, ids } = newGroup();
    connect(1, 2);
    connect(2, 10);
    feed(0, 7);
    expect(ids(1)).toEqual(['id-0', 'id-2']);
    expect(ids(2)).toEqual(['id-1', ...range(3, 7)]);
  });

  it('dispatch to single, two consumers, uses the second only while the first is full', () => {
    const { group, connect, feed, ids } = newGroup({ namedConsumerStrategy: 'DispatchToSingle' });
    connect(1, 2);
    connect(2, 10);
    feed(0, 3);
    group.ack(['id-0'], 0);
    feed(4, 4);
    expect(ids(1)).toEqual(['id-0', 'id-1', 'id-4']);
    expect(ids(2)).toEqual(['id-2', 'id-3']);
  });

  it('pinned, two consumers, keeps each stream with one consumer', () => {
    const { delivered, connect, feed, group } = newGroup({ namedConsumerStrategy: 'Pinned', historyBufferSize: 500 });
    connect(1, 100);
    connect(2, 100);
    feed(0, 99, (place) => `s-${place % 10}`);
    const consumersOf = new Map<number, Set<number>>();
    for (const [consumer, id] of delivered) {
      const stream = Number(id.slice(3)) % 10;
      consumersOf.set(stream, (consumersOf.get(stream) ?? new Set()).add(consumer));
    }
    expect(delivered).toHaveLength(100);
    expect([...consumersOf.values()].every((consumers) => consumers.size === 1)).toBe(true);
    expect(new Set(delivered.map(([consumer]) => consumer)).size).toBe(2);
    group.disconnect(1, 0);
    expect(group.counts.outstanding).toBe(100);
  });

  it('pinned, its consumer full, leaves other streams free to go on', () => {
    const { group, connect, feed, ids } = newGroup({ namedConsumerStrategy: 'Pinned', historyBufferSize: 100 });
    connect(1, 1);
    connect(2, 1);
    feed(0, 9, (place) => (place < 5 ? 'a' : 'b'));
    const first = ids();
    expect(first).toEqual(['id-0', 'id-5']);
    group.ack(['id-5'], 0);
    expect(ids()).toEqual(['id-0', 'id-5', 'id-6']);
    group.ack(['id-0'], 0);
    expect(ids()).toEqual(['id-0', 'id-5', 'id-6', 'id-1']);
  });

  it('two events of the same id are never out at once', () => {
    const { group, connect, ids } = newGroup();
    connect(1);
    group.feed([message(0, 'a', 'same'), message(1, 'b', 'same'), message(2)], 2, 0);
    expect(ids()).toEqual(['same', 'id-2']);
    group.ack(['same'], 0);
    expect(ids()).toEqual(['same', 'id-2', 'same']);
  });
});

describe('retries', () => {
  it('nack retry, up to the limit, delivers again and then parks', () => {
    const { group, connect, feed, delivered, parked } = newGroup();
    connect(1);
    feed(0, 0);
    for (let round = 0; round < 3; round += 1) group.nack(['id-0'], 'retry', 'broken', 0);
    expect(delivered.map(([, , retries]) => retries)).toEqual([0, 1, 2]);
    expect(parked).toEqual([['id-0', 'Reached retry count of 2']]);
    expect(group.counts.outstanding).toBe(0);
  });

  it('a time-out, reached, delivers again; before it, does not', () => {
    const { group, connect, feed, ids } = newGroup();
    connect(1);
    feed(0, 1);
    group.ack(['id-1'], 0);
    group.tick(999);
    expect(ids()).toEqual(['id-0', 'id-1']);
    group.tick(1000);
    expect(ids()).toEqual(['id-0', 'id-1', 'id-0']);
  });

  it('a consumer that leaves, holding messages, gives them to others in order, before newer ones', () => {
    const { group, connect, feed, delivered } = newGroup();
    connect(1, 4);
    feed(0, 9);
    connect(2, 6);
    const before = delivered.length;
    group.disconnect(1, 0);
    group.ack(range(4, 9), 0);
    expect(delivered.slice(before)).toEqual(range(0, 3).map((id) => [2, id, 1]));
  });

  it('nack park, asked for, parks at once with the reason', () => {
    const { group, connect, feed, parked } = newGroup();
    connect(1);
    feed(0, 0);
    group.nack(['id-0'], 'park', 'unreadable', 0);
    expect(parked).toEqual([['id-0', "Client explicitly NAK'ed message.\nunreadable"]]);
  });

  it('nack skip and stop, asked for, settle without delivering again', () => {
    const { group, connect, feed, ids } = newGroup();
    connect(1);
    feed(0, 1);
    group.nack(['id-0'], 'skip', '', 0);
    group.nack(['id-1'], 'stop', '', 0);
    expect(ids()).toEqual(range(0, 1));
    expect(group.counts.outstanding).toBe(0);
  });

  it('replayed parked messages come before buffered ones and do not hold the checkpoint', () => {
    const { group, connect, feed, ids, checkpoints } = newGroup({ maxCheckPointCount: 1 });
    const parked = message(3, 's', 'parked');
    feed(4, 5);
    group.replay([{ ...parked, place: undefined }], 0);
    connect(1, 3);
    expect(ids()).toEqual(['parked', 'id-4', 'id-5']);
    group.ack(['id-4', 'id-5'], 0);
    expect(checkpoints.at(-1)).toBe(5);
  });
});

describe('checkpoints', () => {
  it('by count, in order, are written at the limit', () => {
    const { group, connect, feed, checkpoints } = newGroup();
    connect(1, 20);
    feed(0, 11);
    group.ack(range(0, 8), 0);
    expect(checkpoints).toEqual([]);
    group.ack(['id-9'], 0);
    expect(checkpoints).toEqual([9]);
  });

  it('by time, few done, are written when enough and late enough', () => {
    const { group, connect, feed, checkpoints } = newGroup();
    connect(1, 20);
    feed(0, 5);
    group.ack(['id-0'], 0);
    group.tick(600);
    expect(checkpoints).toEqual([]);
    group.ack(['id-1'], 600);
    group.tick(700);
    expect(checkpoints).toEqual([1]);
    group.ack(['id-2', 'id-3'], 700);
    group.tick(900);
    expect(checkpoints).toEqual([1]);
    group.tick(1300);
    expect(checkpoints).toEqual([1, 3]);
  });

  it('never pass a message that is outstanding, waiting for a retry, parking or buffered', () => {
    const { group, connect, feed, checkpoints } = newGroup({ maxCheckPointCount: 1 });
    connect(1, 5);
    feed(0, 9);
    group.ack(['id-1', 'id-2'], 0);
    expect(checkpoints).toEqual([]);
    group.nack(['id-0'], 'park', '', 0);
    expect(checkpoints).toEqual([]);
    group.parked('id-0', 0);
    expect(checkpoints).toEqual([2]);
    group.disconnect(1, 0);
    expect(checkpoints).toEqual([2]);
    group.tick(10_000);
    expect(checkpoints).toEqual([2]);
  });

  it('go over events that the filter leaves out', () => {
    const { group, connect, checkpoints } = newGroup();
    connect(1);
    group.feed([message(3)], 8, 0);
    group.ack(['id-3'], 0);
    expect(checkpoints).toEqual([]);
    group.feed([], 30, 0);
    expect(checkpoints).toEqual([30]);
  });

  it('of a group that starts late count from there', () => {
    const { group, connect, feed, checkpoints } = newGroup({ minCheckPointCount: 1 }, 99);
    connect(1);
    feed(100, 100);
    group.tick(600);
    expect(checkpoints).toEqual([]);
    group.ack(['id-100'], 600);
    group.tick(600);
    expect(checkpoints).toEqual([100]);
  });
});
