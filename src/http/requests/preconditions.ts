import type { FastifyInstance, preHandlerHookHandler } from 'fastify';
import type { Precondition } from '../../commands/execute.ts';
import { problem } from '../problems/catalogue.ts';
import { badField, ProblemError } from '../problems/errors.ts';

/** Entity tags between commas; empty members count for nothing (RFC 9110 §5.6.1.2). */
const TAGS = /^[\s,]*(?:W\/)?"[^"\s]*"(?:\s*,[\s,]*(?:W\/)?"[^"\s]*")*[\s,]*$/;
const TAG = /(W\/)?"([^"\s]*)"/g;

/** Tag of a command's answer. Always strong: a weak one cannot be used with If-Match (RFC 9110 §13.1.1). */
export function revisionTag(revision: number): string {
  return `"${revision}"`;
}

/** Tag of a read model's answer: the customer's details can change alone. */
export function documentTag(revision: number, customerRevision: number): string {
  return customerRevision < 0 ? revisionTag(revision) : `"${revision}.${customerRevision}"`;
}

interface Headers {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
}

/**
 * What `If-Match` and `If-None-Match` ask of the present revision, which is −1 where there is nothing; `undefined` when
 * they ask nothing. Of a tag, the part before the dot counts. A weak tag never matches in If-Match.
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
  if (!TAGS.test(value)) throw badField(`#/${name}`, 'must be * or entity tags such as "3"');
  const revisions = [...value.matchAll(TAG)].flatMap(([, weak, tag = '']) => {
    const revision = /^(\d{1,15})(?:\.\d{1,15})?$/.exec(tag)?.[1];
    return revision === undefined || (weak && name === 'if-match') ? [] : [Number(revision)];
  });
  return (revision) => revisions.includes(revision);
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

/** Whether the caller has this answer already (RFC 9110 §13.1.2: weak comparison). */
export function isUnmodified(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return [...ifNoneMatch.matchAll(TAG)].some(([, , given]) => `"${given ?? ''}"` === tag);
}
