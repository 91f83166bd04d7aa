import { describe, expect, it } from 'vitest';
import { DomainError, RefundNotFoundError } from '../../src/domain/errors.ts';
import type { OrderStatus, PizzaOrderEvent } from '../../src/domain/events.ts';
import { formatMoney } from '../../src/domain/money.ts';
import type { PizzaOrder } from '../../src/domain/pizza-order.ts';
import { kept } from '../../src/domain/refunds.ts';
import {
  cancelled,
  CHANGED_AT,
  confirmed,
  historyTo,
  OTHER_REFUND_ID,
  paid,
  PAID_AT,
  paidLate,
  placed,
  REFUND_ID,
  refundCompleted,
  REFUNDED_AT,
  refundFailed,
  refundRequested,
  statusChanged,
} from './examples.ts';
import { fold, given } from './given.ts';

const cancel = (order: PizzaOrder) => order.cancel({ reason: 'no more dough' }, CHANGED_AT, REFUND_ID);
const pay = (transactionId: string) => (order: PizzaOrder) =>
  order.pay({ paymentMethod: 'credit_card', transactionId }, CHANGED_AT, REFUND_ID);
const request =
  (amount?: string, refundId = REFUND_ID) =>
  (order: PizzaOrder) =>
    order.requestRefund({ ...(amount !== undefined && { amount }), reason: 'cold' }, CHANGED_AT, refundId);
const complete =
  (transactionId = 're-123456', refundId = REFUND_ID) =>
  (order: PizzaOrder) =>
    order.completeRefund({ refundId, transactionId }, REFUNDED_AT);
const fail = (final: boolean) => (order: PizzaOrder) =>
  order.failRefund({ refundId: REFUND_ID, reason: 'The account is closed', final }, REFUNDED_AT);

const requested = (amount: string, refundId?: string) => refundRequested(amount, 'cold', refundId);
const owedAll = refundRequested('25.00', 'Order cancelled');
const cancelledPaid = [placed, confirmed, paid, cancelled('COOKING'), owedAll];
/** As the service did before there were refunds. */
const cancelledBefore = [placed, paid, statusChanged('PENDING', 'CANCELLED')];

describe('cancel', () => {
  it.each<OrderStatus>(['PENDING', 'CONFIRMED', 'COOKING', 'READY', 'OUT_FOR_DELIVERY'])(
    'raises OrderCancelled alone, when an unpaid order is %s, as no money is owed',
    (status) => {
      given(historyTo(status))
        .when(cancel)
        .then([cancelled(status)]);
    },
  );

  it('raises RefundRequested too, when the order is paid, for all of it', () => {
    given([placed, confirmed, paid])
      .when(cancel)
      .then([cancelled('COOKING'), owedAll]);
  });

  it.each([
    ['a part is given back', [requested('5.00', OTHER_REFUND_ID), refundCompleted('5.00', OTHER_REFUND_ID)], '20.00'],
    ['a part is being given back', [requested('5.00', OTHER_REFUND_ID)], '20.00'],
    ['a refund failed for good', [requested('5.00', OTHER_REFUND_ID), refundFailed(true, OTHER_REFUND_ID)], '25.00'],
  ])('requests the rest, when %s, and no more', (_, before, amount) => {
    given([placed, paid, ...before])
      .when(cancel)
      .then([cancelled('PENDING'), refundRequested(amount, 'Order cancelled')]);
  });

  it('requests nothing, when all was given back already, as nothing is owed', () => {
    given([placed, paid, requested('25.00', OTHER_REFUND_ID), refundCompleted('25.00', OTHER_REFUND_ID)])
      .when(cancel)
      .then([cancelled('PENDING')]);
  });

  it('raises the code of the reason, when one is given', () => {
    const { data, ...event } = cancelled('PENDING');
    given([placed])
      .when((order) => order.cancel({ reason: data.reason, reasonCode: 'SOLD_OUT' }, CHANGED_AT, REFUND_ID))
      .then([{ ...event, data: { ...data, reasonCode: 'SOLD_OUT' } }]);
  });

  it.each<OrderStatus>(['DELIVERED', 'CANCELLED'])('is refused, when the order is %s, with its status', (status) => {
    const refusal = new DomainError(`Cannot cancel order in status: ${status}`);
    given(historyTo(status)).when(cancel).then(refusal);
    given([...historyTo(status), cancelled(status)])
      .when(cancel)
      .then(new DomainError('Cannot cancel order in status: CANCELLED'));
  });

  it('is what the status CANCELLED does, of a paid order, with its reason', () => {
    given([placed, confirmed, paid])
      .when((order) => order.changeStatus({ status: 'CANCELLED', reason: 'no more dough' }, CHANGED_AT, REFUND_ID))
      .then([cancelled('COOKING'), owedAll]);
  });
});

