import type { Collection, Filter } from 'mongodb';
import type { OrderStatus, PaymentStatus } from '../../domain/events.ts';
import type { OrderDocument } from './document.ts';
import { withTimeLimit } from '../database.ts';
import { findTogether } from './find-together.ts';

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

export type OrderQueries = ReturnType<typeof createOrderQueries>;

/** Reads of the `orders` read model; each throws ReadModelsUnavailableError. */
export function createOrderQueries({ orders }: { readonly orders: Collection<OrderDocument> }, timeLimitMs: number) {
  const findOrder = findTogether(orders);
  return {
    find: (orderId: string): Promise<OrderDocument | undefined> => withTimeLimit(timeLimitMs, findOrder(orderId)),

    /** Newest first. A page starts after the last document of the previous one, so every page costs the same. */
    async list(
      { placedFrom, placedTo, ...equal }: OrderFilter,
      limit: number,
      after?: PageKey,
    ): Promise<OrderDocument[]> {
      const placedAt = { ...(placedFrom && { $gte: placedFrom }), ...(placedTo && { $lt: placedTo }) };
      const filter: Filter<OrderDocument> = {
        ...equal,
        revision: { $gte: 0 },
        ...(Object.keys(placedAt).length > 0 && { placedAt }),
        ...(after && { $or: [{ placedAt: { $lt: after.time } }, { placedAt: after.time, _id: { $lt: after.id } }] }),
      };
      return withTimeLimit(timeLimitMs, orders.find(filter).sort({ placedAt: -1, _id: -1 }).limit(limit).toArray());
    },
  };
}
