import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../../src/access/rules.ts';
import { type Answer, startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { bearer, claimsOf, startIssuer, type TestIssuer } from './issuer.ts';

let issuer: TestIssuer;
let service: TestService;
beforeAll(async () => {
  issuer = await startIssuer();
  service = await startTestService({ access: issuer.settings });
});
afterAll(async () => {
  await service.close();
  await issuer.stop();
});

const EMAIL = 'giulia@example.com';
const ADDRESS = { street: '1 Via Roma', city: 'Napoli', postalCode: '80100' };
const CONFIRM = { estimatedDeliveryTime: '2999-01-01T18:30:00Z' };

/** A caller with these roles; `giulia` is the customer of that name. */
function as(sub: string, ...roles: readonly Role[]) {
  return bearer(issuer.token(claimsOf(sub, roles, roles.includes('customer') ? sub : undefined)));
}

const giulia = () => as('giulia', 'customer');
const anna = () => as('anna', 'kitchen');
const luca = () => as('luca', 'driver');
const mario = () => as('mario', 'manager');
const pos = () => as('pos', 'service');
const eve = () => as('eve', 'customer');

function placing(customerId: string) {
  const items = [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }];
  return { customerId, customerEmail: EMAIL, items, deliveryAddress: ADDRESS };
}

/** An order of Giulia's, that the kitchen confirmed, in the read model. */
async function giuliasOrder(): Promise<string> {
  const placed = await service.post('/orders', placing('giulia'), giulia());
  expect(placed.status).toBe(201);
  const { id } = placed.body as { readonly id: string };
  expect((await service.post(`/orders/${id}/confirm`, CONFIRM, anna())).status).toBe(200);
  expect((await service.getProjected(`/orders/${id}?minRevision=1`, mario())).status).toBe(200);
  return id;
}

describe('other people’s orders and customers', () => {
  /** Without what differs because two ids differ. */
  const essence = ({ status, headers, body }: Answer, id: string) => ({
    status,
    headers: Object.keys(headers).sort(),
    etag: headers['etag'],
    body: JSON.stringify(body).replaceAll(id, 'ID'),
  });

  test.each([
    ['GET', ''],
    ['GET', '?minRevision=1'],
    ['GET', '?minRevision=7'],
    ['GET', '/timeline'],
    ['GET', '/state'],
    ['GET', '/state?revision=0'],
    ['GET', '/state?revision=99'],
    ['GET', '/state?asOf=2001-01-01'],
    ['GET', '/diff?from=0&to=1'],
    ['GET', '/diff?from=0&to=99'],
    ['POST', '/delivery-address'],
    ['POST', '/delivery-address with If-Match'],
    ['POST', '/delivery-address with a stale If-Match'],
    ['POST', '/delivery-address with a known Idempotency-Key'],
  ] as const)('%s /orders/ID%s is answered as if there were none', async (method, what) => {
    const theirs = await giuliasOrder();
    const key = randomUUID();
    const usual = { 'idempotency-key': key };
    await service.post(
      `/orders/${theirs}/delivery-address`,
      { ...ADDRESS, notes: 'Ring twice' },
      { ...mario(), ...usual },
    );
    const [path = '', precondition = ''] = what.split(' with ', 2);
    const headers = {
      ...eve(),
      ...(precondition.includes('If-Match') && { 'if-match': precondition.includes('stale') ? '"0"' : '"2"' }),
      ...(precondition.includes('Key') && usual),
    };
    const ask = (id: string) =>
      method === 'GET'
        ? service.get(`/orders/${id}${path}`, headers)
        : service.post(`/orders/${id}${path}`, { ...ADDRESS, notes: 'Ring twice' }, headers);
    const nothing = randomUUID();
    const answer = await ask(theirs);
    expect(essence(answer, theirs)).toEqual(essence(await ask(nothing), nothing));
    expect([404, 503]).toContain(answer.status);
    expect((await service.get(`/orders/${theirs}/state`, mario())).body).toMatchObject({ revision: 2 });
  });

  test('are in no list, and a cursor of somebody else shows none of them', async () => {
    await giuliasOrder();
    await giuliasOrder();
    const own = await service.get('/orders?limit=1', giulia());
    expect(own.body.items).toMatchObject([{ customerId: 'giulia' }]);
    expect((await service.get('/orders', eve())).body).toEqual({ items: [] });
    const cursor = encodeURIComponent(String(own.body.nextCursor));
    expect((await service.get(`/orders?limit=1&cursor=${cursor}`, eve())).status).toBe(400);
    expect((await service.get(`/orders?limit=1&cursor=${cursor}`, giulia())).body.items).toMatchObject([
      { customerId: 'giulia' },
    ]);
    expect((await service.get('/orders?customerId=giulia', eve())).status).toBe(403);
  });

  test('are in no list of a customer whose token names no customer', async () => {
    const nobody = bearer(issuer.token(claimsOf('nobody', ['customer'])));
    expect((await service.get('/orders', nobody)).status).toBe(403);
    expect((await service.get(`/orders/${await giuliasOrder()}`, nobody)).status).toBe(404);
    expect((await service.post('/orders', placing('undefined'), nobody)).status).toBe(403);
  });

  test('cannot be read, registered or changed', async () => {
    await service.put('/customers/giulia', { name: 'Giulia', email: EMAIL }, giulia());
    for (const id of ['giulia', 'unheard-of', encodeURIComponent('giulia ')]) {
      expect((await service.get(`/customers/${id}`, eve())).status).toBe(404);
      expect((await service.put(`/customers/${id}`, { name: 'Eve', email: EMAIL }, eve())).status).toBe(404);
    }
    expect((await service.get('/customers/unheard-of', mario())).status).toBe(404);
  });
});

