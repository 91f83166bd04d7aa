import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Access } from '../../src/access/index.ts';
import { type AppDependencies, buildApp } from '../../src/http/app.ts';
import { ConcurrentModificationError } from '../../src/commands/errors.ts';
import { EventStoreUnavailableError } from '../../src/eventstoredb/errors.ts';
import { createMetrics } from '../../src/metrics.ts';
import { createStreams } from '../../src/http/live/streams.ts';
import { createPressure } from '../../src/http/server/pressure.ts';
import { rebuildStates } from '../../src/read-models/rebuild/lease.ts';
import { besides } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { type ActualAnswer, createJudge, type OpenApiDocument, type Operation, operationsOf } from './openapi-judge.ts';

const text = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8');
const document = JSON.parse(text) as OpenApiDocument;
const judge = createJudge(document);
const operations = operationsOf(document);

/** `operation status` of every answer that a test saw. */
const seen = new Set<string>();

let service: TestService;
/** The time that the service believes it is. */
let now = new Date();

beforeAll(async () => {
  service = await startTestService({ clock: () => now });
  await sendExample('putCustomer', 'plain', {});
  await listedSku('lanterna_m');
  await until('mario is in the read model', async () => (await service.get('/customers/mario')).status === 200);
  await until('the item is in the read model', async () => (await service.get('/menu/lanterna_m')).status === 200);
});
afterAll(() => service.close());

/** Who acts in the document's story, and in which trace. */
const ANNA = { 'x-actor': 'anna', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };

type Path = Readonly<Record<string, string>>;
type State = 'placed' | 'confirmed' | 'paid';