describe('pay a cancelled order', () => {
  const owed = refundRequested('25.00', 'Paid after the order was cancelled');

  it.each([
    ['was cancelled unpaid', [placed, cancelled('PENDING')]],
    ['was cancelled unpaid before there were refunds', historyTo('CANCELLED')],
    ['was cancelled paid before there were refunds', cancelledBefore],
  ])('raises LatePaymentReceived and RefundRequested, when it %s, for the total', (_, history) => {
    given(history).when(pay('txn-late')).then([paidLate(), owed]);
  });

  it.each([
    ['its own payment', cancelledPaid, 'txn-123456'],
    ['its own payment of before', cancelledBefore, 'txn-123456'],
    ['a late payment', [placed, cancelled('PENDING'), paidLate(), owed], 'txn-late'],
    [
      'a late payment that was given back',
      [placed, cancelled('PENDING'), paidLate(), owed, refundCompleted('25.00')],
      'txn-late',
    ],
  ])('raises nothing, when it is %s again', (_, history, transactionId) => {
    given(history).when(pay(transactionId)).then([]);
  });

  it('owes both payments back, when it was paid before, and gives neither up', () => {
    const state = fold([...cancelledPaid, paidLate(), { ...owed, data: { ...owed.data, refundId: OTHER_REFUND_ID } }]);
    expect(formatMoney(state.owed)).toBe('50.00');
    expect(state.paymentStatus).toBe('REFUND_PENDING');
  });

  it('was paid when its first payment came, late or not', () => {
    expect(fold([...cancelledPaid, paidLate()]).paidAt).toBe(PAID_AT);
    expect(fold([placed, cancelled('PENDING'), paidLate()]).paidAt).toBe(CHANGED_AT);
  });
});

describe('request a refund', () => {
  it.each<[string, readonly PizzaOrderEvent[]]>([
    ['PENDING', [placed, paid]],
    ['DELIVERED', [placed, paid, statusChanged('PENDING', 'DELIVERED')]],
    ['CANCELLED, before there were refunds', cancelledBefore],
  ])('raises RefundRequested, when a paid order is %s, for a part of it', (_, history) => {
    given(history)
      .when(request('5'))
      .then([requested('5.00')]);
  });

  it('takes all that is left, when no amount is given, as the amount', () => {
    given([placed, paid])
      .when(request())
      .then([requested('25.00')]);
    given([placed, paid, requested('5.00', OTHER_REFUND_ID)])
      .when(request())
      .then([requested('20.00')]);
  });

  it('takes what is left, to the cent, and not a cent more', () => {
    const before = [placed, paid, requested('12.50', OTHER_REFUND_ID)];
    given(before)
      .when(request('12.50'))
      .then([requested('12.50')]);
    given(before).when(request('12.51')).then(new DomainError('Refund of 12.51 exceeds what is left to refund: 12.50'));
  });

  it('takes the amount of a refund, that failed for good, as left', () => {
    given([placed, paid, requested('25.00', OTHER_REFUND_ID), refundFailed(true, OTHER_REFUND_ID)])
      .when(request())
      .then([requested('25.00')]);
    given([placed, paid, requested('25.00', OTHER_REFUND_ID), refundFailed(false, OTHER_REFUND_ID)])
      .when(request('0.01'))
      .then(new DomainError('Nothing is left to refund'));
  });

  it.each<[string, readonly PizzaOrderEvent[], string, string]>([
    ['nothing was paid', [placed], '5.00', 'Cannot refund an order that is not paid'],
    ['nothing was paid and it is cancelled', historyTo('CANCELLED'), '5.00', 'Cannot refund an order that is not paid'],
    ['the amount is zero', [placed, paid], '0.00', 'Refund amount must be positive'],
    ['it is more than was paid', [placed, paid], '25.01', 'Refund of 25.01 exceeds what is left to refund: 25.00'],
    ['all is requested', cancelledPaid, '0.01', 'Nothing is left to refund'],
    ['all is given back', [...cancelledPaid, refundCompleted('25.00')], '25.00', 'Nothing is left to refund'],
  ])('is refused, when %s, with that rule', (_, history, amount, message) => {
    given(history).when(request(amount, OTHER_REFUND_ID)).then(new DomainError(message));
  });

  it('is refused, under an id that a refund has already, rather than mixing the two up', () => {
    given([placed, paid, requested('5.00')])
      .when(request('5.00'))
      .then(new DomainError(`Refund already requested: ${REFUND_ID}`));
  });
});