describe('a caller with several roles', () => {
  test('may what one of them may', async () => {
    const id = await giuliasOrder();
    const both = as('anna', 'customer', 'kitchen');
    const seen = await service.get(`/orders/${id}`, both);
    expect(seen.body).toMatchObject({ customerEmail: '', deliveryAddress: null });
    expect((await service.get('/orders?customerId=giulia', both)).status).toBe(200);
    expect((await service.post(`/orders/${id}/delivery-address`, ADDRESS, both)).status).toBe(404);
  });
});

describe('a customer', () => {
  test('changes the address until the order is being cooked', async () => {
    const id = await giuliasOrder();
    const change = (city: string, headers = {}) =>
      service.post(`/orders/${id}/delivery-address`, { ...ADDRESS, city }, { ...giulia(), ...headers });
    const key = { 'idempotency-key': randomUUID() };
    const first = await change('Roma', key);
    expect(first.status).toBe(200);
    await service.post(`/orders/${id}/payment`, { paymentMethod: 'cash', transactionId: 't' }, mario());
    const late = await change('Torino');
    expect(late.status).toBe(403);
    expect(late.body).toMatchObject({
      type: '/problems/forbidden',
      detail: 'In status COOKING, this takes one of the roles manager, service.',
    });
    // What was done is answered as it was.
    expect((await change('Roma', key)).body).toEqual(first.body);
    expect((await service.post(`/orders/${id}/delivery-address`, ADDRESS, mario())).status).toBe(200);
  });
});