interface Sent {
  readonly path?: Path;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

function operationOf(id: string): Operation {
  const found = operations.find(({ operationId }) => operationId === id);
  if (!found) throw new Error(`the document has no operation ${id}`);
  return found;
}

function exampleOf(operation: Operation, status: number, name: string): unknown {
  return operation.answers.find((answer) => answer.status === status)?.examples.find((example) => example.name === name)
    ?.value;
}

/** What the document has for a request: all that is required, and nothing more, but for what `sent` says. */
function requestOf({ method, path, parameters, bodies }: Operation, sent: Sent): InjectOptions {
  const required = (place: string, given: Readonly<Record<string, unknown>> = {}) => {
    const examples = parameters
      .filter((parameter) => parameter.in === place && parameter.required)
      .map(({ name, example }) => [name, example]);
    const all = { ...Object.fromEntries(examples), ...given } as Record<string, string | undefined>;
    return Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  };
  const values = required('path', sent.path) as Record<string, string>;
  const query = new URLSearchParams(required('query', sent.query) as Record<string, string>).toString();
  const filled = path.replaceAll(/{(\w+)}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
  const body = sent.body ?? Object.values(bodies)[0];
  return {
    method: method,
    url: query === '' ? filled : `${filled}?${query}`,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...required('header', sent.headers),
    },
    ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
}

/** For what the server decides before the framework does, where `inject` does not come by. */
async function overTheWire({ server }: FastifyInstance, { method, url, headers, payload }: InjectOptions) {
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}${url as string}`, {
    method,
    headers: headers as Record<string, string>,
    ...(payload !== undefined && { body: payload as string }),
  } as RequestInit);
  return { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
}

/** Of an answer that goes on, what comes first; it is left then. */
async function beginningOf(app: FastifyInstance, request: InjectOptions): Promise<ActualAnswer> {
  const answer = await app.inject({ ...request, payloadAsStream: true });
  let body = '';
  for await (const chunk of answer.stream()) {
    body += String(chunk);
    if (body.endsWith('\n\n')) break;
  }
  answer.raw.res.destroy();
  return { statusCode: answer.statusCode, headers: answer.headers, body };
}

/** Sends a request and holds the answer to the document. */
async function send(operation: Operation, sent: Sent, app: FastifyInstance = service.app): Promise<ActualAnswer> {
  const request = requestOf(operation, sent);
  const isStream = operation.answers.some(({ mediaTypes }) => mediaTypes.includes('text/event-stream'));
  const answer = app.server.listening
    ? await overTheWire(app, request)
    : await (isStream ? beginningOf(app, request) : app.inject(request));
  expect(judge.mistakesInAnswer(operation, answer)).toEqual([]);
  seen.add(`${operation.operationId} ${answer.statusCode}`);
  return answer;
}

/** Sends an example of a body at the time of the example of its answer. */
async function sendExample(operationId: string, name: string, sent: Sent): Promise<ActualAnswer> {
  const operation = operationOf(operationId);
  const example = operation.answers
    .filter(({ status }) => status < 300)
    .flatMap(({ examples }) => examples)
    .find((answer) => answer.name === name)?.value as { lastUpdated?: string } | undefined;
  now = example?.lastUpdated === undefined ? now : new Date(example.lastUpdated);
  const answer = await send(operation, { headers: ANNA, ...sent, body: operation.bodies[name] });
  expect(answer.statusCode).toBeLessThan(300);
  return answer;
}

/** An order of the document's story, as far as that state. */
async function orderIn(state: State, headers: Readonly<Record<string, string>> = {}): Promise<Path> {
  const placed = await sendExample('placeOrder', 'byPrice', { headers: { ...ANNA, ...headers } });
  const path = { orderId: (JSON.parse(placed.body) as { id: string }).id };
  if (state !== 'placed') await sendExample('confirmOrder', 'withNotes', { path });
  if (state === 'paid') await sendExample('payOrder', 'byCard', { path });
  return path;
}

async function projectedOrder(): Promise<Path> {
  const path = await orderIn('paid');
  expect((await service.getProjected(`/orders/${path['orderId'] ?? ''}?minRevision=2`)).status).toBe(200);
  return path;
}

/** A cancelled order, and the refund of it. */
async function refundingOrder(): Promise<Path> {
  const path = await orderIn('paid');
  const cancelled = await sendExample('cancelOrder', 'byGuest', { path });
  const { refunds } = JSON.parse(cancelled.body) as { refunds: { refundId: string }[] };
  return { ...path, refundId: refunds[0]?.refundId ?? '' };
}

async function settledRefund(operationId: string, example: string): Promise<Path> {
  const path = await refundingOrder();
  await sendExample(operationId, example, { path });
  return path;
}

async function listedSku(sku = `s-${randomUUID()}`): Promise<Path> {
  await sendExample('putMenuItem', 'withSize', { path: { sku } });
  return { sku };
}

async function registeredCustomer(): Promise<Path> {
  const path = { customerId: `c-${randomUUID()}` };
  await sendExample('putCustomer', 'plain', { path });
  return path;
}

/** What must be there before an example of the operation is sent, and the path to it. */
const arranged: Readonly<Record<string, (example: string) => Promise<Path>>> = {
  confirmOrder: () => orderIn('placed'),
  payOrder: () => orderIn('confirmed'),
  changeStatus: () => orderIn('paid'),
  applyDiscount: () => orderIn('placed'),
  changeDeliveryAddress: () => orderIn('placed'),
  getOrder: projectedOrder,
  getOrderState: () => orderIn('paid'),
  diffOrder: () => orderIn('paid'),
  getOrderTimeline: () => orderIn('paid'),
  cancelOrder: () => orderIn('paid'),
  requestRefund: () => orderIn('paid'),
  completeRefund: refundingOrder,
  failRefund: refundingOrder,
  getRefund: refundingOrder,
  streamOrder: () => orderIn('paid'),
  putCustomer: (example) =>
    example === 'plain' ? Promise.resolve({ customerId: `c-${randomUUID()}` }) : registeredCustomer(),
  putMenuItem: (example) => (example === 'withSize' ? Promise.resolve({ sku: `s-${randomUUID()}` }) : listedSku()),
  deleteMenuItem: () => listedSku(),
};

/** The answer of which the example without a body is one, where it does not depend on what else there is. */
const exact: Readonly<Record<string, string>> = {
  getOrder: 'cooking',
  getOrderState: 'latest',
  diffOrder: 'fromPlacedToPaid',
  getOrderTimeline: 'paid',
  getRefund: 'pending',
  getCustomer: 'plain',
  getMenuItem: 'plain',
  isLive: 'alive',
  isReady: 'ready',
  listParked: 'none',
  replayParked: 'nothing',
};

const MADE_UP = /[\da-f]{8}-[\da-f]{4}-/;

/** With the ids of the document in place of those of this test. */
function withIdsOfDocument(body: string, { parameters }: Operation, path: Path): unknown {
  const pairs = Object.entries(path)
    .filter(([, id]) => MADE_UP.test(id))
    .map(([name, id]) => [id, String(parameters.find((parameter) => parameter.name === name)?.example)] as const);
  const { id, refunds = [] } = JSON.parse(body) as { id?: string; refunds?: { refundId: string }[] };
  const theirs = (wanted: string) =>
    String(operationOf('getRefund').parameters.find(({ name }) => name === wanted)?.example);
  if (id !== undefined) pairs.push([id, theirs('orderId')]);
  for (const { refundId } of refunds) pairs.push([refundId, theirs('refundId')]);
  return JSON.parse(pairs.reduce((result, [mine, theirs]) => result.replaceAll(mine, theirs), body));
}

describe('the document, as a page shows it and fills it in', () => {
  const everywhere = (value: unknown): object[] =>
    typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(everywhere)] : [];
  const schemas = everywhere(document) as { readonly format?: unknown; readonly properties?: Record<string, object> }[];

  test('its formats, compared with those of JSON Schema, are known', () => {
    const formats = new Set(schemas.map(({ format }) => format).filter((format) => typeof format === 'string'));
    expect([...formats].sort()).toEqual(['date', 'date-time', 'uuid']);
  });

  test('its times, whatever they are called, have the format of one', () => {
    const times = schemas.flatMap(({ properties = {} }) =>
      Object.entries(properties).filter(([name]) => /(?:At|Time|timestamp|lastUpdated|estimatedDelivery)$/.test(name)),
    );
    expect(times.length).toBeGreaterThan(15);
    expect(times.filter(([, schema]) => !('format' in schema) || schema.format !== 'date-time')).toEqual([]);
  });

  test('its optional parameters, which a page would send, have no example to be filled in', () => {
    const { paths } = JSON.parse(text) as OpenApiDocument;
    const parameters = Object.values(paths).flatMap((methods) =>
      Object.values(methods).flatMap((operation) => operation.parameters ?? []),
    );
    expect(parameters.filter(({ required, example }) => !required && example !== undefined)).toEqual([]);
    expect(parameters.filter(({ required, example }) => required && example === undefined)).toEqual([]);
  });

  test('its summaries, which a page shows as they are, have no Markdown', () => {
    const summaries = (everywhere(document) as { readonly summary?: string }[]).flatMap(({ summary }) => summary ?? []);
    expect(summaries.length).toBeGreaterThan(20);
    expect(summaries.filter((summary) => /[`*_]/.test(summary))).toEqual([]);
  });
});

