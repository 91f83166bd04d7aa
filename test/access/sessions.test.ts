import { startEmbedded } from '@marios-pizzeria/embedded-openid';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type AccessSettings, DEVELOPMENT } from '../../src/access/settings.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { bearer, claimsOf, startIssuer, type TestIssuer } from './issuer.ts';

const [OLD_KEY, NEW_KEY] = ['o'.repeat(32), 'n'.repeat(32)] as const;
const CLIENT = { id: 'pages', secret: undefined };
const HOUR = 3_600_000;

let issuer: TestIssuer;
let service: TestService;
let settings: AccessSettings;
/** Milliseconds that the service's clock is ahead. */
let ahead = 0;
const clock = () => new Date(Date.now() + ahead);

beforeAll(async () => {
  issuer = await startIssuer();
  settings = { ...issuer.settings, client: CLIENT, sessionKeys: [OLD_KEY] };
  service = await startTestService({ access: settings, clock });
});
afterAll(async () => {
  await service.close();
  await issuer.stop();
});
afterEach(() => {
  ahead = 0;
  issuer.answer = undefined;
});

const LOCAL = { host: 'localhost:3000' };

interface Browser {
  readonly cookies: Map<string, string>;
  /** `set-cookie` lines of the last answer. */
  set: readonly string[];
  get(url: string, headers?: Record<string, string>): Promise<{ statusCode: number; headers: object; body: string }>;
  post(
    url: string,
    payload: object | string | undefined,
    headers: Record<string, string>,
  ): Promise<{ statusCode: number; headers: object; body: string }>;
}

/** Keeps cookies, and follows nothing by itself. */
function openBrowser(at: TestService = service, host: Record<string, string> = LOCAL): Browser {
  const cookies = new Map<string, string>();
  const send = async (method: 'GET' | 'POST', url: string, payload?: object | string, headers = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await at.app.inject({
      method,
      url,
      headers: { ...host, ...(cookie !== '' && { cookie }), ...headers },
      ...(payload !== undefined && { payload }),
    });
    browser.set = [answer.headers['set-cookie'] ?? []].flat();
    for (const line of browser.set) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  const browser: Browser = {
    cookies,
    set: [],
    get: (url, headers) => send('GET', url, undefined, headers),
    post: (url, payload, headers) => send('POST', url, payload, headers),
  };
  return browser;
}

const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };

