import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { SpanKind } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withMongoAway } from '../support/mongo-away.ts';
import { caughtUp, placeOrder } from '../support/projections.ts';
import { openConnection } from '../support/raw-client.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { listen, openStream } from '../support/streams.ts';
import { type ExportedSpan, recordTracing } from '../support/tracing.ts';
import { until } from '../support/until.ts';

const ORDER = { customerId: 'ada', items: [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }] };
const CONFIRM = { estimatedDeliveryTime: '2999-01-01T00:00:00Z' };
const PAY = { paymentMethod: 'cash', transactionId: 't' };

let service: TestService;
/** Another instance, which traces nothing. */
let untraced: TestService;
beforeAll(async () => {
  service = await startTestService();
  untraced = await startTestService({ like: service });
});
afterAll(async () => {
  await untraced.close();
  await service.close();
});

/** A trace id that nobody else has. */
const newTraceId = () => randomUUID().replaceAll('-', '');
const traceparentOf = (traceId: string, flags = '01') => `00-${traceId}-00f067aa0ba902b7-${flags}`;

function spansOf(traceId: string, { spans } = service): ExportedSpan[] {
  return spans.filter((span) => span.spanContext().traceId === traceId);
}

/** Waits until a trace has a span of that name: a parent ends after its children. */
async function traceWith(name: string, traceId: string, of = service): Promise<ExportedSpan[]> {
  await until(`a span ${name} was exported`, () => spansOf(traceId, of).some((span) => span.name === name));
  return spansOf(traceId, of);
}

/** `parent > span`, by their names, in the order of the alphabet. */
function shapeOf(spans: readonly ExportedSpan[]): string[] {
  const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  return spans
    .map(({ name, parentSpanContext: parent }) => `${(parent && names.get(parent.spanId)) ?? ''} > ${name}`)
    .sort();
}

async function metadataOf(orderId: string, revision = 0): Promise<{ readonly traceparent?: string }> {
  const stream = `${service.config.streamPrefix}PizzaOrder-${orderId}`;
  const found: unknown[] = [];
  for await (const { event } of service.eventStore.readStream(stream)) found.push(event?.metadata);
  return found[revision] as { readonly traceparent?: string };
}

async function place(headers: Record<string, string>, by = service): Promise<string> {
  const { status, body } = await by.post('/orders', ORDER, headers);
  expect(status).toBe(201);
  return body.id as string;
}

describe('a command', () => {
  test('that places an order is one trace: request, command, append; its event has the command’s context', async () => {
    const traceId = newTraceId();
    const id = await place({ traceparent: traceparentOf(traceId) });
    const spans = await traceWith('POST /orders', traceId);
    expect(shapeOf(spans)).toEqual([
      ' > POST /orders',
      'POST /orders > command place',
      'command place > append PizzaOrder',
    ]);
    const kinds = Object.fromEntries(spans.map(({ name, kind }) => [name, kind]));
    expect(kinds).toEqual({
      'POST /orders': SpanKind.SERVER,
      'command place': SpanKind.INTERNAL,
      'append PizzaOrder': SpanKind.CLIENT,
    });
    const [request, command, append] = ['POST /orders', 'command place', 'append PizzaOrder'].map((name) =>
      spans.find((span) => span.name === name),
    );
    expect(request?.parentSpanContext).toMatchObject({ traceId, spanId: '00f067aa0ba902b7', isRemote: true });
    expect(request?.attributes).toMatchObject({ 'http.route': '/orders', 'http.response.status_code': 201 });
    expect(command?.attributes).toEqual({ 'pizzeria.order_id': id });
    expect(append?.attributes).toMatchObject({ 'db.system.name': 'eventstoredb', 'db.operation.name': 'append' });
    expect((await metadataOf(id)).traceparent).toBe(`00-${traceId}-${command?.spanContext().spanId}-01`);
    expect(service.logged.find((line) => line['orderId'] === id)).toMatchObject({ msg: 'command done', traceId });
  });

  test('on an order that another instance has changed loads it, loses the race, and decides again in the same trace', async () => {
    const id = await place({});
    expect((await untraced.post(`/orders/${id}/payment`, PAY)).status).toBe(200);
    const traceId = newTraceId();
    const { status } = await service.post(`/orders/${id}/confirm`, CONFIRM, { traceparent: traceparentOf(traceId) });
    expect(status).toBe(200);
    const spans = await traceWith('POST /orders/:orderId/confirm', traceId);
    expect(shapeOf(spans)).toEqual([
      ' > POST /orders/:orderId/confirm',
      'POST /orders/:orderId/confirm > command confirm',
      'command confirm > append PizzaOrder',
      'command confirm > append PizzaOrder',
      'command confirm > load PizzaOrder',
    ]);
    const command = spans.find(({ name }) => name === 'command confirm');
    expect(command?.events.map(({ name }) => name)).toEqual(['lost a race']);
    expect(
      spans.filter(({ name }) => name === 'append PizzaOrder').map(({ attributes }) => attributes['error.type']),
    ).toEqual(['ConcurrencyError', undefined]);
    expect((await metadataOf(id, 2)).traceparent).toBe(`00-${traceId}-${command?.spanContext().spanId}-01`);
  });

  test('that is refused says with what error, and not its message', async () => {
    const traceId = newTraceId();
    const path = `/orders/${randomUUID()}/payment`;
    expect((await service.post(path, PAY, { traceparent: traceparentOf(traceId) })).status).toBe(404);
    const spans = await traceWith('POST /orders/:orderId/payment', traceId);
    const command = spans.find(({ name }) => name === 'command pay');
    expect(command).toMatchObject({ attributes: { 'error.type': 'OrderNotFoundError' }, status: { code: 2 } });
    expect(command?.status.message).toBeUndefined();
    expect(command?.events).toEqual([]);
    // Of the client, not of the service (OpenTelemetry's conventions for HTTP).
    expect(spans.find(({ kind }) => kind === SpanKind.SERVER)?.status.code).toBe(0);
  });

  test('repeated under its key, in another trace, leaves the first trace in the event', async () => {
    const [first, second] = [newTraceId(), newTraceId()];
    const key = { 'idempotency-key': randomUUID() };
    const id = await place({ ...key, traceparent: traceparentOf(first) });
    expect(await place({ ...key, traceparent: traceparentOf(second) })).toBe(id);
    expect(await place({ ...key, traceparent: traceparentOf(second) }, untraced)).toBe(id);
    expect((await metadataOf(id)).traceparent).toContain(first);
    expect(shapeOf(await traceWith('POST /orders', second))).toContain('command place > load PizzaOrder');
    const { body } = await service.get(`/orders/${id}/timeline`);
    expect(body.items).toMatchObject([{ revision: 0, traceId: first }]);
    expect(body.items).toHaveLength(1);
  });
});

