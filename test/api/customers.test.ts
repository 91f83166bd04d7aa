import { randomUUID } from 'node:crypto';
import { jsonEvent } from '@eventstore/db-client';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCustomerCommands } from '../../src/commands/customer-commands.ts';
import { CUSTOMER } from '../../src/eventstoredb/aggregates.ts';
import { ConcurrencyError } from '../../src/eventstoredb/errors.ts';
import { EventSourcingRepository } from '../../src/eventstoredb/repository.ts';
import type { StreamStore } from '../../src/eventstoredb/streams.ts';
import { withMongoAway } from '../support/mongo-away.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

const ada = { name: 'Ada Lovelace', email: 'ada@example.com', phone: '+44 20 7946 0000' };
const renamed = { name: 'Ada King', email: 'countess@example.com' };

let service: TestService;
let other: TestService;

beforeAll(async () => {
  service = await startTestService();
  other = await startTestService({ like: service });
});
afterAll(async () => {
  await other.close();
  await service.close();
});

const newId = () => `customer-${randomUUID()}`;
const path = (id: string) => `/customers/${encodeURIComponent(id)}`;

async function eventsOf(id: string) {
  const events = [];
  for await (const { event } of service.eventStore.readStream(`${service.config.streamPrefix}Customer-${id}`)) {
    if (event) events.push(event);
  }
  return events;
}

async function placeOrder(customerId: string, more: object = {}): Promise<string> {
  const items = [{ name: 'Margherita', quantity: 1, unitPrice: '10.00' }];
  const { status, body } = await service.post('/orders', { customerId, items, ...more });
  expect(status).toBe(201);
  return (body as { id: string }).id;
}

