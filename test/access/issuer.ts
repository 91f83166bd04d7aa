import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AccessSettings } from '../../src/access/settings.ts';

export const AUDIENCE = 'orders';

type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';
type Json = Readonly<Record<string, unknown>>;

interface Key {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface TokenOptions {
  readonly header?: Json;
  readonly key?: Key;
  /** In the place of the signature of `key`. */
  readonly signature?: (signed: string) => string;
}

/** An OpenID issuer made by hand, of no library: discovery, keys, and tokens as they are asked for. */
export interface TestIssuer {
  readonly url: string;
  readonly settings: AccessSettings;
  /** Requests that it got, by path. */
  readonly requests: string[];
  /** What it answers; undefined: what an issuer should. */
  answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** What its token endpoint answers. */
  grant: Json;
  /** The set of keys that it publishes, newest first. */
  keys: Key[];
  /** Adds a key, with which it signs from now on, and takes the others away. */
  rotate(algorithm?: Algorithm): Key;
  /** An access token with the usual claims, but for those given; one that is undefined is left out. */
  token(claims?: Json, options?: TokenOptions): string;
  /** Stops listening; `start` listens again at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export function makeKey(algorithm: Algorithm = 'ES256'): Key {
  const pair =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : algorithm === 'EdDSA'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { kid: randomUUID(), algorithm, ...pair };
}

export function jwkOf({ kid, algorithm, publicKey }: Key): Json {
  return { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
}

export function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export function signWith({ algorithm, privateKey }: Key, signed: string): string {
  const data = Buffer.from(signed);
  switch (algorithm) {
    case 'ES256':
      return sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    case 'EdDSA':
      return sign(null, data, privateKey).toString('base64url');
    case 'RS256':
      return sign('sha256', data, privateKey).toString('base64url');
    case 'PS256':
      return sign('sha256', data, { key: privateKey, padding: 6, saltLength: 32 }).toString('base64url');
    default:
      return algorithm satisfies never;
  }
}

/** What a careless verifier takes for a signature: made with what everybody knows. */
export function hmacOfPublicKey({ publicKey }: Key, signed: string): string {
  const secret = publicKey.export({ format: 'pem', type: 'spki' });
  return createHmac('sha256', secret).update(signed).digest('base64url');
}

export async function startIssuer(): Promise<TestIssuer> {
  const server = createServer(handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const claims = { rolesClaim: '/realm_access/roles', customerClaim: '/customer_id' };
  // As long as a machine may take that has much else to do.
  const patient = { client: undefined, sessionKeys: [], issuerAnswersWithinMs: 60_000 };
  const settings: AccessSettings = { issuer: url, audience: AUDIENCE, ...claims, ...patient };

  const issuer: TestIssuer = {
    url,
    settings,
    requests: [],
    answer: undefined,
    grant: {},
    keys: [makeKey()],
    rotate(algorithm) {
      const key = makeKey(algorithm);
      issuer.keys = [key];
      return key;
    },
    token(given = {}, { header, key = issuer.keys[0] ?? makeKey(), signature } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const usual = { iss: url, aud: AUDIENCE, sub: 'somebody', iat: now, exp: now + 600 };
      const head = { alg: key.algorithm, typ: 'at+jwt', kid: key.kid, ...header };
      const signed = `${encode(head)}.${encode({ ...usual, ...given })}`;
      return `${signed}.${signature?.(signed) ?? signWith(key, signed)}`;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
    async start() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
  return issuer;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const { url: path = '' } = request;
    issuer.requests.push(path);
    if (issuer.answer?.(request, response)) return;
    const answers: Readonly<Record<string, unknown>> = {
      '/.well-known/openid-configuration': {
        issuer: url,
        jwks_uri: `${url}/keys`,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        id_token_signing_alg_values_supported: ['ES256'],
      },
      '/token': issuer.grant,
      '/keys': { keys: issuer.keys.map(jwkOf) },
    };
    response.writeHead(Object.hasOwn(answers, path) ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answers[path] ?? {}));
  }
}

/** The claims of a person or program with these roles. */
export function claimsOf(sub: string, roles: readonly string[], customerId?: string): Json {
  return { sub, realm_access: { roles }, ...(customerId !== undefined && { customer_id: customerId }) };
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}
