import { BadRequestError } from "./problems.js";
const ETAGS = /^\s*(?:W\/)?"[\x21\x23-\x7E]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7E]*")*\s*$/;
const ETAG = /(W\/)?"([\x21\x23-\x7E]*)"/g;
/** Tag of a command's answer. Always strong: a weak one cannot be used with If-Match (RFC 9110 §13.1.1). */
export function revisionTag(revision) {
    return `"${revision}"`;
}
/** Tag of a read model's answer: the customer's details can change alone. */
export function documentTag(revision, customerRevision) {
    return customerRevision < 0 ? revisionTag(revision) : `"${revision}.${customerRevision}"`;
}
/**
 * The order revisions that `If-Match` allows: the part of each tag before the dot. `undefined` when any will do.
 * A weak tag never matches.
 *
 * @throws BadRequestError for anything but `*` or a list of entity tags
 */
export function allowedRevisions(ifMatch) {
    if (ifMatch === undefined || ifMatch.trim() === '*')
        return undefined;
    if (!ETAGS.test(ifMatch)) {
        throw new BadRequestError('If-Match must be * or entity tags such as "3"', '#/if-match');
    }
    return [...ifMatch.matchAll(ETAG)].flatMap(([, weak, tag = '']) => {
        const revision = /^(\d{1,15})(?:\.\d{1,15})?$/.exec(tag)?.[1];
        return weak === undefined && revision !== undefined ? [Number(revision)] : [];
    });
}
/** Whether the caller has this answer already (RFC 9110 §13.1.2: weak comparison). */
export function isUnmodified(ifNoneMatch, tag) {
    if (ifNoneMatch === undefined)
        return false;
    if (ifNoneMatch.trim() === '*')
        return true;
    return [...ifNoneMatch.matchAll(ETAG)].some(([, , given]) => `"${given ?? ''}"` === tag);
}
