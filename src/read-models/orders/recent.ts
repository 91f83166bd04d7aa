import { LRUCache } from 'lru-cache';
import type { OrderState } from '../../domain/order-state.ts';

/** An order as this process has folded it from the first event of its stream on, and saved it. */
export interface FoldedOrder {
  readonly state: OrderState;
  readonly revision: number;
}

export type RecentOrders = Pick<LRUCache<string, FoldedOrder>, 'get' | 'set' | 'delete'>;

const MOST_ORDERS = 3000;
const MOST_LINES = 30_000;

/**
 * Orders that were projected lately, so that the next event of one needs no document to be read. It is safe for two
 * reasons: every save is guarded by the revision that it goes on from, so that an entry that is behind its document
 * is found out; and only folds of the stream are kept, never what a document said.
 */
export function createRecentOrders(): RecentOrders {
  return new LRUCache<string, FoldedOrder>({
    max: MOST_ORDERS,
    maxSize: MOST_LINES,
    sizeCalculation: ({ state }) => Math.max(1, state.items.length),
  });
}
