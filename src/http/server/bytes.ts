import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { problem } from '../problems/catalogue.ts';
import { ProblemError } from '../problems/errors.ts';

/** ASCII is UTF-8 as well. */
const OTHER_CHARSET = /;\s*charset\b\s*(?!="?(?:utf-?8|us-ascii)"?\s*(?:;|$))/i;
/** What names a type at all (RFC 9110 §8.3.1). */
const MEDIA_TYPE = /^\s*[^\s/;,]+\/[^\s/;,]+\s*(?:;|$)/;

/**
 * Bodies are JSON in UTF-8 (RFC 8259 §8.1), uncompressed; anything else is refused, since it would be stored as it was
 * misread. A body without a byte is none, whatever its type.
 */
export function registerBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const refusal = body.length === 0 ? undefined : refusalOf(request.raw.headers);
    if (body.length === 0 || refusal) done(refusal ?? null);
    else if (!isUtf8(body)) done(new ProblemError(problem('bad-request', 'The body is not UTF-8.')));
    else {
      const text = body.toString();
      void parseJson(request, text, (error, value) =>
        done(error && succeeds(() => JSON.parse(text)) ? poisoned() : error, value),
      );
    }
  });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, ({ raw }, body: Buffer, done) => {
    const refusal = () => refusalOf(raw.headers) ?? new ProblemError(problem('unsupported-media-type'));
    done(body.length === 0 ? null : refusal());
  });
  app.addHook('onRequest', checkBytes);
}

function checkBytes({ raw }: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  const { headers, url = '' } = raw;
  if (url.includes('%') && !succeeds(() => decodeURIComponent(url))) {
    return done(new ProblemError(problem('bad-request', 'The query is not UTF-8, percent-encoded.')));
  }
  if (raw.method === 'GET' || raw.method === 'HEAD') return done(); // a body would be nobody's
  const { 'content-type': type, 'transfer-encoding': transfer, 'content-length': length } = headers;
  const refusal = refusalOf(headers);
  if (isCompressed(headers)) void reply.header('accept-encoding', 'identity');
  if (transfer === undefined && !(Number(length) > 0)) {
    delete headers['content-type'];
  } else if (refusal && (transfer === undefined || hasOther(transfer, 'chunked'))) {
    return done(refusal);
  } else if (type !== undefined && !MEDIA_TYPE.test(type)) {
    // The framework would refuse it before it has seen whether there is a byte.
    headers['content-type'] = 'application/octet-stream';
  }
  done();
}

/** Why bytes under these headers would be misread; whether there are any is known at the end of a chunked body. */
function refusalOf(headers: IncomingHttpHeaders): ProblemError | undefined {
  const why = isCompressed(headers)
    ? 'The body must not be compressed.'
    : OTHER_CHARSET.test(headers['content-type'] ?? '')
      ? 'The body must be in UTF-8.'
      : undefined;
  return why === undefined ? undefined : new ProblemError(problem('unsupported-media-type', why));
}

function isCompressed(headers: IncomingHttpHeaders): boolean {
  return hasOther(headers['content-encoding'], 'identity') || hasOther(headers['transfer-encoding'], 'chunked');
}

/** Whether a list names another coding than the one that changes nothing; empty members count for nothing. */
function hasOther(list: string | undefined, plain: string): boolean {
  return list !== undefined && list.split(',').some((name) => !['', plain].includes(name.trim().toLowerCase()));
}

/** The one reason why JSON is refused before its fields are looked at. */
function poisoned(): ProblemError {
  return new ProblemError(problem('bad-request', 'The body has a field __proto__, or constructor with a prototype.'));
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
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
