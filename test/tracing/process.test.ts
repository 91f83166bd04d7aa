import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

/** Prints, at the end of a process, which packages of OpenTelemetry it has loaded. */
const REPORT = `data:text/javascript,${encodeURIComponent(`
  import Module from 'node:module';
  process.on('exit', () => {
    const names = Object.keys(Module._cache).flatMap((file) => /@opentelemetry.([\\w-]+)/.exec(file)?.[1] ?? []);
    process.stdout.write('loaded: ' + [...new Set(names)].sort().join(' ') + '\\n');
  });
`)}`;
const PLACING = { customerId: 'ada', items: [{ name: 'Margherita', quantity: 1, unitPrice: '10.00' }] };

let collector: Server;
let endpoint: string;
const received: string[] = [];
let isSilent = false;
beforeAll(async () => {
  collector = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => received.push(text));
    request.on('end', () => {
      if (!isSilent) response.end('{}');
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});
afterAll(() => {
  collector.closeAllConnections();
  collector.close();
});

/** Starts the service, places an order, and ends it with SIGTERM. @returns what it logged */
async function placeAndStop(settings: Readonly<Record<string, string>>): Promise<string> {
  const service = await startServiceProcess({ NODE_OPTIONS: `--import "${REPORT}"`, ...settings });
  try {
    const headers = { 'content-type': 'application/json' };
    const { status } = await fetch(`${service.base}/orders`, {
      method: 'POST',
      headers,
      body: JSON.stringify(PLACING),
    });
    expect(status).toBe(201);
  } finally {
    await service.close();
  }
  await until('it said what it has loaded', () => service.log().includes('loaded: '));
  return service.log();
}

test('a process without a collector has loaded OpenTelemetry’s API, and nothing of its SDK', async () => {
  expect(await placeAndStop({})).toContain('loaded: api\n');
});

test('a process with a collector, ended by SIGTERM, has exported the spans of what it did last', async () => {
  const log = await placeAndStop({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_RESOURCE_ATTRIBUTES: 'where=napoli' });
  expect(/loaded: .*sdk-trace/.exec(log)).not.toBeNull();
  for (const text of ['POST /orders', 'append PizzaOrder', 'napoli']) expect(received.join('')).toContain(text);
  expect(log).toContain('"msg":"stopped"');
});

test('a process whose collector never answers, ended by SIGTERM, ends in time all the same', async () => {
  isSilent = true;
  const log = await placeAndStop({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  // Beyond its own time limit it would have been killed before this line.
  expect(log).toContain('"msg":"stopped"');
  expect(log).toContain('"msg":"spans were not exported"');
});
