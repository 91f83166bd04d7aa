import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

const MARGHERITA = { name: 'Margherita', quantity: 2, unitPrice: '12.50' };
const LATER = '2030-01-31T19:30:00Z';

async function place(extra: object = {}) {
  const { status, body } = await service.post('/orders', { customerId: 'c1', items: [MARGHERITA], ...extra });
  expect(status).toBe(201);
  return body.id as string;
}

describe('the life of an order', () => {
  it('place, for two pizzas, is 201 with Location, ETag and the order', async () => {
    const { status, headers, body } = await service.post('/orders', {
      customerId: 'c1',
      items: [MARGHERITA],
      totalAmount: '25',
    });
    expect(status).toBe(201);
    expect(headers).toMatchObject({ location: `/orders/${body.id}`, etag: '"0"' });
    expect(body).toEqual({
      id: body.id,
      revision: 0,
      customerId: 'c1',
      items: [MARGHERITA],
      itemCount: 1,
      quantity: 2,
      totalAmount: '25.00',
      currency: 'USD',
      status: 'PENDING',
      paymentStatus: 'UNPAID',
      refunds: [],
      kitchenNotes: null,
      deliveryAddress: null,
      placedAt: body.placedAt,
      estimatedDelivery: null,
      lastUpdated: body.placedAt,
      timeToConfirmation: null,
      timeToPayment: null,
    });
  });

  it('confirm and pay, of a placed order, make it COOKING and PAID in the log and in the read model', async () => {
    const id = await place();
    const confirmed = await service.post(`/orders/${id}/confirm`, {
      estimatedDeliveryTime: LATER,
      kitchenNotes: 'Extra cheese',
    });
    expect(confirmed).toMatchObject({
      status: 200,
      headers: { etag: '"1"' },
      body: { status: 'CONFIRMED', kitchenNotes: 'Extra cheese', estimatedDelivery: '2030-01-31T19:30:00.000Z' },
    });
    const paid = await service.post(`/orders/${id}/payment`, {
      paymentMethod: 'credit_card',
      transactionId: 'txn-123456',
    });
    expect(paid).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
      body: { status: 'COOKING', paymentStatus: 'PAID' },
    });
    const read = await service.getProjected(`/orders/${id}?minRevision=2`);
    expect(read).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect(read.body).toEqual({ ...paid.body, customerName: 'Unknown', customerEmail: '' });
  });

  it('status, from PENDING to DELIVERED, is allowed, and confirm is then 409', async () => {
    const id = await place();
    const delivered = await service.post(`/orders/${id}/status`, { status: 'DELIVERED', reason: 'counter sale' });
    expect(delivered).toMatchObject({ status: 200, body: { status: 'DELIVERED', revision: 1 } });
    const refused = await service.post(`/orders/${id}/confirm`, { estimatedDeliveryTime: LATER });
    expect(refused).toMatchObject({
      status: 409,
      body: { type: '/problems/rule-broken', detail: 'Cannot confirm order in status: DELIVERED' },
    });
    expect(refused.headers['content-type']).toBe('application/problem+json');
  });

  it('status, the present one again, is 200 and raises nothing', async () => {
    const id = await place();
    const again = await service.post(`/orders/${id}/status`, { status: 'PENDING' });
    expect(again).toMatchObject({ status: 200, headers: { etag: '"0"' }, body: { revision: 0 } });
  });

  it('discount and address, of an unpaid order, are applied', async () => {
    const id = await place();
    const cheaper = await service.post(`/orders/${id}/discount`, { discountCode: 'TEN', discountAmount: '2.5' });
    expect(cheaper).toMatchObject({ status: 200, body: { totalAmount: '22.50' } });
    const address = { street: 'Via Roma 1', city: 'Napoli', postalCode: '80100', notes: 'ring twice' };
    const moved = await service.post(`/orders/${id}/delivery-address`, address);
    expect(moved).toMatchObject({ status: 200, body: { deliveryAddress: address, revision: 2 } });
    expect((await service.getProjected(`/orders/${id}?minRevision=2`)).body).toMatchObject({
      totalAmount: '22.50',
      deliveryAddress: address,
    });
  });

  it('a command, on an order that is not there, is 404', async () => {
    const unknown = await service.post(`/orders/${randomUUID()}/confirm`, { estimatedDeliveryTime: LATER });
    expect(unknown).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
  });

  it('metadata, of every event, names actor, correlation, cause and trace', async () => {
    const id = await placeAs({ 'x-actor': 'anna', 'x-correlation-id': 'corr-1' });
    const traceparent = expect.stringMatching(/^00-[\da-f]{32}-[\da-f]{16}-01$/) as string;
    const stored = [];
    for await (const { event } of service.eventStore.readStream(`${service.config.streamPrefix}PizzaOrder-${id}`)) {
      stored.push(event?.metadata);
    }
    expect(stored).toEqual([
      { $correlationId: 'corr-1', $causationId: expect.any(String), actor: 'anna', schemaVersion: 2, traceparent },
    ]);
  });
});

