import type { Preconditions } from '../../commands/preconditions.ts';
import { badField } from '../problems/errors.ts';

const ETAGS = /^\s*(?:W\/)?"[\x21\x23-\x7E]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7E]*")*\s*$/;
const ETAG = /(W\/)?"([\x21\x23-\x7E]*)"/g;

/** Tag of a command's answer. Always strong: a weak one cannot be used with If-Match (RFC 9110 §13.1.1). */
export function revisionTag(revision: number): string {
  return `"${revision}"`;
}

/** Tag of a read model's answer: the customer's details can change alone. */
export function documentTag(revision: number, customerRevision: number): string {
  return customerRevision < 0 ? revisionTag(revision) : `"${revision}.${customerRevision}"`;
}

/**
 * The order revisions that `If-Match` allows: the part of each tag before the dot. `undefined` when any will do.
 * A weak tag never matches.
 *
 * @throws BadRequestError for anything but `*` or a list of entity tags
 */
export function allowedRevisions(ifMatch: string | undefined): readonly number[] | undefined {
  const named = ifMatch === undefined ? 'any' : revisionsIn(ifMatch, 'If-Match');
  return named === 'any' ? undefined : named;
}

/**
 * What both headers ask of a change. A weak tag never matches in `If-Match`, and does in `If-None-Match`.
 *
 * @throws BadRequestError for anything but `*` or a list of entity tags
 */
export function preconditionsOf(headers: {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
}): Preconditions {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  return {
    ...(ifMatch !== undefined && { ifMatch: revisionsIn(ifMatch, 'If-Match') }),
    ...(ifNoneMatch !== undefined && { ifNoneMatch: revisionsIn(ifNoneMatch, 'If-None-Match') }),
  };
}

function revisionsIn(value: string, header: 'If-Match' | 'If-None-Match'): readonly number[] | 'any' {
  if (value.trim() === '*') return 'any';
  if (!ETAGS.test(value)) {
    throw badField(`#/${header.toLowerCase()}`, `${header} must be * or entity tags such as "3"`);
  }
  return [...value.matchAll(ETAG)].flatMap(([, weak, tag = '']) => {
    const revision = /^(\d{1,15})(?:\.\d{1,15})?$/.exec(tag)?.[1];
    const counts = header === 'If-None-Match' || weak === undefined;
    return counts && revision !== undefined ? [Number(revision)] : [];
  });
}

/** Whether the caller has this answer already (RFC 9110 §13.1.2: weak comparison). */
export function isUnmodified(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return [...ifNoneMatch.matchAll(ETAG)].some(([, , given]) => `"${given ?? ''}"` === tag);
}
