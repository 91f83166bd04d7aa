import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const ask = (url: string, headers: Record<string, string> = {}) => service.app.inject({ url, headers });

describe('/', () => {
  test('asked for by a browser, leads to the pages', async () => {
    const { statusCode, headers } = await ask('/', browser);
    expect([statusCode, headers.location]).toEqual([302, 'app/']);
  });

  test('asked for by a program, names the documentation', async () => {
    const { statusCode, body } = await ask('/', { accept: '*/*' });
    expect(statusCode).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ documentation: 'docs', openapi: 'openapi.json', pages: 'app/' });
  });
});

describe('/app/', () => {
  test.each([
    ['/app/', './assets/'],
    ['/app/kitchen', './assets/'],
    ['/app/orders/6f2c9a51-3f0e-4f61-8f07-4a39aa2b0f11', '../assets/'],
    ['/app/orders/6f2c9a51-3f0e-4f61-8f07-4a39aa2b0f11/history?revision=2', '../../assets/'],
    ['/app/no/such/page', '../../assets/'],
  ])('%s, opened in a browser, is the pages, whose files are at %s', async (url, assets) => {
    const { statusCode, headers, body } = await ask(url, browser);
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'text/html; charset=utf-8' });
    expect(
      [...body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address = '']) => address.replace(/[^/]*$/, '')),
    ).toEqual([assets, assets, assets]);
  });

  test('its policy, as sent, allows nothing inline and no other origin', async () => {
    const policy = String((await ask('/app/', browser)).headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  test('its files, named by their content, are kept for good; compressed where that is taken', async () => {
    const { body } = await ask('/app/', browser);
    const [, script = ''] = /src="\.\/(assets\/[^"]+\.js)"/.exec(body) ?? [];
    const plain = await ask(`/app/${script}`);
    expect(plain.statusCode).toBe(200);
    expect(plain.headers).toMatchObject({ 'cache-control': 'public, max-age=31536000, immutable' });
    const packed = await ask(`/app/${script}`, { 'accept-encoding': 'br' });
    expect(packed.headers['content-encoding']).toBe('br');
    expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 2);
  });

  test.each([
    '/app/orders',
    '/app/config.jsonx',
    '/app/assets/none.js',
    '/app/assets/../../package.json',
    '/app/assets/%2e%2e/%2e%2e/package.json',
  ])('%s, asked for by a program, is 404 as a problem document', async (url) => {
    const { statusCode, headers } = await ask(url, { accept: 'application/json' });
    expect([statusCode, headers['content-type']]).toEqual([404, 'application/problem+json']);
  });

  test('a file of a build that is not here, asked for by its name, is not kept as missing', async () => {
    const { statusCode, headers } = await ask('/app/assets/index-AAAAAAAA.js', { accept: '*/*' });
    expect([statusCode, headers['cache-control']]).toEqual([404, 'no-store']);
  });

  test('its files, asked for in part, are sent whole; what a precondition rules out is kept by nobody', async () => {
    const { body } = await ask('/app/', browser);
    const [, script = ''] = /src="\.\/(assets\/[^"]+\.js)"/.exec(body) ?? [];
    for (const url of [`/app/${script}`, '/docs/static/swagger-ui.css']) {
      const whole = await ask(url);
      for (const range of ['bytes=99999999-', 'bytes=0-9'])
        expect((await ask(url, { range })).rawPayload.equals(whole.rawPayload), `${url} ${range}`).toBe(true);
      const refused = await ask(url, { 'if-match': '"x"' });
      expect([refused.statusCode, refused.headers['content-type']]).toEqual([412, 'application/problem+json']);
      expect(refused.headers['cache-control'] ?? 'no-store').toBe('no-store');
    }
  });

  test('its settings, with AUTH=off, say that nobody is asked', async () => {
    const { body, headers } = await ask('/app/config.json');
    expect(headers['cache-control']).toBe('no-store');
    expect(JSON.parse(body)).toMatchObject({
      access: 'open',
      currency: 'USD',
      timeZone: 'Europe/Rome',
      warnMinutes: 10,
      lateMinutes: 20,
      rules: { 'GET /kitchen/board': { kitchen: {} } },
    });
  });
});