describe('PUT /customers/{id}', () => {
  test('put, of a new customer, is 201 with Location, ETag and the customer', async () => {
    const id = newId();
    const { status, headers, body } = await service.put(path(id), ada);
    expect(status).toBe(201);
    expect(headers).toMatchObject({ location: `/customers/${id}`, etag: '"0"' });
    const { registeredAt } = body as { registeredAt: string };
    expect(body).toEqual({ customerId: id, revision: 0, ...ada, registeredAt, lastUpdated: registeredAt });
  });

  test('put, of other details, is 200 with the next revision, and leaves out what is not given', async () => {
    const id = newId();
    const registered = (await service.put(path(id), ada)).body as { registeredAt: string };
    const { status, headers, body } = await service.put(path(id), renamed);
    expect(status).toBe(200);
    expect(headers.location).toBeUndefined();
    expect(headers.etag).toBe('"1"');
    expect(body).toMatchObject({ revision: 1, ...renamed, phone: null, registeredAt: registered.registeredAt });
  });

  test('put, of the present details, is 200 and stores no event', async () => {
    const id = newId();
    const first = await service.put(path(id), ada);
    const { status, headers, body } = await service.put(path(id), { ...ada });
    expect(status).toBe(200);
    expect(headers.etag).toBe('"0"');
    expect(body).toEqual(first.body);
    expect(await eventsOf(id)).toHaveLength(1);
  });

  test('put, by an actor with a correlation id, stores both with the event', async () => {
    const id = newId();
    await service.put(path(id), ada, { 'x-actor': 'gina', 'x-correlation-id': 'trace-1' });
    const [event] = await eventsOf(id);
    expect(event?.type).toBe('CustomerRegistered');
    expect(event?.data).toMatchObject({ customerId: id, ...ada });
    expect(event?.metadata).toMatchObject({ actor: 'gina', $correlationId: 'trace-1', schemaVersion: 1 });
  });

  test('put, repeated with its Idempotency-Key after other changes, gets the first answer again', async () => {
    const id = newId();
    const key = { 'idempotency-key': randomUUID() };
    const changeKey = { 'idempotency-key': randomUUID() };
    const registered = await service.put(path(id), ada, key);
    const changed = await service.put(path(id), renamed, changeKey);
    await service.put(path(id), ada);
    expect((await eventsOf(id)).map(({ type }) => type)).toEqual([
      'CustomerRegistered',
      'CustomerDetailsChanged',
      'CustomerDetailsChanged',
    ]);
    for (const instance of [service, other]) {
      const again = await instance.put(path(id), ada, key);
      expect([again.status, again.headers.etag, again.headers.location]).toEqual([201, '"0"', `/customers/${id}`]);
      expect(again.body).toEqual(registered.body);
      const changedAgain = await instance.put(path(id), renamed, { ...changeKey, 'if-match': '"0"' });
      expect([changedAgain.status, changedAgain.headers.etag]).toEqual([200, '"1"']);
      expect(changedAgain.body).toEqual(changed.body);
    }
    expect(await eventsOf(id)).toHaveLength(3);
  });

  test('put, with the Idempotency-Key of another body, is 422', async () => {
    const id = newId();
    const key = { 'idempotency-key': randomUUID() };
    await service.put(path(id), ada, key);
    const { status, body } = await service.put(path(id), renamed, key);
    expect(status).toBe(422);
    expect(body).toMatchObject({ type: '/problems/idempotency-key-reused' });
  });

  test('put, ten times at once with one Idempotency-Key on two instances, registers once and answers alike', async () => {
    const id = newId();
    const key = { 'idempotency-key': randomUUID() };
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? service : other).put(path(id), ada, key)),
    );
    expect(new Set(all.map(({ status, headers, body }) => JSON.stringify([status, headers.etag, body]))).size).toBe(1);
    expect(all[0]?.status).toBe(201);
    expect(await eventsOf(id)).toHaveLength(1);
  });

  test('put, of different details at once on two instances, settles by deciding again', async () => {
    const id = newId();
    const both = await Promise.all([
      service.put(path(id), { ...ada, name: 'one' }),
      other.put(path(id), { ...ada, name: 'two' }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect(await eventsOf(id)).toHaveLength(2);
  });

  test('put, when four appends in a row meet another writer, is a concurrent modification', async () => {
    const expected: number[] = [];
    const streams = {
      streamOf: (category: string, id: string) => `${category}-${id}`,
      readRecorded: () => Promise.resolve([]),
      isGone: () => Promise.resolve(false),
      append(_: string, revision: number) {
        expected.push(revision);
        return Promise.reject(new ConcurrencyError('another one was first'));
      },
    } as unknown as StreamStore;
    const log = pino({ level: 'silent' });
    const repository = new EventSourcingRepository(CUSTOMER, { streams, log });
    const commands = createCustomerCommands({ repository, clock: () => new Date(), log });
    const setting = commands.setDetails('ada', ada, { requestId: 'r', correlationId: 'c', actor: 'a' });
    await expect(setting).rejects.toThrow('Customer was modified by another process. Please retry.');
    expect(expected).toEqual([-1, -1, -1, -1]);
  });

  test.each([
    ['the present revision', '"1"', 200],
    ['any revision', '*', 200],
    ['a list with the present one', '"7", "1"', 200],
    ['an older revision', '"0"', 412],
    ['a weak tag', 'W/"1"', 412],
    ['what is no tag', '1', 400],
  ])('put, with an If-Match of %s, is answered accordingly', async (_, ifMatch, expected) => {
    const id = newId();
    await service.put(path(id), ada);
    await service.put(path(id), renamed);
    const { status } = await service.put(path(id), { ...ada, name: 'Third' }, { 'if-match': ifMatch });
    expect(status).toBe(expected);
    expect(await eventsOf(id)).toHaveLength(expected === 200 ? 3 : 2);
  });

  test.each(['"0"', '*'])('put, with If-Match %s on a customer that does not exist, is 412', async (ifMatch) => {
    const { status, body } = await service.put(path(newId()), ada, { 'if-match': ifMatch });
    expect(status).toBe(412);
    expect(body).toMatchObject({ detail: 'There is no such customer yet, which If-Match rules out' });
  });

  test('put, on an instance whose clock is behind, never turns time back', async () => {
    const id = newId();
    const late = { registeredAt: '2999-01-01T00:00:00.000Z' };
    const registered = { type: 'CustomerRegistered', data: { customerId: id, ...ada, ...late } };
    await service.eventStore.appendToStream(`${service.config.streamPrefix}Customer-${id}`, jsonEvent(registered));
    expect((await service.put(path(id), renamed)).body).toMatchObject({ lastUpdated: late.registeredAt });
  });

  test.each([
    ['with a slash', 'a/b'],
    ['with a percent sign', '50%'],
    ['in other scripts', 'Ünïcode 客户 🍕'],
    ['like a URN', 'urn:x:1?#'],
    ['of 200 letters', 'x'.repeat(200)],
    ['of 200 characters of four bytes', '🍕'.repeat(200)],
  ])('put and get, of an id %s, work percent-encoded', async (_, id) => {
    const put = await service.put(path(id), ada);
    expect(put.status).toBe(201);
    expect(put.headers.location).toBe(path(id));
    const { status, body } = await service.getProjected(`${path(id)}?minRevision=0`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ customerId: id });
  });

  test.each([
    ['of 201 characters', 'x'.repeat(201)],
    ['of 201 characters of four bytes', encodeURIComponent('🍕'.repeat(201))],
    ['of 5000 characters', 'x'.repeat(5000)],
    ['with a line break', 'a%0Ab'],
    ['with a NUL', 'a%00b'],
    ['of blanks', '%20%20'],
    ['with half a surrogate pair', 'a%ED%A0%80'],
    ['with broken percent-encoding', 'a%zz'],
  ])('put and get, of an id %s, are 400 with a problem', async (_, encoded) => {
    for (const { status, headers, body } of [
      await service.put(`/customers/${encoded}`, ada),
      await service.get(`/customers/${encoded}`),
    ]) {
      expect(status).toBe(400);
      expect(headers['content-type']).toContain('application/problem+json');
      expect(body).toMatchObject({ type: '/problems/bad-request', status: 400 });
    }
  });

  test.each([
    ['no name', { email: 'a@b.c' }, '#/name'],
    ['an empty name', { ...ada, name: '' }, '#/name'],
    ['a name with a control character', { ...ada, name: 'a\u0007' }, '#/name'],
    ['a name with half a surrogate pair', { ...ada, name: 'a\ud800' }, '#/name'],
    ['a name of 201 characters', { ...ada, name: 'x'.repeat(201) }, '#/name'],
    ['a name that is a number', { ...ada, name: 7 }, '#/name'],
    ['no email', { name: 'Ada' }, '#/email'],
    ['an email without an @', { ...ada, email: 'ada' }, '#/email'],
    ['a phone number of 51 characters', { ...ada, phone: '1'.repeat(51) }, '#/phone'],
    ['an unknown field', { ...ada, nickname: 'A' }, '#/nickname'],
  ])('put, with %s, is 400 that names the field and stores nothing', async (_, body, pointer) => {
    const id = newId();
    const answer = await service.put(path(id), body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ pointer }] });
    expect((await service.get(path(id))).status).toBe(404);
  });

  test('put, on a stream that cannot be read, is 500 that says nothing, and logged', async () => {
    const id = newId();
    const stream = `${service.config.streamPrefix}Customer-${id}`;
    await service.eventStore.appendToStream(stream, jsonEvent({ type: 'CustomerMerged', data: { customerId: id } }));
    service.logged.length = 0;
    const { status, body } = await service.put(path(id), ada);
    expect(status).toBe(500);
    expect(body).toMatchObject({ detail: 'An unexpected error occurred.' });
    const logged = service.logged.find(({ msg }) => msg === 'unexpected error');
    expect((logged?.err as { message: string }).message).toContain(`CustomerMerged v1 at revision 0 of ${stream}`);
  });
});

