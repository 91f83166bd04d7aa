import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withMongoAway } from '../support/mongo-away.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

interface Entry {
  readonly eventId: string;
  readonly timestamp: string;
  readonly type: string;
  readonly orderId: string;
  readonly revision: number;
  readonly actor: string;
  readonly correlationId: string | null;
  readonly traceId: string | null;
  readonly description: string;
}

interface Page {
  readonly items: Entry[];
  readonly nextCursor?: string;
}

let service: TestService;
/** Three orders: the first paid and confirmed, the second discounted, the third only placed. */
let orderIds: string[];
const ALL = 6;

beforeAll(async () => {
  service = await startTestService();
  orderIds = [];
  for (const actor of ['web', 'phone', 'web']) orderIds.push(await placeOrder(actor));
  const [first = '', second = ''] = orderIds;
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const headers = { 'x-actor': 'gina', 'x-correlation-id': 'trace-7', traceparent };
  await service.post(`/orders/${first}/payment`, { paymentMethod: 'cash', transactionId: 't' }, headers);
  await service.post(`/orders/${first}/confirm`, { estimatedDeliveryTime: '2999-01-01T00:00:00Z' }, headers);
  await service.post(`/orders/${second}/discount`, { discountCode: 'X', discountAmount: '1' }, { 'x-actor': 'boss' });
  await until('the audit trail has every event', async () => (await audit()).items.length === ALL);
});
afterAll(() => service.close());

async function placeOrder(actor: string): Promise<string> {
  const items = [{ name: 'Margherita', quantity: 1, unitPrice: '10.00' }];
  const { body } = await service.post('/orders', { customerId: 'ada', items }, { 'x-actor': actor });
  return (body as { id: string }).id;
}

async function audit(query = ''): Promise<Page> {
  const { status, body } = await service.get(`/audit${query}`);
  expect(status).toBe(200);
  return body as Page;
}

