import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { AccessError } from './errors.ts';
import { createLogin } from './login.ts';
import type { Identity } from './permit.ts';
import { createSeals, openSession, sealSession } from './sessions.ts';
import { type AccessSettings, ISSUER_ANSWERS_WITHIN_MS } from './settings.ts';
import { createTokenVerifier, TOLERANCE_MS } from './tokens.ts';

export type Access = ReturnType<typeof createAccess>;

export interface AccessOptions {
  readonly log: Logger;
  readonly clock: () => Date;
}

/** Identities are small; a token that had to go is verified again. */
const MOST_REMEMBERED = 10_000;

/** Identifies callers by their tokens and sessions. */
export function createAccess(settings: AccessSettings, { log, clock }: AccessOptions) {
  const { issuer, client, issuerAnswersWithinMs: withinMs = ISSUER_ANSWERS_WITHIN_MS } = settings;
  const verify = createTokenVerifier(settings, { log, clock });
  const seals = createSeals(settings.sessionKeys, clock);
  const ended = new LRUCache<string, true>({ max: MOST_REMEMBERED });
  const isOver = ({ expiresAt }: Identity, toleranceMs = 0) => expiresAt + toleranceMs <= clock().getTime();

  return {
    /** Who sends an access token; rejects with AccessError. */
    identifyToken: remembering(verify, (identity) => !isOver(identity, TOLERANCE_MS)),

    /** Whose session it is; rejects with AccessError. */
    identifySession: remembering(
      async (sealed: string) => {
        const session = await openSession(seals, sealed);
        if (ended.has(session.sessionId)) throw new AccessError('expired', 'it was ended');
        return session;
      },
      (session) => !isOver(session) && !ended.has(session.sessionId),
    ),

    /**
     * Lets nobody in with the session any more who comes to this instance with a copy of it. What is no session, or
     * none any more, lets nobody in anyway.
     */
    async endSession(sealed: string): Promise<void> {
      try {
        const { sessionId } = await openSession(seals, sealed);
        ended.set(sessionId, true);
      } catch (error) {
        if (!(error instanceof AccessError)) throw error;
      }
    },

    login: client && createLogin({ issuer, withinMs, client, verify, seals, clock }),
    sealSession: (identity: Identity) => sealSession(seals, identity, clock()),
  };
}

/** Remembers whom a text was found to identify, by its SHA-256: a signature costs far more. */
function remembering<Found extends Identity>(
  identify: (text: string) => Promise<Found>,
  isStillValid: (found: Found) => boolean,
): (text: string) => Found | Promise<Found> {
  const known = new LRUCache<string, Found>({ max: MOST_REMEMBERED });
  return (text) => {
    const key = hash('sha256', text, 'base64');
    const remembered = known.get(key);
    if (remembered && isStillValid(remembered)) return remembered;
    return identify(text).then((found) => {
      known.set(key, found);
      return found;
    });
  };
}