describe('GET /customers/{id}', () => {
  test('get, of a customer, has the details and the revision as its ETag', async () => {
    const id = newId();
    await service.put(path(id), ada);
    const changed = await service.put(path(id), renamed);
    const { status, headers, body } = await service.getProjected(`${path(id)}?minRevision=1`);
    expect(status).toBe(200);
    expect(headers.etag).toBe('"1"');
    expect(body).toEqual(changed.body);
  });

  test('get, with the ETag that it has, is 304 without a body', async () => {
    const id = newId();
    await service.put(path(id), ada);
    await service.getProjected(`${path(id)}?minRevision=0`);
    const unmodified = await service.get(path(id), { 'if-none-match': '"0"' });
    expect([unmodified.status, unmodified.headers.etag, unmodified.body]).toEqual([304, '"0"', undefined]);
    expect((await service.get(path(id), { 'if-none-match': '"1"' })).status).toBe(200);
  });

  test('get, with a minRevision that does not come, is 503 with Retry-After', async () => {
    const id = newId();
    await service.put(path(id), ada);
    await service.getProjected(`${path(id)}?minRevision=0`);
    const { status, headers, body } = await service.get(`${path(id)}?minRevision=1`);
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('1');
    expect(body).toMatchObject({
      detail: `The read model is at revision 0 of customer ${id}, not yet at 1`,
    });
  });

  test('get, of an unknown customer, is 404', async () => {
    const { status, body } = await service.get('/customers/nobody');
    expect(status).toBe(404);
    expect(body).toMatchObject({ type: '/problems/not-found', detail: 'Customer nobody not found' });
  });

  test.each(['minRevision=-1', 'minRevision=x', 'asOf=2026-01-01'])('get?%s is 400', async (query) => {
    expect((await service.get(`/customers/nobody?${query}`)).status).toBe(400);
  });

  test('delete, of a customer, is 405 with what is allowed', async () => {
    const { status, headers } = await service.delete('/customers/nobody');
    expect(status).toBe(405);
    expect(headers.allow).toBe('GET, HEAD, PUT');
  });

  test('customers, while MongoDB is away, can be put but not read', async () => {
    const id = newId();
    await withMongoAway(service, async (app) => {
      expect((await app.inject({ method: 'PUT', url: path(id), payload: ada })).statusCode).toBe(201);
      const { statusCode, headers } = await app.inject(path(id));
      expect(statusCode).toBe(503);
      expect(headers['retry-after']).toBe('1');
    });
  });
});

