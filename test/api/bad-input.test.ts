import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../support/service.ts';

let service: TestService;
let orderId: string;
beforeAll(async () => {
  service = await startTestService();
  orderId = (await service.post('/orders', order())).body.id as string;
  await service.getProjected(`/orders/${orderId}?minRevision=0`);
});
afterAll(() => service.close());

const item = (change: object = {}) => ({ name: 'Margherita', quantity: 2, unitPrice: '12.50', ...change });
const order = (change: object = {}) => ({ customerId: 'c1', items: [item()], ...change });

describe('placing', () => {
  it.each([
    ['no items', order({ items: [] }), 422, '#/items'],
    ['quantity 0', order({ items: [item({ quantity: 0 })] }), 400, '#/items/0/quantity'],
    ['quantity −1', order({ items: [item({ quantity: -1 })] }), 400, '#/items/0/quantity'],
    ['quantity 1.5', order({ items: [item({ quantity: 1.5 })] }), 400, '#/items/0/quantity'],
    ['quantity 1e9', order({ items: [item({ quantity: 1e9 })] }), 400, '#/items/0/quantity'],
    ['quantity as text', order({ items: [item({ quantity: '2' })] }), 400, '#/items/0/quantity'],
    ['three decimals', order({ items: [item({ unitPrice: '12.345' })] }), 400, '#/items/0/unitPrice'],
    ['a negative price', order({ items: [item({ unitPrice: '-1' })] }), 400, '#/items/0/unitPrice'],
    ['NaN', order({ items: [item({ unitPrice: 'NaN' })] }), 400, '#/items/0/unitPrice'],
    ['an exponent', order({ items: [item({ unitPrice: '1e3' })] }), 400, '#/items/0/unitPrice'],
    ['hexadecimal', order({ items: [item({ unitPrice: '0x10' })] }), 400, '#/items/0/unitPrice'],
    ['a price as number', order({ items: [item({ unitPrice: 12.5 })] }), 400, '#/items/0/unitPrice'],
    ['a price above the limit', order({ items: [item({ unitPrice: '10000.01' })] }), 400, '#/items/0/unitPrice'],
    ['a price of nothing', order({ items: [item({ unitPrice: '0.00' })] }), 422, '#/items'],
    ['neither name nor sku', order({ items: [{ quantity: 1, unitPrice: '1' }] }), 400, '#/items/0/name'],
    ['neither price nor sku', order({ items: [{ quantity: 1, name: 'x' }] }), 400, '#/items/0/unitPrice'],
    ['a total that does not match', order({ totalAmount: '24.99' }), 422, '#/totalAmount'],
    ['an unknown field', order({ colour: 'red' }), 400, '#/colour'],
    ['an unknown field of an item', order({ items: [item({ colour: 'red' })] }), 400, '#/items/0/colour'],
    ['no customer', { items: [item()] }, 400, '#/customerId'],
    ['a customer of blanks', order({ customerId: '   ' }), 400, '#/customerId'],
    ['a name of 10,000 characters', order({ items: [item({ name: 'x'.repeat(10_000) })] }), 400, '#/items/0/name'],
    ['a control character', order({ customerId: 'a\u0000b' }), 400, '#/customerId'],
    ['a lone surrogate', order({ items: [item({ name: '\ud83c' })] }), 400, '#/items/0/name'],
    ['101 lines', order({ items: Array.from({ length: 101 }, () => item()) }), 400, '#/items'],
    ['no email', order({ customerEmail: 'mario' }), 400, '#/customerEmail'],
    [
      'an address without a street',
      order({ deliveryAddress: { city: 'a', postalCode: 'b' } }),
      400,
      '#/deliveryAddress/street',
    ],
    ['a list', [order()], 400, '#'],
  ])('with %s, is refused and names the field', async (_, body, status, pointer) => {
    const refused = await service.post('/orders', body);
    expect(refused).toMatchObject({ status, body: { status, title: expect.any(String), instance: '/orders' } });
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(refused.body.errors[0].pointer).toBe(pointer);
    expect(refused.body.detail).not.toBe('');
  });

  it('with emoji, accents and the largest limits, is taken as it is', async () => {
    const name = `Crème ${'🍕'.repeat(190)}`;
    const items = Array.from({ length: 100 }, () => item({ name, quantity: 1000, unitPrice: '10000' }));
    const placed = await service.post('/orders', { customerId: 'Zoë', items });
    expect(placed).toMatchObject({ status: 201, body: { totalAmount: '1000000000.00', quantity: 100_000 } });
    const read = await service.getProjected(`/orders/${placed.body.id}?minRevision=0`);
    expect(read.body).toMatchObject({ customerId: 'Zoë', totalAmount: '1000000000.00' });
    expect(read.body.items[99].name).toBe(name);
  });
});

