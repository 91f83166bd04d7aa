import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import {
  AUDIENCE,
  bearer,
  claimsOf,
  encode,
  hmacOfPublicKey,
  jwkOf,
  makeKey,
  signWith,
  startIssuer,
  type TestIssuer,
} from './issuer.ts';

let issuer: TestIssuer;
let service: TestService;
/** Milliseconds that the service's clock is ahead. */
let ahead = 0;
const clock = () => new Date(Date.now() + ahead);

beforeAll(async () => {
  issuer = await startIssuer();
  service = await startTestService({ access: issuer.settings, clock });
});
afterAll(async () => {
  await service.close();
  await issuer.stop();
});
beforeEach(() => {
  ahead += 60_000; // what was asked of the issuer in another test does not count
});
afterEach(() => {
  issuer.answer = undefined;
});

const now = () => Math.floor(clock().getTime() / 1000);
const manager = (claims = {}) => ({ ...claimsOf('mario', ['manager']), exp: now() + 600, ...claims });
const orders = (headers: Readonly<Record<string, string>>) => service.get('/orders', headers);

/** Refused, as a token that is not valid, in a problem document that says nothing of it. */
async function expectRefused(headers: Readonly<Record<string, string>>, status = 401) {
  const before = service.logged.length;
  const answer = await orders(headers);
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  const logged = JSON.stringify(service.logged.slice(before));
  for (const part of (headers['authorization'] ?? '').split(/[. ]/).filter((text) => text.length > 20)) {
    expect(logged).not.toContain(part);
    expect(JSON.stringify(answer.body)).not.toContain(part);
  }
}

describe('a token that the issuer gave', () => {
  test.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)('signed by %s, lets its caller in', async (algorithm) => {
    issuer.rotate(algorithm);
    expect((await orders(bearer(issuer.token(manager())))).status).toBe(200);
  });

  test.each([
    ['at+jwt', 'at+jwt'],
    ['application/at+jwt', 'application/at+jwt'],
    ['JWT', 'JWT'],
    ['absent', undefined],
  ])('whose typ is %s, lets its caller in', async (_, typ) => {
    expect((await orders(bearer(issuer.token(manager(), { header: { typ } })))).status).toBe(200);
  });

  test('without a kid, while the issuer has one key, lets its caller in', async () => {
    expect((await orders(bearer(issuer.token(manager(), { header: { kid: undefined } })))).status).toBe(200);
  });

  test('expired or not yet valid by less than 5 s, lets its caller in; by more it does not', async () => {
    for (const claims of [{ exp: now() - 3 }, { nbf: now() + 3 }]) {
      expect((await orders(bearer(issuer.token(manager(claims))))).status).toBe(200);
    }
    for (const claims of [{ exp: now() - 7 }, { nbf: now() + 7 }]) {
      await expectRefused(bearer(issuer.token(manager(claims))));
    }
  });

  test('remembered, lets nobody in any more once it is expired', async () => {
    const token = issuer.token(manager({ exp: now() + 30 }));
    expect((await orders(bearer(token))).status).toBe(200);
    expect((await orders(bearer(token))).status).toBe(200);
    ahead += 40_000;
    await expectRefused(bearer(token));
  });

  test('whose scheme is written in lower case, lets its caller in', async () => {
    expect((await orders({ authorization: `bearer ${issuer.token(manager())}` })).status).toBe(200);
  });
});

