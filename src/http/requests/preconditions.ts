import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify';
import type { Precondition } from '../../commands/execute.ts';
import type { OrderDocument } from '../../read-models/orders/document.ts';
import { problem } from '../problems/catalogue.ts';
import { badField, ProblemError } from '../problems/errors.ts';

/** Entity tags between commas; empty members count for nothing (RFC 9110 §5.6.1.2). */
const TAGS = /^[\s,]*(?:(?:W\/)?"[^"\s]*"(?:\s*,[\s,]*(?:W\/)?"[^"\s]*")*[\s,]*)?$/;
const TAG = /(W\/)?"([^"\s]*)"/g;

/** Tag of a command's answer. Always strong: a weak one cannot be used with If-Match (RFC 9110 §13.1.1). */
export function revisionTag(revision: number): string {
  return `"${revision}"`;
}

/** Tag of a read model's answer: the customer's details can change alone, and an order can be found to be stalled. */
export function documentTag({
  revision,
  customerRevision,
  stalled,
}: Pick<OrderDocument, 'revision' | 'customerRevision' | 'stalled'>): string {
  const parts = [revision, ...(customerRevision < 0 ? [] : [customerRevision]), ...(stalled ? ['stalled'] : [])];
  return `"${parts.join('.')}"`;
}

interface Headers {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
}

/**
 * What `If-Match` and `If-None-Match` ask of the present revision, which is −1 where there is nothing; `undefined` when
 * they ask nothing. Of a tag, the part before the first dot counts.
 *
 * @throws ProblemError 400 for anything but `*` or a list of entity tags
 */
export function preconditionOf(headers: Headers): Precondition | undefined {
  const match = revisionsIn('if-match', headers);
  const noneMatch = revisionsIn('if-none-match', headers);
  if (!match && !noneMatch) return undefined;
  return (revision) => (!match || match(revision)) && !noneMatch?.(revision);
}

function revisionsIn(name: keyof Headers, headers: Headers): Precondition | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  if (value.trim() === '*') return (revision) => revision >= 0;
  const revisions = tagsIn(name, value).flatMap((tag) => {
    const revision = /^"(0|[1-9]\d{0,14})(?:\.\d{1,15})?(?:\.stalled)?"$/.exec(tag)?.[1];
    return revision === undefined ? [] : [Number(revision)];
  });
  return (revision) => revisions.includes(revision);
}

/** The tags that can match, without their weakness: a weak one never matches in `If-Match` (RFC 9110 §13.1.1). */
function tagsIn(name: keyof Headers, value: string): string[] {
  if (!TAGS.test(value)) throw badField(`#/${name}`, 'must be * or entity tags such as "3"');
  return [...value.matchAll(TAG)].flatMap(([, weak, tag = '']) => (weak && name === 'if-match' ? [] : [`"${tag}"`]));
}

export const ruledOut = problem('stale-revision', 'If-Match or If-None-Match rules this out');

/** Has changing routes whose schemas name no `If-Match` refuse it all the same: they change nothing that has a tag. */
export function requirePreconditions(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const headers = route.schema?.headers as { readonly properties?: object } | undefined;
    if (/GET|HEAD/.test(String(route.method)) || 'if-match' in (headers?.properties ?? {})) return;
    const check: preHandlerHookHandler = (request, _, done) => {
      done(preconditionOf(request.headers)?.(-1) === false ? new ProblemError(ruledOut) : undefined);
    };
    route.preHandler = [route.preHandler ?? [], check].flat();
  });
}

/**
 * Names the answer of a read by its tag, and says whether the caller has it already (RFC 9110 §13.2.2).
 *
 * @returns whether the answer is 304
 * @throws ProblemError 412 when `If-Match` asks for another revision; 400 as `preconditionOf`
 */
export function isUnmodified({ headers }: FastifyRequest, reply: FastifyReply, tag: string): boolean {
  const revision = Number.parseInt(tag.slice(1), 10);
  if (revisionsIn('if-match', headers)?.(revision) === false) throw new ProblemError(ruledOut);
  const given = headers['if-none-match'];
  const isKnown = given !== undefined && (given.trim() === '*' || tagsIn('if-none-match', given).includes(tag));
  void reply.header('etag', tag);
  return isKnown;
}
