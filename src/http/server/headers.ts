import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { problem } from '../problems/catalogue.ts';
import { ProblemError } from '../problems/errors.ts';

/** A name or an address, perhaps with a port; nothing is a host too (RFC 9110 §7.2). */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/i;

/**
 * Refuses requests that do not say once which host they are for (RFC 9112 §3.2), and forgets about ranges: an answer is
 * always a whole one (RFC 9110 §14.2).
 */
export function registerHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', checkHeaders);
}

function checkHeaders({ raw }: FastifyRequest, _: FastifyReply, done: HookHandlerDoneFunction): void {
  const { headers, rawHeaders, httpVersion } = raw;
  delete headers.range;
  const hosts = countOf('host', rawHeaders);
  const isNamedOnce = hosts === 1 || (hosts === 0 && httpVersion === '1.0');
  if (isNamedOnce && HOST.test(headers.host ?? '')) done();
  else done(new ProblemError(problem('bad-request', 'There must be one Host header, with a host in it.')));
}

/** @param rawHeaders names and values in turns */
export function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index];
    if (given?.length === name.length && given.toLowerCase() === name) count += 1;
  }
  return count;
}
