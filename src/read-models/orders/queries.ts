import type { Collection, Filter } from 'mongodb';
import type { OrderStatus, PaymentStatus } from '../../domain/events.ts';
import type { OrderDocument } from './document.ts';
import { withTimeLimit } from '../database.ts';
import { askTogether, findTogether } from './find-together.ts';

export interface OrderFilter {
  readonly customerId?: string;
  readonly status?: OrderStatus;
  readonly paymentStatus?: PaymentStatus;
  /** Placed at or after. */
  readonly placedFrom?: Date;
  /** Placed before. */
  readonly placedTo?: Date;
}

/** Where the previous page ended. */
export interface PageKey {
  readonly time: Date;
  readonly id: string;
}

/**
 * Matches what lies in a period and after the end of a page, newest first: a range of times, which an index bounds, and
 * a filter for the few of the same time. By an `$or` of the two, MongoDB may read all that is newer.
 *
 * @param field of the time; the sort is by it and `_id`, both descending
 * @param from inclusive
 * @param to exclusive
 */
export function inPeriod(field: string, from: Date | undefined, to: Date | undefined, after: PageKey | undefined) {
  const time = { ...(from && { $gte: from }), ...(after ? { $lte: after.time } : to && { $lt: to }) };
  return {
    ...(Object.keys(time).length > 0 && { [field]: time }),
    ...(after && { $nor: [{ [field]: after.time, _id: { $gte: after.id } }] }),
  };
}

export type OrderQueries = ReturnType<typeof createOrderQueries>;

/** Reads of the `orders` read model; each throws ReadModelsUnavailableError. */
export function createOrderQueries({ orders }: { readonly orders: Collection<OrderDocument> }, timeLimitMs: number) {
  const findOrder = findTogether(orders);
  const findPage = askTogether(readPage);
  return {
    find: (orderId: string): Promise<OrderDocument | undefined> => withTimeLimit(timeLimitMs, findOrder(orderId)),

    /** Newest first. A page starts after the last document of the previous one, so every page costs the same. */
    list: (filter: OrderFilter, limit: number, after?: PageKey): Promise<readonly OrderDocument[]> =>
      withTimeLimit(timeLimitMs, findPage({ filter, limit, after })),
  };

  function readPage({ filter: { placedFrom, placedTo, ...equal }, limit, after }: PageQuery): Promise<OrderDocument[]> {
    const filter: Filter<OrderDocument> = {
      ...equal,
      revision: { $gte: 0 },
      ...inPeriod('placedAt', placedFrom, placedTo, after),
    };
    return orders.find(filter).sort({ placedAt: -1, _id: -1 }).limit(limit).toArray();
  }
}

interface PageQuery {
  readonly filter: OrderFilter;
  readonly limit: number;
  readonly after: PageKey | undefined;
}