test('the committed document, compared with what the code says, is the same', () => {
  expect(`${JSON.stringify(service.app.swagger(), null, 2)}\n`).toBe(text);
});

describe.each(operations.map((operation) => [operation.operationId, operation] as const))('%s', (id, operation) => {
  const { parameters, bodies, answers } = operation;

  test('its examples, held to their schemas, are valid, and none is missing', () => {
    for (const [name, body] of Object.entries(bodies)) {
      expect(judge.mistakesInBody(operation, body), name).toEqual([]);
    }
    for (const parameter of parameters) {
      expect(judge.mistakesInParameter(operation, parameter), parameter.name).toEqual([]);
    }
    for (const { status, mediaTypes, examples } of answers) {
      expect(new Set(examples.map(({ mediaType }) => mediaType)), `${status}`).toEqual(new Set(mediaTypes));
      for (const { name, mediaType, value } of examples) {
        expect(judge.mistakesInExample(operation, status, mediaType, value), name).toEqual([]);
      }
    }
  });

  const requests = Object.keys(bodies);
  test.each(requests.length > 0 ? requests : ['without a body'])(
    'its example %s, sent, gets the documented answer',
    async (name) => {
      const path = (await arranged[id]?.(name)) ?? {};
      const hasBody = Object.hasOwn(bodies, name);
      const answer = hasBody ? await sendExample(id, name, { path }) : await send(operation, { path });
      expect(answer.statusCode).toBeLessThan(300);
      const expected = exampleOf(operation, answer.statusCode, hasBody ? name : (exact[id] ?? ''));
      if (expected !== undefined) expect(withIdsOfDocument(answer.body, operation, path)).toEqual(expected);
    },
  );

  const optional = parameters.filter(({ required }) => !required);
  test.each(optional.map((parameter) => [parameter.name, parameter] as const))(
    'its parameter %s, sent as in the example, is taken',
    async (name, { in: place, example }) => {
      const path = (await arranged[id]?.('')) ?? {};
      const answer = await send(operation, { path, [place === 'query' ? 'query' : 'headers']: { [name]: example } });
      expect(answer.statusCode).toBeLessThan(400);
      const expected = exampleOf(operation, answer.statusCode, name);
      if (expected !== undefined) expect(withIdsOfDocument(answer.body, operation, path)).toEqual(expected);
    },
  );
});

