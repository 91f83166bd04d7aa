import { DomainError } from "../domain/errors.js";
import { ConcurrencyError } from "../eventstoredb/errors.js";
import { ConcurrentModificationError, IdempotencyKeyReusedError, OrderNotFoundError, StaleRevisionError, } from "./errors.js";
/** The first try and three more. */
export const MOST_TRIES = 4;
/**
 * Load, decide, append; after a lost race load and decide again.
 *
 * What is decided on a cached order counts only when an append proves that the order was current: a refusal, or a
 * decision that there is nothing to do, is made again on the order as stored.
 *
 * @throws OrderNotFoundError, IdempotencyKeyReusedError, StaleRevisionError, DomainError, ConcurrentModificationError,
 *   EventStoreUnavailableError
 */
export async function execute(orders, execution) {
    const { orderId, context, allowedRevisions, decide } = execution;
    let lost;
    let loaded = await orders.getById(orderId);
    for (let tries = 1; tries <= MOST_TRIES;) {
        if (!loaded)
            throw new OrderNotFoundError(orderId);
        execution.stillWanted();
        const answered = await earlierAnswer(orders, orderId, loaded, context);
        if (answered)
            return answered;
        const outcome = attempt(loaded, allowedRevisions, decide);
        if (outcome !== 'append' && loaded.fromCache) {
            loaded = await orders.getFresh(orderId);
            continue;
        }
        if (outcome instanceof Error)
            throw outcome;
        if (outcome === 'nothing')
            return { state: loaded.order.state, revision: loaded.order.version - 1 };
        execution.stillWanted();
        try {
            return await orders.save(loaded, context);
        }
        catch (error) {
            if (!(error instanceof ConcurrencyError))
                throw error;
            lost = error;
            tries += 1;
            execution.onConflict();
            loaded = await orders.getFresh(orderId);
        }
    }
    throw new ConcurrentModificationError({ cause: lost });
}
/** What the command's key was answered with before, if it was. */
export async function earlierAnswer(orders, orderId, { keys }, { idempotencyKey, requestHash }) {
    const earlier = idempotencyKey === undefined ? undefined : keys.get(idempotencyKey);
    if (!earlier)
        return undefined;
    if (earlier.requestHash !== requestHash)
        throw new IdempotencyKeyReusedError();
    return orders.atRevision(orderId, earlier.lastRevision);
}
function attempt(loaded, allowedRevisions, decide) {
    const revision = loaded.order.version - 1;
    if (allowedRevisions && !allowedRevisions.includes(revision))
        return new StaleRevisionError(revision);
    try {
        decide(loaded);
    }
    catch (error) {
        if (error instanceof DomainError)
            return error;
        throw error;
    }
    return loaded.order.uncommittedEvents.length > 0 ? 'append' : 'nothing';
}
