import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withMongoAway } from '../support/mongo-away.ts';
import { caughtUp } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

const diavola = {
  name: 'Diavola',
  category: 'Classic',
  size: 'M',
  price: '14.5',
  ingredients: ['Tomato', 'Salami', 'Chili'],
};

let service: TestService;
let other: TestService;

beforeAll(async () => {
  service = await startTestService({ config: { currency: 'EUR' } });
  other = await startTestService({ like: service });
});
afterAll(async () => {
  await other.close();
  await service.close();
});
beforeEach(async () => {
  await caughtUp(service);
  const items = (await menu()).categories.flatMap(({ items: dishes }) => dishes);
  for (const { sku } of items.flatMap(({ sizes }) => sizes)) await service.delete(path(sku));
  await until('the menu is empty', async () => (await menu()).categories.length === 0);
});

const path = (sku: string) => `/menu/${encodeURIComponent(sku)}`;
const newSku = () => `pizza-${randomUUID()}`;
const menu = async () =>
  (await service.get('/menu')).body as {
    categories: { items: { ingredients: string[]; sizes: { sku: string }[] }[] }[];
  };

/** Puts an item on the menu and waits until it can be ordered. */
async function list(sku: string, details: object): Promise<void> {
  const { headers } = await service.put(path(sku), details);
  const revision = String(headers.etag).replaceAll('"', '');
  expect((await service.getProjected(`${path(sku)}?minRevision=${revision}`)).status).toBe(200);
}

async function withdraw(sku: string): Promise<void> {
  expect((await service.delete(path(sku))).status).toBe(204);
  await until('it is withdrawn', async () => (await service.get(path(sku))).status === 404);
}

async function eventsOf(sku: string) {
  const events = [];
  for await (const { event } of service.eventStore.readStream(`${service.config.streamPrefix}MenuItem-${sku}`)) {
    if (event) events.push(event);
  }
  return events;
}

interface PlacedItem {
  readonly sku?: string;
  readonly name?: string;
  readonly unitPrice?: string;
  readonly quantity: number;
}

const place = (items: readonly PlacedItem[]) => service.post('/orders', { customerId: 'ada', items });