/** A request that gets the problem that the example of that name shows, once what it needs is there. */
type Provocation = () => Promise<Sent> | Sent;
const fields: Readonly<Record<string, Provocation>> = {
  placeOrder: () => ({
    body: { customerId: 'mario', items: [{ name: 'Margherita', quantity: 0, unitPrice: '12.50' }] },
  }),
  confirmOrder: () => ({ body: { estimatedDeliveryTime: 'soon' } }),
  payOrder: () => ({ body: { paymentMethod: 'cash' } }),
  changeStatus: () => ({ body: { status: 'EATEN' } }),
  applyDiscount: () => ({ body: { discountCode: 'TEN', discountAmount: '2.505' } }),
  changeDeliveryAddress: () => ({ body: { street: 'Crater 1', city: 'Hellas', postalCode: '1', planet: 'Mars' } }),
  getOrder: () => ({ path: { orderId: '42' } }),
  cancelOrder: () => ({ body: { reasonCode: 'CUSTOMER_REQUEST' } }),
  requestRefund: () => ({ body: { amount: '2.505', reason: 'The pizza was cold' } }),
  completeRefund: () => ({ body: {} }),
  failRefund: () => ({ body: { reason: '' } }),
  getRefund: () => ({ path: { refundId: '42' } }),
  listRefunds: () => ({ query: { status: 'LOST' } }),
  listOrders: () => ({ query: { cursor: 'x' } }),
  getOrderState: () => ({ query: { asOf: '2026-01-31', revision: 1 } }),
  diffOrder: () => ({ query: { to: undefined } }),
  getOrderTimeline: () => ({ path: { orderId: '42' } }),
  streamKitchen: () => ({ query: { colour: 'red' } }),
  streamOrder: () => ({ path: { orderId: '42' } }),
  listAudit: () => ({ query: { from: '2026-02-01', to: '2026-01-01' } }),
  putCustomer: () => ({ body: { name: 'Mario Rossi', email: 'mario' } }),
  getCustomer: () => ({ query: { colour: 'red' } }),
  getMenuItem: () => ({ query: { colour: 'red' } }),
  getMenuItemHistory: () => ({ path: { sku: ' ' } }),
  putMenuItem: () => ({ body: { name: 'Lanterna', category: 'Classic', price: 11.5 } }),
  deleteMenuItem: () => ({ path: { sku: ' ' } }),
  orderAnalytics: () => ({ query: { from: '2000-01-01', to: '2020-01-01' } }),
  listParked: () => ({ query: { limit: 0 } }),
  verifyProjection: () => ({ query: { repair: 'maybe' } }),
};
const missing: Readonly<Record<string, Provocation>> = {
  getOrderState: async () => ({ path: await orderIn('paid'), query: { asOf: '2026-01-30' } }),
  diffOrder: async () => ({ path: await orderIn('paid'), query: { to: 9 } }),
  getCustomer: () => ({ path: { customerId: 'nobody' } }),
  getMenuItem: () => ({ path: { sku: 'nothing' } }),
  getMenuItemHistory: () => ({ path: { sku: 'nothing' } }),
  completeRefund: unknownRefund,
  failRefund: unknownRefund,
  getRefund: unknownRefund,
  deleteMenuItem: () => ({ path: { sku: 'nothing' } }),
  rebuildProjection: () => ({ path: { name: 'menu' } }),
  verifyProjection: () => ({ path: { name: 'menu' } }),
};
const forbidden: Readonly<Record<string, Provocation>> = {
  confirmOrder: async () => ({ path: await deliveredOrder() }),
  payOrder: async () => ({ path: await orderIn('paid') }),
  changeStatus: async () => ({ path: await deliveredOrder() }),
  applyDiscount: async () => ({ path: await orderIn('paid') }),
  changeDeliveryAddress: async () => ({ path: await deliveredOrder() }),
  cancelOrder: async () => ({ path: await deliveredOrder() }),
  requestRefund: async () => ({ path: await orderIn('placed') }),
  completeRefund: async () => ({ path: await settledRefund('failRefund', 'forGood') }),
  failRefund: async () => ({ path: await settledRefund('completeRefund', 'byCard') }),
};

