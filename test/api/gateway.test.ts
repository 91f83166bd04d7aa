import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addressOf, request } from '../support/raw-client.ts';
import { startTestService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
  await service.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => service.close());

const order = { customerId: 'c', items: [{ name: 'Margherita', quantity: 1, unitPrice: '9' }] };

describe('TRUST_PROXY', () => {
  let behind: TestService | undefined;
  afterEach(async () => {
    await behind?.close();
    behind = undefined;
  });
  const start = async (trustProxy: string[] | undefined) => {
    behind = await startTestService({ config: { trustProxy, rateLimitPerMinute: 2 } });
    return behind;
  };

  it('of the gateway, counts requests by the client that it names', async () => {
    const gated = await start(['127.0.0.0/8']);
    for (const client of ['203.0.113.1', '203.0.113.2', '10.9.9.9, 203.0.113.3']) {
      const statuses = [];
      for (let time = 0; time < 3; time += 1)
        statuses.push((await gated.get('/menu', { 'x-forwarded-for': client })).status);
      expect(statuses, client).toEqual([200, 200, 429]);
    }
  });

  it('of gateways that add ports, looks past the outer one, and takes an address for one in every spelling', async () => {
    const gated = await start(['127.0.0.0/8', '10.0.0.0/8']);
    for (const [first, ...others] of [
      ['203.0.113.1, 10.0.0.5:77', '203.0.113.1, 10.0.0.5', '::ffff:203.0.113.1'],
      ['2001:db8::1', '2001:DB8:0:0::1', '[2001:db8::1]'],
    ]) {
      const statuses = [];
      for (const client of [first, ...others])
        statuses.push((await gated.get('/menu', { 'x-forwarded-for': client ?? '' })).status);
      expect(statuses, first).toEqual([200, 200, 429]);
    }
  });

  it.each([
    ['/pizza', '/pizza/customers/a'],
    ['/caf%C3%A9/a+b@c:d;e/', '/caf%C3%A9/a+b@c:d;e/customers/a'],
    ['/../x', '/customers/a'],
    ['//evil', '/customers/a'],
  ])('of a gateway that says its prefix %s and nothing else, makes the link %s', async (prefix, location) => {
    const gated = await start(['127.0.0.0/8']);
    const headers = { 'x-forwarded-prefix': prefix };
    const put = await gated.app.inject({
      method: 'PUT',
      url: '/customers/a',
      headers,
      payload: { name: 'Ada', email: 'ada@example.com' },
    });
    expect(put.headers.location).toBe(location);
  });

  it('of the gateway that adds the port of each connection, counts requests by the address alone', async () => {
    const gated = await start(['127.0.0.0/8']);
    for (const [first, ...others] of [
      ['203.0.113.1:50000', '203.0.113.1:50001', '203.0.113.1'],
      ['[2001:db8::1]:50000', '[2001:db8::1]:50001', '2001:db8::1'],
    ]) {
      const statuses = [];
      for (const client of [first, ...others])
        statuses.push((await gated.get('/menu', { 'x-forwarded-for': String(client) })).status);
      expect(statuses, first).toEqual([200, 200, 429]);
    }
  });

  it.each([[undefined], [['10.0.0.0/8']]])(
    'of %j, which is not the gateway, believes no header',
    async (trustProxy) => {
      const gated = await start(trustProxy);
      const placed = await gated.post('/orders', order, {
        'x-forwarded-for': '203.0.113.9',
        'x-forwarded-prefix': '/pizza',
      });
      expect(placed.headers['location']).toBe(`/orders/${placed.body.id as string}`);
      expect((await gated.get('/menu', { 'x-forwarded-for': '203.0.113.1' })).status).toBe(200);
      expect((await gated.get('/menu', { 'x-forwarded-for': '203.0.113.2' })).status).toBe(429);
    },
  );

  it('of the gateway, makes links that lead through it', async () => {
    const gated = await start(['loopback']);
    const forwarded = (prefix: string, client = '203.0.113.7') => ({
      'x-forwarded-for': client,
      'x-forwarded-prefix': prefix,
    });
    const placed = await gated.post('/orders', order, forwarded('/pizza/'));
    expect(placed.headers['location']).toBe(`/pizza/orders/${placed.body.id as string}`);
    const alike = await gated.post('/orders', order, forwarded('/orders', '203.0.113.8'));
    expect(alike.headers['location']).toBe(`/orders/orders/${alike.body.id as string}`);
    const evil = await gated.post('/orders', order, forwarded('//evil.example'));
    expect(evil.headers['location']).toBe(`/orders/${evil.body.id as string}`);
  });
});