describe('fields', () => {
  interface Shown {
    readonly email: boolean;
    readonly address: boolean;
    readonly staff: boolean;
  }
  const see: readonly (readonly [string, () => Record<string, string>, string, Shown])[] = [
    ['customer', giulia, 'READY', { email: true, address: true, staff: false }],
    ['kitchen', anna, 'READY', { email: false, address: false, staff: true }],
    ['driver', luca, 'COOKING', { email: false, address: false, staff: true }],
    ['driver', luca, 'READY', { email: false, address: true, staff: true }],
    ['driver', luca, 'DELIVERED', { email: false, address: true, staff: true }],
    ['driver', luca, 'CANCELLED', { email: false, address: false, staff: true }],
    ['manager', mario, 'READY', { email: true, address: true, staff: true }],
    ['service', pos, 'READY', { email: true, address: true, staff: true }],
  ];

  test.each(see)('of an order, shown to a %s (%s, %s), are those that the role sees', async (_, who, status, shown) => {
    const id = await giuliasOrder();
    await service.post(`/orders/${id}/delivery-address`, { ...ADDRESS, city: 'Roma' }, giulia());
    await service.post(`/orders/${id}/status`, { status }, mario());
    await until('the status is in the read model', async () => {
      return (await service.get(`/orders/${id}`, mario())).body.status === status;
    });
    const ways = await Promise.all(
      ['', '/timeline', '/state', '/state?revision=0', '/state?asOf=2999-01-01', '/diff?from=0&to=3'].map((way) =>
        service.get(`/orders/${id}${way}`, who()),
      ),
    );
    const list = await service.get('/orders?customerId=giulia&limit=100', who());
    ways.push({ ...list, body: list.body.items.find((item: { id: string }) => item.id === id) });
    for (const { status: code, body } of ways) expect(code, JSON.stringify(body)).toBe(200);
    const all = ways.map(({ body }) => JSON.stringify(body));
    expect(all.some((text) => text.includes(EMAIL))).toBe(shown.email);
    expect(all.some((text) => text.includes('Via Roma'))).toBe(shown.address);
    expect(all.some((text) => /"(?:anna|mario)"/.test(text))).toBe(shown.staff);
    const timeline = ways[1]?.body.items as { actor: string; details: { confirmedBy?: string } }[];
    expect(timeline.map(({ actor }) => actor)).toEqual(
      shown.staff ? ['giulia', 'anna', 'giulia', 'mario'] : ['giulia', 'staff', 'giulia', 'staff'],
    );
    expect(timeline[1]?.details.confirmedBy).toBe(shown.staff ? 'anna' : 'staff');
  });

  test('of what a command answers are those that the role sees', async () => {
    const placed = await service.post('/orders', placing('giulia'), mario());
    const url = `/orders/${String(placed.body.id)}`;
    expect((await service.post(`${url}/confirm`, CONFIRM, anna())).body.deliveryAddress).toBeNull();
    expect((await service.post(`${url}/status`, { status: 'READY' }, anna())).body.deliveryAddress).toBeNull();
    const driven = await service.post(`${url}/status`, { status: 'OUT_FOR_DELIVERY' }, luca());
    expect(driven.body.deliveryAddress).toEqual(ADDRESS);
  });
});

describe('who acts', () => {
  test('is whom the token names; X-Actor counts from a service only', async () => {
    const placed = await service.post('/orders', placing('giulia'), { ...mario(), 'x-actor': 'the queen' });
    const url = `/orders/${String(placed.body.id)}`;
    await service.post(`${url}/confirm`, CONFIRM, { ...pos(), 'x-actor': 'anna' });
    await service.post(`${url}/status`, { status: 'READY' }, pos());
    const { items } = (await service.get(`${url}/timeline`, mario())).body as {
      readonly items: { actor: string; details: object }[];
    };
    expect(items.map(({ actor }) => actor)).toEqual(['mario', 'pos for anna', 'pos']);
    expect(items[1]?.details).toMatchObject({ confirmedBy: 'pos for anna' });
    await until('the audit trail has it', async () => {
      const found = await service.get(`/audit?actor=${encodeURIComponent('pos for anna')}`, mario());
      return (found.body.items as unknown[]).length > 0;
    });
  });

  test('is in the log line of the command', async () => {
    await service.post('/orders', placing('giulia'), giulia());
    const line = service.logged.findLast(({ msg }) => msg === 'command done');
    expect(line).toMatchObject({ command: 'place', caller: 'giulia' });
  });
});

