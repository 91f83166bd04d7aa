import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Logger } from 'pino';
import { settleWithin } from '../time-limit.ts';
import { AccessError } from './errors.ts';

export interface KeysOptions {
  readonly issuer: string;
  /** Milliseconds that discovery and the keys together may take. */
  readonly withinMs: number;
  readonly clock: () => Date;
  readonly log: Logger;
}

const MOST_BYTES = 256 * 1024;
/** Keys older than this are fetched again in the background, so that one that was withdrawn is forgotten. */
const FRESH_MS = 10 * 60_000;
/** Between two fetches for a key that is not known. */
const SEARCH_EVERY_MS = 30_000;
/** Between two tries while no key is known at all. */
const TRY_EVERY_MS = 1000;
const ASYMMETRIC: readonly unknown[] = ['RSA', 'EC', 'OKP'];

/**
 * The issuer's public keys, found by OpenID Connect Discovery and never taken from a token. Whatever becomes of the
 * issuer, the keys that are known go on working.
 *
 * @returns what finds the key of a token; it throws AccessError `issuer-away` when it cannot tell whether there is
 *   one, and `invalid-token` when there is none
 */
export function createKeys({ issuer, withinMs, clock, log }: KeysOptions): JWTVerifyGetKey {
  let known: LookUp | undefined;
  let fetching: Promise<LookUp | undefined> | undefined;
  let searching: Promise<LookUp | undefined> | undefined;
  let isAway = false;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let searchedAt = Number.NEGATIVE_INFINITY;

  void refresh(); // so that the first caller does not wait for it
  return async (header, token) => {
    const now = clock().getTime();
    if (known && since(fetchedAt, now) > FRESH_MS && since(triedAt, now) > SEARCH_EVERY_MS) void refresh();
    const keys = known ?? (await firstKeys(now));
    const found = await lookUp(keys, header, token);
    if (found) return found;
    const fresh = await search(now);
    if (!fresh) throw away(SEARCH_EVERY_MS);
    const foundNow = await lookUp(fresh, header, token);
    if (!foundNow) throw unknownKey();
    return foundNow;
  };

  /** Fetches the keys for one that is not known; what is on its way already may be older than that key. */
  function search(now: number): Promise<LookUp | undefined> {
    if (searching) return searching;
    const wait = SEARCH_EVERY_MS - since(searchedAt, now);
    if (wait > 0) throw isAway ? away(wait) : unknownKey();
    searchedAt = now;
    searching = Promise.resolve(fetching)
      .then(refresh)
      .finally(() => {
        searching = undefined;
      });
    return searching;
  }

  async function firstKeys(now: number): Promise<LookUp> {
    const wait = TRY_EVERY_MS - since(triedAt, now);
    const keys = fetching === undefined && wait > 0 ? undefined : await refresh();
    if (!keys) throw away(Math.max(wait, TRY_EVERY_MS));
    return keys;
  }

  /** Fetches the keys, once for all who ask meanwhile; undefined when it did not work. */
  function refresh(): Promise<LookUp | undefined> {
    fetching ??= fetchKeys(issuer, withinMs)
      .then(
        (keys) => {
          known = createLocalJWKSet(keys);
          fetchedAt = clock().getTime();
          isAway = false;
          return known;
        },
        (error: unknown) => {
          isAway = true;
          log.warn({ err: error, issuer }, 'the issuer does not give its keys');
          return undefined;
        },
      )
      .finally(() => {
        triedAt = clock().getTime();
        fetching = undefined;
      });
    return fetching;
  }
}

/** Milliseconds; of what lies ahead, since the clock was set back, nobody knows how long ago it was. */
function since(time: number, now: number): number {
  return time > now ? Number.POSITIVE_INFINITY : now - time;
}

type LookUp = ReturnType<typeof createLocalJWKSet>;

async function lookUp(keys: LookUp, header: Parameters<LookUp>[0], token: Parameters<LookUp>[1]) {
  try {
    return await keys(header, token);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return undefined;
    throw error;
  }
}

function away(milliseconds: number): AccessError {
  return new AccessError('issuer-away', 'the issuer does not give its keys', {
    retryAfter: Math.max(1, Math.ceil(milliseconds / 1000)),
  });
}

function unknownKey(): AccessError {
  return new AccessError('invalid-token', 'the issuer has no such key');
}

async function fetchKeys(issuer: string, withinMs: number): Promise<JSONWebKeySet> {
  const ending = new AbortController();
  // Not by the signal alone: once there are headers, it does not always end the body.
  const timeUp = () => new Error(`the issuer did not answer within ${withinMs} ms`);
  return settleWithin(withinMs, fetchKeySet(issuer, ending.signal), timeUp).finally(() => {
    ending.abort();
  });
}

async function fetchKeySet(issuer: string, signal: AbortSignal): Promise<JSONWebKeySet> {
  const discovered = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal);
  if (discovered['issuer'] !== issuer) throw new Error('the issuer calls itself something else');
  const { jwks_uri: uri } = discovered;
  if (typeof uri !== 'string' || !URL.canParse(uri)) throw new Error('the issuer does not say where its keys are');
  if (new URL(uri).protocol !== 'https:' && !issuer.startsWith('http:')) throw new Error('the keys are not on https');
  const { keys } = await fetchJson(uri, signal);
  if (!Array.isArray(keys)) throw new Error('not a set of keys');
  const isPublic = (key: unknown) => ASYMMETRIC.includes((key as { kty?: unknown } | null)?.kty);
  return { keys: keys.filter(isPublic) as JSONWebKeySet['keys'] };
}

async function fetchJson(url: string, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`${url} answered more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
  if (typeof value !== 'object' || value === null) throw new Error(`${url} answered no JSON object`);
  return value as Readonly<Record<string, unknown>>;
}
