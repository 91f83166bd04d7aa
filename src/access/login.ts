import type { Configuration } from 'openid-client';
import { settleWithin } from '../time-limit.ts';
import { AccessError } from './errors.ts';
import type { Identity } from './permit.ts';
import type { Seals } from './sessions.ts';

export interface LoginOptions {
  readonly issuer: string;
  /** Milliseconds that each of its answers may take. */
  readonly withinMs: number;
  readonly client: { readonly id: string; readonly secret: string | undefined };
  readonly verify: (token: string) => Promise<Identity>;
  readonly seals: Seals;
  readonly clock: () => Date;
}

/** How long a person may take at the issuer. */
const LOGIN_WITHIN_MS = 10 * 60_000;

/**
 * The login of pages: authorization code flow with PKCE, state and nonce (OpenID Connect Core §3.1, RFC 9700 §2.1).
 * What has to be remembered meanwhile is kept by the browser, sealed. The library is loaded with the first login.
 */
export function createLogin({ issuer, withinMs, client: { id, secret }, verify, seals, clock }: LoginOptions) {
  let configuring: Promise<Configuration> | undefined;

  return {
    /**
     * @param redirectUri where the issuer sends the browser back to
     * @param returnTo local path of the page that the person wants
     * @returns where to send the browser, by which `state` it comes back, and what it has to keep until then
     * @throws AccessError `issuer-away`
     */
    async begin(redirectUri: string, returnTo: string) {
      const oidc = await import('openid-client');
      const configuration = await configured();
      const [verifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()];
      const location = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: 'openid',
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      });
      const expiresAt = clock().getTime() + LOGIN_WITHIN_MS;
      const sealed = await seals.seal('login', { verifier, state, nonce, returnTo }, expiresAt);
      return { location: location.href, state, sealed, expiresAt };
    },

    /**
     * @param url that the issuer sent the browser to, with its query
     * @param sealed what `begin` gave the browser to keep
     * @throws AccessError: `login-failed` for a login that this browser did not begin, or that the issuer refused
     */
    async finish(url: URL, sealed: string): Promise<{ readonly identity: Identity; readonly returnTo: string }> {
      const oidc = await import('openid-client');
      const begun = (await seals.open('login', sealed)) as Record<'verifier' | 'state' | 'nonce' | 'returnTo', string>;
      const configuration = await configured();
      try {
        const tokens = await oidc.authorizationCodeGrant(configuration, url, {
          pkceCodeVerifier: begun.verifier,
          expectedState: begun.state,
          expectedNonce: begun.nonce,
          idTokenExpected: true,
        });
        const identity = await verify(tokens.access_token);
        if (tokens.claims()?.sub !== identity.id)
          throw new AccessError('login-failed', 'the tokens differ in their sub');
        return { identity, returnTo: begun.returnTo };
      } catch (error) {
        throw explained(error);
      }
    },
  };

  function configured(): Promise<Configuration> {
    // Not by the library's own limit alone: once there are headers, it does not always end the body.
    const timeUp = () => new Error(`the issuer did not answer within ${withinMs} ms`);
    configuring ??= settleWithin(withinMs, discover(), timeUp).catch((error: unknown) => {
      configuring = undefined;
      throw new AccessError('issuer-away', 'the issuer cannot be discovered', { cause: error, retryAfter: 1 });
    });
    return configuring;
  }

  async function discover(): Promise<Configuration> {
    const oidc = await import('openid-client');
    return oidc.discovery(
      new URL(issuer),
      id,
      undefined,
      secret === undefined ? oidc.None() : oidc.ClientSecretPost(secret),
      {
        timeout: withinMs / 1000,
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- an issuer on this machine has no certificate
        execute: issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [],
      },
    );
  }
}

function explained(error: unknown): AccessError {
  if (error instanceof AccessError) return error;
  const { code, status = 0 } = error as { readonly code?: unknown; readonly status?: number };
  // What `fetch` throws has no code of its own.
  const isAway = (error instanceof TypeError && code === undefined) || code === 'OAUTH_TIMEOUT' || status >= 500;
  return isAway
    ? new AccessError('issuer-away', 'the issuer does not answer', { cause: error, retryAfter: 1 })
    : new AccessError('login-failed', 'the login was not finished', { cause: error });
}