/** What the login's redirection asks the issuer for. */
async function begin(browser: Browser, returnTo = '/docs'): Promise<URLSearchParams> {
  const answer = await browser.get(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
  expect(answer.statusCode, answer.body).toBe(303);
  const location = new URL(String((answer.headers as { location?: string }).location));
  expect(`${location.origin}${location.pathname}`).toBe(`${issuer.url}/authorize`);
  return location.searchParams;
}

const now = () => Math.floor(clock().getTime() / 1000);

/** The issuer gives tokens for these claims. */
function grant(asked: URLSearchParams, claims = {}, idClaims = {}) {
  const usual = { ...claimsOf('anna', ['manager']), exp: now() + 600, ...claims };
  issuer.grant = {
    token_type: 'Bearer',
    access_token: issuer.token(usual),
    id_token: issuer.token(
      { sub: 'anna', aud: CLIENT.id, nonce: asked.get('nonce'), iat: now(), exp: now() + 600, ...idClaims },
      { header: { typ: 'JWT' } },
    ),
  };
}

async function logIn(browser: Browser, claims = {}) {
  const asked = await begin(browser);
  grant(asked, claims);
  const answer = await browser.get(`/auth/callback?code=c&state=${asked.get('state') ?? ''}`);
  expect(answer.statusCode, answer.body).toBe(303);
  return answer;
}

const me = async (browser: Browser) => {
  const { statusCode, body } = await browser.get('/auth/me');
  return statusCode === 200 ? (JSON.parse(body) as Record<string, unknown>) : statusCode;
};

const waitElevenMinutes = () => {
  ahead = 11 * 60_000;
};

describe('a login', () => {
  test('leads back to the page that the person came for, with a session of nothing but who it is', async () => {
    const browser = openBrowser();
    const asked = await begin(browser, '/app/kitchen?late=1');
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      client_id: 'pages',
      code_challenge_method: 'S256',
      redirect_uri: 'http://localhost:3000/auth/callback',
    });
    grant(asked, { customer_id: 'anna-1' });
    const answer = await browser.get(`/auth/callback?code=c&state=${asked.get('state') ?? ''}`);
    expect(answer.headers).toMatchObject({ location: '/app/kitchen?late=1', 'cache-control': 'no-store' });
    expect([...browser.cookies.keys()]).toEqual(['session']);
    expect(browser.set.at(-1)).toMatch(/^session=[\w.-]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/);
    expect(await me(browser)).toMatchObject({ id: 'anna', roles: ['manager'], customerId: 'anna-1' });
    const session = browser.cookies.get('session') ?? '';
    expect(Buffer.from(session, 'base64url').toString('latin1')).not.toContain('anna');
    expect(JSON.stringify([...service.logged, answer.body])).not.toContain(session.split('.')[3]);
  });

  test('on another host than this machine is by HTTPS, and the cookie for that host alone', async () => {
    const browser = openBrowser(service, { host: 'pizzeria.example' });
    expect((await begin(browser)).get('redirect_uri')).toBe('https://pizzeria.example/auth/callback');
    await logIn(browser);
    expect(browser.set.at(-1)).toMatch(
      /^__Host-session=[\w.-]+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(await me(browser)).toMatchObject({ id: 'anna' });
    browser.cookies.set('session', browser.cookies.get('__Host-session') ?? '');
    browser.cookies.delete('__Host-session');
    expect(await me(browser)).toBe(401);
  });

  test('in two pages of one browser at the same time, is one in each', async () => {
    const browser = openBrowser();
    const pages = ['/app/kitchen', '/app/orders'];
    const begun = new Map<string, URLSearchParams>();
    // One time in eight, the one takes the place of the other.
    while (browser.cookies.size < pages.length) {
      browser.cookies.clear();
      for (const page of pages) begun.set(page, await begin(browser, page));
    }
    for (const [location, asked] of begun) {
      grant(asked);
      const answer = await browser.get(`/auth/callback?code=c&state=${asked.get('state') ?? ''}`);
      expect(answer.headers).toMatchObject({ location });
    }
    expect([...browser.cookies.keys()]).toEqual(['session']);
  });

  test('begun again and again leaves few cookies, which all fit into a request', async () => {
    const browser = openBrowser();
    for (let times = 0; times < 60; times += 1) await begin(browser);
    expect(browser.cookies.size).toBeLessThanOrEqual(8);
    expect([...browser.cookies].flat().join().length).toBeLessThan(8 * 1024);
    await logIn(browser);
    expect(await me(browser)).toMatchObject({ id: 'anna' });
  });

  test.each(['//evil.example', '/\\evil.example', 'https:evil.example', 'https://evil.example', '\\evil', 'app'])(
    'that is to return to %s is 400',
    async (returnTo) => {
      const browser = openBrowser();
      const answer = await browser.get(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
      expect(answer.statusCode).toBe(400);
      expect(browser.set).toEqual([]);
    },
  );

  test.each(['%2F%09%2Fevil.example', '%2F%0A%2Fevil', '', 'javascript%3Aalert(1)', '/a&returnTo=//evil', '/%C3%A9'])(
    'whose query is returnTo=%s is 400',
    async (returnTo) => {
      expect((await openBrowser().get(`/auth/login?returnTo=${returnTo}`)).statusCode).toBe(400);
    },
  );

  test.each([
    ['that this browser did not begin', (browser: Browser) => browser.cookies.clear(), {}],
    [
      'of another browser',
      (browser: Browser) => browser.cookies.forEach((__, name) => browser.cookies.set(name, 'e30..a.b.c')),
      {},
    ],
    ['begun with another state', () => undefined, { state: 'another' }],
    ['begun without a state', () => undefined, { state: '' }],
    ['that took longer than ten minutes', waitElevenMinutes, {}],
    ['that the issuer refused', () => undefined, { error: 'access_denied' }],
  ])('%s is refused, and makes no session', async (_, change, query) => {
    const browser = openBrowser();
    const asked = await begin(browser);
    grant(asked);
    change(browser);
    const given = new URLSearchParams({ code: 'c', state: asked.get('state') ?? '', ...query });
    const answer = await browser.get(`/auth/callback?${given.toString()}`);
    expect(answer.statusCode).toBe(400);
    expect(browser.cookies.has('session')).toBe(false);
    expect(JSON.parse(answer.body)).toMatchObject({ type: '/problems/bad-request', instance: '/auth/callback' });
  });

  test.each([
    ['another nonce', {}, { nonce: 'another' }],
    ['no nonce', {}, { nonce: undefined }],
    ['an ID token of another client', {}, { aud: 'others' }],
    ['an ID token of another issuer', {}, { iss: 'https://evil.example' }],
    ['an ID token of somebody else', {}, { sub: 'mario' }],
    ['an access token for another service', { aud: 'payments' }, {}],
    ['an access token that is expired', { exp: 1 }, {}],
  ])('for which the issuer gives %s is refused, and makes no session', async (_, claims, idClaims) => {
    const browser = openBrowser();
    const asked = await begin(browser);
    grant(asked, claims, idClaims);
    const answer = await browser.get(`/auth/callback?code=c&state=${asked.get('state') ?? ''}`);
    expect(answer.statusCode).toBe(400);
    expect(browser.cookies.has('session')).toBe(false);
  });

  test.each(['', 'a b', 'localhost:99999'])('by way of the Host %j is refused', async (host) => {
    const headers = { host, cookie: '__Host-login-5=x' };
    expect((await service.app.inject({ url: '/auth/callback?code=c', headers })).statusCode).toBe(400);
  });

  test('behind a gateway that strips a prefix from paths, comes back through it', async () => {
    const gated = await startTestService({ access: settings, config: { trustProxy: ['loopback'] } });
    const headers = { ...LOCAL, 'x-forwarded-for': '203.0.113.7', 'x-forwarded-prefix': '/pizza' };
    try {
      const browser = openBrowser(gated, headers);
      const begun = await browser.get('/auth/login?returnTo=/pizza/app/orders');
      const asked = new URL(String((begun.headers as { location?: string }).location)).searchParams;
      expect(asked.get('redirect_uri')).toBe('http://localhost:3000/pizza/auth/callback');
      grant(asked);
      let tokenRequest = '';
      issuer.answer = (request) => {
        if (request.url === '/token') request.on('data', (chunk: Buffer) => (tokenRequest += chunk.toString()));
        return false;
      };
      const back = await browser.get(`/auth/callback?code=c&state=${asked.get('state') ?? ''}`);
      expect(back.headers).toMatchObject({ location: '/pizza/app/orders' });
      expect(new URLSearchParams(tokenRequest).get('redirect_uri')).toBe('http://localhost:3000/pizza/auth/callback');
      const page = await browser.get('/', { accept: 'text/html' });
      expect(page.headers).toMatchObject({ location: '/pizza/app/' });
    } finally {
      await gated.close();
    }
  });

  test('while the issuer is away is 503 with Retry-After, at its beginning and at its end', async () => {
    const browser = openBrowser();
    const asked = await begin(browser);
    const fresh = await startTestService({ like: service, access: settings });
    await issuer.stop();
    try {
      const ended = await browser.get(`/auth/callback?code=c&state=${asked.get('state') ?? ''}`);
      const begun = await openBrowser(fresh).get('/auth/login');
      for (const answer of [ended, begun]) {
        expect(answer.statusCode).toBe(503);
        expect(answer.headers).toHaveProperty('retry-after');
      }
    } finally {
      await issuer.start();
      await fresh.close();
    }
  });

  test('at the embedded issuer, by its page: choose Anna, see the page, log out, the session is gone', async () => {
    const embedded = await startEmbedded({ dataDir: '', port: 0 });
    const access = {
      issuer: embedded.url,
      audience: DEVELOPMENT.audience,
      rolesClaim: '/roles',
      customerClaim: '/sub',
      client: { id: DEVELOPMENT.clientId, secret: undefined },
      sessionKeys: [],
    };
    const local = await startTestService({ like: service, access });
    try {
      const browser = openBrowser(local);
      const answer = await browser.get('/auth/login?returnTo=/docs');
      const back = await chooseAt(String((answer.headers as { location?: string }).location), 'anna');
      expect(back.origin).toBe('http://localhost:3000');
      const page = await browser.get(`${back.pathname}${back.search}`);
      expect(page.headers).toMatchObject({ location: '/docs' });
      expect(await me(browser)).toMatchObject({ id: 'anna', roles: ['kitchen'] });
      expect((await browser.get('/orders')).statusCode).toBe(200);
      expect((await browser.get('/analytics/orders?from=2024-01-01&to=2025-01-01')).statusCode).toBe(403);
      const kept = browser.cookies.get('session') ?? '';
      expect((await browser.post('/auth/logout', undefined, SAME_ORIGIN)).statusCode).toBe(204);
      expect(browser.cookies.size).toBe(0);
      expect(await me(browser)).toBe(401);
      browser.cookies.set('session', kept);
      expect(await me(browser)).toBe(401);
    } finally {
      await local.close();
      await embedded.close();
    }
  });
});

/** Does at the embedded issuer what a browser does, until it is sent elsewhere. */
async function chooseAt(start: string, person: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(start);
  let body: URLSearchParams | undefined;
  for (;;) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie }, ...(body && { method: 'POST', body }) });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) {
      const page = await answer.text();
      for (const name of ['Giulia', 'Anna', 'Luca', 'Mario', 'Ada']) expect(page).toContain(`>${name} `);
      body = new URLSearchParams({ person });
      continue;
    }
    body = undefined;
    const next = new URL(location, url);
    if (next.origin !== url.origin) return next;
    url = next;
  }
}

