import { randomUUID } from 'node:crypto';
import { type PersistentSubscriptionToAll, streamNameFilter } from '@eventstore/db-client';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMenuCommands } from '../../src/commands/menu-commands.ts';
import { MENU_ITEM } from '../../src/eventstoredb/aggregates.ts';
import { decodeEvent } from '../../src/eventstoredb/codec.ts';
import { EventStoreUnavailableError } from '../../src/eventstoredb/errors.ts';
import { EventSourcingRepository } from '../../src/eventstoredb/repository.ts';
import { READ_MODEL_NAMES } from '../../src/read-models/index.ts';
import { GROUP_SETTINGS } from '../../src/read-models/live/consumer-group.ts';
import { carryOverMenu } from '../../src/read-models/menu/carry-over.ts';
import { besides, caughtUp, placeOrder, projectionOptions } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

/** As the version before the menu was in the log kept it. */
const OLD_MENU = Array.from({ length: 12 }, (_, index) => ({
  _id: `pizza-${index}`,
  name: `Pizza ${index}`,
  category: index % 2 === 0 ? 'Classic' : 'Sea',
  size: index % 3 === 0 ? null : 'M',
  priceMinor: 1000 + index,
  ingredients: index % 4 === 0 ? [] : ['Tomato', 'Größe 🍕'],
}));

/** Stores that a service of the version before has used: it has stopped. */
let home: TestService;
let started: TestService[] = [];

beforeEach(async () => {
  home = await startTestService();
  await home.service.close();
  await home.mongo.db(home.config.mongoDatabase).dropDatabase();
  await oldMenu().insertMany(OLD_MENU);
});
afterEach(async () => {
  await Promise.all(started.map((service) => service.close()));
  started = [];
  await home.close();
});

type OldItem = Omit<(typeof OLD_MENU)[number], 'priceMinor'> & { priceMinor: unknown; isCarriedOver?: true };
const oldMenu = () => home.mongo.db(home.config.mongoDatabase).collection<OldItem>('menu');

async function start(): Promise<TestService> {
  const service = await startTestService({ like: home });
  started.push(service);
  return service;
}

async function eventsOf(sku: string) {
  const { streams } = projectionOptions(home);
  return (await streams.readRecorded(streams.streamOf('MenuItem', sku))).map(decodeEvent);
}

const eventsOfAll = () => Promise.all(OLD_MENU.map(({ _id }) => eventsOf(_id)));

async function skusOnMenu(service: TestService): Promise<string[]> {
  const { categories } = (await service.get('/menu')).body as {
    categories: { items: { sizes: { sku: string }[] }[] }[];
  };
  return categories.flatMap(({ items }) => items.flatMap(({ sizes }) => sizes.map(({ sku }) => sku))).sort();
}

/** The commands on the menu, as a process of its own has them. */
function menuCommands() {
  const log = pino({ level: 'silent' });
  const repository = new EventSourcingRepository(MENU_ITEM, { streams: projectionOptions(home).streams, log });
  return createMenuCommands({ repository, clock: () => new Date(), log });
}

