import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withMongoAway } from '../support/mongo-away.ts';
import { startTestService, type TestService } from '../support/service.ts';

const diavola = {
  name: 'Diavola',
  category: 'Classic',
  size: 'M',
  price: '14.5',
  ingredients: ['Tomato', 'Salami', 'Chili'],
};

let service: TestService;

beforeAll(async () => {
  service = await startTestService({ config: { currency: 'EUR' } });
});
afterAll(() => service.close());
beforeEach(async () => {
  await service.mongo.db(service.config.mongoDatabase).collection('menu').deleteMany({});
});

interface PlacedItem {
  readonly sku?: string;
  readonly name?: string;
  readonly unitPrice?: string;
  readonly quantity: number;
}

const place = (items: readonly PlacedItem[]) => service.post('/orders', { customerId: 'ada', items });

describe('PUT and DELETE /menu/{sku}', () => {
  test('put, of a new sku, is 201 and of a known one 200', async () => {
    const created = await service.put('/menu/diavola_m', diavola);
    expect(created.status).toBe(201);
    expect(created.body).toEqual({ sku: 'diavola_m', ...diavola, price: '14.50' });
    const changed = await service.put('/menu/diavola_m', { name: 'Diavola', category: 'Hot', price: '15' });
    expect(changed.status).toBe(200);
    expect(changed.body).toEqual({
      sku: 'diavola_m',
      name: 'Diavola',
      category: 'Hot',
      size: null,
      price: '15.00',
      ingredients: [],
    });
  });

  test('put, of one new sku ten times at once, is 201 once', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => service.put('/menu/rush', diavola)));
    expect(all.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 9 }, () => 200), 201]);
  });

  test('delete, of a known sku, is 204 and takes it off the menu; a second time it is 404', async () => {
    await service.put('/menu/diavola_m', diavola);
    const deleted = await service.delete('/menu/diavola_m');
    expect([deleted.status, deleted.body]).toEqual([204, undefined]);
    expect((await service.get('/menu')).body).toEqual({ currency: 'EUR', categories: [] });
    const again = await service.delete('/menu/diavola_m');
    expect(again.status).toBe(404);
    expect(again.body).toMatchObject({ type: '/problems/not-found', detail: 'There is no item diavola_m on the menu' });
  });

  test('put and delete, of a sku with a slash and other scripts, work percent-encoded', async () => {
    const sku = 'pizza/größe 🍕';
    const put = await service.put(`/menu/${encodeURIComponent(sku)}`, diavola);
    expect([put.status, (put.body as { sku: string }).sku]).toEqual([201, sku]);
    expect((await place([{ sku, quantity: 1 }])).status).toBe(201);
    expect((await service.delete(`/menu/${encodeURIComponent(sku)}`)).status).toBe(204);
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
    const got = await service.get('/menu/diavola_m');
    expect([got.status, got.headers.allow]).toEqual([405, 'DELETE, PUT']);
  });
});

describe('GET /menu', () => {
  test('menu, of items in sizes, groups them by category and name with the sizes in their order', async () => {
    const sizes = ['XXL', 'family', 'S', 'XL', 'L', 'M', 'child'];
    for (const [index, size] of sizes.entries()) {
      await service.put(`/menu/diavola_${size.toLowerCase()}`, { ...diavola, size, price: String(10 + index) });
    }
    await service.put('/menu/bufala', { name: 'Bufala', category: 'Classic', price: '13' });
    await service.put('/menu/ortolana_s', { name: 'Ortolana', category: 'Veggie', size: 'S', price: '11.25' });
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
    await service.put('/menu/a', diavola);
    await service.put('/menu/b', { ...diavola, ingredients: ['Tomato', 'Tofu'] });
    const { body } = await service.get('/menu');
    const [classic] = (body as { categories: { items: { ingredients: string[] }[] }[] }).categories;
    expect(classic?.items.map(({ ingredients }) => ingredients)).toEqual([diavola.ingredients, ['Tomato', 'Tofu']]);
  });
});

describe('ordering by sku', () => {
  test('order, by sku, takes name and price from the menu', async () => {
    await service.put('/menu/diavola_m', diavola);
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
    await service.put('/menu/diavola_m', diavola);
    const { id } = (await place([{ sku: 'diavola_m', quantity: 1 }])).body as { id: string };
    await service.put('/menu/diavola_m', { ...diavola, name: 'Inferno', price: '99' });
    const later = await place([{ sku: 'diavola_m', quantity: 1 }]);
    expect(later.body).toMatchObject({ items: [{ name: 'Inferno', unitPrice: '99.00' }], totalAmount: '99.00' });
    await service.delete('/menu/diavola_m');
    for (const url of [`/orders/${id}?minRevision=0`, `/orders/${id}/state`]) {
      expect((await service.get(url)).body).toMatchObject({
        items: [{ name: 'Diavola', unitPrice: '14.50', sku: 'diavola_m' }],
        totalAmount: '14.50',
      });
    }
  });

  test('order, with an unknown or a withdrawn sku, is 422 that names the item', async () => {
    await service.put('/menu/diavola_m', diavola);
    await service.put('/menu/gone', diavola);
    await service.delete('/menu/gone');
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
  test('menu and orders by sku, without MongoDB, are 503, and orders without a sku are placed', async () => {
    await withMongoAway(service, async (app) => {
      const order = (item: PlacedItem) => ({ customerId: 'ada', items: [item] });
      const answers = await Promise.all([
        app.inject({ method: 'GET', url: '/menu' }),
        app.inject({ method: 'PUT', url: '/menu/a', payload: diavola }),
        app.inject({ method: 'DELETE', url: '/menu/a' }),
        app.inject({ method: 'POST', url: '/orders', payload: order({ sku: 'a', quantity: 1 }) }),
      ]);
      expect(answers.map(({ statusCode, headers }) => [statusCode, headers['retry-after']])).toEqual(
        answers.map(() => [503, '1']),
      );
      const item = { name: 'Diavola', unitPrice: '14.50', quantity: 1 };
      expect((await app.inject({ method: 'POST', url: '/orders', payload: order(item) })).statusCode).toBe(201);
    });
  });
});