describe('a session', () => {
  test.each([
    ['ends with the token', 600_000, 600_000],
    ['ends after eight hours, whatever the token says', 24 * HOUR, 8 * HOUR],
  ])('%s', async (_, tokenMs, sessionMs) => {
    const browser = openBrowser();
    await logIn(browser, { exp: Math.floor((Date.now() + tokenMs) / 1000) });
    const kept = browser.cookies.get('session') ?? '';
    ahead = sessionMs - 60_000;
    expect(await me(browser)).toMatchObject({ id: 'anna' });
    ahead = sessionMs + 60_000;
    browser.cookies.set('session', kept);
    expect(await me(browser)).toBe(401);
  });

  test('is read by another instance, and goes on while its key is replaced by a new one', async () => {
    const browser = openBrowser();
    await logIn(browser);
    const session = browser.cookies.get('session') ?? '';
    const read = async (sessionKeys: readonly string[]) => {
      const other = await startTestService({ like: service, access: { ...settings, sessionKeys } });
      try {
        const there = openBrowser(other);
        there.cookies.set('session', session);
        return await me(there);
      } finally {
        await other.close();
      }
    };
    expect(await read([OLD_KEY])).toMatchObject({ id: 'anna' });
    expect(await read([NEW_KEY, OLD_KEY])).toMatchObject({ id: 'anna' });
    expect(await read([NEW_KEY])).toBe(401);
    expect(await read([])).toBe(401);
  });

  test('changed anywhere by a bit, or cut, lets nobody in', async () => {
    const browser = openBrowser();
    await logIn(browser);
    const session = browser.cookies.get('session') ?? '';
    for (let index = 0; index < session.length; index += 5) {
      const changed = String.fromCharCode(session.charCodeAt(index) ^ 1);
      if (!/[\w-]/.test(changed)) continue;
      const text = `${session.slice(0, index)}${changed}${session.slice(index + 1)}`;
      // The last bits of a part may mean nothing.
      const isSame = text.split('.').every((part, at) => bytesOf(part).equals(bytesOf(session.split('.')[at] ?? '')));
      if (isSame) continue;
      browser.cookies.set('session', text);
      expect(await me(browser), `at ${index}`).toBe(401);
      browser.cookies.set('session', session.slice(0, index) || '.');
      expect(await me(browser), `cut at ${index}`).toBe(401);
    }
  });

  test('that is none any more is logged out of all the same, by who has a token too', async () => {
    const browser = openBrowser();
    browser.cookies.set('session', 'nonsense');
    const token = bearer(issuer.token(claimsOf('luca', ['driver'])));
    expect((await browser.post('/auth/logout', undefined, { ...SAME_ORIGIN, ...token })).statusCode).toBe(204);
    expect(browser.cookies.has('session')).toBe(false);
  });

  test('that is a login which was begun lets nobody in', async () => {
    const browser = openBrowser();
    await begin(browser);
    const [login = ''] = browser.cookies.values();
    expect(login).not.toBe('');
    browser.cookies.set('session', login);
    expect(await me(browser)).toBe(401);
  });

  test.each([
    ['of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['of a neighbour', { 'sec-fetch-site': 'same-site' }, 403],
    ['typed by hand', { 'sec-fetch-site': 'none' }, 403],
    ['of another origin', { origin: 'https://evil.example' }, 403],
    ['of no origin', { origin: 'null' }, 403],
    ['of the same host by another scheme', { origin: 'https://localhost:3000' }, 403],
    ['that says nothing of its origin', {}, 403],
    ['of another site, with an equal Origin', { 'sec-fetch-site': 'cross-site', origin: 'http://localhost:3000' }, 403],
    ['of this service', SAME_ORIGIN, 201],
    ['of this service, by an old browser', { origin: 'http://localhost:3000' }, 201],
  ] as const)('used by a page %s changes something only if that is this service', async (_, headers, status) => {
    const browser = openBrowser();
    await logIn(browser);
    const order = { customerId: 'giulia', items: [{ name: 'Margherita', quantity: 1, unitPrice: '9.00' }] };
    expect((await browser.post('/orders', order, headers)).statusCode).toBe(status);
    const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
    expect((await browser.post('/orders', 'customerId=giulia', form)).statusCode).toBe(status === 201 ? 415 : 403);
    expect((await browser.get('/orders', headers)).statusCode).toBe(200);
    expect((await browser.post('/auth/logout', undefined, headers)).statusCode).toBe(status === 201 ? 204 : 403);
  });

  test('is not looked at where there is a token', async () => {
    const browser = openBrowser();
    await logIn(browser);
    expect((await browser.get('/auth/me', bearer('x'))).statusCode).toBe(401);
    const token = issuer.token(claimsOf('luca', ['driver']));
    expect(JSON.parse((await browser.get('/auth/me', bearer(token))).body)).toMatchObject({ id: 'luca' });
  });
});

function bytesOf(part: string): Buffer {
  return Buffer.from(part, 'base64url');
}
