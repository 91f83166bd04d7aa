import { errors, jwtVerify, type JWTPayload } from 'jose';
import { AccessError } from './errors.ts';
import { createKeys, type KeysOptions } from './keys.ts';
import type { Identity } from './permit.ts';
import { ROLES } from './rules.ts';
import { type AccessSettings, ISSUER_ANSWERS_WITHIN_MS } from './settings.ts';

export type TokenSettings = Pick<
  AccessSettings,
  'issuer' | 'audience' | 'rolesClaim' | 'customerClaim' | 'issuerAnswersWithinMs'
>;

/** Signatures with a private key only: what is checked with a public key must not be made with it. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** RFC 9068 §2.1, and what most issuers still write. */
const TYPES: readonly (string | undefined)[] = ['at+jwt', 'application/at+jwt', 'jwt', undefined];
/** Claims that only an ID token has (OpenID Connect Core §2, §3.3.2.11). */
const OF_ID_TOKENS = ['nonce', 'at_hash', 'c_hash'];
export const TOLERANCE_MS = 5000;
const LONGEST = 8 * 1024;
const TEXT = /^(?=.*\S)[^\p{Cc}\p{Cs}]{1,200}$/u;

/**
 * Verifies access tokens: JSON Web Tokens of the issuer for this service's audience (RFC 7519, RFC 9068 §4).
 *
 * @returns verifies one; it throws AccessError `invalid-token`, `expired` or `issuer-away`
 */
export function createTokenVerifier(settings: TokenSettings, { clock, log }: Pick<KeysOptions, 'clock' | 'log'>) {
  const { issuer, audience, issuerAnswersWithinMs: withinMs = ISSUER_ANSWERS_WITHIN_MS } = settings;
  const keyOf = createKeys({ issuer, withinMs, clock, log });

  return async function verify(token: string): Promise<Identity> {
    if (token.length > LONGEST) throw new AccessError('invalid-token', `it is longer than ${LONGEST} bytes`);
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keyOf, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: TOLERANCE_MS / 1000,
        currentDate: clock(),
      });
      const { crit, typ } = protectedHeader;
      if (crit !== undefined) throw new AccessError('invalid-token', 'it has critical headers');
      if (!TYPES.includes(typ?.toLowerCase())) throw new AccessError('invalid-token', 'it is of another type');
      return identityOf(payload, settings);
    } catch (error) {
      if (error instanceof AccessError) throw error;
      if (error instanceof errors.JWTExpired) throw new AccessError('expired', 'it is expired', { cause: error });
      if (error instanceof errors.JOSEError) throw new AccessError('invalid-token', error.message, { cause: error });
      // A key that the issuer lists and nobody can use, one that is too short for example.
      log.warn({ err: error }, 'a token could not be verified');
      throw new AccessError('invalid-token', 'it could not be verified', { cause: error });
    }
  };
}

function identityOf(claims: JWTPayload, { rolesClaim, customerClaim }: TokenSettings): Identity {
  const { sub, exp = 0, aud } = claims;
  // Who is let in to several services could be let in here with a token that another one of them was sent.
  if (typeof aud !== 'string') throw new AccessError('invalid-token', 'it is for several audiences');
  if (typeof sub !== 'string' || !TEXT.test(sub)) throw new AccessError('invalid-token', 'its sub is no id');
  if (OF_ID_TOKENS.some((name) => name in claims)) throw new AccessError('invalid-token', 'it is an ID token');
  const roles = valueAt(claims, rolesClaim);
  const customerId = valueAt(claims, customerClaim);
  return {
    id: sub,
    roles: Array.isArray(roles) ? ROLES.filter((role) => roles.includes(role)) : [],
    customerId: typeof customerId === 'string' && TEXT.test(customerId) ? customerId : undefined,
    expiresAt: exp * 1000,
  };
}

/** What a JSON pointer (RFC 6901) names; undefined when there is nothing. */
function valueAt(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(
      (inner, name) =>
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
          ? (inner as Record<string, unknown>)[name]
          : undefined,
      value,
    );
}