describe('the customer that an order shows', () => {
  test('an order, of a customer nobody registered, shows Unknown and its own email', async () => {
    const withEmail = await placeOrder(newId(), { customerEmail: 'own@example.com' });
    const without = await placeOrder(newId());
    const own = await service.getProjected(`/orders/${withEmail}?minRevision=0`);
    expect(own.body).toMatchObject({ customerName: 'Unknown', customerEmail: 'own@example.com' });
    expect(own.headers.etag).toBe('"0"');
    const { body } = await service.getProjected(`/orders/${without}?minRevision=0`);
    expect(body).toMatchObject({ customerName: 'Unknown', customerEmail: '' });
  });

  test('an order, placed after its customer registered, shows name and email under the tag of both', async () => {
    const id = newId();
    await service.put(path(id), ada);
    await service.put(path(id), renamed);
    await service.getProjected(`${path(id)}?minRevision=1`);
    const orderId = await placeOrder(id, { customerEmail: 'own@example.com' });
    const { headers, body } = await service.getProjected(`/orders/${orderId}?minRevision=0`);
    expect(body).toMatchObject({ customerName: 'Ada King', customerEmail: 'countess@example.com' });
    expect(headers.etag).toBe('"0.1"');
  });

  test('orders, placed before their customer registered or changed, all show the present details', async () => {
    const id = newId();
    const orderIds = [await placeOrder(id), await placeOrder(id), await placeOrder(id)];
    const bystander = await placeOrder(newId());
    for (const orderId of [...orderIds, bystander]) await service.getProjected(`/orders/${orderId}?minRevision=0`);
    for (const [revision, details] of [ada, renamed].entries()) {
      await service.put(path(id), details);
      for (const orderId of orderIds) {
        const get = () => service.get(`/orders/${orderId}`);
        await until('the order shows the customer', async () => (await get()).headers.etag === `"0.${revision}"`);
        const { headers, body } = await get();
        expect(body).toMatchObject({ revision: 0, customerName: details.name, customerEmail: details.email });
        expect((await service.get(`/orders/${orderId}`, { 'if-none-match': String(headers.etag) })).status).toBe(304);
        expect((await service.get(`/orders/${orderId}`, { 'if-none-match': '"0"' })).status).toBe(200);
      }
    }
    expect((await service.get(`/orders/${bystander}`)).body).toMatchObject({ customerName: 'Unknown' });
  });

  test('an order, changed with the tag of order and customer in If-Match, is looked at by its own revision', async () => {
    const id = newId();
    await service.put(path(id), ada);
    await service.getProjected(`${path(id)}?minRevision=0`);
    const orderId = await placeOrder(id);
    const tag = String((await service.getProjected(`/orders/${orderId}?minRevision=0`)).headers.etag);
    expect(tag).toBe('"0.0"');
    await service.put(path(id), renamed);
    const pay = { paymentMethod: 'cash', transactionId: 't' };
    const paid = await service.post(`/orders/${orderId}/payment`, pay, { 'if-match': tag });
    expect([paid.status, paid.headers.etag]).toEqual([200, '"1"']);
    const discount = { discountCode: 'X', discountAmount: '1' };
    expect((await service.post(`/orders/${orderId}/discount`, discount, { 'if-match': tag })).status).toBe(412);
    const shown = await service.getProjected(`/orders/${orderId}?minRevision=1`);
    expect(shown.body).toMatchObject({ revision: 1, paymentStatus: 'PAID' });
  });

  test('orders and customers, put at the same time, end up together', async () => {
    const ids = Array.from({ length: 15 }, newId);
    const orderIds = await Promise.all(
      ids.map(async (id) => (await Promise.all([placeOrder(id), service.put(path(id), ada)]))[0]),
    );
    for (const orderId of orderIds) {
      await until(
        'the order shows its customer',
        async () => (await service.get(`/orders/${orderId}`)).headers.etag === '"0.0"',
      );
    }
  });
});
