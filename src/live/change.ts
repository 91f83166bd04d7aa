import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import { LRUCache } from 'lru-cache';
import type { PizzaOrderEvent } from '../domain/events.ts';
import { evolve, type OrderState } from '../domain/order-state.ts';
import { StreamGoneError, UnreadableEventError } from '../eventstoredb/errors.ts';
import type { EventSourcingRepository } from '../eventstoredb/repository.ts';
import { forEachOf } from '../read-models/batches.ts';
import { EMPTY, type Fold, foldNext } from '../read-models/documents/fold.ts';
import { isDeletion, toLogEvent } from '../read-models/read-model.ts';
import { fromPosition, type LogPosition } from './position.ts';

/** An event of an order, and the order right after it. */
export interface Change {
  readonly position: LogPosition;
  readonly orderId: string;
  readonly revision: number;
  /** Undefined: this event, or one before it, cannot be read or applied. The order stands still before that one. */
  readonly order: ChangedOrder | undefined;
}

interface ChangedOrder {
  readonly event: PizzaOrderEvent;
  readonly actor: string;
  readonly state: OrderState;
}

export interface FoldOptions {
  readonly orders: Pick<EventSourcingRepository<OrderState, PizzaOrderEvent>, 'atRevision'>;
  readonly streamPrefix: string;
}

/** Folds events of orders, in the order of the log. */
export type OrderFold = (events: readonly AllStreamRecordedEvent[]) => Promise<Change[]>;

/** Orders whose next event needs no read, and the lines that they have in all. */
const MOST_KNOWN = { orders: 10_000, lines: 50_000 };
const READS_AT_ONCE = 8;

/**
 * Makes a change of each event. What an order was before its first event here is read from its stream. Events of a
 * stream that is gone make none.
 *
 * @returns folds some events; throws EventStoreUnavailableError
 */
export function createOrderFold({ orders, streamPrefix }: FoldOptions): OrderFold {
  const known = new LRUCache<string, Fold<OrderState>>({
    max: MOST_KNOWN.orders,
    maxSize: MOST_KNOWN.lines,
    sizeCalculation: ({ state }) => Math.max(1, state?.items.length ?? 1),
  });

  return async (events) => {
    const found = events.flatMap((event) => (isDeletion(event) ? [] : toLogEvent(streamPrefix, event)));
    const folds = await foldsBefore(new Map(found.map(({ id, recorded }) => [id, recorded] as const).reverse()));
    const changes = found.flatMap(({ id: orderId, recorded, stored }): Change[] => {
      const before = folds.get(orderId);
      if (!before) return [];
      const fold = foldNext<OrderState>(
        (state, { event }) => evolve(state, event as PizzaOrderEvent), // an order's stream holds no other events
        before,
        recorded,
        stored,
      );
      folds.set(orderId, fold);
      const change = { position: fromPosition(recorded.position), orderId, revision: Number(recorded.revision) };
      if (fold.stall || !fold.state) return [{ ...change, order: undefined }];
      const { event, metadata } = stored();
      const order = { event: event as PizzaOrderEvent, actor: metadata.actor ?? 'anonymous', state: fold.state };
      return [{ ...change, order }];
    });
    for (const [id, fold] of folds) if (fold) known.set(id, fold);
    return changes;
  };

  /** @param firsts the first event of each order */
  async function foldsBefore(
    firsts: ReadonlyMap<string, AllStreamRecordedEvent>,
  ): Promise<Map<string, Fold<OrderState> | undefined>> {
    const folds = new Map<string, Fold<OrderState> | undefined>();
    await forEachOf([...firsts], READS_AT_ONCE, async ([id, { revision }]) => {
      const last = Number(revision) - 1;
      const fold = last < 0 ? EMPTY : known.get(id);
      folds.set(id, fold && (fold.stall || fold.revision === last) ? fold : await foldTo(id, last));
    });
    return folds;
  }

  /** The order at a revision; undefined if its stream does not have it any more. */
  async function foldTo(id: string, revision: number): Promise<Fold<OrderState> | undefined> {
    try {
      const order = await orders.atRevision(id, revision);
      return order && { ...order, stall: undefined };
    } catch (error) {
      if (error instanceof StreamGoneError) return undefined;
      if (!(error instanceof UnreadableEventError)) throw error;
      return { state: undefined, revision, stall: { revision, reason: error.message } };
    }
  }
}
