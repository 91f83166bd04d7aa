import { startEmbedded } from '@marios-pizzeria/embedded-openid';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';

const REDIRECT = 'http://127.0.0.1:4321/auth/callback';
let issuer: Awaited<ReturnType<typeof startEmbedded>>;
beforeAll(async () => {
  issuer = await startEmbedded({ dataDir: '', port: 0 });
});
afterAll(() => issuer.close());

function authorization(change: Readonly<Record<string, string | undefined>> = {}): string {
  const usual = {
    client_id: 'pizzeria',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: REDIRECT,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  };
  const all: Readonly<Record<string, string | undefined>> = { ...usual, ...change };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return `${issuer.url}/auth?${new URLSearchParams(Object.fromEntries(given) as Record<string, string>).toString()}`;
}

/** The page on which a person is chosen, and the cookie that it needs. */
async function begin() {
  const begun = await fetch(authorization(), { redirect: 'manual' });
  const cookie = begun.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  return { page: new URL(begun.headers.get('location') ?? '', issuer.url), cookie };
}

test('discovery, asked for, names the issuer to the character, and keys of which none is private', async () => {
  const found = (await (await fetch(`${issuer.url}/.well-known/openid-configuration`)).json()) as Record<
    string,
    string
  >;
  expect(found['issuer']).toBe(issuer.url);
  const { keys } = (await (await fetch(found['jwks_uri'] ?? '')).json()) as { keys: Record<string, string>[] };
  expect(keys).toHaveLength(1);
  expect(keys[0]).toMatchObject({ kty: 'EC', alg: 'ES256' });
  expect(keys[0]).not.toHaveProperty('d');
});

test.each([
  ['to another host', { redirect_uri: 'https://evil.example/auth/callback' }],
  ['to another path', { redirect_uri: 'http://127.0.0.1:4321/elsewhere' }],
  ['of another client', { client_id: 'others' }],
])('a login %s is refused', async (_, change) => {
  expect((await fetch(authorization(change), { redirect: 'manual' })).status).toBe(400);
});

test('a login without PKCE is sent back with an error', async () => {
  const answer = await fetch(authorization({ code_challenge: undefined, code_challenge_method: undefined }), {
    redirect: 'manual',
  });
  expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request');
});

test('nobody but the five can be chosen, and only where the login was begun', async () => {
  const { page, cookie } = await begin();
  const choose = async (person: string, headers: Record<string, string>) =>
    (await fetch(page, { method: 'POST', redirect: 'manual', headers, body: new URLSearchParams({ person }) })).status;
  expect(await choose('root', { cookie })).toBe(400);
  expect(await choose('x'.repeat(5000), { cookie })).toBe(400);
  expect(await choose('anna', {})).toBe(400);
  expect((await fetch(page)).status).toBe(400);
  expect(await choose('anna', { cookie })).toBe(303);
});

test('asked from outside this machine, nobody is there', async () => {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  expect(new URL(issuer.url).hostname).toBe('127.0.0.1');
  if (!outside) return;
  await expect(fetch(issuer.url.replace('127.0.0.1', outside.address))).rejects.toThrow();
});
