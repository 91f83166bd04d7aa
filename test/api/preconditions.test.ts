import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../support/service.ts';

let service: TestService;
let second: TestService;
beforeAll(async () => {
  service = await startTestService();
  second = await startTestService({ like: service });
});
afterAll(async () => {
  await second.close();
  await service.close();
});

type Headers = Record<string, string>;
interface Route {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly payload?: object;
}

const send = async ({ app }: TestService, route: Route, headers: Headers = {}) => {
  const { statusCode, body } = await app.inject({ ...route, headers });
  return {
    status: statusCode,
    body: (body === '' ? undefined : JSON.parse(body)) as { type?: string; detail?: string },
  };
};
const order = { customerId: 'c', items: [{ name: 'Margherita', quantity: 1, unitPrice: '9' }] };
const customer = { name: 'Mario', email: 'mario@example.com' };
const item = { name: 'Diavola', category: 'Classic', price: '14.5' };
const placedId = async () => (await service.post('/orders', order)).body.id as string;
const putCustomer = (id: string): Route => ({ method: 'PUT', url: `/customers/${id}`, payload: customer });
const putItem = (sku: string): Route => ({ method: 'PUT', url: `/menu/${sku}`, payload: item });
type Change = readonly [name: string, arrange: () => Promise<Route>];
const change = (command: string, payload: object): Change => [
  `POST …/${command}`,
  async () => ({ method: 'POST', url: `/orders/${await placedId()}/${command}`, payload }),
];

/** Every route that changes something that is there, at revision 0 where it has one. */
const changes: readonly Change[] = [
  change('confirm', { estimatedDeliveryTime: '2030-01-01T10:00:00Z' }),
  change('payment', { paymentMethod: 'cash', transactionId: 't' }),
  change('status', { status: 'COOKING' }),
  change('discount', { discountCode: 'A', discountAmount: '1' }),
  change('delivery-address', { street: 'Via Roma 1', city: 'Napoli', postalCode: '80100' }),
  [
    'PUT /customers/{id}',
    async () => {
      const route = putCustomer(randomUUID());
      await send(service, route);
      return { ...route, payload: { ...customer, name: 'Luigi' } };
    },
  ],
  [
    'PUT /menu/{sku}',
    async () => {
      const route = putItem(randomUUID());
      await send(service, route);
      return route;
    },
  ],
  [
    'DELETE /menu/{sku}',
    async () => {
      const { url } = putItem(randomUUID());
      await send(service, putItem(url.slice('/menu/'.length)));
      return { method: 'DELETE', url };
    },
  ],
];
describe.each(changes)('%s', (_, arrange) => {
  const unmet: Headers[] = [
    { 'if-none-match': '*' },
    { 'if-match': '"7"' },
    { 'if-match': '"7", "8"' },
    { 'if-match': 'W/"0"' },
    { 'if-match': '"00"' },
    { 'if-match': '*', 'if-none-match': '*' },
    { 'if-none-match': '"0"' },
    { 'if-none-match': '"7", W/"0.3"' },
  ];
  it.each(unmet)('with %o, which does not hold, is 412', async (headers) => {
    expect(await send(service, await arrange(), headers)).toMatchObject({
      status: 412,
      body: { type: '/problems/stale-revision' },
    });
  });

  const met: Headers[] = [
    { 'if-match': '*' },
    { 'if-none-match': '"7"' },
    { 'if-match': '*', 'if-none-match': '"7"' },
    { 'if-match': '"7",, "0" ,' },
    { 'if-match': '"0.4"', 'if-none-match': ',"7"' },
  ];
  it.each(met)('with %o, which holds, is done', async (headers) => {
    expect((await send(service, await arrange(), headers)).status).toBeLessThan(300);
  });
});

