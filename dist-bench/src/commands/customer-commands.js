import { evolveCustomer, setCustomerDetails, } from "../domain/customer.js";
import { notBefore } from "../domain/time.js";
import { applyStored } from "../eventstoredb/apply.js";
import { isCustomerEvent } from "../eventstoredb/codec.js";
import { ConcurrencyError, UnreadableEventError } from "../eventstoredb/errors.js";
import { ConcurrentModificationError, IdempotencyKeyReusedError, StaleRevisionError } from "./errors.js";
import { MOST_TRIES } from "./execute.js";
import { commandContext } from "./idempotency.js";
import { createSerializer } from "./serialize.js";
const CUSTOMER_CATEGORY = 'Customer';
/** The commands on customers: load → decide → append, like those on orders. */
export function createCustomerCommands({ streams, clock, log, onConflict = () => undefined }) {
    const serialize = createSerializer();
    const streamOf = (customerId) => streams.streamOf(CUSTOMER_CATEGORY, customerId);
    return {
        /**
         * Registers a customer or changes the details; the present details again store nothing.
         *
         * @throws IdempotencyKeyReusedError, StaleRevisionError, ConcurrentModificationError, EventStoreUnavailableError,
         *   UnreadableEventError
         */
        async setDetails(customerId, details, caller, precondition) {
            const context = commandContext(caller, 'set-customer-details', customerId, details);
            const set = await serialize(customerId, (stillWanted) => execute(customerId, details, context, precondition, stillWanted));
            const { requestId, correlationId } = caller;
            log.info({ requestId, correlationId, command: 'set-customer-details', revision: set.revision }, 'command done');
            return set;
        },
    };
    async function execute(customerId, details, context, precondition, stillWanted) {
        let lost;
        for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
            stillWanted();
            const loaded = await load(customerId);
            const earlier = context.idempotencyKey === undefined ? undefined : loaded.keys.get(context.idempotencyKey);
            if (earlier) {
                if (earlier.requestHash !== context.requestHash)
                    throw new IdempotencyKeyReusedError();
                return stored(await load(customerId, earlier.lastRevision));
            }
            refuseUnless(precondition, loaded);
            const at = loaded.state ? notBefore(loaded.state.lastUpdated, clock()) : clock().toISOString();
            const events = setCustomerDetails(loaded.state, customerId, details, at);
            if (loaded.state && events.length === 0)
                return { state: loaded.state, revision: loaded.revision, isNew: false };
            stillWanted();
            try {
                return await append(customerId, loaded, events, context);
            }
            catch (error) {
                if (!(error instanceof ConcurrencyError))
                    throw error;
                lost = error;
                onConflict();
            }
        }
        throw new ConcurrentModificationError({ cause: lost }, 'Customer');
    }
    /** With an idempotency key the append may be a repeated one: then what the first one stored is the answer. */
    async function append(customerId, loaded, events, context) {
        const { revision } = await streams.append(streamOf(customerId), loaded.revision, events, context);
        if (context.idempotencyKey !== undefined)
            return stored(await load(customerId, revision));
        return stored({ state: events.reduce(evolveCustomer, loaded.state), revision });
    }
    async function load(customerId, upTo) {
        const events = await streams.read(streamOf(customerId), upTo === undefined ? {} : { maxCount: upTo + 1 });
        let state;
        const keys = new Map();
        for (const event of events) {
            if (!isCustomerEvent(event))
                throw new UnreadableEventError(`${event.event.type} does not belong in ${event.stream}`);
            state = applyStored(evolveCustomer, state, event);
            const { idempotencyKey, requestHash } = event.metadata;
            if (idempotencyKey === undefined || requestHash === undefined)
                continue;
            keys.set(idempotencyKey, { requestHash, lastRevision: event.revision });
        }
        return { state, revision: events.at(-1)?.revision ?? -1, keys };
    }
}
function stored({ state, revision }) {
    if (!state)
        throw new ConcurrencyError('the customer’s stream was deleted meanwhile');
    return { state, revision, isNew: revision === 0 };
}
function refuseUnless(precondition, { revision }) {
    if (!precondition)
        return;
    const { allowedRevisions } = precondition;
    if (revision < 0 || allowedRevisions?.includes(revision) === false)
        throw new StaleRevisionError(revision, 'customer');
}