async function unknownRefund(): Promise<Sent> {
  return { path: { ...(await orderIn('paid')), refundId: randomUUID() } };
}

async function deliveredOrder(): Promise<Path> {
  const path = await orderIn('placed');
  expect((await service.post(`/orders/${path['orderId'] ?? ''}/status`, { status: 'DELIVERED' })).status).toBe(200);
  return path;
}

/** Another process is at work on the rebuild of the orders. */
async function rebuildOfAnother(): Promise<Sent> {
  const { database, rebuilds } = besides(service);
  await rebuilds.ensure('orders', (last) => last !== undefined);
  const held = { phase: 'filling', owner: 'another', heartbeat: new Date() } as const;
  await rebuildStates(database.db).updateOne({ _id: 'rebuild:orders' }, { $set: held });
  return {};
}

/** Uses an Idempotency-Key for one request, and gives another one with it. */
async function keyReused(id: string): Promise<Sent> {
  const headers = { 'idempotency-key': randomUUID() };
  if (id === 'putCustomer') {
    const path = { customerId: `c-${randomUUID()}` };
    await sendExample(id, 'plain', { path, headers });
    return { path, headers, body: operationOf(id).bodies['withPhone'] };
  }
  if (id.endsWith('MenuItem')) {
    const path = await listedSku();
    await sendExample('putMenuItem', 'plain', { path, headers });
    return { path, headers };
  }
  const path = await orderIn('placed', headers);
  return { ...(id === 'placeOrder' ? { body: operationOf(id).bodies['bySku'] } : { path }), headers };
}

/** Something whose stream was deleted for good, and that it was is known to the read models. */
async function deleted(id: string): Promise<Sent> {
  const headers = { 'idempotency-key': randomUUID() };
  const [path, category, route] = id.endsWith('Customer')
    ? [await registeredCustomer(), 'Customer', 'customers']
    : id.includes('MenuItem')
      ? [await listedSku(), 'MenuItem', 'menu']
      : [await orderIn('placed', id === 'placeOrder' ? headers : {}), 'PizzaOrder', 'orders'];
  const [key = ''] = Object.values(path);
  await service.eventStore.tombstoneStream(`${service.config.streamPrefix}${category}-${key}`);
  const read = () => service.get(`/${route}/${key}`);
  await until('it is gone', async () => (await read()).status === 410);
  return id === 'placeOrder' ? { headers } : { path };
}

async function stale(id: string): Promise<Sent> {
  const headers = { 'if-match': '"7"' };
  if (id.startsWith('get')) {
    const path = id === 'getOrder' ? projectedOrder() : id === 'getCustomer' ? registeredCustomer() : listedSku();
    return { path: await path, query: { minRevision: 0 }, headers };
  }
  if (id.endsWith('MenuItem')) return { path: await listedSku(), headers };
  if (operationOf(id).path.startsWith('/orders/')) return { path: await orderIn('placed'), headers };
  if (id !== 'putCustomer') return { headers };
  return { path: await registeredCustomer(), headers, body: operationOf(id).bodies['withPhone'] };
}