describe('PUT and DELETE /menu/{sku}', () => {
  test('put, of a new sku, is 201 with Location and ETag, and of a known one 200', async () => {
    const sku = newSku();
    const created = await service.put(path(sku), diavola);
    expect(created.status).toBe(201);
    expect(created.headers).toMatchObject({ location: path(sku), etag: '"0"' });
    expect(created.body).toEqual({ sku, ...diavola, price: '14.50' });
    const changed = await service.put(path(sku), { name: 'Diavola', category: 'Hot', price: '15' });
    expect([changed.status, changed.headers.etag, changed.headers.location]).toEqual([200, '"1"', undefined]);
    expect(changed.body).toEqual({
      sku,
      name: 'Diavola',
      category: 'Hot',
      size: null,
      price: '15.00',
      ingredients: [],
    });
  });

  test('put, of one new sku ten times at once on two instances, is 201 once and stores one event', async () => {
    const sku = newSku();
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? service : other).put(path(sku), diavola)),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 9 }, () => 200), 201]);
    expect(await eventsOf(sku)).toHaveLength(1);
  });

  test('put, of the present details, is 200 and stores no event', async () => {
    const sku = newSku();
    const first = await service.put(path(sku), diavola);
    const again = await service.put(path(sku), { ...diavola, price: '14.50' });
    expect([again.status, again.headers.etag]).toEqual([200, '"0"']);
    expect(again.body).toEqual(first.body);
    expect(await eventsOf(sku)).toHaveLength(1);
  });

  test('delete, of a known sku, is 204 and takes it off the menu; a second time it is 404', async () => {
    const sku = newSku();
    await list(sku, diavola);
    const deleted = await service.delete(path(sku));
    expect([deleted.status, deleted.body]).toEqual([204, undefined]);
    await until('the menu is empty', async () => (await menu()).categories.length === 0);
    const again = await service.delete(path(sku));
    expect(again.status).toBe(404);
    expect(again.body).toMatchObject({ type: '/problems/not-found', detail: `There is no item ${sku} on the menu` });
    expect((await service.delete(path('never'))).status).toBe(404);
  });

  test('put, of a withdrawn sku, is 201 again, in the same stream', async () => {
    const sku = newSku();
    await service.put(path(sku), diavola);
    await service.delete(path(sku));
    const again = await service.put(path(sku), diavola);
    expect([again.status, again.headers.etag]).toEqual([201, '"2"']);
    expect((await eventsOf(sku)).map(({ type }) => type)).toEqual([
      'MenuItemAdded',
      'MenuItemWithdrawn',
      'MenuItemAdded',
    ]);
  });

  test('put and delete, by an actor with a correlation id, store both with the event', async () => {
    const sku = newSku();
    const headers = { 'x-actor': 'mario', 'x-correlation-id': 'trace-1' };
    await service.put(path(sku), diavola, headers);
    await service.delete(path(sku), headers);
    for (const { metadata } of await eventsOf(sku)) {
      expect(metadata).toMatchObject({ actor: 'mario', $correlationId: 'trace-1', schemaVersion: 1 });
    }
  });

  test('put and delete, repeated with their Idempotency-Key after other changes, get the first answer again', async () => {
    const sku = newSku();
    const key = () => ({ 'idempotency-key': randomUUID() });
    const [added, changed, removed] = [key(), key(), key()];
    const first = await service.put(path(sku), diavola, added);
    await service.put(path(sku), { ...diavola, price: '20' }, changed);
    await service.delete(path(sku), removed);
    await service.put(path(sku), { ...diavola, price: '30' });
    for (const instance of [service, other]) {
      const again = await instance.put(path(sku), diavola, { ...added, 'if-none-match': '*' });
      expect([again.status, again.headers.etag, again.headers.location]).toEqual([201, '"0"', path(sku)]);
      expect(again.body).toEqual(first.body);
      const changedAgain = await instance.put(
        path(sku),
        { ...diavola, price: '20' },
        { ...changed, 'if-match': '"0"' },
      );
      expect([changedAgain.status, changedAgain.headers.etag]).toEqual([200, '"1"']);
      expect((await instance.delete(path(sku), removed)).status).toBe(204);
    }
    expect(await eventsOf(sku)).toHaveLength(4);
  });

  test('put, with the Idempotency-Key of another body, is 422', async () => {
    const sku = newSku();
    const key = { 'idempotency-key': randomUUID() };
    await service.put(path(sku), diavola, key);
    const { status, body } = await service.put(path(sku), { ...diavola, price: '1' }, key);
    expect([status, (body as { type: string }).type]).toEqual([422, '/problems/idempotency-key-reused']);
  });

  test.each([
    ['if-match', '"1"', 200],
    ['if-match', '"7", "1"', 200],
    ['if-match', '*', 200],
    ['if-match', '"0"', 412],
    ['if-match', 'W/"1"', 412],
    ['if-none-match', '"0"', 200],
    ['if-none-match', '"1"', 412],
    ['if-none-match', 'W/"1"', 412],
    ['if-none-match', '*', 412],
    ['if-match', '1', 400],
    ['if-none-match', '1', 400],
  ])('put and delete, of an item at revision 1, with %s: %s, are %i', async (header, value, status) => {
    const sku = newSku();
    await service.put(path(sku), diavola);
    await service.put(path(sku), { ...diavola, price: '20' });
    const deleted = await service.delete(path(sku), { [header]: value });
    expect(deleted.status).toBe(status === 200 ? 204 : status);
    if (status === 200) await service.put(path(sku), { ...diavola, price: '20' });
    const revision = status === 200 ? '3' : '1';
    const put = await service.put(path(sku), { ...diavola, price: '30' }, { [header]: value.replace('1', revision) });
    expect(put.status).toBe(status);
    expect((await eventsOf(sku)).length).toBe(status === 200 ? 5 : 2);
  });

  test.each(['unknown', 'withdrawn'])(
    'put and delete, of an %s item, find nothing that a header names',
    async (kind) => {
      const sku = newSku();
      if (kind === 'withdrawn') {
        await service.put(path(sku), diavola);
        await service.delete(path(sku));
      }
      const before = kind === 'withdrawn' ? 2 : 0;
      for (const value of ['*', '"1"']) {
        const refused = await service.put(path(sku), diavola, { 'if-match': value });
        expect([refused.status, (refused.body as { type: string }).type]).toEqual([412, '/problems/stale-revision']);
        expect((await service.delete(path(sku), { 'if-match': value })).status).toBe(404);
      }
      const made = await service.put(path(sku), diavola, { 'if-none-match': '*' });
      expect([made.status, made.headers.etag]).toEqual([201, `"${before}"`]);
      const second = await service.put(path(sku), diavola, { 'if-none-match': '*' });
      expect([second.status, (second.body as { type: string }).type]).toEqual([412, '/problems/stale-revision']);
      expect(await eventsOf(sku)).toHaveLength(before + 1);
    },
  );

  test('put, by twenty creators at once with If-None-Match: *, lets one of them win', async () => {
    const sku = newSku();
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? service : other).put(
          path(sku),
          { ...diavola, price: String(index) },
          { 'if-none-match': '*' },
        ),
      ),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 412)]);
  });

  test('put and delete, of a sku with a slash and other scripts, work percent-encoded', async () => {
    const sku = 'pizza/größe 🍕';
    const put = await service.put(`/menu/${encodeURIComponent(sku)}`, diavola);
    expect([put.status, (put.body as { sku: string }).sku]).toEqual([201, sku]);
    expect((await service.getProjected(`${path(sku)}?minRevision=0`)).body).toMatchObject({ sku });
    expect((await service.get(`${path(sku)}/history`)).body).toMatchObject({ items: [{ sku }] });
    expect((await place([{ sku, quantity: 1 }])).status).toBe(201);
    expect((await service.delete(`/menu/${encodeURIComponent(sku)}`)).status).toBe(204);
  });

  test('items, of skus that are alike but for dashes, case, blanks and accents, are kept apart', async () => {
    const skus = [
      'a-b',
      'A-b',
      'a--b',
      'a-b-',
      '-a-b',
      ' a-b',
      'a-b ',
      'é',
      'e\u0301',
      'MenuItem-a',
      '$a',
      '$$a',
      '__proto__',
      '0@a',
    ];
    for (const [index, sku] of skus.entries()) {
      expect((await service.put(path(sku), { ...diavola, price: String(index + 1) })).status).toBe(201);
    }
    await caughtUp(service);
    for (const [index, sku] of skus.entries()) {
      const price = `${index + 1}.00`;
      expect((await service.get(path(sku))).body).toMatchObject({ sku, price });
      expect((await place([{ sku, quantity: 1 }])).body).toMatchObject({ items: [{ sku, unitPrice: price }] });
    }
  });

  test.each(['x'.repeat(201), 'a%0Ab', '%20', 'a%zz'])('put and delete, of the sku %s, are 400', async (sku) => {
    expect((await service.put(`/menu/${sku}`, diavola)).status).toBe(400);
    expect((await service.delete(`/menu/${sku}`)).status).toBe(400);
  });

  test.each([
    ['no name', { ...diavola, name: undefined }, '#/name'],
    ['no category', { ...diavola, category: undefined }, '#/category'],
    ['a category of blanks', { ...diavola, category: '  ' }, '#/category'],
    ['no price', { ...diavola, price: undefined }, '#/price'],
    ['a price that is a number', { ...diavola, price: 14.5 }, '#/price'],
    ['a price with three decimals', { ...diavola, price: '14.505' }, '#/price'],
    ['a negative price', { ...diavola, price: '-1' }, '#/price'],
    ['a price above 10000.00', { ...diavola, price: '10000.01' }, '#/price'],
    ['a price in exponents', { ...diavola, price: '1e3' }, '#/price'],
    ['an empty size', { ...diavola, size: '' }, '#/size'],
    ['a size of 51 characters', { ...diavola, size: 'x'.repeat(51) }, '#/size'],
    ['ingredients as one text', { ...diavola, ingredients: 'Tomato, Salami' }, '#/ingredients'],
    ['an ingredient with a control character', { ...diavola, ingredients: ['ok', 'a\u0000'] }, '#/ingredients/1'],
    ['101 ingredients', { ...diavola, ingredients: Array.from({ length: 101 }, () => 'Salt') }, '#/ingredients'],
    ['an unknown field', { ...diavola, sku: 'other' }, '#/sku'],
  ])('put, with %s, is 400 that names the field and changes nothing', async (_, body, pointer) => {
    const answer = await service.put('/menu/bad', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ pointer }] });
    expect((await service.get('/menu')).body).toEqual({ currency: 'EUR', categories: [] });
  });

  test('other methods, on the menu, are 405 with what is allowed', async () => {
    const posted = await service.post('/menu', diavola);
    expect([posted.status, posted.headers.allow]).toEqual([405, 'GET, HEAD']);
    const patched = await service.app.inject({ method: 'PATCH', url: '/menu/diavola_m' });
    expect([patched.statusCode, patched.headers.allow]).toEqual([405, 'DELETE, GET, HEAD, PUT']);
  });
});

