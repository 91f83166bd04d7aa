import type { Config } from '../config.ts';

/** How callers are identified: by tokens of an OpenID issuer, and pages by a session. */
export interface AccessSettings {
  /** The `iss` of every token, to the character; its keys are found by OpenID Connect Discovery. */
  readonly issuer: string;
  readonly audience: string;
  /** JSON pointers (RFC 6901) into a token's claims. */
  readonly rolesClaim: string;
  readonly customerClaim: string;
  /** Without one, pages cannot log in. */
  readonly client: { readonly id: string; readonly secret: string | undefined } | undefined;
  /** Milliseconds that the issuer may take for an answer; default 2,500, so that a caller has its own within 3 s. */
  readonly issuerAnswersWithinMs?: number;
  /** The first encrypts, all decrypt. */
  readonly sessionKeys: readonly string[];
}

export const ISSUER_ANSWERS_WITHIN_MS = 2500;

/** What the embedded issuer gives its tokens. */
export const DEVELOPMENT = { audience: 'urn:marios-pizzeria:orders', clientId: 'pizzeria' } as const;

/**
 * @param embeddedIssuer where the embedded issuer listens, if it does
 * @returns undefined when nobody is asked for a token
 */
export function accessSettings(config: Config, embeddedIssuer: string | undefined): AccessSettings | undefined {
  const sessionKeys = config.sessionKey?.split(',') ?? [];
  if (embeddedIssuer !== undefined) {
    const client = { id: DEVELOPMENT.clientId, secret: undefined };
    const claims = { rolesClaim: '/roles', customerClaim: '/sub' };
    return { issuer: embeddedIssuer, audience: DEVELOPMENT.audience, ...claims, client, sessionKeys };
  }
  const { oidcIssuer: issuer, oidcAudience: audience, oidcClientId: id, oidcClientSecret: secret } = config;
  if (config.auth !== 'oidc' || issuer === undefined || audience === undefined) return undefined;
  const { oidcRolesClaim: rolesClaim, oidcCustomerClaim: customerClaim } = config;
  return {
    issuer,
    audience,
    rolesClaim,
    customerClaim,
    client: id === undefined ? undefined : { id, secret },
    sessionKeys,
  };
}