describe('the projection of a command', () => {
  test('is a trace of its own that links to it; redelivery, rebuild and verify grow neither', async () => {
    // The consumer group would give half of the streams to another instance.
    const alone = await startTestService();
    const spansIn = (trace: string) => spansOf(trace, alone);
    const linkedTo = (trace: string) =>
      alone.spans.filter(({ links }) => links.some(({ context }) => context.traceId === trace));
    const traceId = newTraceId();
    await place({ traceparent: traceparentOf(traceId) }, alone);
    await caughtUp(alone);
    await until('its projection was exported', () => linkedTo(traceId).length > 0);
    const [batch] = linkedTo(traceId);
    if (!batch) throw new Error('no projection');
    const own = batch.spanContext().traceId;
    expect(own).not.toBe(traceId);
    expect(batch).toMatchObject({ name: 'project batch', kind: SpanKind.CONSUMER, parentSpanContext: undefined });
    expect(shapeOf(await traceWith('project batch', own, alone))).toEqual([
      ' > project batch',
      'project batch > write read models',
    ]);
    const before = { command: spansIn(traceId).length, projection: spansIn(own).length };

    // A group that is created anew gets the whole log again.
    for (let times = 0; times < 3; times += 1) {
      const { projected } = alone.service.worker.status();
      await alone.eventStore.deletePersistentSubscriptionToAll(alone.group);
      await until('all is delivered again', () => alone.service.worker.status().projected > projected);
    }
    for (const model of ['orders', 'audit', 'analytics']) {
      expect((await alone.post(`/admin/projections/${model}/rebuild`, {})).status).toBe(202);
      await until(`${model} is rebuilt`, async () => {
        const { body } = await alone.get('/admin/projections');
        const { rebuild } = body.items.find((item: { name: string }) => item.name === model) as {
          rebuild: { state: string };
        };
        return rebuild.state === 'done';
      });
      expect((await alone.post(`/admin/projections/${model}/verify`, {})).body).toMatchObject({ differences: 0 });
    }
    await caughtUp(alone);
    const done = [
      'rebuild orders',
      'rebuild audit',
      'rebuild analytics',
      'verify orders',
      'verify audit',
      'verify analytics',
    ];
    for (const name of done) await until(`${name} was exported`, () => alone.spans.some((span) => span.name === name));
    for (const span of alone.spans.filter(({ name }) => done.includes(name))) {
      expect({ ...span, links: span.links.length }).toMatchObject({ parentSpanContext: undefined, links: 0 });
      expect(shapeOf(spansIn(span.spanContext().traceId))).toEqual([` > ${span.name}`]);
    }
    expect(linkedTo(traceId).length).toBeGreaterThan(1);
    expect({ command: spansIn(traceId).length, projection: spansIn(own).length }).toEqual(before);
    await alone.close();
  });

  test('is sampled if one of the commands it links to is, and not if none is', async () => {
    const tracing = recordTracing(0);
    const alone = await startTestService({ tracing });
    const [kept, dropped] = [newTraceId(), newTraceId()];
    await alone.post('/orders', ORDER, { traceparent: traceparentOf(dropped, '00') });
    await caughtUp(alone);
    await alone.post('/orders', ORDER, { traceparent: traceparentOf(kept) });
    await caughtUp(alone);
    await alone.close();
    const names = (traceId: string) => spansOf(traceId, alone).map(({ name }) => name);
    expect(names(dropped)).toEqual([]);
    expect(names(kept)).toContain('command place');
    const batches = alone.spans.filter(({ name }) => name === 'project batch');
    expect(batches.flatMap(({ links }) => links.map(({ context }) => context.traceId))).toContain(kept);
    for (const { links } of batches) expect(links.map(({ context }) => context.traceId)).toContain(kept);
  });
});