describe('null', () => {
  it('for fields that may be absent, means that they are', async () => {
    const key = { 'idempotency-key': 'null-or-absent' };
    const nothing = { customerEmail: null, totalAmount: null, deliveryAddress: null };
    const placed = await service.post('/orders', order({ ...nothing, items: [item({ sku: null })] }), key);
    expect(placed).toMatchObject({ status: 201, body: { deliveryAddress: null } });
    expect((await service.post('/orders', order(), key)).body.id).toBe(placed.body.id);
    const address = { street: 'a', city: 'b', postalCode: 'c', notes: null };
    const there = await service.post('/orders', order({ deliveryAddress: address }));
    expect(there.body.deliveryAddress).toEqual({ street: 'a', city: 'b', postalCode: 'c' });
    const path = `/orders/${placed.body.id as string}`;
    const estimatedDeliveryTime = '2030-01-01T10:00:00Z';
    expect((await service.post(`${path}/confirm`, { estimatedDeliveryTime, kitchenNotes: null })).status).toBe(200);
    expect((await service.post(`${path}/delivery-address`, address)).status).toBe(200);
    expect((await service.post(`${path}/status`, { status: 'COOKING', reason: null })).status).toBe(200);
    const customer = await service.put('/customers/null', { name: 'a', email: 'a@b', phone: null });
    expect(customer).toMatchObject({ status: 201, body: { phone: null } });
    const dish = await service.put('/menu/null', {
      name: 'a',
      category: 'b',
      price: '1',
      size: null,
      ingredients: null,
    });
    expect(dish).toMatchObject({ status: 201, body: { size: null, ingredients: [] } });
  });

  it.each([
    ['a field that must be there', order({ customerId: null }), '#/customerId'],
    ['a field of an item that must be there', order({ items: [item({ quantity: null })] }), '#/items/0/quantity'],
    ['an item', order({ items: [null] }), '#/items/0'],
    ['a field that nobody knows', order({ colour: null }), '#/colour'],
    ['one such field beside an optional one', order({ totalAmount: null, colour: null }), '#/colour'],
  ])('for %s, is refused', async (_, body, pointer) => {
    expect(await service.post('/orders', body)).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });
});

