import type { AllStreamRecordedEvent, RecordedEvent } from '@eventstore/db-client';
import { ORDER } from '../eventstoredb/aggregates.ts';
import { decodeEvent } from '../eventstoredb/codec.ts';
import { StreamGoneError, UnreadableEventError } from '../eventstoredb/errors.ts';
import type { StreamStore } from '../eventstoredb/streams.ts';
import { type Change, createOrderFold, type FoldOptions } from './change.ts';
import { MOST_RESUMED } from './hub.ts';
import type { ResetReason } from './message.ts';

export interface OrderReaderOptions extends FoldOptions {
  readonly streams: Pick<StreamStore, 'streamOf' | 'readRecorded' | 'readLast' | 'isGone'>;
}

export interface FoundOrder {
  /** Undefined if its first event cannot be read. */
  readonly customerId: string | undefined;
  /** The changes to begin with, or why it cannot be gone on from there. */
  readonly begin: readonly Change[] | ResetReason;
}

export type OrderReader = ReturnType<typeof createOrderReader>;

/**
 * Reads what somebody who watches one order begins with.
 *
 * @returns reads the changes after a revision, or without one the last change; undefined if there is no such order.
 * Throws StreamGoneError, EventStoreUnavailableError
 */
export function createOrderReader({ streams, ...folding }: OrderReaderOptions) {
  return async (orderId: string, after?: number): Promise<FoundOrder | undefined> => {
    const stream = streams.streamOf(ORDER.category, orderId);
    const [[first], last] = await Promise.all([
      streams.readRecorded(stream, { maxCount: 1 }),
      streams.readLast(stream),
    ]);
    if (await streams.isGone(stream, first)) throw new StreamGoneError(stream);
    return last && { customerId: customerOf(first), begin: await beginning(stream, Number(last.revision), after) };
  };

  async function beginning(stream: string, revision: number, after?: number): Promise<FoundOrder['begin']> {
    if (after === undefined) return lastChange(stream, revision);
    if (after > revision) return 'unknown-position';
    if (revision - after > MOST_RESUMED) return 'too-far-behind';
    return read(stream, after + 1, revision - after);
  }

  /** The last change that can be shown and, if the order stands still after it, the events that cannot. */
  async function lastChange(stream: string, revision: number): Promise<readonly Change[]> {
    const [last] = await read(stream, revision, 1);
    if (!last || last.order) return last ? [last] : [];
    const all = await read(stream, 0, revision + 1);
    return all.slice(
      Math.max(
        0,
        all.findLastIndex(({ order }) => order),
      ),
    );
  }

  async function read(stream: string, from: number, maxCount: number): Promise<Change[]> {
    const recorded = await streams.readRecorded(stream, { from, maxCount });
    return createOrderFold(folding)(recorded as AllStreamRecordedEvent[]);
  }
}

function customerOf(first: RecordedEvent | undefined): string | undefined {
  try {
    const event = first && decodeEvent(first).event;
    return event?.type === 'PizzaOrderPlaced' ? event.data.customerId : undefined;
  } catch (error) {
    if (error instanceof UnreadableEventError) return undefined;
    throw error;
  }
}
