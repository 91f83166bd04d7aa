import type { FastifyRequest } from 'fastify';
import { AccessError } from '../../access/errors.ts';
import { givenTwice } from '../server/headers.ts';
import { cookieOf, originOf } from './cookies.ts';

/** RFC 6750 §2.1. */
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;
const AUTHORIZATION: ReadonlySet<string> = new Set(['authorization']);
const SAFE = ['GET', 'HEAD', 'OPTIONS'];

/** What a request says about who sends it. */
export interface Credentials {
  readonly kind: 'token' | 'session';
  readonly text: string;
}

/**
 * A token in the Authorization header, else the session of a page. Tokens anywhere else are not looked at.
 *
 * @returns AccessError when there is neither, when there are two tokens, and when a page of another origin sends a session
 */
export function credentialsOf(request: FastifyRequest): Credentials | AccessError {
  const { headers, raw } = request;
  if (headers.authorization !== undefined) {
    // Node gives the first of several; a proxy may have looked at another one.
    if (givenTwice(AUTHORIZATION, raw.rawHeaders) !== undefined) {
      return new AccessError('ambiguous', 'there are several Authorization headers');
    }
    const text = BEARER.exec(headers.authorization)?.[1];
    if (text === undefined) return new AccessError('invalid-token', 'the Authorization header has no bearer token');
    return { kind: 'token', text };
  }
  const text = cookieOf(request, 'session');
  if (text === undefined) return new AccessError('no-token', 'there is no token and no session');
  if (!SAFE.includes(request.method) && !isSameOrigin(request)) {
    return new AccessError('cross-site', 'a page of another origin uses a session');
  }
  return { kind: 'session', text };
}

/** Whether a page of this service sends the request, by what only a browser can set. */
function isSameOrigin(request: FastifyRequest): boolean {
  const { 'sec-fetch-site': site, origin } = request.headers;
  return site === undefined ? origin === originOf(request) : site === 'same-origin';
}