async function provocation(id: string, name: string): Promise<Sent | undefined> {
  switch (name) {
    case 'field':
      return fields[id]?.();
    case 'wrongHost':
      return { headers: { host: 'a b' } };
    case 'malformed':
      return { body: '{"customerId": }' };
    case 'notFound':
      return missing[id]?.() ?? { path: { orderId: randomUUID() } };
    case 'gone':
      return deleted(id);
    case 'rule':
      return forbidden[id]?.();
    case 'stale':
      return stale(id);
    case 'alreadyThere':
      return { path: await listedSku(), headers: { 'if-none-match': '*' } };
    case 'tooLarge':
      return { body: { customerId: 'x'.repeat(300_000) } };
    case 'unsupported':
      return { body: 'a pizza, please', headers: { 'content-type': 'text/plain' } };
    case 'wrongTotal':
      return { body: { customerId: 'mario', items: [{ name: 'A', quantity: 1, unitPrice: '9' }], totalAmount: '10' } };
    case 'noItems':
      return { body: { customerId: 'mario', items: [] } };
    case 'keyReused':
      return keyReused(id);
    case 'rebuildRunning':
      return rebuildOfAnother();
    case 'forbidden':
      return { headers: { authorization: 'Bearer somebody' } };
    case 'notYetProjected':
      return (id === 'getOrder' ? projectedOrder() : Promise.resolve({})).then((path) => ({
        path,
        query: { minRevision: 9 },
      }));
    default:
      return undefined;
  }
}

/** An app all of whose dependencies fail like that. */
async function failing(
  error: Error,
  limits: Partial<AppDependencies['limits']> = {},
  access?: Access,
): Promise<FastifyInstance> {
  const rejects = () => Promise.reject(error);
  const store = new Proxy({}, { get: () => rejects });
  const names = [
    'commands',
    'orders',
    'refunds',
    'history',
    'audit',
    'customerCommands',
    'customers',
    'menu',
    'menuCommands',
    'menuHistory',
    'analytics',
    'admin',
    'hub',
  ];
  const metrics = createMetrics();
  const clock = () => now;
  return buildApp({
    ...(Object.fromEntries(names.map((name) => [name, store])) as unknown as AppDependencies),
    log: pino({ level: 'silent' }),
    currency: 'USD',
    board: rejects,
    readOrder: rejects,
    streams: createStreams({ maxStreams: 500, metrics, clock }),
    clock,
    metrics,
    readiness: rejects,
    pressure: createPressure(),
    limits: { maxInFlight: 1000, rateLimitPerMinute: undefined, trustProxy: undefined, ...limits },
    access,
  });
}

/** Takes every token for one of somebody who has no role. */
const withoutRoles = {
  identifyToken: () => ({ id: 'somebody', roles: [], customerId: undefined, expiresAt: 0 }),
} as unknown as Access;

/** Apps by the problem that all their answers are, which no request can bring about by itself. */
const failures = {
  unexpected: () => failing(new Error('a bug')),
  unavailable: () => failing(new EventStoreUnavailableError('away')),
  overloaded: async () => {
    const app = await failing(new Error('never reached'), { maxInFlight: 0 });
    await app.listen({ host: '127.0.0.1', port: 0 });
    return app;
  },
  unauthenticated: () => failing(new Error('never reached'), {}, withoutRoles),
  forbidden: () => failing(new Error('never reached'), {}, withoutRoles),
  tooMany: () => failing(new Error('never reached'), { rateLimitPerMinute: 1 }),
  orderConflict: () => failing(new ConcurrentModificationError('order')),
  customerConflict: () => failing(new ConcurrentModificationError('customer')),
  menuConflict: () => failing(new ConcurrentModificationError('menu item')),
};
const apps = new Map<string, Promise<FastifyInstance>>();
afterAll(async () => {
  for (const app of apps.values()) await (await app).close();
});

function failingApp({ operationId, answers }: Operation, problem: string): Promise<FastifyInstance> | undefined {
  const touchesNoStore = !answers.some(({ status }) => status === 500);
  const name =
    problem === 'unavailable' && touchesNoStore
      ? 'overloaded'
      : problem === 'concurrentChange'
        ? `${operationId === 'putCustomer' ? 'customer' : operationId.endsWith('MenuItem') ? 'menu' : 'order'}Conflict`
        : problem;
  if (!Object.hasOwn(failures, name)) return undefined;
  const app = apps.get(name) ?? failures[name as keyof typeof failures]();
  apps.set(name, app);
  return app;
}