const id = (text: string) => text;
/** Tokens that must not let anybody in, each made when it is needed. */
const bad: readonly (readonly [string, () => string])[] = [
  ['alg: none, unsigned', () => issuer.token(manager(), { header: { alg: 'none' }, signature: () => '' })],
  ['alg: none, signed', () => issuer.token(manager(), { header: { alg: 'none' } })],
  ['alg: nOnE', () => issuer.token(manager(), { header: { alg: 'nOnE' }, signature: () => '' })],
  [
    'HS256 with the public key',
    () =>
      issuer.token(manager(), {
        header: { alg: 'HS256' },
        signature: (signed) => hmacOfPublicKey(issuer.keys[0] ?? makeKey(), signed),
      }),
  ],
  ['an algorithm that is not allowed', () => issuer.token(manager(), { header: { alg: 'ES384' } })],
  ['an algorithm of another kind of key', () => issuer.token(manager(), { header: { alg: 'RS256' } })],
  ['no algorithm', () => issuer.token(manager(), { header: { alg: undefined } })],
  [
    'a key of its own in jwk',
    () => {
      const key = makeKey();
      return issuer.token(manager(), { key, header: { jwk: jwkOf(key), kid: undefined } });
    },
  ],
  ['a key of its own at jku', () => issuer.token(manager(), { key: makeKey(), header: { jku: `${issuer.url}/keys` } })],
  ['a key of its own at x5u', () => issuer.token(manager(), { key: makeKey(), header: { x5u: `${issuer.url}/x` } })],
  [
    'another key under a known kid',
    () => issuer.token(manager(), { key: { ...makeKey(), kid: issuer.keys[0]?.kid ?? '' } }),
  ],
  ['a kid that is a path', () => issuer.token(manager(), { header: { kid: '../../../../dev/null' } })],
  ['a kid that is SQL', () => issuer.token(manager(), { header: { kid: "x' UNION SELECT 'secret" } })],
  ['a kid that is an object', () => issuer.token(manager(), { key: makeKey(), header: { kid: { $ne: '' } } })],
  ['another aud', () => issuer.token(manager({ aud: 'payments' }))],
  ['an aud that begins alike', () => issuer.token(manager({ aud: `${AUDIENCE}2` }))],
  ['no aud', () => issuer.token(manager({ aud: undefined }))],
  ['a list of aud', () => issuer.token(manager({ aud: [AUDIENCE, 'payments'] }))],
  ['a list of one aud', () => issuer.token(manager({ aud: [AUDIENCE] }))],
  ['another iss', () => issuer.token(manager({ iss: 'https://evil.example' }))],
  ['an iss with a trailing slash', () => issuer.token(manager({ iss: `${issuer.url}/` }))],
  ['an iss in capitals', () => issuer.token(manager({ iss: issuer.url.toUpperCase() }))],
  ['no iss', () => issuer.token(manager({ iss: undefined }))],
  ['no exp', () => issuer.token(manager({ exp: undefined }))],
  ['exp as text', () => issuer.token(manager({ exp: String(now() + 600) }))],
  ['exp null', () => issuer.token(manager({ exp: null }))],
  ['nbf as text', () => issuer.token(manager({ nbf: '0' }))],
  ['crit that is unknown', () => issuer.token(manager(), { header: { crit: ['x'], x: 1 } })],
  ['crit that is known', () => issuer.token(manager(), { header: { crit: ['b64'], b64: true } })],
  ['crit that is empty', () => issuer.token(manager(), { header: { crit: [] } })],
  ['an ID token, by its nonce', () => issuer.token(manager({ nonce: 'n' }), { header: { typ: 'JWT' } })],
  ['an ID token, by its at_hash', () => issuer.token(manager({ at_hash: 'h' }), { header: { typ: undefined } })],
  ['another typ', () => issuer.token(manager(), { header: { typ: 'logout+jwt' } })],
  ['no sub', () => issuer.token(manager({ sub: undefined }))],
  ['a sub that is a number', () => issuer.token(manager({ sub: 7 }))],
  ['a sub that is empty', () => issuer.token(manager({ sub: '' }))],
  ['a sub with control characters', () => issuer.token(manager({ sub: 'mario\n{"level":60}' }))],
  ['a sub with half a surrogate pair', () => issuer.token(manager({ sub: 'mario\ud800' }))],
  ['a sub of 201 characters', () => issuer.token(manager({ sub: 'm'.repeat(201) }))],
  ['a sub of 10,000 characters', () => issuer.token(manager({ sub: 'm'.repeat(10_000) }))],
  ['more than 8 KB', () => issuer.token(manager({ note: 'x'.repeat(8000) }))],
  ['100 KB', () => issuer.token(manager({ note: 'x'.repeat(100_000) }))],
  ['a claim changed', () => issuer.token(manager()).replace(/\.[^.]*\./, `.${encode(manager({ sub: 'ada' }))}.`)],
  ['claims that are no object', () => sign(encode([1, 2]))],
  ['claims that are no JSON', () => sign(Buffer.from('{"sub":').toString('base64url'))],
  ['a header that is no JSON', () => `e30x.${encode(manager())}.c2ln`],
  ['two signatures', () => `${issuer.token(manager())}.c2ln`],
  ['nothing in it', () => '..'],
];