describe('bodies that are no such thing', () => {
  const send = async (payload: string, contentType = 'application/json') => {
    const headers = { 'content-type': contentType };
    const { statusCode, body } = await service.app.inject({ method: 'POST', url: '/orders', payload, headers });
    return { status: statusCode, body: JSON.parse(body) as { type: string; detail: string } };
  };

  it.each([
    ['malformed JSON', '{"customerId": }', 400],
    ['truncated JSON', '{"customerId": "c1", "items": [', 400],
    ['nothing', '', 400],
    ['2 MiB', JSON.stringify(order({ notes: 'x'.repeat(2 * 1024 * 1024) })), 413],
    ['deeply nested JSON', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400],
    ['deeply nested objects', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`, 400],
    ['a __proto__ key', '{"__proto__": {"admin": true}, "customerId": "c1", "items": []}', 400],
    [
      'a constructor.prototype key',
      '{"constructor": {"prototype": {"admin": true}}, "customerId": "c1", "items": []}',
      400,
    ],
  ])('%s, sent as JSON, is refused with a problem document', async (_, payload, status) => {
    const refused = await send(payload);
    expect(refused).toMatchObject({ status, body: { status } });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded'])(
    'a body, sent as %s, is 415',
    async (contentType) => {
      expect(await send(JSON.stringify(order()), contentType)).toMatchObject({ status: 415 });
    },
  );
});

describe('the other routes', () => {
  it.each([
    ['an unknown status', 'status', { status: 'EATEN' }, '#/status'],
    ['no status', 'status', {}, '#/status'],
    ['a time that is none', 'confirm', { estimatedDeliveryTime: 'soon' }, '#/estimatedDeliveryTime'],
    ['30 February', 'confirm', { estimatedDeliveryTime: '2030-02-30T10:00:00Z' }, '#/estimatedDeliveryTime'],
    [
      'notes that are too long',
      'confirm',
      { estimatedDeliveryTime: '2030-01-01T10:00:00Z', kitchenNotes: 'x'.repeat(2001) },
      '#/kitchenNotes',
    ],
    ['no transaction', 'payment', { paymentMethod: 'cash' }, '#/transactionId'],
    ['an amount of 8 digits', 'discount', { discountCode: 'A', discountAmount: '12345678' }, '#/discountAmount'],
    ['an unknown field', 'delivery-address', { street: 'a', city: 'b', postalCode: 'c', planet: 'Mars' }, '#/planet'],
  ])('a command, with %s, is 400, names the field and changes nothing', async (_, command, body, pointer) => {
    const refused = await service.post(`/orders/${orderId}/${command}`, body);
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    expect((await service.get(`/orders/${orderId}`)).body.revision).toBe(0);
  });

  it.each([
    ['/orders/not-a-uuid', '#/orderId'],
    [`/orders/${'0'.repeat(400)}`, '#/orderId'],
    ['/orders?limit=0', '#/limit'],
    ['/orders?limit=101', '#/limit'],
    ['/orders?limit=many', '#/limit'],
    ['/orders?limit=0x10', '#/limit'],
    ['/orders?limit=1e1', '#/limit'],
    ['/orders?limit=%205', '#/limit'],
    ['/orders?limit=+5', '#/limit'],
    ['/orders?limit=', '#/limit'],
    ['/orders?limit=5&limit=6', '#/limit'],
    ['/orders?status=EATEN', '#/status'],
    ['/orders?placedFrom=yesterday', '#/placedFrom'],
    ['/orders?colour=red', '#/colour'],
    ['/orders?placedFrom=2026-02-01&placedTo=2026-01-31T23:59:59.999Z', '#/placedTo'],
    ['/audit?from=2026-02-01&to=2026-01-01', '#/to'],
    ['/analytics/orders?from=2026-02-01&to=2026-01-01', '#/to'],
    ['/analytics/orders?from=2016-01-01&to=2026-01-02', '#/to'],
    ['/analytics/orders?from=2016-01-01', '#/to'],
  ])('a query, %s, is 400 and names the parameter', async (url, pointer) => {
    const refused = await service.get(url);
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });

  it.each([
    ['idempotency-key', 'x'.repeat(256)],
    ['idempotency-key', 'two words'],
    ['x-actor', 'x'.repeat(101)],
    ['x-correlation-id', 'ü'],
  ])('the header %s, with a value it cannot have, is 400', async (name, value) => {
    const refused = await service.post('/orders', order(), { [name]: value });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: `#/${name}` }] } });
  });

  it('a path, under a method it does not have, is 405 with Allow', async () => {
    const refused = await service.app.inject({ method: 'DELETE', url: `/orders/${orderId}` });
    expect(refused.statusCode).toBe(405);
    expect(refused.headers.allow).toBe('GET, HEAD');
    expect((await service.get('/nothing/here')).status).toBe(404);
  });
});
