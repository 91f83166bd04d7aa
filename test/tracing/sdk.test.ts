import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startTracing } from '../../src/tracing/sdk.ts';
import { beginTrace } from '../../src/tracing/trace.ts';
import { parseTraceparent } from '../../src/tracing/traceparent.ts';
import { recordingLog } from '../support/service.ts';
import { recordTracing } from '../support/tracing.ts';
import { until } from '../support/until.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Received {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A collector that answers as it is told; without an answer, it keeps the client waiting. */
async function startCollector(answer: (response: ServerResponse) => void) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      received.push({ url: request.url, headers: request.headers, body: Buffer.concat(parts).toString() });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function startOn(endpoint: string) {
  const { log, logged } = recordingLog();
  return { ...startTracing({ endpoint, ratio: 1, log }), logged };
}

function makeSpans(tracing: ReturnType<typeof startTracing>, count: number): void {
  for (let index = 0; index < count; index += 1) beginTrace(tracing, `span ${index}`, {}).end();
}

describe('spans', () => {
  test.each([
    ['', '/v1/traces'],
    ['/', '/v1/traces'],
    ['/otlp', '/otlp/v1/traces'],
    ['/otlp/', '/otlp/v1/traces'],
  ])('with an endpoint that ends in "%s", are posted to %s, as those of this service', async (path, url) => {
    const { received, endpoint } = await startCollector((response) => response.writeHead(200).end('{}'));
    const tracing = startOn(`${endpoint}${path}`);
    makeSpans(tracing, 3);
    await tracing.close();
    expect(received.map((request) => request.url)).toEqual([url]);
    expect(received[0]?.headers['content-type']).toBe('application/json');
    expect(received[0]?.body).toContain('{"key":"service.name","value":{"stringValue":"marios-pizzeria-orders"}}');
    expect(received[0]?.body).toContain('"span 2"');
    expect(tracing.dropped()).toBe(0);
    expect(tracing.logged).toEqual([]);
  });

  test('that a collector refuses, are counted, and told of once', async () => {
    const { received, endpoint } = await startCollector((response) => response.writeHead(400).end('a@example.com'));
    const tracing = startOn(endpoint);
    makeSpans(tracing, 600);
    await until('some were refused', () => tracing.dropped() > 0);
    makeSpans(tracing, 600);
    await until('all were refused', () => tracing.dropped() === 1200);
    expect(received.length).toBeGreaterThan(1);
    await tracing.close();
    expect(tracing.logged).toMatchObject([{ msg: 'spans were not exported', reason: 'Bad Request' }]);
    expect(JSON.stringify(tracing.logged)).not.toContain('a@example.com');
  });

  test('that a collector never takes, wait up to a bound; the rest is dropped and counted, and closing gives them up', async () => {
    const { received, endpoint } = await startCollector(() => undefined);
    const tracing = startOn(endpoint);
    makeSpans(tracing, 512);
    await until('the collector has some', () => received.length > 0);
    makeSpans(tracing, 20_000);
    expect(tracing.dropped()).toBe(20_000 - 2048);
    await tracing.close();
    expect(tracing.dropped()).toBe(20_512);
    expect(tracing.logged).toMatchObject([{ reason: 'more than the collector takes' }]);
  });

  test('where there is no collector, hold up nobody, and are counted', async () => {
    const tracing = startOn('http://127.0.0.1:1');
    makeSpans(tracing, 100);
    await tracing.close();
    expect(tracing.dropped()).toBe(100);
    expect(tracing.logged).toMatchObject([{ msg: 'spans were not exported' }]);
  });

  test('at a ratio of a tenth, are exported for about a tenth of the traces', async () => {
    const tracing = recordTracing(0.1);
    makeSpans(tracing, 2000);
    await tracing.close();
    expect(tracing.spans.length).toBeGreaterThan(100);
    expect(tracing.spans.length).toBeLessThan(320);
  });

  test('at a ratio of 0, are exported for what links to a trace that is kept, and for nothing else', async () => {
    const tracing = recordTracing(0);
    const [kept, other] = ['01', '00'].map((flags) =>
      parseTraceparent(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}`),
    );
    for (const [name, context] of [
      ['kept', kept],
      ['other', other],
      ['none', undefined],
    ] as const) {
      beginTrace(tracing, name, { links: context ? [{ context }] : [] }).end();
    }
    await tracing.close();
    expect(tracing.spans.map(({ name }) => name)).toEqual(['kept']);
  });
});
