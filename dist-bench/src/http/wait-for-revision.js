import { setTimeout as delay } from 'node:timers/promises';
import Type from 'typebox';
import { ProblemError, problems } from "./problems.js";
const PROJECTION_WAIT = { mostMs: 2000, firstPauseMs: 5, longestPauseMs: 50 };
/** A query parameter: the revision of a change that the answer must show. */
export const MinRevision = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/**
 * Finds a document, waiting up to two seconds for the projection to bring it to a revision. One whose projection is
 * stalled is given as it is: it will not get there, and says so.
 *
 * @param subject what the document is of, for the problem's detail: `order 1c2…`
 * @throws ProblemError 503 when the projection does not get there in time
 */
export async function waitForRevision(subject, minRevision, find, pressure) {
    const atOnce = await find();
    if (atOnce && isThere(atOnce, minRevision))
        return atOnce;
    return pressure.awaitingReadModel(async () => {
        const until = performance.now() + PROJECTION_WAIT.mostMs;
        for (let pause = PROJECTION_WAIT.firstPauseMs;; pause = Math.min(pause * 2, PROJECTION_WAIT.longestPauseMs)) {
            await delay(pause);
            const document = await find();
            if (document && isThere(document, minRevision))
                return document;
            if (performance.now() + pause > until) {
                throw new ProblemError(problems.notYetProjected(`The read model is at revision ${document?.revision ?? 'none'} of ${subject}, not yet at ${minRevision}`));
            }
        }
    });
}
function isThere({ revision, stalled }, minRevision) {
    return revision >= minRevision || stalled !== undefined;
}