describe('the context of a caller', () => {
  test.each([
    ['by its caller', 1, { traceparent: traceparentOf('4bf92f3577b34da6a3ce929d0e0e4736', '00') }],
    ['by the ratio', 0, {}],
  ])('that is not sampled, %s, is stored all the same, and nothing is exported', async (_, ratio, headers) => {
    const alone = await startTestService({ tracing: recordTracing(ratio) });
    const { body } = await alone.post('/orders', ORDER, headers);
    const { items } = (await alone.get(`/orders/${body.id as string}/timeline`)).body;
    await alone.close();
    const traceId = items[0].traceId as string;
    expect(traceId).toMatch(/^(?!0+$)[\da-f]{32}$/);
    if ('traceparent' in headers) expect(headers.traceparent).toContain(traceId);
    expect(alone.spans.filter(({ kind }) => kind !== SpanKind.SERVER || ratio === 0)).toEqual([]);
    expect(spansOf(traceId, alone)).toEqual([]);
  });

  test('stored unsampled, has flags that say so and a span id that is not of zeros', async () => {
    const traceId = newTraceId();
    const id = await place({ traceparent: traceparentOf(traceId, '00') });
    expect((await metadataOf(id)).traceparent).toMatch(new RegExp(`^00-${traceId}-(?!0{16})[\\da-f]{16}-00$`));
  });

  test.each([
    ['garbage', 'garbage'],
    ['ids of zeros', traceparentOf('0'.repeat(32))],
    ['version ff', `ff${traceparentOf('4bf92f3577b34da6a3ce929d0e0e4736').slice(2)}`],
    [
      'two of them',
      `${traceparentOf('4bf92f3577b34da6a3ce929d0e0e4736')}, ${traceparentOf('4bf92f3577b34da6a3ce929d0e0e4736')}`,
    ],
    ['10 KB', `00-${'a'.repeat(10_000)}`],
  ])('that is %s is ignored: a trace begins here', async (_, traceparent) => {
    const id = await place({ traceparent, tracestate: 'x'.repeat(4000) });
    const stored = (await metadataOf(id)).traceparent;
    expect(stored).toMatch(/^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-01$/);
    const [request] = (await traceWith('POST /orders', stored?.slice(3, 35) ?? '')).filter(
      ({ kind }) => kind === SpanKind.SERVER,
    );
    expect(request?.parentSpanContext).toBeUndefined();
    expect(stored).not.toContain('4bf92f3577b34da6a3ce929d0e0e4736');
  });

  test('where nothing is traced, goes into the events as it came; without one, there is none', async () => {
    const traceId = newTraceId();
    const traced = await place({ traceparent: traceparentOf(traceId) }, untraced);
    expect((await metadataOf(traced)).traceparent).toBe(traceparentOf(traceId));
    const bare = await place({}, untraced);
    expect(await metadataOf(bare)).not.toHaveProperty('traceparent');
    const garbled = await place({ traceparent: 'garbage' }, untraced);
    expect(await metadataOf(garbled)).not.toHaveProperty('traceparent');
    const timelines = await Promise.all([traced, bare].map((id) => untraced.get(`/orders/${id}/timeline`)));
    expect(timelines.map(({ body }) => body.items[0].traceId as unknown)).toEqual([traceId, null]);
    await caughtUp(service);
    const audited = await Promise.all([traced, bare].map((id) => untraced.get(`/audit?orderId=${id}`)));
    expect(audited.map(({ body }) => body.items[0].traceId as unknown)).toEqual([traceId, null]);
    expect(untraced.logged.find((line) => line['orderId'] === traced)).toMatchObject({ traceId });
    // As every document of before there were traces, which need not be written anew.
    const document = await service.mongo
      .db(service.config.mongoDatabase)
      .collection('audit')
      .findOne({ orderId: bare });
    expect(document).toMatchObject({ type: 'PizzaOrderPlaced' });
    expect(document).not.toHaveProperty('traceId');
  });
});

