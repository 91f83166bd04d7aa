import type { PaymentStatus } from './events.ts';
import { Decimal, type Money } from './money.ts';

export const REFUND_STATUSES = ['PENDING', 'COMPLETED', 'FAILED'] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

/** Money that was taken for an order; `transactionId` is the payment provider's. */
export interface Payment {
  readonly transactionId: string;
  readonly amount: Money;
}

/** Money that is to be given back, was given back, or could not be, for good. */
export interface Refund {
  readonly refundId: string;
  readonly amount: Money;
  readonly status: RefundStatus;
  readonly reason: string;
  readonly requestedAt: string;
  readonly completedAt: string | null;
  /** The payment provider's, of the completed refund. */
  readonly transactionId: string | null;
}

/** What was taken for an order and what became of it. */
export interface Account {
  readonly payments: readonly Payment[];
  readonly refunds: readonly Refund[];
  /** What must be given back: pending refunds, and what a refund that failed for good has left owed. */
  readonly owed: Money;
}

export const EMPTY_ACCOUNT: Account = { payments: [], refunds: [], owed: new Decimal(0) };

export function paid({ payments }: Pick<Account, 'payments'>): Money {
  return total(payments);
}

/** What the refunds in this status add up to. */
export function totalOf({ refunds }: Pick<Account, 'refunds'>, wanted: RefundStatus): Money {
  return total(refunds.filter(({ status }) => status === wanted));
}

/** What was paid, and is neither given back nor about to be. */
export function refundable(account: Account): Money {
  return paid(account).minus(totalOf(account, 'COMPLETED')).minus(totalOf(account, 'PENDING'));
}

/** What was paid, and is neither given back nor owed. */
export function kept(account: Account): Money {
  return paid(account).minus(totalOf(account, 'COMPLETED')).minus(account.owed);
}

export function paymentStatusOf(account: Account): PaymentStatus {
  if (account.payments.length === 0) return 'UNPAID';
  if (account.owed.greaterThan(0)) return 'REFUND_PENDING';
  const refunded = totalOf(account, 'COMPLETED');
  if (refunded.isZero()) return 'PAID';
  return refunded.lessThan(paid(account)) ? 'PARTIALLY_REFUNDED' : 'REFUNDED';
}

function total(amounts: readonly { readonly amount: Money }[]): Money {
  return amounts.reduce((sum, { amount }) => sum.plus(amount), new Decimal(0));
}
