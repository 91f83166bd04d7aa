import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from '../problems/answer.ts';
import { problem } from '../problems/catalogue.ts';
import { pathOf } from '../target.ts';

/**
 * Answers an unknown path 404, and a known one under another method 405 with `Allow` (RFC 9110 §15.5.6), whatever
 * there is in the body.
 */
export function registerNotFound(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set();
    for (const name of [method].flat()) known.add(name);
    // Of a path with a slash after its prefix, the framework tells HEAD only.
    if (known.has('HEAD')) known.add('GET');
    methods.set(url, known);
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) answer(request, reply);
    else done();
  });
  app.setNotFoundHandler(answer);

  function answer(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = pathOf(request);
    const allowed = new Set([...methods].filter(([url]) => matches(url, path)).flatMap(([, names]) => [...names]));
    if (allowed.size === 0 || allowed.has(request.method))
      return sendProblem(request, reply, problem('not-found', `There is nothing at ${path}`));
    const allow = [...allowed].sort().join(', ');
    void reply.header('allow', allow);
    const detail = `${request.method} is not offered here, but ${allow}`;
    return sendProblem(request, reply, problem('method-not-allowed', detail));
  }
}

function matches(url: string, path: string): boolean {
  const wanted = url.split('/');
  const given = path.split('/').map(decodeURIComponent);
  const isOpen = wanted.at(-1) === '*';
  if (isOpen ? given.length < wanted.length : given.length !== wanted.length) return false;
  return wanted.every(
    (part, index) => part === '*' || (part.startsWith(':') ? given[index] !== '' : part === given[index]),
  );
}
