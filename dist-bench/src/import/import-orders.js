import { randomUUID } from 'node:crypto';
import { ErrorType } from '@eventstore/db-client';
import { ConcurrencyError, hasType } from "../eventstoredb/errors.js";
import { ORDER_CATEGORY } from "../eventstoredb/repository.js";
import { placeOrder } from "./historical-order.js";
const IN_FLIGHT = 64;
/**
 * Places each order in a stream of its own, unless the stream is there. Nothing is kept beside the streams: what a run
 * that was killed had written is found there by the next one.
 *
 * @throws StoreAwayError, or what an append was refused with; orders in flight are finished first
 */
export async function importOrders(orders, options) {
    const { signal, onProgress } = options;
    const counts = { imported: 0, alreadyThere: 0, deleted: 0 };
    const failed = new AbortController();
    const queue = orders[Symbol.iterator]();
    const isInterrupted = () => signal.aborted;
    const work = async () => {
        while (!isInterrupted() && !failed.signal.aborted) {
            const next = queue.next();
            if (next.done)
                return;
            try {
                counts[await importOrder(next.value, options)] += 1;
                onProgress?.(counts);
            }
            catch (error) {
                if (!isInterrupted())
                    failed.abort(error); // else it only says that the waiting was ended
            }
        }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
    failed.signal.throwIfAborted();
    return counts;
}
/**
 * The append at no_stream is what keeps an order from being written twice. Its command id is new in every run: with
 * the id of an earlier run, the store would take the append for a repetition and answer it like the first one, so that
 * nobody could tell an imported order from one that was there. Within the run, a retry is the same append.
 */
async function importOrder(order, options) {
    const { streams, origin, correlationId, retry } = options;
    const { state, uncommittedEvents } = placeOrder(order, origin);
    const stream = streams.streamOf(ORDER_CATEGORY, state.id);
    const context = { commandId: randomUUID(), correlationId, actor: 'import' };
    try {
        await retry(() => streams.append(stream, -1, uncommittedEvents, context));
        return 'imported';
    }
    catch (error) {
        if (error instanceof ConcurrencyError)
            return 'alreadyThere';
        if (hasType(error, ErrorType.STREAM_DELETED))
            return 'deleted';
        throw error;
    }
}