describe('GET /menu', () => {
  test('menu, of items in sizes, groups them by category and name with the sizes in their order', async () => {
    const sizes = ['XXL', 'family', 'S', 'XL', 'L', 'M', 'child'];
    for (const [index, size] of sizes.entries()) {
      await list(`diavola_${size.toLowerCase()}`, { ...diavola, size, price: String(10 + index) });
    }
    await list('bufala', { name: 'Bufala', category: 'Classic', price: '13' });
    await list('ortolana_s', { name: 'Ortolana', category: 'Veggie', size: 'S', price: '11.25' });
    const { status, body } = await service.get('/menu');
    expect(status).toBe(200);
    expect(body).toEqual({
      currency: 'EUR',
      categories: [
        {
          category: 'Classic',
          items: [
            { name: 'Bufala', ingredients: [], sizes: [{ sku: 'bufala', size: null, price: '13.00' }] },
            {
              name: 'Diavola',
              ingredients: diavola.ingredients,
              sizes: [
                { sku: 'diavola_s', size: 'S', price: '12.00' },
                { sku: 'diavola_m', size: 'M', price: '15.00' },
                { sku: 'diavola_l', size: 'L', price: '14.00' },
                { sku: 'diavola_xl', size: 'XL', price: '13.00' },
                { sku: 'diavola_xxl', size: 'XXL', price: '10.00' },
                { sku: 'diavola_child', size: 'child', price: '16.00' },
                { sku: 'diavola_family', size: 'family', price: '11.00' },
              ],
            },
          ],
        },
        {
          category: 'Veggie',
          items: [{ name: 'Ortolana', ingredients: [], sizes: [{ sku: 'ortolana_s', size: 'S', price: '11.25' }] }],
        },
      ],
    });
  });

  test('menu, of two items of one name but other ingredients, keeps them apart', async () => {
    await list('a', diavola);
    await list('b', { ...diavola, ingredients: ['Tomato', 'Tofu'] });
    const [classic] = (await menu()).categories;
    expect(classic?.items.map(({ ingredients }) => ingredients)).toEqual([diavola.ingredients, ['Tomato', 'Tofu']]);
  });
});