function sign(claims: string): string {
  const [key = makeKey()] = issuer.keys;
  const signed = `${encode({ alg: key.algorithm, kid: key.kid })}.${claims}`;
  return `${signed}.${signWith(key, signed)}`;
}

describe('a token with', () => {
  test.each(bad)('%s lets nobody in', async (_, make) => {
    await expectRefused(bearer(make()));
  });

  test('its end cut off anywhere lets nobody in', async () => {
    const token = issuer.token(manager());
    for (let length = 1; length < token.length; length += 7) await expectRefused(bearer(token.slice(0, length)));
  });

  test.each([
    ['text', 'manager'],
    ['numbers', [3, 4]],
    ['an object', { manager: true }],
    ['null', null],
    ['lists', [['manager']]],
    ['__proto__', ['__proto__', 'constructor']],
    ['roles that are unknown', ['Manager', 'root']],
    ['100 KB of names', Array.from({ length: 700 }, (_, index) => `r${index}`)],
  ])('roles as %s lets its caller do nothing', async (_, roles) => {
    await expectRefused(bearer(issuer.token(manager({ realm_access: { roles } }))), 403);
  });

  test('claims named like what every object has lets its caller do nothing', async () => {
    const claims = JSON.parse('{"__proto__": {"realm_access": {"roles": ["manager"]}}}') as object;
    await expectRefused(bearer(issuer.token(manager({ ...claims, realm_access: undefined }))), 403);
  });
});

