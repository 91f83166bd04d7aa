import type { DomainEvent, StoredEvent } from './codec.ts';
import { UnreadableEventError } from './errors.ts';

/**
 * Folds a stored event in.
 *
 * @throws UnreadableEventError that says where it is stored, when it cannot follow the events before it
 */
export function applyStored<State, Event extends DomainEvent>(
  evolve: (state: State | undefined, event: Event) => State,
  state: State | undefined,
  { event, stream, revision, metadata }: StoredEvent<Event>,
): State {
  try {
    return evolve(state, event);
  } catch (error) {
    const where = `${event.type} v${metadata.schemaVersion ?? 1} at revision ${revision} of ${stream}`;
    throw new UnreadableEventError(`${where} cannot follow the events before it`, { cause: error });
  }
}
