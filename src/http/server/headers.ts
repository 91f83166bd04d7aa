import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { problem } from '../problems/catalogue.ts';
import { ProblemError } from '../problems/errors.ts';

/** A name or an address, perhaps with a port; nothing is a host too (RFC 9110 §7.2). */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/i;

/** Headers of which two would be one value made of both, or one of them lost (RFC 9110 §5.3). */
const SINGLE: ReadonlySet<string> = new Set(['host', 'x-actor', 'content-type']);

/**
 * Refuses requests that do not say once which host they are for (RFC 9112 §3.2), that say something twice, or that hold
 * a part of what they put (RFC 9110 §14.5); and forgets about ranges: an answer is always a whole one (§14.2).
 */
export function registerHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', checkHeaders);
}

function checkHeaders({ raw }: FastifyRequest, _: FastifyReply, done: HookHandlerDoneFunction): void {
  const { headers, rawHeaders, httpVersion, method } = raw;
  delete headers.range;
  const isNamed = headers.host !== undefined || httpVersion === '1.0';
  const twice = givenTwice(SINGLE, rawHeaders);
  if (!isNamed || twice === 'host' || !HOST.test(headers.host ?? '')) {
    done(new ProblemError(problem('bad-request', 'There must be one Host header, with a host in it.')));
  } else if (twice !== undefined) {
    done(new ProblemError(problem('bad-request', `There must be one ${twice} header.`)));
  } else if (headers['content-range'] !== undefined && method === 'PUT') {
    done(new ProblemError(problem('bad-request', 'A part cannot be put in the place of a whole.')));
  } else done();
}

/**
 * The first of some headers that is given twice.
 *
 * @param rawHeaders names and values in turns
 */
export function givenTwice(names: ReadonlySet<string>, rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!names.has(name)) continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}