describe('GET /menu/{sku}', () => {
  test('item, asked for with the revision of a change, is as it was put, with its ETag, and 304 with that', async () => {
    const sku = newSku();
    const put = await service.put(path(sku), diavola);
    const got = await service.getProjected(`${path(sku)}?minRevision=0`);
    expect([got.status, got.headers.etag]).toEqual([200, '"0"']);
    expect(got.body).toEqual(put.body);
    expect((await service.get(path(sku), { 'if-none-match': '"0"' })).status).toBe(304);
    expect((await service.get(path(sku), { 'if-none-match': '"1"' })).status).toBe(200);
  });

  test('item, unknown or withdrawn, is 404', async () => {
    const sku = newSku();
    await list(sku, diavola);
    await withdraw(sku);
    expect((await service.getProjected(`${path(sku)}?minRevision=1`)).body).toMatchObject({
      status: 404,
      detail: `There is no item ${sku} on the menu`,
    });
    expect((await service.get(path(newSku()))).status).toBe(404);
  });

  test('item, asked for with a revision that it does not have, is 503', async () => {
    const sku = newSku();
    await list(sku, diavola);
    const { status, body } = await service.get(`${path(sku)}?minRevision=1`);
    expect([status, (body as { type: string }).type]).toEqual([503, '/problems/not-yet-projected']);
  });
});

