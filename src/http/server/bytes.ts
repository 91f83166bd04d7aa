import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { problem } from '../problems/catalogue.ts';
import { ProblemError } from '../problems/errors.ts';

const OTHER_CHARSET = /;\s*charset=(?!"?utf-?8"?\s*(?:;|$))/i;

/**
 * Bodies are JSON in UTF-8 (RFC 8259 §8.1), uncompressed; anything else is refused, since it would be stored as it was
 * misread. A body without a byte is none, whatever its type.
 */
export function registerBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) done(null);
    else if (isUtf8(body)) void parseJson(request, body.toString(), done);
    else done(new ProblemError(problem('bad-request', 'The body is not UTF-8.')));
  });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body: Buffer, done) => {
    done(body.length === 0 ? null : new ProblemError(problem('unsupported-media-type')));
  });
  app.addHook('onRequest', checkBytes);
}

function checkBytes({ raw }: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  const { headers, url = '' } = raw;
  if (url.includes('%') && !isDecodable(url)) {
    return done(new ProblemError(problem('bad-request', 'The query is not UTF-8, percent-encoded.')));
  }
  const { 'content-type': type, 'content-encoding': coding, 'transfer-encoding': transfer } = headers;
  const isCompressed = hasOther(coding, 'identity') || hasOther(transfer, 'chunked');
  if (type === undefined && !isCompressed) return done();
  if (transfer === undefined && !(Number(headers['content-length']) > 0)) {
    delete headers['content-type'];
  } else if (isCompressed) {
    void reply.header('accept-encoding', 'identity');
    return done(new ProblemError(problem('unsupported-media-type', 'The body must not be compressed.')));
  } else if (type !== undefined && OTHER_CHARSET.test(type)) {
    return done(new ProblemError(problem('unsupported-media-type', 'The body must be in UTF-8.')));
  }
  done();
}

/** Whether a list names another coding than the one that changes nothing; empty members count for nothing. */
function hasOther(list: string | undefined, plain: string): boolean {
  return list !== undefined && list.split(',').some((name) => !['', plain].includes(name.trim().toLowerCase()));
}

function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

/** A header's value, of which Node makes a character of each byte. @returns undefined when it is not UTF-8 */
export function headerText(value: string): string | undefined {
  if (!/[\u0080-\u00ff]/.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : undefined;
}