async function allPages(query: string): Promise<Entry[][]> {
  const pages: Entry[][] = [];
  let cursor: string | undefined;
  do {
    const page: Page = await audit(`?${query}${cursor === undefined ? '' : `&cursor=${cursor}`}`);
    pages.push(page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return pages;
}

describe('GET /audit', () => {
  test('audit, without filters, has the events of all orders, newest first', async () => {
    const { items, nextCursor } = await audit();
    expect(nextCursor).toBeUndefined();
    expect(new Set(items.map(({ orderId }) => orderId))).toEqual(new Set(orderIds));
    const keys = items.map(({ timestamp, eventId }) => `${timestamp} ${eventId}`);
    expect(keys).toEqual([...keys].sort().reverse());
  });

  test('audit, of one event, says who did what when under which correlation id and in which trace', async () => {
    const { items } = await audit('?type=PaymentProcessed');
    expect(items).toEqual([
      {
        eventId: expect.stringMatching(/^[\da-f-]{36}$/) as string,
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        type: 'PaymentProcessed',
        orderId: orderIds[0],
        revision: 1,
        actor: 'gina',
        correlationId: 'trace-7',
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        description: 'Payment of 10.00 by cash, transaction t',
      },
    ]);
  });

  test('audit, by actor, has that actor’s events only', async () => {
    expect((await audit('?actor=web')).items).toHaveLength(2);
    expect((await audit('?actor=gina')).items.map(({ type }) => type).sort()).toEqual([
      'PaymentProcessed',
      'PizzaOrderConfirmed',
    ]);
    expect((await audit('?actor=nobody')).items).toEqual([]);
  });

  test('audit, by order in any case, has that order’s events only', async () => {
    const id = orderIds[1] ?? '';
    const { items } = await audit(`?orderId=${id.toUpperCase()}`);
    expect(items.map(({ orderId, type }) => [orderId, type]).sort()).toEqual([
      [id, 'DiscountApplied'],
      [id, 'PizzaOrderPlaced'],
    ]);
    expect((await audit(`?orderId=${randomUUID()}`)).items).toEqual([]);
  });

  test('audit, by several filters, has what fits all of them', async () => {
    expect((await audit(`?orderId=${orderIds[0] ?? ''}&actor=web&type=PizzaOrderPlaced`)).items).toHaveLength(1);
    expect((await audit(`?orderId=${orderIds[0] ?? ''}&actor=boss`)).items).toEqual([]);
  });

  test('audit, in a range, has the event at its start and not the one at its end', async () => {
    const [newest] = (await audit()).items;
    const at = newest?.timestamp ?? '';
    const after = new Date(Date.parse(at) + 1).toISOString();
    const ids = async (query: string) => (await audit(query)).items.map(({ eventId }) => eventId);
    expect(await ids(`?from=${at}`)).toContain(newest?.eventId);
    expect(await ids(`?from=${after}`)).toEqual([]);
    expect(await ids(`?to=${at}`)).not.toContain(newest?.eventId);
    expect(await ids(`?from=${at}&to=${after}`)).toContain(newest?.eventId);
    expect(await ids(`?from=${at}&to=${at}`)).toEqual([]);
    expect(await ids(`?from=2026-01-01&to=9999-01-01`)).toHaveLength(ALL);
  });

  test.each([1, 2, 3, 5, 6])('audit, %i a page, gives every event exactly once in the same order', async (limit) => {
    const pages = await allPages(`limit=${limit}`);
    expect(pages.flat()).toEqual((await audit()).items);
    expect(
      pages.map(({ length }) => length).every((length, index) => length === limit || index === pages.length - 1),
    ).toBe(true);
    expect(pages.at(-1)).not.toEqual([]);
  });

  test('audit, page by page with a filter, stays within the filter', async () => {
    const pages = await allPages('type=PizzaOrderPlaced&limit=2');
    expect(pages.map(({ length }) => length)).toEqual([2, 1]);
    expect(new Set(pages.flat().map(({ orderId }) => orderId))).toEqual(new Set(orderIds));
  });

  test('audit, with a cursor of another list, is 400', async () => {
    const { body: page } = await service.get('/orders?limit=1');
    const { status, body } = await service.get(`/audit?cursor=${(page as { nextCursor: string }).nextCursor}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ pointer: '#/cursor' }] });
  });

  test.each(['{}', '5', 'null', 'nope', '["a","x"]', '[0,{"$gt":""}]', '[1e999,"x"]', '[0]'])(
    'a cursor that somebody has made up, of %s, is 400',
    async (text) => {
      for (const list of ['orders', 'audit', 'refunds']) {
        const key = Buffer.from(text);
        const check = createHash('sha256')
          .update(JSON.stringify([list, {}]))
          .update(key)
          .digest()
          .subarray(0, 9);
        const cursor = Buffer.concat([check, key]).toString('base64url');
        const { status, body } = await service.get(`/${list}?cursor=${cursor}`);
        expect({ list, status, body }).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/cursor' }] } });
      }
    },
  );

  test('audit, with a cursor of another filter or a damaged one, is 400', async () => {
    const { nextCursor = '' } = await audit('?limit=1');
    for (const query of [`actor=web&cursor=${nextCursor}`, `cursor=A${nextCursor}`, 'cursor=x']) {
      const { status, body } = await service.get(`/audit?${query}`);
      expect(status).toBe(400);
      expect(body).toMatchObject({ errors: [{ pointer: '#/cursor' }] });
    }
  });

  test.each([
    ['from=2026-02-01&to=2026-01-01', '#/to'],
    ['from=soon', '#/from'],
    ['to=2026-13-01', '#/to'],
    ['limit=0', '#/limit'],
    ['limit=101', '#/limit'],
    ['type=OrderEaten', '#/type'],
    ['type=CustomerRegistered', '#/type'],
    ['orderId=42', '#/orderId'],
    ['actor=', '#/actor'],
    ['who=gina', '#/who'],
  ])('audit?%s, which is no good query, is 400 that names the parameter', async (query, pointer) => {
    const { status, body } = await service.get(`/audit?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ status: 400, errors: [{ pointer }] });
  });

  test('audit, while MongoDB is away, is 503 with Retry-After', async () => {
    await withMongoAway(service, async (app) => {
      const { statusCode, headers } = await app.inject('/audit');
      expect(statusCode).toBe(503);
      expect(headers['retry-after']).toBe('1');
    });
  });
});
