import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Grant, ROLES, type Role, type Rule, RULES, ruleOf } from '../../src/access/rules.ts';
import { ORDER_STATUSES } from '../../src/domain/events.ts';
import { type OpenApiDocument, type Operation, operationsOf } from '../api/openapi-judge.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { bearer, claimsOf, startIssuer, type TestIssuer } from './issuer.ts';

interface Secured {
  readonly security: readonly object[];
  readonly 'x-roles'?: Rule;
}

const text = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8');
const document = JSON.parse(text) as OpenApiDocument & {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Secured>>>>;
};
const operations = operationsOf(document);
const securedBy = ({ path, method }: Operation) => document.paths[path]?.[method.toLowerCase()] as Secured;

const OWNERS = ['own', 'other'] as const;
type Owner = (typeof OWNERS)[number];

let issuer: TestIssuer;
let service: TestService;
const customers = { own: `own-${randomUUID()}`, other: `other-${randomUUID()}` };

beforeAll(async () => {
  issuer = await startIssuer();
  service = await startTestService({ access: issuer.settings });
  for (const customerId of Object.values(customers)) {
    const details = { name: 'Mario Rossi', email: 'mario@example.com' };
    expect((await service.put(`/customers/${customerId}`, details, as('manager'))).status).toBe(201);
    await until('the customer can be read', async () => {
      const found = await service.get(`/customers/${customerId}`, as('manager'));
      return found.status === 200;
    });
  }
});
afterAll(async () => {
  await service.close();
  await issuer.stop();
});

/** Headers of a caller with one role; a customer is the one of `customers.own`. */
function as(role: Role) {
  return bearer(issuer.token(claimsOf(role, [role], customers.own)));
}

async function orderOf(owner: Owner): Promise<string> {
  const items = [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }];
  const placed = await service.post('/orders', { customerId: customers[owner], items }, as('manager'));
  expect(placed.status).toBe(201);
  const { id } = placed.body as { readonly id: string };
  await until('the order can be read', async () => (await service.get(`/orders/${id}`, as('manager'))).status === 200);
  return id;
}

/** The refund of a paid order. */
async function refundOf(orderId: string): Promise<string> {
  const payment = { paymentMethod: 'cash', transactionId: randomUUID() };
  expect((await service.post(`/orders/${orderId}/payment`, payment, as('manager'))).status).toBe(200);
  const requested = await service.post(`/orders/${orderId}/refunds`, { amount: '1.00', reason: 'cold' }, as('manager'));
  const { refunds } = requested.body as { readonly refunds: readonly { readonly refundId: string }[] };
  return refunds[0]?.refundId ?? '';
}

/** Sends what the document has for an operation, on something of `owner`. */
async function send(operation: Operation, owner: Owner, headers: Readonly<Record<string, string>>, change = {}) {
  const { path, method, parameters, bodies, operationId } = operation;
  const sku = `sku-${randomUUID()}`;
  if (path.includes('{sku}') && operationId !== 'putMenuItem') {
    await service.put(`/menu/${sku}`, { name: 'A', category: 'B', price: '1.00' }, as('manager'));
    await until('the item can be read', async () => (await service.get(`/menu/${sku}`)).status === 200);
  }
  const orderId = path.includes('{orderId}') ? await orderOf(owner) : '';
  const values: Readonly<Record<string, string>> = {
    orderId,
    ...(path.includes('/refunds') && orderId !== '' && { refundId: await refundOf(orderId) }),
    customerId: customers[owner],
    sku,
    name: 'customers',
  };
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required)
    .map(({ name, example }) => [name, name === 'to' && operationId === 'diffOrder' ? 0 : example]);
  if (operationId === 'listOrders') query.push(['customerId', customers[owner]]);
  const [first] = Object.values(bodies) as object[];
  const isOnCustomer = operationId === 'placeOrder';
  const sent = operationId === 'requestRefund' ? { amount: '1.00', reason: 'cold' } : first;
  const body = sent && { ...sent, ...(isOnCustomer && { customerId: customers[owner] }), ...change };
  const filled = path.replaceAll(/{(\w+)}/g, (_, name: string) => values[name] ?? '');
  const answer = await service.app.inject({
    method: method,
    url: `${filled}?${new URLSearchParams(Object.fromEntries(query) as Record<string, string>).toString()}`,
    headers,
    ...(body && { payload: body }),
  } as never);
  return answer as unknown as { readonly statusCode: number; readonly headers: Record<string, unknown>; body: string };
}

/** What the table says about a cell: a status, or that it works. */
function expected({ operationId }: Operation, grant: Grant | undefined, owner: Owner): number | 'works' {
  if (!grant) return 403;
  if (!grant.own || owner === 'own') return 'works';
  return ['placeOrder', 'listOrders'].includes(operationId) ? 403 : 404;
}

