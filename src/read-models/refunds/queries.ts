import type { Collection } from 'mongodb';
import type { RefundStatus } from '../../domain/refunds.ts';
import { withTimeLimit } from '../database.ts';
import type { OrderDocument } from '../orders/document.ts';
import type { PageKey } from '../orders/queries.ts';
import type { RefundDocument } from './document.ts';

export interface RefundFilter {
  /** UNKNOWN: what was paid for an order, which was then cancelled without anybody deciding on the money. */
  readonly status: RefundStatus | 'UNKNOWN';
}

export interface ListedRefund {
  readonly orderId: string;
  readonly refundId: string | null;
  readonly status: RefundFilter['status'];
  readonly amountMinor: number;
  readonly reason: string | null;
  readonly requestedAt: Date | null;
  readonly completedAt: Date | null;
  readonly transactionId: string | null;
  /** Its place in the list. */
  readonly key: PageKey;
}

export type RefundQueries = ReturnType<typeof createRefundQueries>;

/** Reads of the `refunds` read model; each throws ReadModelsUnavailableError. */
export function createRefundQueries(
  { orders, refunds }: { readonly orders: Collection<OrderDocument>; readonly refunds: Collection<RefundDocument> },
  timeLimitMs: number,
) {
  return {
    /**
     * Oldest first: by when they were requested, those of status UNKNOWN by when the order was placed. A page starts
     * after the last entry of the previous one, so every page costs the same.
     */
    async list({ status }: RefundFilter, limit: number, after?: PageKey): Promise<ListedRefund[]> {
      return withTimeLimit(
        timeLimitMs,
        status === 'UNKNOWN' ? listUndecided(limit, after) : listRefunds(status, limit, after),
      );
    },
  };

  async function listRefunds(status: RefundStatus, limit: number, after?: PageKey): Promise<ListedRefund[]> {
    const found = await refunds
      .find({ status, ...laterThan('requestedAt', '_id', after) })
      .sort({ requestedAt: 1, _id: 1 })
      .limit(limit)
      .toArray();
    return found.map(({ _id: refundId, ...refund }) => ({
      completedAt: null,
      transactionId: null,
      ...refund,
      refundId,
      key: { time: refund.requestedAt, id: refundId },
    }));
  }

  async function listUndecided(limit: number, after?: PageKey): Promise<ListedRefund[]> {
    const found = await orders
      .find(laterThan('undecided.placedAt', 'undecided.orderId', after))
      .sort({ 'undecided.placedAt': 1, 'undecided.orderId': 1 })
      .limit(limit)
      .toArray();
    return found.map(({ _id: orderId, undecided, placedAt: time }) => ({
      orderId,
      refundId: null,
      status: 'UNKNOWN',
      amountMinor: undecided?.amountMinor ?? 0,
      reason: null,
      requestedAt: null,
      completedAt: null,
      transactionId: null,
      key: { time, id: orderId },
    }));
  }
}

/**
 * Without a page before: all that have such a time. After one: a range of times, which an index bounds, and a filter for
 * the few of the same time, as in the list of orders.
 */
export function laterThan(time: string, id: string, after: PageKey | undefined): object {
  if (!after) return { [time]: { $gte: new Date(0) } };
  return { [time]: { $gte: after.time }, $nor: [{ [time]: after.time, [id]: { $lte: after.id } }] };
}
