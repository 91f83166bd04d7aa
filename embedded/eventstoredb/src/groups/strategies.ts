import type { Consumer, Message } from './group.ts';
import type { StrategyName } from './group-settings.ts';

/** Decides which consumer of a group gets a message. */
export interface Strategy {
  add(consumer: Consumer): void;
  remove(consumer: Consumer): void;
  /** `full`: nobody can take any message now; `later`: this one has to wait, others need not. */
  choose(message: Message): Consumer | 'full' | 'later';
  released(message: Message, consumer: Consumer): void;
}

export function createStrategy(name: StrategyName): Strategy {
  switch (name) {
    case 'RoundRobin':
      return createTurns(true);
    case 'DispatchToSingle':
      return createTurns(false);
    case 'Pinned':
      return createPinned();
    default:
      return name satisfies never;
  }
}

function hasRoom(consumer: Consumer): boolean {
  return consumer.ready && consumer.inFlight.size < consumer.slots;
}

/** In turns; or always the first, and the next ones only while it is busy. */
function createTurns(rotate: boolean): Strategy {
  const queue: Consumer[] = [];
  return {
    add: (consumer) => void queue.push(consumer),
    remove(consumer) {
      const index = queue.indexOf(consumer);
      if (index !== -1) queue.splice(index, 1);
    },
    choose() {
      const index = queue.findIndex(hasRoom);
      const consumer = queue[index];
      if (consumer === undefined) return 'full';
      if (rotate) queue.push(...queue.splice(0, index + 1));
      return consumer;
    },
    released: () => undefined,
  };
}

const BUCKETS = 1024;

interface Bucket {
  owner: Consumer | undefined;
  inFlight: number;
}

/**
 * All events of a stream to the same consumer: streams are hashed into buckets, a bucket belongs to a consumer. When
 * consumers come or go, buckets with nothing in flight are given out anew.
 */
function createPinned(): Strategy {
  const consumers = new Set<Consumer>();
  const buckets: Bucket[] = Array.from({ length: BUCKETS }, () => ({ owner: undefined, inFlight: 0 }));

  function share(): void {
    for (const bucket of buckets) if (bucket.inFlight === 0) bucket.owner = undefined;
  }

  function bucketOf({ stream }: Message): Bucket {
    const bucket = buckets[hash(stream) % BUCKETS];
    if (bucket === undefined) throw new Error('no such bucket');
    return bucket;
  }

  function leastLoaded(): Consumer | undefined {
    const loads = new Map([...consumers].map((consumer) => [consumer, 0]));
    for (const { owner } of buckets) if (owner !== undefined) loads.set(owner, (loads.get(owner) ?? 0) + 1);
    return [...consumers].sort((a, b) => (loads.get(a) ?? 0) - (loads.get(b) ?? 0))[0];
  }

  return {
    add(consumer) {
      consumers.add(consumer);
      share();
    },
    remove(consumer) {
      consumers.delete(consumer);
      for (const bucket of buckets) if (bucket.owner === consumer) bucket.inFlight = 0;
      share();
    },
    choose(message) {
      if (![...consumers].some(hasRoom)) return 'full';
      const bucket = bucketOf(message);
      bucket.owner ??= leastLoaded();
      if (bucket.owner === undefined || !hasRoom(bucket.owner)) return 'later';
      bucket.inFlight += 1;
      return bucket.owner;
    },
    released(message, consumer) {
      const bucket = bucketOf(message);
      if (bucket.owner === consumer && bucket.inFlight > 0) bucket.inFlight -= 1;
    },
  };
}

/** FNV-1a */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
