import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PizzaOrderEvent } from '../../src/domain/events.ts';
import { evolve, type OrderState } from '../../src/domain/order-state.ts';
import type { StreamDocument } from '../../src/read-models/documents/stream-model.ts';
import { streamReadModel } from '../../src/read-models/documents/stream-read-model.ts';
import { READ_MODELS } from '../../src/read-models/index.ts';
import { besides, caughtUp } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

interface CityDocument extends StreamDocument {
  readonly city: string | null;
  readonly placedAt: Date;
}

/** Where each order goes: all that a read model takes. */
const cities = streamReadModel<Pick<OrderState, 'deliveryAddress' | 'placedAt'>, CityDocument>({
  name: 'cities',
  version: 1,
  category: 'PizzaOrder',
  indexes: [{ key: { city: 1, placedAt: -1 } }],
  evolve: (state, { event }) => evolve(state as OrderState | undefined, event as PizzaOrderEvent),
  toFields: ({ deliveryAddress, placedAt }) => ({
    city: deliveryAddress?.city ?? null,
    placedAt: new Date(placedAt),
  }),
  toState: ({ city, placedAt }) => ({
    deliveryAddress: city === null ? null : { street: '', city, postalCode: '' },
    placedAt: placedAt.toISOString(),
  }),
});

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ readModels: [...READ_MODELS, cities] });
});
afterAll(() => service.close());

const documents = () => besides(service).database.db.collection<CityDocument>('cities');
const countByCity = async () => {
  const groups = documents().aggregate<{ _id: string; orders: number }>([
    { $group: { _id: '$city', orders: { $sum: 1 } } },
  ]);
  return Object.fromEntries((await groups.toArray()).map(({ _id, orders }) => [_id, orders]));
};

async function placeIn(city: string): Promise<string> {
  const items = [{ name: 'Margherita', quantity: 1, unitPrice: '9.00' }];
  const deliveryAddress = { street: '1 Main Street', city, postalCode: '80100' };
  const placed = await service.post('/orders', { customerId: 'ada', items, deliveryAddress });
  return (placed.body as { id: string }).id;
}

async function statusOfCities(): Promise<unknown> {
  const answer = await service.get('/admin/projections');
  return (answer.body as { items: { name: string }[] }).items.find(({ name }) => name === 'cities');
}

test('a read model of its own, added to the list, is projected live, and its lag and state are told', async () => {
  const moved = await placeIn('Naples');
  await placeIn('Naples');
  await placeIn('Rome');
  const address = { street: '2 Main Street', city: 'Bari', postalCode: '70100' };
  await service.post(`/orders/${moved}/delivery-address`, address);
  await caughtUp(service);
  expect(await countByCity()).toEqual({ Naples: 1, Rome: 1, Bari: 1 });
  expect(await statusOfCities()).toMatchObject({ state: 'consuming', lag: { events: 0 }, stalled: 0 });
});

test('a read model of its own, damaged, is found out by verify and repaired', async () => {
  const id = await placeIn('Turin');
  await caughtUp(service);
  await documents().updateOne({ _id: id }, { $set: { city: 'Nowhere' } });
  const url = '/admin/projections/cities/verify?repair=true';
  expect((await service.post(url, undefined)).body).toMatchObject({
    differences: 1,
    repaired: 1,
    listed: [{ id, kind: 'different', fields: ['city'] }],
  });
  expect(await documents().findOne({ _id: id })).toMatchObject({ city: 'Turin' });
});

test('a read model of its own, lost, is rebuilt by its admin route and swapped in', async () => {
  const before = await countByCity();
  await documents().deleteMany({});
  expect((await service.post('/admin/projections/cities/rebuild', undefined)).status).toBe(202);
  await until('it is rebuilt', async () => {
    const status = (await statusOfCities()) as { rebuild: { state: string } | null };
    return status.rebuild?.state === 'done';
  });
  expect(await countByCity()).toEqual(before);
  expect((await documents().indexes()).map(({ key }) => key)).toContainEqual({ city: 1, placedAt: -1 });
});
