import { afterEach, describe, expect, inject, it } from 'vitest';
import { drill } from './drill.ts';
import { type StartedServer, startEventStore, startMongo, startMongoReplicaSet } from './servers.ts';
import { runSuites } from './suites.ts';

const EVENTSTOREDB = 'eventstore/eventstore:24.10';
const KURRENTDB = 'kurrentplatform/kurrentdb:26.0';

/** Every version of one store at least once, with both forms of MongoDB. */
const pairs = [
  { eventStore: EVENTSTOREDB, mongo: 'mongo:7', form: 'standalone', start: startMongo },
  { eventStore: EVENTSTOREDB, mongo: 'mongo:8', form: 'replica set', start: startMongoReplicaSet },
  { eventStore: KURRENTDB, mongo: 'mongo:8', form: 'standalone', start: startMongo },
  { eventStore: KURRENTDB, mongo: 'mongo:7', form: 'replica set', start: startMongoReplicaSet },
] as const;

describe.skipIf(!inject('hasContainerEngine')).each(pairs)('on $eventStore and $mongo ($form)', (pair) => {
  const started: StartedServer[] = [];

  async function startPair() {
    const [eventStore, mongo] = await Promise.all([startEventStore(pair.eventStore), pair.start(pair.mongo)]);
    started.push(eventStore, mongo);
    return { eventStore, mongo };
  }

  afterEach(async () => {
    await Promise.all(started.splice(0).map(({ container }) => container.stop()));
  });

  it('the API and contract suites pass', async () => {
    const { eventStore, mongo } = await startPair();
    expect(await runSuites(eventStore.url, mongo.url)).toBe(0);
  });

  it('while each store is restarted under load, no order is lost and none is placed twice', async () => {
    const { eventStore, mongo } = await startPair();
    const { answered, lost, duplicated } = await drill({
      eventStoreUrl: eventStore.url,
      mongoUrl: mongo.url,
      faults: [() => eventStore.container.restart(), () => mongo.container.restart()],
    });
    expect({ lost, duplicated }).toEqual({ lost: [], duplicated: [] });
    expect(answered).toBeGreaterThan(20);
  });
});
