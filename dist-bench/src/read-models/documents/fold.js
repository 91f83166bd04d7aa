import { decodeEvent } from "../../eventstoredb/codec.js";
import { UnreadableEventError } from "../../eventstoredb/errors.js";
export const EMPTY = { state: undefined, revision: -1, stall: undefined };
/**
 * Folds the next event of a stream in; one that was folded in before changes nothing. An event that cannot be read or
 * applied stalls the fold before it.
 */
export function foldNext(evolve, before, recorded, stored = () => decodeEvent(recorded)) {
    const next = before.revision + 1;
    const revision = Number(recorded.revision);
    if (before.stall || revision < next)
        return before;
    try {
        if (revision > next)
            throw new UnreadableEventError(`revision ${next} is missing from ${recorded.streamId}`);
        return { state: evolve(before.state, stored()), revision: next, stall: undefined };
    }
    catch (error) {
        return { ...before, stall: { revision: next, reason: error instanceof Error ? error.message : String(error) } };
    }
}