describe('an Idempotency-Key', () => {
  const keyed = (headers: Record<string, string>, key: string) => ({ ...headers, 'idempotency-key': key });

  test('counts for its caller: the same one makes another order of another caller', async () => {
    const key = randomUUID();
    const first = await service.post('/orders', placing('giulia'), keyed(giulia(), key));
    const again = await service.post('/orders', placing('giulia'), keyed(giulia(), key));
    const others = await service.post('/orders', placing('giulia'), keyed(mario(), key));
    expect(again.body).toEqual(first.body);
    expect(others.status).toBe(201);
    expect(others.body.id).not.toBe(first.body.id);
    const reused = await service.post('/orders', { ...placing('giulia'), totalAmount: '25' }, keyed(giulia(), key));
    expect(reused.body).toMatchObject({ type: '/problems/idempotency-key-reused' });
  });

  test('of two callers on one order is of two commands, also after a restart', async () => {
    const id = await giuliasOrder();
    const url = `/orders/${id}/delivery-address`;
    const key = randomUUID();
    const hers = await service.post(url, { ...ADDRESS, city: 'Roma' }, keyed(giulia(), key));
    const his = await service.post(url, { ...ADDRESS, city: 'Torino' }, keyed(mario(), key));
    expect([hers.status, his.status]).toEqual([200, 200]);
    const restarted = await startTestService({ like: service, access: issuer.settings });
    try {
      const repeated = await restarted.post(url, { ...ADDRESS, city: 'Roma' }, keyed(giulia(), key));
      expect(repeated.body).toEqual(hers.body);
    } finally {
      await restarted.close();
    }
  });

  test('used before there were callers still finds its order and its commands, for whom they are', async () => {
    const before = await startTestService({ like: service });
    try {
      const [orderKey, key] = [randomUUID(), randomUUID()];
      const placed = await before.post('/orders', placing('giulia'), { 'idempotency-key': orderKey });
      const url = `/orders/${String(placed.body.id)}/delivery-address`;
      const changed = await before.post(url, { ...ADDRESS, city: 'Roma' }, { 'idempotency-key': key });
      await before.post(url, { ...ADDRESS, city: 'Torino' });

      for (const who of [giulia(), mario()]) {
        const again = await service.post('/orders', placing('giulia'), keyed(who, orderKey));
        expect(again.body).toEqual(placed.body);
        expect(again.headers).toMatchObject({ location: placed.headers['location'], etag: '"0"' });
        expect((await service.post(url, { ...ADDRESS, city: 'Roma' }, keyed(who, key))).body).toEqual(changed.body);
      }
      // Another request under that key is another caller's.
      const other = await service.post('/orders', placing('eve'), keyed(eve(), orderKey));
      expect(other.status).toBe(201);
      expect(other.body.id).not.toBe(placed.body.id);
      expect((await service.post(url, { ...ADDRESS, city: 'Roma' }, keyed(eve(), key))).status).toBe(404);
    } finally {
      await before.close();
    }
  });
});

describe('requests per minute', () => {
  test('are counted by caller, and by address of those who are not let in', async () => {
    const limited = await startTestService({ access: issuer.settings, config: { rateLimitPerMinute: 3 } });
    try {
      const statuses = async (headers: Record<string, string>) => {
        const found: number[] = [];
        for (let turn = 0; turn < 4; turn += 1) found.push((await limited.get('/orders', headers)).status);
        return found;
      };
      expect(await statuses(mario())).toEqual([200, 200, 200, 429]);
      expect(await statuses(anna())).toEqual([200, 200, 200, 429]);
      expect(await statuses({})).toEqual([401, 401, 401, 429]);
      expect((await limited.get('/orders', bearer('nothing'))).status).toBe(429);
    } finally {
      await limited.close();
    }
  });
});

test('with AUTH=off, an answer says nothing of callers', async () => {
  const open = await startTestService({ like: service });
  try {
    const placed = await open.post('/orders', placing('giulia'), { 'x-actor': 'anna', authorization: 'Basic x' });
    expect(placed.status).toBe(201);
    for (const name of ['vary', 'cache-control', 'www-authenticate']) expect(placed.headers).not.toHaveProperty(name);
    expect((await open.app.inject({ method: 'GET', url: '/metrics' })).body).not.toContain('access_refusals');
    expect((await open.get('/auth/me')).status).toBe(404);
    const line = open.logged.findLast(({ msg }) => msg === 'command done');
    expect(line).not.toHaveProperty('caller');
  } finally {
    await open.close();
  }
});