describe('a request', () => {
  test.each([
    ['Basic', () => ({ authorization: `Basic ${Buffer.from('mario:pizza').toString('base64')}` }), 401],
    ['an empty Bearer', () => ({ authorization: 'Bearer ' }), 401],
    ['the token alone', () => ({ authorization: issuer.token(manager()) }), 401],
    ['two tokens in one header', () => ({ authorization: `Bearer ${issuer.token(manager())}, Bearer x` }), 401],
  ] as const)('with %s is refused', async (_, headers, status) => {
    await expectRefused(headers(), status);
  });

  test('with a token in the query is refused', async () => {
    const answer = await service.get(`/orders?access_token=${issuer.token(manager())}`);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  test.each([
    ['a token and another one', (token: string) => [token, 'x']],
    ['another one and a token', (token: string) => ['x', token]],
    ['the same token twice', (token: string) => [token, token]],
  ])('with two Authorization headers, %s, is 400', async (_, headersOf) => {
    await service.app.listen({ host: '127.0.0.1', port: 0 }).catch(() => undefined); // it listens already
    const { port } = service.app.server.address() as AddressInfo;
    const lines = headersOf(issuer.token(manager())).map((token) => `Authorization: Bearer ${token}\r\n`);
    const socket = connect(port, '127.0.0.1');
    socket.end(`GET /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines.map(id).join('')}\r\n`);
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('/problems/bad-request');
  });
});

describe('keys', () => {
  const answering =
    (status: number, body: string, headers = {}) =>
    (_: unknown, response: ServerResponse) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body);
      return true;
    };

  test('that the issuer has since, are found at the first token that is signed with them', async () => {
    expect((await orders(bearer(issuer.token(manager())))).status).toBe(200);
    issuer.rotate();
    const answers = await Promise.all(Array.from({ length: 50 }, () => orders(bearer(issuer.token(manager())))));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  test('that the issuer has since, are found although older ones are on their way', async () => {
    const held: (() => void)[] = [];
    issuer.answer = (request, response) => {
      if (request.url !== '/keys') return false;
      const older = JSON.stringify({ keys: issuer.keys.map(jwkOf) });
      held.push(() => response.end(older));
      return true;
    };
    ahead += 11 * 60_000; // so that they are fetched in the background
    expect((await orders(bearer(issuer.token(manager())))).status).toBe(200);
    await until('the keys are asked for', () => held.length === 1);
    issuer.answer = undefined;
    issuer.rotate();
    const answers = Array.from({ length: 10 }, () => orders(bearer(issuer.token(manager()))));
    held[0]?.();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  test('that nobody has, asked for again and again, are looked for every 30 s', async () => {
    issuer.requests.length = 0;
    for (let turn = 0; turn < 50; turn += 1) await expectRefused(bearer(issuer.token(manager(), { key: makeKey() })));
    expect(issuer.requests.filter((path) => path === '/keys')).toHaveLength(1);
    ahead += 31_000;
    await expectRefused(bearer(issuer.token(manager(), { key: makeKey() })));
    expect(issuer.requests.filter((path) => path === '/keys')).toHaveLength(2);
  });

  test('rotated under load, let everybody in whose token the issuer gave', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      issuer.rotate(turn % 2 === 0 ? 'ES256' : 'RS256');
      ahead += 31_000;
      const tokens = Array.from({ length: 20 }, (_, index) => issuer.token(manager({ sub: `s${index}` })));
      const answers = await Promise.all(tokens.map((token) => orders(bearer(token))));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    }
  });

  test('known, while the issuer is away, go on working; unknown ones are 503 with Retry-After', async () => {
    expect((await orders(bearer(issuer.token(manager())))).status).toBe(200);
    await issuer.stop();
    ahead += 11 * 60_000; // so long that they would be fetched again
    const other = makeKey();
    try {
      expect((await orders(bearer(issuer.token(manager())))).status).toBe(200);
      for (let turn = 0; turn < 3; turn += 1) {
        const answer = await orders(bearer(issuer.token(manager(), { key: other })));
        expect(answer.status).toBe(503);
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
        expect(answer.body).toMatchObject({ type: '/problems/unavailable' });
      }
    } finally {
      await issuer.start();
    }
    ahead += 31_000;
    issuer.keys = [other];
    expect((await orders(bearer(issuer.token(manager())))).status).toBe(200);
  });

  test('looked for in vain by a clock that is set back then, are looked for again all the same', async () => {
    ahead += 24 * 3_600_000;
    expect((await orders(bearer(issuer.token(manager(), { key: makeKey() })))).status).toBe(401);
    ahead -= 20 * 3_600_000;
    issuer.rotate();
    expect((await orders(bearer(issuer.token(manager({ exp: now() + 600, iat: now() }))))).status).toBe(200);
  });

  test('taken away by the issuer are forgotten after a while', async () => {
    const [old = makeKey()] = issuer.keys;
    expect((await orders(bearer(issuer.token(manager({ jti: '1' }))))).status).toBe(200);
    issuer.rotate();
    ahead += 11 * 60_000;
    await until('the old key lets nobody in', async () => {
      const token = issuer.token(manager({ jti: String(Math.random()) }), { key: old });
      return (await orders(bearer(token))).status === 401;
    });
  });

  test.each([
    ['that are no JSON', answering(200, '<html>')],
    ['that are not there', answering(500, '{}')],
    ['that are somewhere else', answering(302, '', { location: 'https://evil.example/keys' })],
    ['that are huge', answering(200, `{"keys":[],"x":"${'x'.repeat(3_000_000)}"}`)],
    ['that are no set', answering(200, '{"keys":7}')],
    ['that are null', answering(200, 'null')],
    ['of another issuer', answering(200, '{"issuer":"https://evil.example","jwks_uri":"https://evil.example"}')],
    ['of an issuer that ends every connection', (_: unknown, response: ServerResponse) => !!response.destroy()],
  ])('%s, asked for, are 503, and known ones go on working', async (_, answer) => {
    expect((await orders(bearer(issuer.token(manager())))).status).toBe(200);
    issuer.answer = answer;
    await expectRefused(bearer(issuer.token(manager(), { key: makeKey() })), 503);
    expect((await orders(bearer(issuer.token(manager({ jti: 'new' }))))).status).toBe(200);
  });

  test.each([
    ['never come', () => true],
    ['never end', (_: unknown, response: ServerResponse) => response.write('{"keys":[')],
  ])('that %s, are waited for no longer than the issuer may take: then it is 503', async (_, answer) => {
    const impatient = { ...issuer.settings, issuerAnswersWithinMs: 300 };
    issuer.answer = answer;
    const waiting = await startTestService({ like: service, access: impatient });
    try {
      expect((await waiting.get('/orders', bearer(issuer.token(manager())))).status).toBe(503);
    } finally {
      await waiting.close();
    }
  });

  test('that are symmetric, or of no kind that is known, are not used', async () => {
    const secret = { kty: 'oct', k: Buffer.from('secret').toString('base64url'), kid: 'shared', alg: 'HS256' };
    issuer.answer = (request, response) => {
      if (request.url !== '/keys') return false;
      response.end(JSON.stringify({ keys: [secret, 7, null, { kty: 'x' }, ...issuer.keys.map(jwkOf)] }));
      return true;
    };
    await expectRefused(
      bearer(issuer.token(manager(), { header: { alg: 'HS256', kid: 'shared' }, signature: () => 'c2ln' })),
    );
    issuer.rotate();
    ahead += 31_000;
    expect((await orders(bearer(issuer.token(manager())))).status).toBe(200);
  });
});

test('with the issuer away at the start, the service starts, says 503, and lets callers in once it is there', async () => {
  await issuer.stop();
  const late = await startTestService({ access: issuer.settings });
  try {
    expect((await late.get('/menu')).status).toBe(200);
    const headers = bearer(issuer.token(claimsOf('mario', ['manager'])));
    const answer = await late.get('/orders', headers);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    await issuer.start();
    await until('the caller is let in', async () => (await late.get('/orders', headers)).status === 200);
  } finally {
    await late.close();
  }
});

test('refusals, counted and logged, have their reason, and no token', async () => {
  await expectRefused(bearer(issuer.token(manager({ exp: now() - 60 }))));
  await orders({});
  await orders(bearer(issuer.token({ ...manager(), realm_access: { roles: ['admin'] } })));
  const metrics = await service.app.inject({
    method: 'GET',
    url: '/metrics',
    headers: bearer(issuer.token({ ...manager(), realm_access: { roles: ['service'] } })),
  });
  for (const reason of ['expired', 'no-token', 'invalid-token', 'role', 'issuer-away', 'ambiguous']) {
    expect(metrics.body).toMatch(new RegExp(`^access_refusals_total\\{reason="${reason}"\\} [1-9]`, 'm'));
  }
  const line = service.logged.findLast(({ reason }) => reason === 'role');
  expect(line).toMatchObject({ msg: 'not let in', caller: 'mario', method: 'GET', route: '/orders' });
  await expectRefused(bearer(issuer.token(manager({ aud: 'payments' }))));
  const why = service.logged.findLast(({ reason }) => reason === 'invalid-token');
  expect(why).toMatchObject({ why: expect.stringContaining('aud') as string });
});