describe('the table of rules', () => {
  test('compared with the document, says the same of every operation', () => {
    for (const operation of operations) {
      const rule = ruleOf(operation.method, operation.path.replaceAll(/{(\w+)}/g, ':$1'));
      const { security, 'x-roles': roles } = securedBy(operation);
      expect([operation.operationId, roles ?? 'anyone']).toEqual([operation.operationId, rule]);
      expect(security.length > 0).toBe(rule !== 'anyone');
    }
  });

  test('compared with the routes, has no rule without a route', () => {
    const routes = Object.keys(RULES)
      .filter((route) => !/ \/(?:$|app|auth|docs|openapi\.json)/.test(route))
      .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
    expect(routes.sort()).toEqual(operations.map(({ method, path }) => `${method} ${path}`).sort());
  });

  test('without a rule for a route, keeps the service from starting', async () => {
    const { app } = await startTestService();
    expect(() => app.get('/unheard-of', () => 'hello')).toThrow();
    await app.close();
  });
});

describe.each(operations.map((operation) => [operation.operationId, operation] as const))('%s', (_, operation) => {
  const { security, 'x-roles': rule } = securedBy(operation);
  const cells = ROLES.flatMap((role) => OWNERS.map((owner) => [role, owner] as const));

  if (rule === undefined) {
    test('asked by a stranger, answers', async () => {
      expect(security).toEqual([]);
      const answer = await send(operation, 'own', {});
      expect(answer.statusCode).toBeLessThan(300);
      expect(answer.headers['vary']).toBeUndefined();
    });
    return;
  }

  test('asked by a stranger, with a body that is wrong, is 401', async () => {
    const answer = await send(operation, 'own', { 'content-type': 'application/json' }, { colour: 'red' });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers).toMatchObject({
      'www-authenticate': 'Bearer',
      'cache-control': 'private',
      vary: 'authorization, cookie',
    });
    expect(JSON.parse(answer.body)).toMatchObject({ type: '/problems/unauthenticated', status: 401 });
  });

  test.each(cells)('asked by %s for an %s, does what the table says', async (role, owner) => {
    const grants = rule as Partial<Record<Role, Grant>>;
    const grant = grants[role];
    const status = grant?.to?.[0];
    const what = expected(operation, grant, owner);
    // An event stream would go on.
    const asked =
      what === 'works' && operation.path.startsWith('/stream') ? { ...operation, method: 'HEAD' } : operation;
    const answer = await send(asked, owner, as(role), status === undefined ? {} : { status });
    if (what === 'works') {
      // A rebuild that the caller before began may still run.
      expect(answer.statusCode < 300 || answer.statusCode === 409, answer.body).toBe(true);
      return;
    }
    expect(answer.statusCode, answer.body).toBe(what);
    if (what !== 403) return;
    const { detail } = JSON.parse(answer.body) as { readonly detail: string };
    const named = detail.split('one of the roles ')[1]?.slice(0, -1).split(', ');
    const may = Object.entries(grants).filter(([, { own }]) => grant === undefined || !own);
    expect(named).toEqual(may.map(([name]) => name));
  });
});

describe('changeStatus', () => {
  const operation = operations.find(({ operationId }) => operationId === 'changeStatus') as Operation;
  const cells = (['kitchen', 'driver', 'manager'] as const).flatMap((role) =>
    ORDER_STATUSES.map((status) => [role, status] as const),
  );

  test.each(cells)('to %s %s, is 403 unless the table has it', async (role, status) => {
    const { to } = (securedBy(operation)['x-roles'] as Record<Role, Grant>)[role];
    const answer = await send(operation, 'own', as(role), { status });
    expect(answer.statusCode === 403).toBe(to !== undefined && !to.includes(status));
  });
});

describe('what is no route of its own', () => {
  test.each(['HEAD', 'GET'] as const)('%s of an order takes the same rule', async (method) => {
    const url = `/orders/${await orderOf('other')}`;
    expect((await service.app.inject({ method, url })).statusCode).toBe(401);
    expect((await service.app.inject({ method, url, headers: as('admin') })).statusCode).toBe(403);
    expect((await service.app.inject({ method, url, headers: as('customer') })).statusCode).toBe(404);
    expect((await service.app.inject({ method, url, headers: as('kitchen') })).statusCode).toBe(200);
  });

  test.each([
    ['GET', '/nothing', 404],
    ['GET', '/docs/nothing', 404],
    ['OPTIONS', '/orders', 405],
    ['PATCH', '/orders', 405],
    ['TRACE', '/orders', 405],
  ] as const)('%s %s is 401 for a stranger and %i for whoever has a token', async (method, url, status) => {
    expect((await service.app.inject({ method: method as 'GET', url })).statusCode).toBe(401);
    const answer = await service.app.inject({ method: method as 'GET', url, headers: as('customer') });
    expect(answer.statusCode).toBe(status);
  });

  test.each(['/docs', '/docs/', '/docs/json', '/docs/static/swagger-ui.css', '/openapi.json'])(
    '%s is for anyone',
    async (url) => {
      expect((await service.app.inject({ method: 'GET', url })).statusCode).toBeLessThan(400);
    },
  );

  test('a request of another origin gets no CORS header', async () => {
    const headers = { ...as('manager'), origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    for (const method of ['GET', 'OPTIONS'] as const) {
      const answer = await service.app.inject({ method, url: '/orders', headers });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});
