import type { PizzaOrderEvent } from '../../domain/events.ts';
import { parseMoney, toMinorUnits } from '../../domain/money.ts';
import type { RefundStatus } from '../../domain/refunds.ts';

/** Document of the collection `refunds`; its `_id` is the refund's id. */
export interface RefundDocument {
  readonly _id: string;
  readonly orderId: string;
  readonly status: RefundStatus;
  readonly amountMinor: number;
  readonly reason: string;
  readonly requestedAt: Date;
  /** Of a completed refund. */
  readonly completedAt?: Date;
  readonly transactionId?: string;
}

/** What events have said of a refund so far; the first of them may be missing. */
export type RefundFields = Partial<Omit<RefundDocument, '_id'>>;

/**
 * What an event says of a refund; undefined if nothing. A refund is completed or fails for good, and never both, so it
 * doesn't matter in which order, or how often, the fields are set.
 */
export function refundFieldsOf({ type, data }: PizzaOrderEvent): { id: string; fields: RefundFields } | undefined {
  switch (type) {
    case 'RefundRequested': {
      const { orderId, refundId: id, amount, reason, requestedAt } = data;
      const fields = { orderId, amountMinor: minorUnits(amount), reason, requestedAt: new Date(requestedAt) };
      return { id, fields };
    }
    case 'RefundCompleted': {
      const { orderId, refundId: id, amount, transactionId, completedAt } = data;
      const fields = { orderId, amountMinor: minorUnits(amount), transactionId, completedAt: new Date(completedAt) };
      return { id, fields: { ...fields, status: 'COMPLETED' } };
    }
    case 'RefundFailed':
      return data.final ? { id: data.refundId, fields: { orderId: data.orderId, status: 'FAILED' } } : undefined;
    default:
      return undefined;
  }
}

function minorUnits(amount: string): number {
  return toMinorUnits(parseMoney(amount));
}
