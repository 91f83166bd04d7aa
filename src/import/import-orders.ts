import { randomUUID } from 'node:crypto';
import { ConcurrencyError, StreamGoneError } from '../eventstoredb/errors.ts';
import { ORDER } from '../eventstoredb/aggregates.ts';
import type { StreamStore } from '../eventstoredb/streams.ts';
import { type HistoricalOrder, type Origin, placeOrder } from './historical-order.ts';
import type { Retry } from './retry.ts';

export interface ImportOptions {
  readonly streams: Pick<StreamStore, 'append' | 'streamOf' | 'isGone'>;
  readonly origin: Origin;
  /** Of every event of this run. */
  readonly correlationId: string;
  readonly retry: Retry;
  /** Once it is aborted no order is begun; those in flight are finished. */
  readonly signal: AbortSignal;
  /** Called after each order with what was done so far. */
  readonly onProgress?: (counts: ImportCounts) => void;
}

export interface ImportCounts {
  readonly imported: number;
  readonly alreadyThere: number;
  /** Their stream was deleted: such an order is not brought back. */
  readonly deleted: number;
}

const IN_FLIGHT = 64;

/**
 * Places each order in a stream of its own, unless the stream is there. Nothing is kept beside the streams: what a run
 * that was killed had written is found there by the next one.
 *
 * @throws StoreAwayError, or what an append was refused with; orders in flight are finished first
 */
export async function importOrders(orders: Iterable<HistoricalOrder>, options: ImportOptions): Promise<ImportCounts> {
  const { signal, onProgress } = options;
  const counts = { imported: 0, alreadyThere: 0, deleted: 0 };
  const failed = new AbortController();
  const queue = orders[Symbol.iterator]();
  const isInterrupted = () => signal.aborted;

  const work = async () => {
    while (!isInterrupted() && !failed.signal.aborted) {
      const next = queue.next();
      if (next.done) return;
      try {
        counts[await importOrder(next.value, options)] += 1;
        onProgress?.(counts);
      } catch (error) {
        if (!isInterrupted()) failed.abort(error); // else it only says that the waiting was ended
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
async function importOrder(order: HistoricalOrder, options: ImportOptions): Promise<keyof ImportCounts> {
  const { streams, origin, correlationId, retry } = options;
  const { state, uncommittedEvents } = placeOrder(order, origin);
  const stream = streams.streamOf(ORDER.category, state.id);
  const context = { commandId: randomUUID(), correlationId, actor: 'import' };
  try {
    // An append at no_stream would bring back what was deleted softly.
    if (await retry(() => streams.isGone(stream, undefined))) return 'deleted';
    await retry(() => streams.append(stream, -1, uncommittedEvents, context));
    return 'imported';
  } catch (error) {
    if (error instanceof ConcurrencyError) return 'alreadyThere';
    if (error instanceof StreamGoneError) return 'deleted';
    throw error;
  }
}
