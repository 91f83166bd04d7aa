import { api, ask, type Schemas } from '../../../api/client.ts';
import { fromMinor, money, toMinor } from '../../../ui/format.ts';
import { type CommandField, toAmount, type Values } from './fields.ts';

type ChangedOrder = Schemas['PlainOrder'];

/** With what a command is sent: its idempotency key, and the revision that was looked at. */
interface Sending {
  readonly 'idempotency-key': string;
  readonly 'if-match'?: string;
}

/** Something that is done to an order after a question. */
export interface OrderCommand {
  readonly title: string;
  readonly explanation: string;
  readonly fields: readonly CommandField[];
  /** What its button says. */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** What is said when it is done. */
  readonly done: string;
  readonly send: (values: Values, header: Sending) => Promise<ChangedOrder>;
}

type PayableOrder = Pick<ChangedOrder, 'id' | 'totalAmount' | 'currency' | 'status' | 'refunds'>;

export function payment({ id: orderId, totalAmount, currency, status }: PayableOrder): OrderCommand {
  const amount = money(totalAmount, currency);
  return {
    title: 'Record a payment',
    explanation:
      status === 'CANCELLED'
        ? `${amount} came in for an order that was cancelled. It will be owed back at once.`
        : `${amount} was paid for this order.`,
    fields: [
      { name: 'paymentMethod', label: 'Paid by', kind: 'line', initial: 'cash', suggestions: METHODS },
      {
        name: 'transactionId',
        label: 'Transaction',
        kind: 'line',
        hint: 'The payment provider’s id, or the receipt’s.',
      },
    ],
    action: `Record ${amount}`,
    done: 'The payment is recorded.',
    send: ({ paymentMethod = '', transactionId = '' }, header) =>
      ask(
        api.POST('/orders/{orderId}/payment', {
          params: { path: { orderId }, header },
          body: { paymentMethod, transactionId },
        }),
      ),
  };
}

const METHODS = ['cash', 'credit_card', 'debit_card', 'voucher'];

/** What of an order's total is neither given back nor about to be, in minor units. */
export function leftToRefund({ totalAmount, refunds }: Pick<ChangedOrder, 'totalAmount' | 'refunds'>): number {
  return refunds
    .filter(({ status }) => status !== 'FAILED')
    .reduce((left, { amount }) => left - toMinor(amount), toMinor(totalAmount));
}

export function refund(order: PayableOrder): OrderCommand {
  const { id: orderId, currency } = order;
  const left = fromMinor(leftToRefund(order));
  return {
    title: 'Request a refund',
    explanation: `Up to ${money(left, currency)} can be given back. It is owed from now on, until somebody says that it was paid back.`,
    fields: [
      { name: 'amount', label: `Amount, ${currency}`, kind: 'amount', initial: left },
      { name: 'reason', label: 'Reason', kind: 'text' },
    ],
    action: 'Request the refund',
    done: 'The refund is requested.',
    send: ({ amount = '', reason = '' }, header) => {
      const asked = toAmount(amount);
      const body = { reason, ...(asked !== undefined && { amount: asked }) };
      return ask(api.POST('/orders/{orderId}/refunds', { params: { path: { orderId }, header }, body }));
    },
  };
}

export function cancellation({ id: orderId, paymentStatus }: Pick<ChangedOrder, 'id' | 'paymentStatus'>): OrderCommand {
  return {
    title: 'Cancel the order',
    explanation:
      paymentStatus === 'UNPAID'
        ? 'The kitchen is told to stop. This cannot be taken back.'
        : 'The kitchen is told to stop, and what was paid is owed back. This cannot be taken back.',
    fields: [{ name: 'reason', label: 'Reason', kind: 'text' }],
    action: 'Cancel the order',
    isDangerous: true,
    done: 'The order is cancelled.',
    send: ({ reason = '' }, header) =>
      ask(api.POST('/orders/{orderId}/cancel', { params: { path: { orderId }, header }, body: { reason } })),
  };
}

/** A refund that is owed. */
export interface OwedRefund {
  readonly orderId: string;
  readonly refundId: string;
  /** As it is shown, such as `$12.50`. */
  readonly shownAmount: string;
}

export function completion({ orderId, refundId, shownAmount }: OwedRefund): OrderCommand {
  return {
    title: `${shownAmount} given back`,
    explanation: 'The customer has the money, or the payment provider has taken the order to pay it back.',
    fields: [
      { name: 'transactionId', label: 'Transaction', kind: 'line', hint: 'The payment provider’s id of the refund.' },
    ],
    action: 'Record it',
    done: 'The refund is recorded as given back.',
    send: ({ transactionId = '' }, header) =>
      ask(
        api.POST('/orders/{orderId}/refunds/{refundId}/complete', {
          params: { path: { orderId, refundId }, header },
          body: { transactionId },
        }),
      ),
  };
}

export function failure({ orderId, refundId, shownAmount }: OwedRefund): OrderCommand {
  return {
    title: `${shownAmount} could not be given back`,
    explanation: 'Unless it is for good, it stays on the list of what is owed, to be tried again.',
    fields: [
      { name: 'reason', label: 'Reason', kind: 'text' },
      { name: 'final', label: 'For good: another refund has to be requested', kind: 'check' },
    ],
    action: 'Record the failure',
    isDangerous: true,
    done: 'The failure is recorded.',
    send: ({ reason = '', final = '' }, header) =>
      ask(
        api.POST('/orders/{orderId}/refunds/{refundId}/fail', {
          params: { path: { orderId, refundId }, header },
          body: { reason, final: final === 'yes' },
        }),
      ),
  };
}