describe('the span of a request', () => {
  test('of an event stream ends when the stream has begun', async () => {
    const stream = await openStream(`${await listen(service.app)}/stream/operations`);
    try {
      await stream.untilOf('hello');
      const spans = () => service.spans.filter(({ name }) => name === 'GET /stream/operations');
      await until('its span was exported', () => spans().length === 1);
      expect(stream.isEnded()).toBe(false);
      expect(spans()[0]).toMatchObject({ attributes: { 'http.response.status_code': 200 }, status: { code: 0 } });
    } finally {
      stream.close();
    }
  });

  test('whose client has gone, before there was an answer, ends and says so', async () => {
    await listen(service.app);
    const id = await placeOrder(service);
    const connection = await openConnection(service.app);
    const begun = service.spans.length;
    const arrived = once(service.app.server, 'request');
    connection.send(`GET /orders/${id}?minRevision=9 HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await arrived;
    connection.socket.resetAndDestroy();
    const aborted = () => service.spans.slice(begun).filter(({ attributes }) => attributes['error.type'] === 'aborted');
    await until('its span was exported', () => aborted().length > 0);
    expect(aborted()).toMatchObject([{ name: 'GET /orders/:orderId', status: { code: 2 } }]);
  });

  test('of an unknown path is named by its method; probes and scrapes have none', async () => {
    const traceId = newTraceId();
    const traceparent = traceparentOf(traceId);
    await service.get('/health/live', { traceparent });
    await service.app.inject({ url: '/metrics', headers: { traceparent } });
    await service.get(`/nowhere/ada@example.com?token=secret`, { traceparent });
    const spans = await traceWith('GET', traceId);
    expect(spans.map(({ name }) => name)).toEqual(['GET']);
    expect(spans[0]?.attributes).not.toHaveProperty('http.route');
  });

  test('that fails, since a store is away, says so; its log line names the trace', async () => {
    const tracing = recordTracing();
    const traceId = newTraceId();
    const headers = { traceparent: traceparentOf(traceId) };
    const look = async (app: TestService['app'], logged: TestService['logged']) => {
      expect((await app.inject({ url: '/orders', headers })).statusCode).toBe(503);
      expect(logged.find(({ msg }) => msg === 'store unavailable')).toMatchObject({ traceId });
    };
    await withMongoAway(service, look, tracing);
    await tracing.close();
    const [span] = tracing.spans.filter(({ name }) => name === 'GET /orders');
    expect(span).toMatchObject({
      attributes: { 'http.response.status_code': 503, 'error.type': '503' },
      status: { code: 2 },
    });
  });
});

test('what people, clients and tokens say, in every place, is in no span', async () => {
  const traceId = newTraceId();
  const mark = 'marked4711';
  const headers = {
    traceparent: traceparentOf(traceId),
    tracestate: `vendor=${mark}`,
    authorization: `Bearer ${mark}`,
    cookie: `session=${mark}`,
    'x-actor': mark,
    'x-correlation-id': mark,
    'idempotency-key': mark,
    'user-agent': mark,
  };
  const address = { street: mark, city: mark, postalCode: mark, notes: mark };
  const placing = {
    ...ORDER,
    customerId: mark,
    customerEmail: `${mark}@example.com`,
    items: [{ name: mark, quantity: 1, unitPrice: '10.00' }],
    deliveryAddress: address,
  };
  await service.put(`/customers/${mark}`, { name: mark, email: `${mark}@example.com`, phone: mark }, headers);
  await service.put(`/menu/${mark}`, { name: mark, category: mark, price: '10.00' }, headers);
  const { body } = await service.post('/orders', placing, headers);
  await service.post(`/orders/${body.id as string}/payment`, { paymentMethod: mark, transactionId: mark }, headers);
  await service.post(`/orders/${body.id as string}/cancel`, { reason: mark }, headers);
  await service.post(`/orders/${body.id as string}/status`, { status: mark }, headers);
  await service.post(`/orders/${mark}/confirm`, CONFIRM, headers);
  for (const path of [
    `/customers/${mark}`,
    `/menu/${mark}`,
    `/orders?customerId=${mark}`,
    `/audit?actor=${mark}`,
    `/${mark}`,
  ]) {
    await service.get(`${path}${path.includes('?') ? '&' : '?'}token=${mark}`, headers);
  }
  await caughtUp(service);
  await traceWith('GET', traceId);
  expect(spansOf(traceId).length).toBeGreaterThan(20);
  expect(
    JSON.stringify(
      service.spans.map(({ name, attributes, events, links, status }) => [name, attributes, events, links, status]),
    ),
  ).not.toContain(mark);
});