interface Problem {
  readonly instance: string;
  readonly detail: string;
}

/** Written to the socket by Node's server, where `inject` does not come by. */
const NOT_INJECTABLE = 'tooSlow';

const problemExamples = operations.flatMap((operation) =>
  operation.answers.flatMap(({ status, examples }) =>
    examples
      .filter(({ mediaType, name }) => mediaType === 'application/problem+json' && name !== NOT_INJECTABLE)
      .map(({ name, value }) => [operation.operationId, status, name, value as Problem, operation] as const),
  ),
);

describe('every documented problem', () => {
  test.each(problemExamples)(
    '%s %i, provoked as in the example %s, is that problem',
    async (id, status, name, example, operation) => {
      const sent = (await provocation(id, name)) ?? {};
      const app = await failingApp(operation, name);
      if (name === 'tooMany') await app?.inject(requestOf(operation, sent));
      const answer = await send(operation, sent, app);
      expect(answer.statusCode).toBe(status);
      const { instance, ...problem } = withIdsOfDocument(answer.body, operation, sent.path ?? {}) as Problem;
      expect({ ...problem, instance: example.instance }).toEqual(example);
      expect(instance).toMatch(/^\/[a-z]/);
    },
  );

  test('readiness, of a service that stops, is the documented 503', async () => {
    const stopping = await startTestService();
    stopping.service.drain();
    const answer = await send(operationOf('isReady'), {}, stopping.app);
    expect(answer.statusCode).toBe(503);
    expect(JSON.parse(answer.body)).toEqual(exampleOf(operationOf('isReady'), 503, 'stopping'));
    await stopping.close();
  });
});

describe('methods that a path does not have', () => {
  const paths = [...new Set(operations.map(({ path }) => path))];
  test.each(paths)('%s, asked with PATCH, is 405 and allows what the document has', async (path) => {
    const answer = await service.app.inject({ method: 'PATCH', url: path.replaceAll(/{\w+}/g, 'x') });
    const methods = operations.filter((operation) => operation.path === path).map(({ method }) => method);
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe([...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].sort().join(', '));
    expect(judge.mistakesInExample(operationOf('getOrder'), 404, 'application/problem+json', answer.json())).toEqual(
      [],
    );
  });
});

test('the document, after all that, has no answer that was not seen', () => {
  const documented = operations.flatMap(({ operationId, answers }) =>
    answers.filter(({ status }) => status !== 408).map(({ status }) => `${operationId} ${status}`),
  );
  expect(documented.filter((answer) => !seen.has(answer))).toEqual([]);
});

describe('the judge itself', () => {
  const operation = operationOf('confirmOrder');
  const example = exampleOf(operation, 200, 'withNotes') as object;
  const answer = (change: Partial<ActualAnswer> & { value?: object }): ActualAnswer => ({
    statusCode: 200,
    headers: { 'content-type': 'application/json', etag: '"1"', 'x-request-id': randomUUID() },
    body: JSON.stringify(change.value ?? example),
    ...change,
  });

  test.each([
    ['as documented', answer({}), []],
    ['with a status that is not documented', answer({ statusCode: 202 }), [/202/]],
    ['with an unknown property', answer({ value: { ...example, colour: 'red' } }), [/colour/]],
    ['without a property', answer({ value: { ...example, items: undefined } }), [/items/]],
    ['with a value of another kind', answer({ value: { ...example, revision: -1 } }), [/revision/]],
    [
      'without a documented header',
      answer({ headers: { 'content-type': 'application/json', 'x-request-id': randomUUID() } }),
      [/etag/],
    ],
    ['with an undocumented header', answer({ headers: { ...answer({}).headers, location: '/x' } }), [/location/]],
    ['of another media type', answer({ headers: { ...answer({}).headers, 'content-type': 'text/html' } }), [/html/]],
  ])('an answer, %s, has the mistakes that it has', (_, actual, expected) => {
    const mistakes = judge.mistakesInAnswer(operation, actual);
    expect(mistakes).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as string));
  });
});
