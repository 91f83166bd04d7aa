import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../../access/index.ts';
import { AccessError, type RefusalReason } from '../../access/errors.ts';
import { covers, type Identity, type Permit, permitOf } from '../../access/permit.ts';
import { NO_ROUTE, rolesIn, type Rule, ruleOf } from '../../access/rules.ts';
import type { Metrics } from '../../metrics.ts';
import { nameRequest } from '../problems/answer.ts';
import { problem, type ProblemDetails } from '../problems/catalogue.ts';
import { notFound, ProblemError } from '../problems/errors.ts';
import { credentialsOf } from './credentials.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the route; null where nobody is asked anything. */
    rule: Rule | null;
    /** Who asks; null while nobody has shown who it is. */
    identity: Identity | null;
    /** Why `identity` is null where it must not be. */
    refusal: AccessError | null;
    /** Whether it was counted that the caller was not let in. */
    wasRefused: boolean;
    /** What the caller may do; null where everybody may do everything. */
    permit: Permit | null;
  }
  interface FastifyContextConfig {
    rule?: Rule;
  }
  interface FastifyInstance {
    /**
     * Counts and logs that a caller was not let in.
     *
     * @param why in words, without anything that was sent
     */
    refused(request: FastifyRequest, reason: RefusalReason, why?: string): void;
  }
}

/** Sees to it that every route that is added from now on has a rule. */
export function requireRules(app: FastifyInstance): void {
  app.decorateRequest('rule', null).decorateRequest('identity', null).decorateRequest('permit', null);
  app.decorateRequest('refusal', null).decorateRequest('wasRefused', false);
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) {
      const rule = ruleOf(method, route.url);
      if (rule === undefined) throw new Error(`src/access/rules.ts does not say who may ${method} ${route.url}`);
      route.config = { ...route.config, rule };
    }
  });
}

/**
 * Lets in whom the rules let in: says first who asks, so that requests are counted by caller, and refuses before a body
 * is read. What is said of a single order is for the routes to check.
 */
export function guard(app: FastifyInstance, access: Access, metrics: Pick<Metrics, 'countRefusals'>): void {
  const count = metrics.countRefusals();
  app.decorate('refused', (request: FastifyRequest, reason: RefusalReason, why?: string) => {
    if (request.wasRefused) return; // who waits for a revision is looked at again and again
    request.wasRefused = true;
    count(reason);
    const { method, routeOptions } = request;
    request.log.info({ reason, why, method, route: routeOptions.url, ...nameRequest(request) }, 'not let in');
  });

  app.addHook('onRequest', (request, reply, done) => {
    const { rule = NO_ROUTE } = request.routeOptions.config;
    if (rule === 'anyone') return done();
    request.rule = rule;
    void reply.header('cache-control', 'private').header('vary', 'authorization, cookie');
    const identified = identify(request);
    // A caller who is remembered is not waited for: one promise more would cost every request.
    if (identified instanceof Promise) {
      identified.then(accept, refuse).then(goOn, done);
      return;
    }
    accept(identified);
    goOn();

    /** What is no route is answered before the next hook of this one. */
    function goOn(): void {
      done(request.is404 ? mistakeOf(request, reply) : undefined);
    }

    function accept(found: Identity | AccessError): void {
      if (found instanceof AccessError) request.refusal = found;
      else request.identity = found;
    }
    function refuse(error: unknown): void {
      if (!(error instanceof AccessError)) throw error;
      request.refusal = error;
    }
  });

  app.addHook('preParsing', (request, reply, _, done) => {
    done(mistakeOf(request, reply));
  });

  function identify(request: FastifyRequest): Identity | AccessError | Promise<Identity> {
    const given = credentialsOf(request);
    if (given instanceof AccessError) return given;
    return given.kind === 'token' ? access.identifyToken(given.text) : access.identifySession(given.text);
  }

  /** Why the caller is not let in; else it has its permit. */
  function mistakeOf(request: FastifyRequest, reply: FastifyReply): ProblemError | undefined {
    const { rule, identity, refusal } = request;
    if (rule === null) return undefined;
    if (!identity) return turnedAway(request, reply, refusal ?? new AccessError('no-token', 'nobody says who asks'));
    const permit = permitOf(rule, identity);
    if (!permit) {
      app.refused(request, 'role');
      return new ProblemError(problem('forbidden', `This takes one of the roles ${rolesIn(rule)}.`));
    }
    request.permit = permit;
    const { customerId } = request.params as { readonly customerId?: string };
    if (customerId === undefined || covers(permit, customerId)) return undefined;
    app.refused(request, 'not-own');
    return notFound(`Customer ${customerId} not found`);
  }

  function turnedAway(request: FastifyRequest, reply: FastifyReply, refusal: AccessError): ProblemError {
    app.refused(request, refusal.reason, refusal.message);
    const found = problemOf(refusal);
    if (found.status === 401) void reply.header('www-authenticate', challengeOf(refusal.reason));
    return new ProblemError(found);
  }
}

/** What a caller is told who cannot be identified. */
export function problemOf({ reason, retryAfter = 1 }: AccessError): ProblemDetails {
  switch (reason) {
    case 'issuer-away':
      return problem('unavailable', 'Unable to check who asks. Please try again.', { retryAfter });
    case 'ambiguous':
      return problem('bad-request', 'There must be one Authorization header.');
    case 'cross-site':
      return problem('forbidden', 'A page of another origin may not change anything here.');
    case 'no-token':
      return problem('unauthenticated');
    default:
      return problem('unauthenticated', 'The access token or session is not valid, or not any more.');
  }
}

/** RFC 6750 §3: whoever sent no token is told no error. */
function challengeOf(reason: RefusalReason): string {
  return reason === 'no-token' ? 'Bearer' : 'Bearer error="invalid_token"';
}
