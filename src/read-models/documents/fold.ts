import type { RecordedEvent } from '@eventstore/db-client';
import { decodeEvent, type StoredEvent } from '../../eventstoredb/codec.ts';
import { UnreadableEventError } from '../../eventstoredb/errors.ts';
import type { Stall } from '../read-model.ts';

/** The result of folding a stream so far. */
export interface Fold<State> {
  readonly state: State | undefined;
  /** Revision of the last event folded in; −1 before the first. */
  readonly revision: number;
  readonly stall: Stall | undefined;
}

export type Evolve<State> = (state: State | undefined, stored: StoredEvent) => State;

export const EMPTY: Fold<never> = { state: undefined, revision: -1, stall: undefined };

/** Of a stream whose beginning is gone: whatever event comes, it was seen. */
export const GONE: Fold<never> = { state: undefined, revision: Number.MAX_SAFE_INTEGER, stall: undefined };

/**
 * Folds in the next event of a stream; a duplicate changes nothing. An event that cannot be read or applied stalls the
 * fold just before it.
 */
export function foldNext<State>(
  evolve: Evolve<State>,
  before: Fold<State>,
  recorded: RecordedEvent,
  stored: () => StoredEvent = () => decodeEvent(recorded),
): Fold<State> {
  const next = before.revision + 1;
  const revision = Number(recorded.revision);
  if (before.stall || revision < next) return before;
  try {
    if (revision > next) throw new UnreadableEventError(`revision ${next} is missing from ${recorded.streamId}`);
    return { state: evolve(before.state, stored()), revision: next, stall: undefined };
  } catch (error) {
    return { ...before, stall: { revision: next, reason: error instanceof Error ? error.message : String(error) } };
  }
}