describe('every changing route', () => {
  const routes: readonly (() => Promise<Route> | Route)[] = [
    ...changes.map(([, arrange]) => arrange),
    () => ({ method: 'POST', url: '/orders', payload: order }),
    () => ({ method: 'POST', url: '/admin/parked/replay' }),
    () => ({ method: 'POST', url: '/admin/projections/orders/verify' }),
    () => ({ method: 'POST', url: '/admin/projections/orders/rebuild' }),
  ];
  it.each(['', ',', ' , '])('with the list %j, which is empty, is 412 by If-Match', async (list) => {
    for (const arrange of routes) expect((await send(service, await arrange(), { 'if-match': list })).status).toBe(412);
  });

  it.each(['3', '"3', '"a" "b"', '*, "3"', 'W/3'])('with the list %j is 400 and names the header', async (list) => {
    for (const arrange of routes) {
      for (const name of ['if-match', 'if-none-match']) {
        const { status, body } = await send(service, await arrange(), { [name]: list });
        expect({ status, body }).toMatchObject({ status: 400, body: { errors: [{ pointer: `#/${name}` }] } });
      }
    }
  });

  it('that changes nothing that has a tag refuses If-Match, and takes If-None-Match', async () => {
    for (const arrange of routes.slice(changes.length, -1)) {
      expect((await send(service, await arrange(), { 'if-match': '*' })).status).toBe(412);
      expect((await send(service, await arrange(), { 'if-none-match': '*' })).status).toBeLessThan(300);
    }
  });
});

describe('a read whose answer has a tag', () => {
  const reads: readonly [string, () => Promise<string>][] = [
    ['an order', async () => `/orders/${await placedId()}`],
    ['a customer', async () => created(putCustomer(randomUUID()))],
    ['an item of the menu', async () => created(putItem(randomUUID()))],
  ];
  const created = async (route: Route) => {
    await send(service, route);
    return route.url;
  };

  it.each(reads)('of %s, looks at If-Match and at If-None-Match', async (_, arrange) => {
    const url = await arrange();
    const { headers } = await service.getProjected(`${url}?minRevision=0`);
    const tag = String(headers['etag']);
    const statusOf = async (asked: Headers) => (await service.app.inject({ url, headers: asked })).statusCode;
    expect(await statusOf({ 'if-match': tag })).toBe(200);
    expect(await statusOf({ 'if-match': '*' })).toBe(200);
    expect(await statusOf({ 'if-match': '"7", "0"' })).toBe(200); // as a command's answer has it
    expect(await statusOf({ 'if-match': '"7"' })).toBe(412);
    expect(await statusOf({ 'if-match': `W/${tag}` })).toBe(412);
    expect(await statusOf({ 'if-match': '"7"', 'if-none-match': tag })).toBe(412);
    expect(await statusOf({ 'if-match': tag, 'if-none-match': tag })).toBe(304);
    expect(await statusOf({ 'if-none-match': `"7", W/${tag}` })).toBe(304);
    expect(await statusOf({ 'if-none-match': '"7"' })).toBe(200);
    for (const name of ['if-match', 'if-none-match']) expect(await statusOf({ [name]: '3' })).toBe(400);
    for (const empty of ['', ',', ' , ']) {
      expect(await statusOf({ 'if-match': empty })).toBe(412);
      expect(await statusOf({ 'if-none-match': empty })).toBe(200);
    }
  });
});

describe('If-None-Match: *', () => {
  it.each([
    ['a customer', putCustomer, true],
    ['an item of the menu', putItem, false],
  ])('of ten who create %s at once on two instances, lets one win', async (_, route, hasRevision) => {
    const id = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (__, index) =>
        send(index % 2 === 0 ? service : second, route(id), { 'if-none-match': '*' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 412)]);
    const again = await send(service, route(id), { 'if-none-match': '*' });
    expect(again.status).toBe(412);
    if (hasRevision) {
      expect(again.body.detail).toBe('The customer is at revision 0, which If-Match or If-None-Match rules out');
    }
  });

  it('with an Idempotency-Key, repeated by the one who won, is its first answer again', async () => {
    const route = putCustomer(randomUUID());
    const headers = { 'if-none-match': '*', 'idempotency-key': randomUUID() };
    expect((await send(service, route, headers)).status).toBe(201);
    expect((await send(second, route, headers)).status).toBe(201);
  });
});

describe('If-Match on what is not there', () => {
  it.each([
    ['PUT /customers/{id}', putCustomer],
    ['PUT /menu/{sku}', putItem],
  ])('%s, is 412 and creates nothing', async (_, route) => {
    const id = randomUUID();
    for (const list of ['*', '"0"', '"00"'])
      expect((await send(service, route(id), { 'if-match': list })).status).toBe(412);
    expect((await send(service, route(id), { 'if-none-match': '*' })).status).toBe(201);
  });
});
