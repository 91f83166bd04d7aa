import { AlreadyThereError, StaleRevisionError, type Subject } from './errors.ts';

/** Revisions, or `any`, that a caller insists on or rules out (RFC 9110 §13.1). */
export interface Preconditions {
  readonly ifMatch?: readonly number[] | 'any';
  readonly ifNoneMatch?: readonly number[] | 'any';
}

/**
 * @param revision the present one; −1 when there is nothing
 * @throws StaleRevisionError, AlreadyThereError
 */
export function checkPreconditions({ ifMatch, ifNoneMatch }: Preconditions, revision: number, subject: Subject): void {
  const isNamedBy = (named: readonly number[] | 'any') =>
    revision >= 0 && (named === 'any' || named.includes(revision));
  if (ifMatch !== undefined && !isNamedBy(ifMatch)) throw new StaleRevisionError(revision, subject);
  if (ifNoneMatch !== undefined && isNamedBy(ifNoneMatch)) throw new AlreadyThereError(revision, subject);
}
