import { performance } from 'node:perf_hooks';
/** Share of its time that the event loop works, from which on it is more than waiting for the stores. */
const BUSY = 0.4;
/** So many others in flight, when a request comes, are a queue, not a coincidence. */
const MANY_REQUESTS = 8;
const SAMPLE_MS = 100;
/**
 * A queue is told by how many others a request finds, on average, and not by the event loop alone: on a machine that
 * is shared with the stores, the loop of a swamped process stands still for want of the processor. The number at one
 * moment says little: appends are answered in bursts.
 *
 * @param utilization share of its time that the event loop has worked since `since` was taken
 */
export function createPressure(utilization = performance.eventLoopUtilization) {
    let requests = 0;
    let arrived = 0;
    let foundInFlight = 0;
    let readers = 0;
    let since = utilization();
    let isQueueing = false;
    return {
        get requests() {
            return requests;
        },
        requestBegins() {
            arrived += 1;
            foundInFlight += requests;
            requests += 1;
        },
        requestEnds: () => (requests -= 1),
        async awaitingReadModel(task) {
            readers += 1;
            try {
                return await task();
            }
            finally {
                readers -= 1;
            }
        },
        isHigh() {
            const lately = utilization(since);
            if (lately.active + lately.idle >= SAMPLE_MS) {
                const queue = arrived === 0 ? requests : foundInFlight / arrived;
                isQueueing = queue >= MANY_REQUESTS && lately.utilization >= BUSY;
                arrived = 0;
                foundInFlight = 0;
                since = utilization();
            }
            return isQueueing && readers === 0;
        },
    };
}
