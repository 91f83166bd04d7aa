import { randomUUID } from 'node:crypto';
import { jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventSchemas } from '../../src/eventstoredb/event-schemas.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

const streamOf = (orderId: string) => `${service.config.streamPrefix}PizzaOrder-${orderId}`;

const placedV1 = (orderId: string, customerId = 'old') => ({
  orderId,
  customerId,
  items: [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }],
  totalAmount: '25.00',
  currency: 'USD',
  placedAt: '2026-01-05T10:00:00Z',
});

async function append(orderId: string, type: string, data: object, metadata?: object): Promise<void> {
  await service.eventStore.appendToStream(
    streamOf(orderId),
    jsonEvent({
      type,
      data: data as Record<string, unknown>,
      ...(metadata && { metadata: metadata as Record<string, unknown> }),
    }),
  );
}

describe('a stream of old and new event versions, written by hand', () => {
  it('every route, on a stream that begins with v1, reads it like any other', async () => {
    const orderId = randomUUID();
    await append(orderId, 'PizzaOrderPlaced', placedV1(orderId), { schemaVersion: 1, actor: 'till' });
    await append(orderId, 'PizzaOrderConfirmed', {
      orderId,
      estimatedDeliveryTime: '2026-01-05T11:00:00Z',
      kitchenNotes: '',
      confirmedAt: '2026-01-05T10:05:00Z',
    });
    const order = await service.getProjected(`/orders/${orderId}?minRevision=1`);
    expect(order.body).toMatchObject({
      status: 'CONFIRMED',
      customerEmail: '',
      kitchenNotes: null,
      placedAt: '2026-01-05T10:00:00.000Z',
      timeToConfirmation: 300,
    });
    const paid = await service.post(`/orders/${orderId}/payment`, { paymentMethod: 'cash', transactionId: 't1' });
    expect(paid).toMatchObject({ status: 200, body: { status: 'COOKING', revision: 2 } });
    expect((await service.getProjected(`/orders/${orderId}?minRevision=2`)).body).toMatchObject({ status: 'COOKING' });
    expect((await service.get('/orders?customerId=old')).body.items).toHaveLength(1);
    expect((await service.get(`/orders/${orderId}/state?asOf=2026-01-05T10:00:00Z`)).body).toMatchObject({
      revision: 0,
      status: 'PENDING',
    });
    expect((await service.get(`/orders/${orderId}/state?revision=1`)).body).toMatchObject({ status: 'CONFIRMED' });
    expect((await service.get(`/orders/${orderId}/diff?from=0&to=1`)).status).toBe(200);
    const timeline = (await service.get(`/orders/${orderId}/timeline`)).body.items;
    expect(timeline[0]).toMatchObject({ actor: 'till', details: { customerEmail: 'unknown@example.com' } });
    expect(timeline.map(({ eventType }: { eventType: string }) => eventType)).toEqual([
      'PizzaOrderPlaced',
      'PizzaOrderConfirmed',
      'PaymentProcessed',
    ]);
    expect((await service.get(`/audit?orderId=${orderId}`)).body.items).toHaveLength(3);
    await until('analytics have counted it', async () => {
      const { body } = await service.get('/analytics/orders?from=2026-01-05&to=2026-01-06');
      return body.totalOrders === 1 && body.confirmedOrders === 1 && body.totalRevenue === '25.00';
    });
  });

  it('an order placed in v2, with and without an email, shows it', async () => {
    const [mailed, silent] = [randomUUID(), randomUUID()];
    const v2 = { schemaVersion: 2 };
    await append(mailed, 'PizzaOrderPlaced', { ...placedV1(mailed), customerEmail: 'anna@example.com' }, v2);
    await append(silent, 'PizzaOrderPlaced', placedV1(silent), v2);
    expect((await service.getProjected(`/orders/${mailed}?minRevision=0`)).body).toMatchObject({
      customerEmail: 'anna@example.com',
    });
    expect((await service.getProjected(`/orders/${silent}?minRevision=0`)).body).toMatchObject({ customerEmail: '' });
  });
});

