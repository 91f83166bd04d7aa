import { setTimeout as delay } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import { groupName } from '../support/group.ts';
import { MongoClient } from 'mongodb';
import type { Random } from './random.ts';
import type { Restartable, Store, World } from './world.ts';

export interface DrillFault {
  readonly name: string;
  /** Does it and undoes it again: what was ended is started, what was cut is whole. */
  readonly run: (world: World, random: Random) => Promise<void>;
}

const STEP_DOWN_S = 5;

const kill = (name: string, victim: (world: World, random: Random) => Restartable): DrillFault => ({
  name: `kill ${name}`,
  async run(world, random) {
    const killed = victim(world, random);
    await killed.kill();
    await delay(random.integer(0, 1500));
    await killed.start();
  },
});

const ofStore = (name: string, store: (world: World) => Store): DrillFault[] => [
  {
    name: `stop ${name}`,
    async run(world, random) {
      store(world).pause();
      await delay(random.integer(500, 4000));
      store(world).resume();
    },
  },
  {
    name: `cut ${name}`,
    async run(world, random) {
      store(world).proxy.set({ type: 'cut' });
      await delay(random.integer(100, 2000));
      store(world).proxy.set({ type: 'none' });
    },
  },
  {
    name: `delay ${name}`,
    async run(world, random) {
      store(world).proxy.set({ type: 'delay', ms: random.integer(20, 200) });
      await delay(2000);
      store(world).proxy.set({ type: 'none' });
    },
  },
  {
    name: `half-open ${name}`,
    async run(world, random) {
      store(world).proxy.set({ type: 'half-open' });
      await delay(random.integer(500, 4000));
      store(world).proxy.set({ type: 'none' });
    },
  },
  {
    name: `reset answers of ${name}`,
    async run(world, random) {
      const { proxy } = store(world);
      for (let times = random.integer(2, 5); times > 0; times -= 1) {
        proxy.set({ type: 'hold-answers' });
        await delay(random.integer(10, 300));
        proxy.reset();
        proxy.set({ type: 'none' });
        await delay(random.integer(50, 300));
      }
    },
  },
];

const ofMongo: readonly DrillFault[] = [
  {
    name: 'end connections of MongoDB',
    async run({ mongo: { proxy } }, random) {
      for (let times = random.integer(3, 8); times > 0; times -= 1) {
        proxy.finish();
        await delay(random.integer(20, 400));
      }
    },
  },
  {
    name: 'cut MongoDB in the midst of a bulk write',
    async run({ mongo: { proxy } }, random) {
      for (let times = random.integer(2, 5); times > 0; times -= 1) {
        proxy.set({ type: 'cut-midway' });
        await delay(random.integer(50, 500));
        proxy.set({ type: 'none' });
        await delay(random.integer(50, 300));
      }
    },
  },
  {
    name: 'step down MongoDB',
    async run(world) {
      const client = new MongoClient(world.mongoUrl(), { serverSelectionTimeoutMS: 2000 });
      try {
        await client.db('admin').command({ replSetStepDown: STEP_DOWN_S, force: true });
      } catch {
        ignore(); // it was killed by another fault
      } finally {
        await client.close();
      }
      await delay(STEP_DOWN_S * 1000);
    },
  },
];

export const KILL_ALL: DrillFault = {
  name: 'kill everything',
  async run({ services, eventStore, mongo }, random) {
    const victims = random.shuffled<Restartable>([...services, eventStore, mongo]);
    await Promise.all(victims.map((victim) => victim.kill()));
    for (const victim of victims) await victim.start();
  },
};

/** A member of the group that takes events, and hands them back or goes away with them: each is delivered again. */
const redeliver: DrillFault = {
  name: 'redeliver events',
  async run(world, random) {
    const client = EventStoreDBClient.connectionString(world.eventStoreUrl());
    try {
      for (let times = 3; times > 0; times -= 1) {
        const subscription = client.subscribeToPersistentSubscriptionToAll(groupName(), { bufferSize: 50 });
        let taken = 0;
        subscription.on('data', (resolved) => {
          taken += 1;
          if (taken % 2 === 0) subscription.nack('retry', 'a drill', resolved).catch(ignore);
        });
        subscription.on('error', ignore);
        await delay(random.integer(300, 700));
        await Promise.race([subscription.unsubscribe().catch(ignore), delay(1000)]);
      }
    } finally {
      await client.dispose();
    }
  },
};

function ignore(): void {
  // whatever breaks here is part of the fault
}

export const KILL_SERVICE = kill('service', ({ services }, random) => random.pick(services));
export const KILL_EVENT_STORE = kill('event store', ({ eventStore }) => eventStore);
export const KILL_MONGO = kill('MongoDB', ({ mongo }) => mongo);

/** Every fault of the drills, each once. */
export const FAULTS: readonly DrillFault[] = [
  KILL_SERVICE,
  KILL_EVENT_STORE,
  KILL_MONGO,
  ...ofStore('event store', ({ eventStore }) => eventStore),
  ...ofStore('MongoDB', ({ mongo }) => mongo),
  ...ofMongo,
  KILL_ALL,
  redeliver,
];
