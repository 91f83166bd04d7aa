import { performance, type EventLoopUtilization } from 'node:perf_hooks';

/** Share of its time that the event loop works, from which on it is busy. */
const BUSY = 0.9;
/** So many in flight on a busy event loop are a queue, not a coincidence. */
const MANY_REQUESTS = 8;
const SAMPLE_MS = 100;

/** What waits for this process, so that work that can be put off makes room for it. */
export interface Pressure {
  /** Requests being worked on. */
  readonly requests: number;
  readonly requestBegins: () => void;
  readonly requestEnds: () => void;
  /** Runs a task that waits for a read model: until it ends, projections are what is waited for. */
  awaitingReadModel<T>(task: () => Promise<T>): Promise<T>;
  /** Whether requests queue up for the event loop, and none of them for a read model. */
  isHigh(): boolean;
}

/** @param utilization share of its time that the event loop has worked since `since` was taken */
export function createPressure(
  utilization: (since?: EventLoopUtilization) => EventLoopUtilization = performance.eventLoopUtilization,
): Pressure {
  let requests = 0;
  let readers = 0;
  let since = utilization();
  let isBusy = false;
  return {
    get requests() {
      return requests;
    },
    requestBegins: () => (requests += 1),
    requestEnds: () => (requests -= 1),
    async awaitingReadModel(task) {
      readers += 1;
      try {
        return await task();
      } finally {
        readers -= 1;
      }
    },
    isHigh() {
      const lately = utilization(since);
      if (lately.active + lately.idle >= SAMPLE_MS) {
        isBusy = lately.utilization >= BUSY;
        since = utilization();
      }
      return isBusy && requests >= MANY_REQUESTS && readers === 0;
    },
  };
}
