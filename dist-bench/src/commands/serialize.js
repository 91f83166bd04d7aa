import { withTimeLimit } from "../eventstoredb/client.js";
import { EventStoreUnavailableError } from "../eventstoredb/errors.js";
/** For waiting and for the work itself, so that a caller has its answer within 3 s. */
const COMMAND_TIME_LIMIT_MS = 2500;
/**
 * Runs tasks of the same key one after another, and those of different keys side by side.
 *
 * Commands on one order would only make each other's appends fail; another instance is still met by the expected
 * revision. One time limit spans waiting and running: behind a task that waits for a silent event store, others
 * would otherwise wait for one time limit after another.
 *
 * @throws EventStoreUnavailableError when time is up; what the task throws
 */
export function createSerializer(timeLimitMs = COMMAND_TIME_LIMIT_MS) {
    const tails = new Map();
    return function serialize(key, task) {
        let isLate = false;
        const stillWanted = () => {
            if (isLate)
                throw new EventStoreUnavailableError('the command came too late');
        };
        const start = () => {
            stillWanted();
            return task(stillWanted);
        };
        const previous = tails.get(key);
        const running = previous === undefined ? start() : previous.then(start, start);
        tails.set(key, running);
        const forget = () => {
            if (tails.get(key) === running)
                tails.delete(key);
        };
        running.then(forget, forget);
        return withTimeLimit(timeLimitMs, running, () => (isLate = true));
    };
}