describe('the menu of before', () => {
  test('with three instances starting at once, is carried over into one event for each item', async () => {
    const [service] = await Promise.all([start(), start(), start()]);
    expect(await skusOnMenu(service)).toEqual(OLD_MENU.map(({ _id }) => _id).sort());
    const events = await eventsOfAll();
    expect(events.map((all) => all.length)).toEqual(OLD_MENU.map(() => 1));
    expect(events[1]?.[0]).toMatchObject({
      revision: 0,
      event: {
        type: 'MenuItemAdded',
        data: {
          sku: 'pizza-1',
          name: 'Pizza 1',
          category: 'Sea',
          size: 'M',
          price: '10.01',
          ingredients: ['Tomato', 'Größe 🍕'],
        },
      },
      metadata: { actor: 'upgrade' },
    });
    expect(events[0]?.[0]?.event.data).not.toHaveProperty('size');
    const placed = await service.post('/orders', { customerId: 'ada', items: [{ sku: 'pizza-3', quantity: 1 }] });
    expect(placed.body).toMatchObject({ items: [{ name: 'Pizza 3', unitPrice: '10.03' }] });
  });

  test.each(['before', 'after'])('by processes that die %s each append in turn, is carried over once', async (when) => {
    const { context } = projectionOptions(home);
    for (let most = 0; most <= OLD_MENU.length; most += 1) {
      let left = most;
      const commands = menuCommands();
      const dying = async (...item: Parameters<typeof commands.carryOver>) => {
        const isDying = left <= 0;
        left -= 1;
        if (isDying && when === 'before') throw new EventStoreUnavailableError('died');
        await commands.carryOver(...item);
        if (isDying) throw new EventStoreUnavailableError('died');
      };
      await carryOverMenu(context, dying).catch((error: unknown) => expect(error).toMatchObject({ message: 'died' }));
    }
    await start();
    expect((await eventsOfAll()).map((all) => all.length)).toEqual(OLD_MENU.map(() => 1));
    expect(await oldMenu().countDocuments({ isCarriedOver: true })).toBe(OLD_MENU.length);
  });

  test('by two processes, proposes the same event ids, whatever the item is by then', async () => {
    const ids: string[] = [];
    for (const price of ['1.00', '2.00']) {
      const log = pino({ level: 'silent' });
      const commands = createMenuCommands({
        repository: {
          getById: () => Promise.resolve({ state: undefined, revision: -1, keys: new Map(), fromCache: false }),
          save: (_id: string, _loaded: unknown, _events: unknown, { commandId }: { commandId: string }) => {
            ids.push(commandId);
            return Promise.resolve({ state: { lastUpdated: '' }, revision: 0 });
          },
        } as never,
        clock: () => new Date(),
        log,
      });
      await commands.carryOver('a', { name: 'A', category: 'B', price, ingredients: [] });
      await commands.carryOver(`${price}b`, { name: 'A', category: 'B', price, ingredients: [] });
    }
    expect(ids[0]).toBe(ids[2]);
    expect(new Set(ids).size).toBe(3);
  });

  test('changed and withdrawn since, is not brought back by a later start', async () => {
    const first = await start();
    await first.put('/menu/pizza-1', { name: 'Pizza 1', category: 'Sea', price: '99' });
    await first.delete('/menu/pizza-2');
    // An instance of the version before still runs, and sees the old menu only.
    await oldMenu().replaceOne({ _id: 'pizza-2' }, { ...OLD_MENU[2], priceMinor: 1 } as OldItem);
    await caughtUp(home);
    const second = await start();
    expect((await second.get('/menu/pizza-1')).body).toMatchObject({ price: '99.00' });
    expect((await second.get('/menu/pizza-2')).status).toBe(404);
    expect((await eventsOfAll()).map((all) => all.length).slice(0, 4)).toEqual([1, 2, 2, 1]);
  });

  test('put by a new instance before it was carried over, keeps what was put', async () => {
    const commands = menuCommands();
    const caller = { requestId: '', correlationId: '', actor: 'mario' };
    await commands.put('pizza-1', { name: 'New', category: 'New', price: '5.00', ingredients: [] }, caller);
    await commands.put('pizza-2', { name: 'New', category: 'New', price: '5.00', ingredients: [] }, caller);
    await commands.withdraw('pizza-2', caller);
    const service = await start();
    expect((await service.get('/menu/pizza-1')).body).toMatchObject({ name: 'New', price: '5.00' });
    expect((await service.get('/menu/pizza-2')).status).toBe(404);
    expect(await skusOnMenu(service)).toHaveLength(OLD_MENU.length - 1);
  });

  test('with an item that the log does not take, is carried over but for that one, which is logged', async () => {
    await oldMenu().updateOne({ _id: 'pizza-5' }, { $set: { priceMinor: 'a lot' } });
    await oldMenu().updateOne({ _id: 'pizza-6' }, { $unset: { name: true } });
    const service = await start();
    expect(await skusOnMenu(service)).toHaveLength(OLD_MENU.length - 2);
    const failed = service.logged.filter(({ msg }) => msg === 'an item of the old menu cannot be carried over');
    expect(failed.map(({ sku }) => sku).sort()).toEqual(['pizza-5', 'pizza-6']);
    expect(await oldMenu().countDocuments({ isCarriedOver: { $exists: false } })).toBe(2);
    // Mended, it comes with the next start.
    await oldMenu().updateOne({ _id: 'pizza-6' }, { $set: { name: 'Pizza 6' } });
    await start();
    await until('it is on the menu', async () => (await skusOnMenu(service)).length === OLD_MENU.length - 1);
  });
});