describe('405', () => {
  it.each([
    ['percent-encoded', 'PATCH /%6Denu', 'GET, HEAD'],
    ['percent-encoded in part', 'GET /orders/x/%63onfirm', 'POST'],
    ['with a query', 'PATCH /menu?x=%41', 'GET, HEAD'],
    ['with a fragment', 'PATCH /menu#x', 'GET, HEAD'],
    ['in absolute form', 'PATCH http://pizza.example/menu?x=1', 'GET, HEAD'],
    ['of a parameter that is percent-encoded', 'PATCH /menu/a%2Fb', 'DELETE, GET, HEAD, PUT'],
  ])('is the answer to a known path, %s', async (_, line, allow) => {
    const [method = '', target = ''] = line.split(' ');
    if (allow === 'GET, HEAD') expect((await request(service.app, `GET ${target}`)).status).toBe(200);
    const answer = await request(service.app, line);
    expect(answer).toMatchObject({
      status: 405,
      headers: { allow },
      body: { instance: expect.stringMatching(/^\//) as string },
    });
    expect(answer.body.detail).toContain(method);
  });

  it.each(['{"a": }', '{}', 'x'.repeat(300_000)])('is the answer whatever there is in the body', async (payload) => {
    for (const [url, status] of [
      ['/menu', 405],
      ['/nothing', 404],
    ] as const) {
      const headers = { 'content-type': 'application/json' };
      const answer = await service.app.inject({ method: 'POST', url, payload, headers });
      expect(answer.statusCode).toBe(status);
      expect(answer.headers['x-request-id']).toBeDefined();
    }
  });
});

describe('Swagger UI', () => {
  const base = () => `http://127.0.0.1:${addressOf(service.app).port}`;

  it('over plain http, on any host, asks for nothing over https', async () => {
    const answer = await fetch(`${base()}/docs/`, { headers: { host: 'pizza.local' } });
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('upgrade-insecure-requests');
  });

  it('under a path prefix refers to nothing by an absolute path', async () => {
    const moved = await fetch(`${base()}/docs`, { redirect: 'manual' });
    expect([moved.status, moved.headers.get('location')]).toEqual([302, 'docs/']);
    const page = await (await fetch(`${base()}/docs/`)).text();
    const links = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link);
    expect(links.length).toBeGreaterThan(4);
    expect(links.filter((link) => !link?.startsWith('./'))).toEqual([]);
    for (const link of links) expect((await fetch(new URL(link ?? '', `${base()}/docs/`))).status).toBe(200);
    const { servers } = (await (await fetch(`${base()}/docs/json`)).json()) as { servers: { url: string }[] };
    expect(new URL(servers[0]?.url ?? '', 'http://gateway/pizza/docs/json').pathname).toBe('/pizza/');
  });

  interface PageConfig {
    requestInterceptor(request: { url: string }): { readonly url: string };
    responseInterceptor(response: { status: number; url: string; obj: unknown }): unknown;
  }
  interface Shown {
    readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: unknown }[];
    readonly requestBody?: {
      readonly content: Record<string, { readonly examples: Record<string, { value: unknown }> }>;
    };
  }

  /** The page's script, run as the page runs it, up to the configuration that it makes. */
  async function configured(): Promise<PageConfig> {
    const script = await (await fetch(`${base()}/docs/static/swagger-initializer.js`)).text();
    let config: PageConfig | undefined;
    const bundle = (given: PageConfig) => {
      config = given;
      return { initOAuth: () => undefined };
    };
    const window: { location: { href: string }; onload?: () => void } = { location: { href: `${base()}/docs/` } };
    runInNewContext(script, {
      window,
      SwaggerUIBundle: Object.assign(bundle, { presets: {}, plugins: {} }),
      SwaggerUIStandalonePreset: {},
      MutationObserver: class {
        observe = () => undefined;
      },
      document: { createElement: () => ({}), querySelector: () => null },
    });
    window.onload?.();
    if (!config) throw new Error('the script has configured nothing');
    return config;
  }

  it('filled in as it comes, places, confirms, takes payment for and shows an order, twice', async () => {
    const config = await configured();
    const { paths } = (await (await fetch(`${base()}/docs/json`)).json()) as {
      paths: Record<string, Record<string, Shown>>;
    };
    const execute = async (method: string, path: string) => {
      const { parameters = [], requestBody } = paths[path]?.[method] ?? {};
      const filledIn = parameters.filter(({ example }) => example !== undefined);
      const valuesIn = (place: string) =>
        filledIn
          .filter((parameter) => parameter.in === place)
          .map(({ name, example }): [string, string] => [name, String(example)]);
      const query = new URLSearchParams(valuesIn('query')).toString();
      const target = path.replaceAll(/{(\w+)}/g, (_, name) =>
        String(filledIn.find((parameter) => parameter.name === name)?.example),
      );
      const { url } = config.requestInterceptor({
        url: `${base()}${target}${query && `?${query}`}`,
      });
      const body = Object.values(requestBody?.content['application/json']?.examples ?? {})[0]?.value;
      const answer = await fetch(url, {
        method,
        headers: [
          ...valuesIn('header'),
          ...(body === undefined ? [] : [['content-type', 'application/json'] as [string, string]]),
        ],
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const obj = (await answer.json()) as { id?: string };
      config.responseInterceptor({ status: answer.status, url: answer.url, obj });
      return { status: answer.status, id: obj.id, obj };
    };
    const ids = [];
    for (let time = 0; time < 2; time += 1) {
      const { status, id } = await execute('post', '/orders');
      expect(status).toBe(201);
      expect(await execute('post', '/orders/{orderId}/confirm')).toMatchObject({ status: 200, id });
      expect(await execute('post', '/orders/{orderId}/payment')).toMatchObject({ status: 200, id });
      await service.getProjected(`/orders/${id ?? ''}?minRevision=2`);
      expect(await execute('get', '/orders/{orderId}')).toMatchObject({ status: 200, id, obj: { revision: 2 } });
      expect(await execute('get', '/orders')).toMatchObject({ status: 200 });
      ids.push(id);
    }
    expect(new Set(ids).size).toBe(2);
  });
});