describe('complete a refund', () => {
  const history = [placed, paid, requested('5.00')];

  it('raises RefundCompleted, when it is pending, with its amount', () => {
    given(history)
      .when(complete())
      .then([refundCompleted('5.00')]);
    given([...history, refundFailed(false)])
      .when(complete())
      .then([refundCompleted('5.00')]);
  });

  it('raises nothing, when the same transaction completed it, and is refused for another', () => {
    const completed = [...history, refundCompleted('5.00')];
    given(completed).when(complete()).then([]);
    given(completed)
      .when(complete('re-2'))
      .then(new DomainError('Refund is already completed by transaction re-123456'));
  });

  it('is refused, when it failed for good, as its amount may be on another way back', () => {
    given([...history, refundFailed(true)])
      .when(complete())
      .then(new DomainError('Cannot complete refund in status: FAILED'));
  });

  it('is refused, when the order has no such refund, as not found', () => {
    given(history).when(complete('re-1', OTHER_REFUND_ID)).then(new RefundNotFoundError(OTHER_REFUND_ID));
  });
});

describe('fail a refund', () => {
  const history = [placed, paid, requested('5.00')];

  it.each([true, false])('raises RefundFailed, when it is pending, for good: %s', (final) => {
    given(history)
      .when(fail(final))
      .then([refundFailed(final)]);
  });

  it('is not for good, when nothing is said about that', () => {
    given(history)
      .when((order) => order.failRefund({ refundId: REFUND_ID, reason: 'The account is closed' }, REFUNDED_AT))
      .then([refundFailed(false)]);
  });

  it.each([
    ['COMPLETED', refundCompleted('5.00')],
    ['FAILED', refundFailed(true)],
  ])('is refused, when it is %s, with its status', (status, event) => {
    given([...history, event])
      .when(fail(true))
      .then(new DomainError(`Cannot fail refund in status: ${status}`));
  });

  it('is refused, when the order has no such refund, as not found', () => {
    given([placed, paid]).when(fail(true)).then(new RefundNotFoundError(REFUND_ID));
  });
});

describe('the payment status', () => {
  it.each<[string, readonly PizzaOrderEvent[], string, string]>([
    ['in part requested', [placed, paid, requested('5.00')], 'REFUND_PENDING', '5.00'],
    ['in part given back', [placed, paid, requested('5.00'), refundCompleted('5.00')], 'PARTIALLY_REFUNDED', '0.00'],
    ['given back', [...cancelledPaid, refundCompleted('25.00')], 'REFUNDED', '0.00'],
    ['not given back for now', [...cancelledPaid, refundFailed(false)], 'REFUND_PENDING', '25.00'],
    ['not given back for good', [...cancelledPaid, refundFailed(true)], 'REFUND_PENDING', '25.00'],
    [
      'requested anew',
      [...cancelledPaid, refundFailed(true), requested('25.00', OTHER_REFUND_ID)],
      'REFUND_PENDING',
      '25.00',
    ],
    [
      'given back in a second refund',
      [
        ...cancelledPaid,
        refundFailed(true),
        requested('25.00', OTHER_REFUND_ID),
        refundCompleted('25.00', OTHER_REFUND_ID),
      ],
      'REFUNDED',
      '0.00',
    ],
    ['cancelled before there were refunds', [placed, paid, statusChanged('PENDING', 'CANCELLED')], 'PAID', '0.00'],
    [
      'none, as the order was free, and is cancelled',
      [placed, { ...paid, data: { ...paid.data, amount: '0.00' } }, cancelled('PENDING')],
      'PAID',
      '0.00',
    ],
  ])('of money, when it is %s, follows from paid, owed and given back', (_, history, paymentStatus, owed) => {
    const state = fold(history);
    expect(state.paymentStatus).toBe(paymentStatus);
    expect(formatMoney(state.owed)).toBe(owed);
  });

  it('that was paid, when the order is confirmed after a refund was requested, makes it COOKING', () => {
    expect(fold([placed, paid, requested('5.00'), confirmed]).status).toBe('COOKING');
  });

  it('of an order, cancelled before there were refunds, leaves all money undecided, and of any other none', () => {
    expect(formatMoney(kept(fold(cancelledBefore)))).toBe('25.00');
    expect(formatMoney(kept(fold([...cancelledBefore, paidLate(), requested('25.00')])))).toBe('25.00');
    expect(formatMoney(kept(fold([...cancelledBefore, requested('25.00')])))).toBe('0.00');
    expect(formatMoney(kept(fold([...cancelledPaid, refundFailed(true)])))).toBe('0.00');
  });

  it('of money, that was given back in part, leaves the rest kept', () => {
    expect(formatMoney(kept(fold([placed, paid, requested('5.00'), refundCompleted('5.00')])))).toBe('20.00');
  });
});
