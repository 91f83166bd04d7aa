import { hash, randomBytes, randomUUID } from 'node:crypto';
import { EncryptJWT, errors, jwtDecrypt, type JWTPayload } from 'jose';
import { AccessError } from './errors.ts';
import type { Identity } from './permit.ts';
import { ROLES } from './rules.ts';

const LONGEST_SESSION_MS = 8 * 3_600_000;
const ENCRYPTION = 'A256GCM';

/** What a sealed text is for: one cannot be taken for the other. */
type Purpose = 'session' | 'login';

/** Seals what a browser keeps for the service, so that it can neither be read nor changed there. */
export interface Seals {
  /** @param expiresAt milliseconds since 1970 */
  seal(purpose: Purpose, content: JWTPayload, expiresAt: number): Promise<string>;
  /** @throws AccessError for what is expired, or was not sealed here for that purpose */
  open(purpose: Purpose, sealed: string): Promise<JWTPayload>;
}

/**
 * @param keys texts of high entropy: the first seals, all open, so that a key can be replaced while sessions last; none:
 *   one that lasts as long as the process
 */
export function createSeals(keys: readonly string[], clock: () => Date): Seals {
  const secrets = keys.map((key) => new Uint8Array(hash('sha256', key, 'buffer')));
  const [first = new Uint8Array(randomBytes(32)), ...others] = secrets;
  return {
    seal: (purpose, content, expiresAt) =>
      new EncryptJWT(content)
        .setProtectedHeader({ alg: 'dir', enc: ENCRYPTION })
        .setAudience(purpose)
        .setExpirationTime(Math.floor(expiresAt / 1000))
        .encrypt(first),

    async open(purpose, sealed) {
      let failure: unknown;
      for (const secret of [first, ...others]) {
        try {
          const { payload } = await jwtDecrypt(sealed, secret, {
            audience: purpose,
            requiredClaims: ['exp'],
            keyManagementAlgorithms: ['dir'],
            contentEncryptionAlgorithms: [ENCRYPTION],
            currentDate: clock(),
          });
          return payload;
        } catch (error) {
          if (error instanceof errors.JWTExpired) throw new AccessError('expired', 'it is expired', { cause: error });
          if (!(error instanceof errors.JOSEError)) throw error;
          failure = error;
        }
      }
      throw new AccessError('invalid-token', `this is no ${purpose} of ours`, { cause: failure });
    },
  };
}

export interface Session extends Identity {
  readonly sessionId: string;
}

/** Makes a session of an identity; it ends with the token, and after 8 hours at the latest. */
export async function sealSession(seals: Seals, identity: Identity, now: Date) {
  const expiresAt = Math.min(identity.expiresAt, now.getTime() + LONGEST_SESSION_MS);
  const { id: sub, roles, customerId } = identity;
  const content = { sub, jti: randomUUID(), roles, ...(customerId !== undefined && { customerId }) };
  return { sealed: await seals.seal('session', content, expiresAt), expiresAt };
}

/** @throws AccessError */
export async function openSession(seals: Seals, sealed: string): Promise<Session> {
  const { sub = '', jti = '', exp = 0, roles, customerId } = await seals.open('session', sealed);
  return {
    id: sub,
    sessionId: jti,
    roles: ROLES.filter((role) => (roles as readonly string[]).includes(role)),
    customerId: customerId as string | undefined,
    expiresAt: exp * 1000,
  };
}
