import { UnreadableEventError } from "./errors.js";
/**
 * Folds a stored event in.
 *
 * @throws UnreadableEventError that says where it is stored, when it cannot follow the events before it
 */
export function applyStored(evolve, state, { event, stream, revision, metadata }) {
    try {
        return evolve(state, event);
    }
    catch (error) {
        const where = `${event.type} v${metadata.schemaVersion ?? 1} at revision ${revision} of ${stream}`;
        throw new UnreadableEventError(`${where} cannot follow the events before it`, { cause: error });
    }
}