describe('GET /menu/{sku}/history', () => {
  test('history, of an item that was changed, withdrawn and added again, has every price with its time and actor', async () => {
    const sku = newSku();
    const started = Date.now();
    await service.put(path(sku), diavola, { 'x-actor': 'mario' });
    await service.put(path(sku), { ...diavola, price: '15.5' }, { 'x-actor': 'luigi' });
    await service.delete(path(sku), { 'x-actor': 'peach' });
    await service.put(path(sku), { name: 'Diavola', category: 'Hot', price: '9' });
    const { status, body } = await service.get(`${path(sku)}/history`);
    expect(status).toBe(200);
    const { items } = body as { items: { timestamp: string }[] };
    const item = { sku, ...diavola };
    expect(items.map(({ timestamp, ...entry }) => entry)).toEqual([
      { revision: 0, eventType: 'MenuItemAdded', actor: 'mario', ...item, price: '14.50' },
      { revision: 1, eventType: 'MenuItemChanged', actor: 'luigi', ...item, price: '15.50' },
      { revision: 2, eventType: 'MenuItemWithdrawn', actor: 'peach', ...item, price: '15.50' },
      {
        revision: 3,
        eventType: 'MenuItemAdded',
        actor: 'anonymous',
        sku,
        name: 'Diavola',
        category: 'Hot',
        size: null,
        price: '9.00',
        ingredients: [],
      },
    ]);
    const times = items.map(({ timestamp }) => Date.parse(timestamp));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(started);
  });

  test('history, of a sku that was never on the menu, is 404', async () => {
    expect((await service.get(`${path(newSku())}/history`)).status).toBe(404);
  });
});

describe('ordering by sku', () => {
  test('order, by sku, takes name and price from the menu', async () => {
    await list('diavola_m', diavola);
    const { status, body } = await place([
      { sku: 'diavola_m', quantity: 2 },
      { name: 'Special', unitPrice: '20', quantity: 1 },
    ]);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      items: [
        { name: 'Diavola', unitPrice: '14.50', quantity: 2, sku: 'diavola_m' },
        { name: 'Special', unitPrice: '20.00', quantity: 1 },
      ],
      totalAmount: '49.00',
      currency: 'EUR',
    });
  });

  test('order, after its item changed or left the menu, keeps name and price', async () => {
    await list('diavola_m', diavola);
    const { id } = (await place([{ sku: 'diavola_m', quantity: 1 }])).body as { id: string };
    await list('diavola_m', { ...diavola, name: 'Inferno', price: '99' });
    const later = await place([{ sku: 'diavola_m', quantity: 1 }]);
    expect(later.body).toMatchObject({ items: [{ name: 'Inferno', unitPrice: '99.00' }], totalAmount: '99.00' });
    await withdraw('diavola_m');
    for (const url of [`/orders/${id}?minRevision=0`, `/orders/${id}/state`]) {
      expect((await service.getProjected(url)).body).toMatchObject({
        items: [{ name: 'Diavola', unitPrice: '14.50', sku: 'diavola_m' }],
        totalAmount: '14.50',
      });
    }
  });

  test('order, with an unknown or a withdrawn sku, is 422 that names the item', async () => {
    await list('diavola_m', diavola);
    await list('gone', diavola);
    await withdraw('gone');
    for (const sku of ['gone', 'never']) {
      const { status, body } = await place([
        { sku: 'diavola_m', quantity: 1 },
        { sku, quantity: 1 },
      ]);
      expect(status).toBe(422);
      const detail = `Item 2 names the sku "${sku}", which is not on the menu`;
      expect(body).toMatchObject({ detail, errors: [{ pointer: '#/items/1/sku', detail }] });
    }
  });
});

describe('the menu while MongoDB is away', () => {
  test('menu and orders by sku, without MongoDB, are 503; changes of the menu and orders without a sku work', async () => {
    await withMongoAway(service, async (app) => {
      const order = (item: PlacedItem) => ({ customerId: 'ada', items: [item] });
      const answers = await Promise.all([
        app.inject({ method: 'GET', url: '/menu' }),
        app.inject({ method: 'GET', url: '/menu/a' }),
        app.inject({ method: 'POST', url: '/orders', payload: order({ sku: 'a', quantity: 1 }) }),
      ]);
      expect(answers.map(({ statusCode, headers }) => [statusCode, headers['retry-after']])).toEqual(
        answers.map(() => [503, '1']),
      );
      const sku = newSku();
      expect((await app.inject({ method: 'PUT', url: path(sku), payload: diavola })).statusCode).toBe(201);
      expect((await app.inject({ method: 'GET', url: `${path(sku)}/history` })).statusCode).toBe(200);
      expect((await app.inject({ method: 'DELETE', url: path(sku) })).statusCode).toBe(204);
      const item = { name: 'Diavola', unitPrice: '14.50', quantity: 1 };
      expect((await app.inject({ method: 'POST', url: '/orders', payload: order(item) })).statusCode).toBe(201);
    });
  });
});
