import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../../access/index.ts';
import { AccessError } from '../../access/errors.ts';
import { problem } from '../problems/catalogue.ts';
import { badField, ProblemError } from '../problems/errors.ts';
import { prefixOf } from '../server/gateway.ts';
import { cookieOf, originOf, setCookie } from './cookies.ts';
import { problemOf } from './guard.ts';

const CALLBACK = '/auth/callback';
/** At the same time in one browser: their cookies come with every request. */
const MOST_LOGINS = 8;
/** A path here and nothing that a browser takes for another place: `//evil`, `/\evil`, a tab in between. */
const LOCAL_PATH = /^\/(?![/\\])[\x21-\x5B\x5D-\x7E]*$/;

/** The routes by which a person logs in and out of the pages. */
export function sessionRoutes(app: FastifyInstance, access: Access): void {
  const { login } = access;
  if (login) {
    app.get<{ Querystring: { returnTo?: unknown } }>(
      '/auth/login',
      { schema: { hide: true } },
      async (request, reply) => {
        const { returnTo = '/' } = request.query;
        if (typeof returnTo !== 'string' || !LOCAL_PATH.test(returnTo)) {
          throw badField('#/returnTo', 'must be a path of this service');
        }
        const begun = await explaining(
          request,
          login.begin(here(request, `${prefixOf(request)}${CALLBACK}`).href, returnTo),
        );
        setCookie(request, reply, loginCookie(begun.state), begun.sealed, begun.expiresAt);
        return leave(reply, begun.location);
      },
    );

    app.get<{ Querystring: { state?: unknown } }>(CALLBACK, { schema: { hide: true } }, async (request, reply) => {
      const cookie = loginCookie(String(request.query.state));
      const begun = cookieOf(request, cookie);
      setCookie(request, reply, cookie, '', 0);
      if (begun === undefined) throw turnedAway(request, new AccessError('login-failed', 'no login was begun here'));
      const { identity, returnTo } = await explaining(request, login.finish(addressOf(request), begun));
      const { sealed, expiresAt } = await access.sealSession(identity);
      setCookie(request, reply, 'session', sealed, expiresAt);
      return leave(reply, withoutPrefix(request, returnTo));
    });
  }

  app.get('/auth/me', { schema: { hide: true } }, ({ identity }) => {
    if (!identity) throw new ProblemError(problem('unauthenticated'));
    const { id, roles, customerId = null, expiresAt } = identity;
    return { id, roles, customerId, expiresAt: new Date(expiresAt).toISOString() };
  });

  app.post('/auth/logout', { schema: { hide: true } }, async (request, reply) => {
    const session = cookieOf(request, 'session');
    if (session !== undefined) await access.endSession(session);
    setCookie(request, reply, 'session', '', 0);
    return reply.code(204).send();
  });
}

/** Several pages of one browser may log in at the same time: what each has begun is told by its state, up to a number. */
function loginCookie(state: string): string {
  return `login-${state.charCodeAt(0) % MOST_LOGINS}`;
}

/** A path as the browser has it, as this service has it: what leads there gets the prefix again. */
function withoutPrefix(request: FastifyRequest, path: string): string {
  const prefix = prefixOf(request);
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
}

/** What was asked for, as the browser has it. */
function addressOf(request: FastifyRequest): URL {
  const url = here(request, request.url);
  url.pathname = prefixOf(request) + url.pathname;
  return url;
}

function here(request: FastifyRequest, path: string): URL {
  const origin = originOf(request);
  if (!URL.canParse(path, origin)) throw turnedAway(request, new AccessError('login-failed', 'Host is none'));
  return new URL(path, origin);
}

function leave(reply: FastifyReply, location: string): FastifyReply {
  return reply.code(303).header('cache-control', 'no-store').header('location', location).send();
}

async function explaining<T>(request: FastifyRequest, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw error instanceof AccessError ? turnedAway(request, error) : error;
  }
}

function turnedAway(request: FastifyRequest, refusal: AccessError): ProblemError {
  request.server.refused(request, refusal.reason, refusal.message);
  const isAway = refusal.reason === 'issuer-away';
  const failed = problem('bad-request', 'The login was not finished. Please begin it again.');
  return new ProblemError(isAway ? problemOf(refusal) : failed);
}
