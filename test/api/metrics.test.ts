import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withMongoAway } from '../support/mongo-away.ts';
import { caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

/** The value of a series, such as `name{label="x"}`; undefined when it is not there. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((found) => found.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

async function scrape(app = service.app): Promise<string> {
  const { statusCode, body } = await app.inject('/metrics');
  expect(statusCode).toBe(200);
  return body;
}

describe('GET /metrics', () => {
  test('metrics, scraped, are in Prometheus’ text format', async () => {
    const { headers, body } = await service.app.inject('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const line of body.split('\n').filter((found) => found !== '')) {
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^{}]*\})? (NaN|[+-]Inf|-?[\d.]+(e[+-]?\d+)?))$/);
    }
  });

  test('metrics, asked for in OpenMetrics, name the traces of what took how long, and are as before in the plain format', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    // Collections are told from the first one on.
    const namesIn = (text: string) =>
      new Set(text.split('\n').flatMap((line) => /^(?!nodejs_gc_)\w+/.exec(line) ?? []));
    const before = await scrape();
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const items = [{ name: 'Margherita', quantity: 1, unitPrice: '10.00' }];
    expect((await service.post('/orders', { customerId: 'ada', items }, headers)).status).toBe(201);
    // What Prometheus sends.
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
    const asked = await service.app.inject({ url: '/metrics', headers: { accept } });
    expect(asked.headers['content-type']).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(asked.body).toMatch(/\n# EOF\n$/);
    const exemplar = ` # {trace_id="${traceId}",span_id="[\\da-f]{16}"} [\\d.e-]+ [\\d.]+`;
    for (const series of [
      'http_request_duration_seconds_bucket{le="[^"]+",method="POST",route="/orders",status="201"}',
      'eventstore_append_duration_seconds_bucket{le="[^"]+"}',
    ])
      expect(asked.body).toMatch(new RegExp(`${series} \\d+${exemplar}`));
    expect(asked.body).toContain('\neventstore_appended_events_total ');
    const after = await scrape();
    expect(after).not.toContain(traceId);
    expect(namesIn(after)).toEqual(namesIn(before));
    expect(valueOf(after, 'pizzeria_spans_dropped_total')).toBe(0);
  });

  test('requests, that are not sampled, leave no exemplar', async () => {
    const headers = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-00' };
    await service.get('/orders', headers);
    const { body } = await service.app.inject({ url: '/metrics', headers: { accept: 'application/openmetrics-text' } });
    expect(body).not.toContain('4bf92f3577b34da6a3ce929d0e0e4737');
  });

  test('requests, of one route with different orders, count for its pattern, method and status', async () => {
    const id = await placeOrder(service);
    await until('it is projected', async () => (await service.get(`/orders/${id}`)).status === 200);
    const series = 'http_request_duration_seconds_count{method="GET",route="/orders/:orderId",status="404"}';
    const before = valueOf(await scrape(), series) ?? 0;
    await service.get('/orders/00000000-0000-4000-8000-000000000000');
    await service.get('/orders/00000000-0000-4000-8000-000000000001');
    const text = await scrape();
    expect(valueOf(text, series)).toBe(before + 2);
    expect(valueOf(text, series.replace('_count', '_sum'))).toBeGreaterThan(0);
    expect(text).not.toContain(id);
    const buckets = /_bucket\{le="5",method="GET",route="\/orders\/:orderId",status="200"\} [1-9]/;
    expect(text).toMatch(buckets);
  });

  test('requests, that no route takes, count together', async () => {
    await service.get('/nowhere');
    await service.get('/nowhere/else');
    const text = await scrape();
    expect(valueOf(text, 'http_request_duration_seconds_count{method="GET",route="none",status="404"}')).toBe(2);
    expect(text).not.toContain('nowhere');
  });

  test('appends, of commands, are counted with their duration', async () => {
    const before = await scrape();
    await placeOrder(service);
    const after = await scrape();
    const added = (series: string) => (valueOf(after, series) ?? 0) - (valueOf(before, series) ?? 0);
    expect(added('eventstore_append_duration_seconds_count')).toBe(1);
    expect(added('eventstore_appended_events_total')).toBe(1);
    expect(added('eventstore_append_retries_total')).toBeGreaterThanOrEqual(0); // a slow store is asked again
  });

  test('conflicts, of an order that two instances change, are counted', async () => {
    const other = await startTestService({ like: service });
    try {
      const id = await placeOrder(service);
      const pay = { paymentMethod: 'cash', transactionId: 't' };
      const confirm = { estimatedDeliveryTime: '2999-01-01T00:00:00Z' };
      expect((await other.post(`/orders/${id}/payment`, pay)).status).toBe(200);
      expect((await service.post(`/orders/${id}/confirm`, confirm)).status).toBe(200);
      expect(valueOf(await scrape(), 'command_conflicts_total')).toBe(1);
    } finally {
      await other.close();
    }
  });

  test('projections, with everything projected, have no lag and have counted the events', async () => {
    await placeOrder(service);
    await caughtUp(service);
    const text = await scrape();
    expect(valueOf(text, 'projection_lag_events{projection="group"}')).toBe(0);
    expect(valueOf(text, 'projection_lag_seconds{projection="group"}')).toBe(0);
    expect(valueOf(text, 'projection_consuming')).toBe(1);
    expect(valueOf(text, 'projection_parked_events')).toBe(0);
    // What another instance had in hand when it closed is delivered again, perhaps.
    const { body } = await service.get('/admin/projections');
    expect(valueOf(text, 'projection_redelivered_events_total')).toBe(body.items[0].retried);
    expect(valueOf(text, 'projection_projected_events_total')).toBeGreaterThan(0);
  });

  test('the process, scraped, shows its event loop and its memory', async () => {
    const text = await scrape();
    expect(valueOf(text, 'event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThan(0);
    expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(valueOf(text, 'process_cpu_seconds_total')).toBeGreaterThan(0);
  });

  test('metrics, with MongoDB away, are served with the lag, which the event store tells', async () => {
    await withMongoAway(service, async (app) => {
      const began = performance.now();
      const text = await scrape(app);
      expect(performance.now() - began).toBeLessThan(2000);
      expect(valueOf(text, 'projection_lag_events{projection="group"}')).toBeGreaterThanOrEqual(0);
      expect(valueOf(text, 'projection_consuming')).toBe(0);
      expect(valueOf(text, 'process_cpu_seconds_total')).toBeGreaterThan(0);
    });
  });

  test('metrics and health, with a rate limit used up, are answered all the same', async () => {
    const limited = await startTestService({ config: { rateLimitPerMinute: 2 } });
    try {
      const statuses: number[] = [];
      for (let count = 0; count < 3; count += 1) statuses.push((await limited.get('/orders')).status);
      expect(statuses).toEqual([200, 200, 429]);
      expect((await limited.app.inject('/metrics')).statusCode).toBe(200);
      expect((await limited.get('/health/live')).status).toBe(200);
    } finally {
      await limited.close();
    }
  });
});