async function placeAs(headers: Record<string, string>): Promise<string> {
  return (await service.post('/orders', { customerId: 'c1', items: [MARGHERITA] }, headers)).body.id as string;
}

describe('conditional requests', () => {
  it('If-Match, with the present revision, changes the order; with an older one it is 412', async () => {
    const id = await place();
    const body = { status: 'READY' };
    expect((await service.post(`/orders/${id}/status`, body, { 'if-match': '"0"' })).status).toBe(200);
    const stale = await service.post(`/orders/${id}/status`, { status: 'COOKING' }, { 'if-match': '"0"' });
    expect(stale).toMatchObject({ status: 412, body: { type: '/problems/stale-revision' } });
    expect((await service.post(`/orders/${id}/status`, { status: 'COOKING' }, { 'if-match': 'W/"1"' })).status).toBe(
      412,
    );
    expect(
      (await service.post(`/orders/${id}/status`, { status: 'COOKING' }, { 'if-match': '"0", "1.4"' })).status,
    ).toBe(200);
    expect((await service.post(`/orders/${id}/status`, { status: 'READY' }, { 'if-match': '*' })).status).toBe(200);
  });

  it('If-Match, that is no entity tag, is 400', async () => {
    const id = await place();
    expect((await service.post(`/orders/${id}/status`, { status: 'READY' }, { 'if-match': '0' })).status).toBe(400);
  });

  it('If-None-Match, with the present tag, is 304 without a body', async () => {
    const id = await place();
    await service.getProjected(`/orders/${id}?minRevision=0`);
    const unchanged = await service.get(`/orders/${id}`, { 'if-none-match': 'W/"0"' });
    expect(unchanged).toMatchObject({ status: 304, headers: { etag: '"0"' }, body: undefined });
    expect((await service.get(`/orders/${id}`, { 'if-none-match': '"1"' })).status).toBe(200);
  });

  it('minRevision, of a revision that does not come, is 503 with Retry-After', async () => {
    const id = await place();
    const waiting = await service.get(`/orders/${id}?minRevision=7`);
    expect(waiting).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { type: '/problems/not-yet-projected' },
    });
    expect(service.logged.filter(({ msg }) => msg === 'store unavailable')).toEqual([]);
  });
});

describe('the list of orders', () => {
  it('paging, by cursor with filters, gives each order once and the newest first', async () => {
    const customerId = `c-${randomUUID()}`;
    const ids: string[] = [];
    for (let count = 0; count < 7; count += 1) ids.push(await place({ customerId }));
    await service.getProjected(`/orders/${ids.at(-1)}?minRevision=0`);
    await Promise.all(ids.map((id) => service.getProjected(`/orders/${id}?minRevision=0`)));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = `customerId=${customerId}&status=PENDING&limit=3${cursor ? `&cursor=${cursor}` : ''}`;
      const { status, body } = await service.get(`/orders?${query}`);
      expect(status).toBe(200);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    } while (cursor);
    expect(seen).toEqual(ids.reverse());
  });

  it('filters, by time and payment, leave out the others', async () => {
    const customerId = `c-${randomUUID()}`;
    const id = await place({ customerId });
    await service.post(`/orders/${id}/payment`, { paymentMethod: 'cash', transactionId: 't' });
    await service.getProjected(`/orders/${id}?minRevision=1`);
    const count = async (query: string) =>
      (await service.get(`/orders?customerId=${customerId}&${query}`)).body.items.length;
    expect(await count('paymentStatus=PAID')).toBe(1);
    expect(await count('paymentStatus=UNPAID')).toBe(0);
    expect(await count('placedFrom=2020-01-01&placedTo=2090-01-01')).toBe(1);
    expect(await count('placedTo=2020-01-01')).toBe(0);
    expect(await count('placedFrom=2090-01-01T00:00:00%2B01:00')).toBe(0);
  });

  it('a cursor, tampered with or of another query, is 400', async () => {
    const customerId = `c-${randomUUID()}`;
    const [first] = [await place({ customerId }), await place({ customerId })];
    await service.getProjected(`/orders/${first}?minRevision=0`);
    const { body } = await service.get(`/orders?limit=1`);
    const cursor = body.nextCursor as string;
    const flipped = `${cursor.slice(0, -2)}${cursor.endsWith('A') ? 'B' : 'A'}${cursor.slice(-1)}`;
    for (const query of [
      `limit=1&cursor=${flipped}`,
      `limit=1&status=READY&cursor=${cursor}`,
      'cursor=%7B%7D',
      'cursor=x',
    ]) {
      const refused = await service.get(`/orders?${query}`);
      expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/cursor' }] } });
    }
    expect((await service.get(`/orders?limit=1&cursor=${cursor}`)).status).toBe(200);
  });
});