describe('the consumer group of before', () => {
  let old: PersistentSubscriptionToAll;
  let seen: string[];

  /** An instance of the version before: its group has its name only, and the streams of then. */
  beforeEach(async () => {
    const { consumerGroup, streamPrefix } = home.config;
    const prefixes = ['Customer', 'PizzaOrder'].map((category) => `${streamPrefix}${category}-`);
    const filter = streamNameFilter({ prefixes });
    await home.eventStore.createPersistentSubscriptionToAll(consumerGroup, GROUP_SETTINGS, { filter });
    old = home.eventStore.subscribeToPersistentSubscriptionToAll(consumerGroup);
    seen = [];
    old.on('data', (resolved) => {
      seen.push(resolved.event?.type ?? '');
      void old.ack(resolved);
    });
  });
  afterEach(async () => {
    await old.unsubscribe();
    await home.eventStore.deletePersistentSubscriptionToAll(home.config.consumerGroup);
  });

  test('while its instances run on, gets no event that they do not know, and the new ones get all', async () => {
    const service = await start();
    const put = await service.put('/menu/new', { name: 'New', category: 'New', price: '5' });
    expect(put.status).toBe(201);
    expect((await service.getProjected('/menu/new?minRevision=0')).status).toBe(200);
    const orderId = await placeOrder(service);
    expect((await service.getProjected(`/orders/${orderId}?minRevision=0`)).status).toBe(200);
    await until('the old instance has seen the order', () => seen.includes('PizzaOrderPlaced'));
    expect(seen).toEqual(['PizzaOrderPlaced']);
  });

  test('with orders that it has projected, begins anew, and what was projected stays as it is', async () => {
    const before = await start();
    const ids = await Promise.all(Array.from({ length: 20 }, () => placeOrder(before)));
    await caughtUp(home);
    await before.close();
    started = [];
    const { database, admin } = besides(home);
    const documents = await database.orders.find({}).sort({ _id: 1 }).toArray();
    // As an upgrade finds it: the new group is not there yet.
    await home.eventStore.deletePersistentSubscriptionToAll(home.group);
    const service = await start();
    await until('all is projected again', () => service.service.worker.status().projected >= ids.length);
    expect(await database.orders.find({}).sort({ _id: 1 }).toArray()).toEqual(documents);
    expect((await admin.parked(10)).items).toEqual([]);
    for (const name of READ_MODEL_NAMES) {
      expect(await admin.verify(name, { repair: false })).toMatchObject({ name, differences: 0 });
    }
  });
});

test('everything follows from the log: with the database deleted, all is there again after the start', async () => {
  const first = await start();
  await first.put('/menu/pizza-1', { name: 'Pizza 1', category: 'Sea', price: '99' });
  await first.delete('/menu/pizza-2');
  await first.put('/customers/ada', { name: 'Ada', email: 'ada@example.com' });
  const orders = [await placeOrder(first, 'ada'), await placeOrder(first, 'bob')];
  await first.post(`/orders/${orders[0] ?? ''}/payment`, { paymentMethod: 'cash', transactionId: randomUUID() });
  await first.post(`/orders/${orders[0] ?? ''}/cancel`, { reason: 'The guest rang up' });
  await caughtUp(home);
  const urls = [
    '/menu',
    '/menu/pizza-1',
    '/menu/pizza-1/history',
    '/orders?limit=10',
    '/customers/ada',
    '/audit?limit=10',
    '/refunds',
  ];
  const year = new Date().getUTCFullYear();
  urls.push(`/analytics/orders?from=${year}-01-01&to=${year + 1}-01-01`);
  const answers = async (service: TestService) =>
    Promise.all(urls.map(async (url) => (await service.get(url)).body as unknown));
  const before = await answers(first);
  await first.close();
  started = [];

  await home.mongo.db(home.config.mongoDatabase).dropDatabase();

  const again = await start();
  expect(await answers(again)).toEqual(before);
  const { admin } = besides(home);
  await caughtUp(home);
  for (const name of READ_MODEL_NAMES) {
    const { checked, differences } = await admin.verify(name, { repair: false });
    expect({ name, differences, isEmpty: checked === 0 }).toEqual({ name, differences: 0, isEmpty: false });
  }
  expect((await eventsOfAll()).map((all) => all.length)).toEqual(
    OLD_MENU.map(({ _id }) => (['pizza-1', 'pizza-2'].includes(_id) ? 2 : 1)),
  );
});
