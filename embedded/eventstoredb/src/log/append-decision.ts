import type { ExpectedRevision } from './events.ts';
import { DELETED, NO_STREAM } from './events.ts';

/** What an append is decided on: the state of its stream, and look-ups for its idempotency. */
export interface AppendFacts {
  /** Last revision, `NO_STREAM` without events, `DELETED` after a tombstone. */
  readonly last: number;
  isSoftDeleted(): boolean;
  hasMetadata(): boolean;
  /** Id of the event at a revision. */
  idAt(revision: number): string | undefined;
  /** Revision of the first event with this id, if that is in this stream: EventStoreDB remembers no other. */
  revisionOf(id: string): number | undefined;
}

export type AppendDecision =
  | { readonly kind: 'append'; readonly undelete: boolean }
  /** The same append was made before; its last event has this revision. */
  | { readonly kind: 'repeated'; readonly revision: number }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'deleted' };

const WRONG: AppendDecision = { kind: 'wrong' };
const GONE: AppendDecision = { kind: 'deleted' };

/**
 * Decides an append by EventStoreDB's rules: optimistic concurrency by expected revision, idempotency by event id.
 * A repeat counts as one only when all of its events are there; a partial match is a wrong expected version.
 */
export function decideAppend(facts: AppendFacts, expected: ExpectedRevision, ids: readonly string[]): AppendDecision {
  if (facts.last === DELETED) return GONE;
  if (expected === 'any' || expected === 'stream_exists') {
    if (expected === 'stream_exists') {
      if (facts.isSoftDeleted()) return GONE;
      if (facts.last === NO_STREAM && !facts.hasMetadata()) return WRONG;
    }
    return decideById(facts, ids);
  }
  const expectedLast = expected === 'no_stream' ? NO_STREAM : expected;
  if (expectedLast === facts.last) return append(facts);
  if (expectedLast > facts.last || ids.length === 0) return WRONG;
  return decideByRevision(facts, expectedLast, ids);
}

function decideById(facts: AppendFacts, ids: readonly string[]): AppendDecision {
  let revision: number | undefined;
  for (const [index, id] of ids.entries()) {
    const found = facts.revisionOf(id);
    if (found === undefined && index === 0) return append(facts);
    // EventStoreDB leaves those in another order without an answer.
    if (found === undefined || found < (revision ?? 0)) return WRONG;
    revision = found;
  }
  return revision === undefined ? append(facts) : { kind: 'repeated', revision };
}

function decideByRevision(facts: AppendFacts, expectedLast: number, ids: readonly string[]): AppendDecision {
  for (const [index, id] of ids.entries()) {
    if (facts.idAt(expectedLast + 1 + index) === id) continue;
    return index === 0 && expectedLast === NO_STREAM && facts.isSoftDeleted() ? append(facts) : WRONG;
  }
  return { kind: 'repeated', revision: expectedLast + ids.length };
}

function append(facts: AppendFacts): AppendDecision {
  return { kind: 'append', undelete: facts.isSoftDeleted() };
}