describe('an event that this service cannot read', () => {
  it('a newer version, in an order’s stream, stalls that order alone and is parked with its reason', async () => {
    const [stalled, healthy] = [randomUUID(), randomUUID()];
    await append(stalled, 'PizzaOrderPlaced', placedV1(stalled, 'c-stall'), { schemaVersion: 2 });
    await append(stalled, 'OrderStatusChanged', { orderId: stalled, level: 3 }, { schemaVersion: 9 });
    await append(stalled, 'OrderStatusChanged', {
      orderId: stalled,
      previousStatus: 'PENDING',
      newStatus: 'READY',
      changedAt: '2026-01-05T10:09:00Z',
    });
    await append(healthy, 'PizzaOrderPlaced', placedV1(healthy, 'c-stall'), { schemaVersion: 2 });
    expect((await service.getProjected(`/orders/${healthy}?minRevision=0`)).body).not.toHaveProperty('projection');
    await until(
      'the order is stalled',
      async () => (await service.get(`/orders/${stalled}`)).body.projection === 'stalled',
    );
    expect((await service.get(`/orders/${stalled}`)).body).toMatchObject({ revision: 0, status: 'PENDING' });
    await until('both events are parked', () => service.service.worker.status().parked === 2);
    const parked = service.logged.filter(({ msg }) => msg === 'event parked');
    expect(parked.map(({ revision }) => revision)).toEqual([1, 2]);
    expect(parked[0]?.reason).toContain('newer than this service');

    const refused = await service.post(`/orders/${stalled}/confirm`, { estimatedDeliveryTime: '2030-01-01T00:00:00Z' });
    expect(refused).toMatchObject({ status: 500, body: { detail: 'An unexpected error occurred.' } });
    const line = JSON.stringify(service.logged.find(({ msg }) => msg === 'unexpected error'));
    expect(line).toContain(streamOf(stalled));
    expect(line).toContain('v9 at revision 1');
  });

  it.each([
    ['an unknown type', 'PizzaEaten', {}],
    ['data against its schema', 'PizzaOrderPlaced', { orderId: 'x', items: [] }],
    ['an event that cannot come first', 'PizzaOrderConfirmed', undefined],
  ])('%s, as the first event of a stream, leaves no order and harms no other', async (_, type, data) => {
    const orderId = randomUUID();
    const confirmed = {
      orderId,
      estimatedDeliveryTime: '2026-01-05T11:00:00Z',
      kitchenNotes: '',
      confirmedAt: '2026-01-05T10:05:00Z',
    };
    const parkedBefore = service.service.worker.status().parked;
    await append(orderId, type, data ?? confirmed);
    await until('it is parked', () => service.service.worker.status().parked === parkedBefore + 1);
    expect((await service.get(`/orders/${orderId}`)).status).toBe(500);
    expect((await service.get('/orders?limit=100')).body.items.map(({ id }: { id: string }) => id)).not.toContain(
      orderId,
    );
    const { status, body } = await service.post('/orders', {
      customerId: 'c2',
      items: [{ name: 'Funghi', quantity: 1, unitPrice: '9' }],
    });
    expect(status).toBe(201);
    expect((await service.getProjected(`/orders/${body.id}?minRevision=0`)).status).toBe(200);
  });
});

describe('the event catalogue', () => {
  it('lists every type with versions, schemas and upcasters', async () => {
    const { status, body } = await service.get('/events/catalogue');
    expect(status).toBe(200);
    const placed = body.events.find(({ type }: { type: string }) => type === 'PizzaOrderPlaced');
    expect(placed).toMatchObject({ currentVersion: 2, upcasters: [{ from: 1, to: 2 }] });
    expect(placed.versions[1].schema.properties).toHaveProperty('customerEmail');
    expect(placed.versions[0].schema.properties).not.toHaveProperty('customerEmail');
    expect(body.events.map(({ type }: { type: string }) => type)).toEqual(Object.keys(eventSchemas));
  });
});
