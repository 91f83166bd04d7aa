import {
  type Address,
  type OrderItem,
  type OrderStatus,
  type PaymentStatus,
  type PizzaOrderEvent,
  unknownEvent,
} from './events.ts';
import { Decimal, type Money, type MoneyString, parseMoney } from './money.ts';
import { type Account, EMPTY_ACCOUNT, paid, paymentStatusOf, type Refund, totalOf } from './refunds.ts';

/** What the events of one order add up to. Absent values are null. */
export interface OrderState extends Account {
  readonly id: string;
  readonly customerId: string;
  readonly customerEmail: string | null;
  readonly items: readonly OrderItem[];
  readonly totalAmount: Money;
  readonly currency: string;
  readonly status: OrderStatus;
  /** Told from the account; kept so that each event computes it once. */
  readonly paymentStatus: PaymentStatus;
  readonly discountCodes: readonly string[];
  readonly kitchenNotes: string | null;
  readonly deliveryAddress: Address | null;
  readonly placedAt: string;
  readonly estimatedDelivery: string | null;
  readonly confirmedAt: string | null;
  readonly paidAt: string | null;
  readonly lastUpdated: string;
}

/** An order that is both confirmed and paid is being cooked, whichever came second. */
function cookingOnceBoth(status: OrderStatus, paymentStatus: PaymentStatus): OrderStatus {
  return status === 'CONFIRMED' && paymentStatus !== 'UNPAID' ? 'COOKING' : status;
}

function withAccount(state: OrderState, changes: Partial<OrderState>): OrderState {
  const { payments = state.payments, refunds = state.refunds, owed = state.owed } = changes;
  return { ...state, ...changes, paymentStatus: paymentStatusOf({ payments, refunds, owed }) };
}

function withRefund(refunds: readonly Refund[], refundId: string, changes: Partial<Refund>): readonly Refund[] {
  return refunds.map((refund) => (refund.refundId === refundId ? { ...refund, ...changes } : refund));
}

/**
 * The only thing that changes an order: aggregate, read model and time travel all fold with it.
 *
 * @throws TypeError when the first event is not `PizzaOrderPlaced`, or a later one is
 */
export function evolve(state: OrderState | undefined, event: PizzaOrderEvent): OrderState {
  if (event.type === 'PizzaOrderPlaced') {
    if (state !== undefined) throw new TypeError('PizzaOrderPlaced can only be the first event of an order');
    const { data } = event;
    return {
      id: data.orderId,
      customerId: data.customerId,
      customerEmail: data.customerEmail ?? null,
      items: data.items,
      totalAmount: parseMoney(data.totalAmount),
      currency: data.currency,
      status: 'PENDING',
      paymentStatus: 'UNPAID',
      ...EMPTY_ACCOUNT,
      discountCodes: [],
      kitchenNotes: null,
      deliveryAddress: data.deliveryAddress ?? null,
      placedAt: data.placedAt,
      estimatedDelivery: null,
      confirmedAt: null,
      paidAt: null,
      lastUpdated: data.placedAt,
    };
  }
  if (state === undefined) throw new TypeError(`${event.type} cannot be the first event of an order`);
  switch (event.type) {
    case 'PizzaOrderConfirmed':
      return {
        ...state,
        status: cookingOnceBoth('CONFIRMED', state.paymentStatus),
        estimatedDelivery: event.data.estimatedDeliveryTime,
        kitchenNotes: event.data.kitchenNotes === '' ? null : event.data.kitchenNotes,
        confirmedAt: event.data.confirmedAt,
        lastUpdated: event.data.confirmedAt,
      };
    case 'PaymentProcessed':
      return {
        ...state,
        status: cookingOnceBoth(state.status, 'PAID'),
        paymentStatus: 'PAID',
        payments: [...state.payments, paymentOf(event.data)],
        paidAt: event.data.processedAt,
        lastUpdated: event.data.processedAt,
      };
    case 'OrderStatusChanged':
      return { ...state, status: event.data.newStatus, lastUpdated: event.data.changedAt };
    case 'DiscountApplied':
      return {
        ...state,
        totalAmount: parseMoney(event.data.newTotal),
        discountCodes: [...state.discountCodes, event.data.discountCode],
        lastUpdated: event.data.appliedAt,
      };
    case 'DeliveryAddressChanged':
      return { ...state, deliveryAddress: event.data.newAddress, lastUpdated: event.data.changedAt };
    case 'OrderCancelled':
      return withAccount(state, {
        status: 'CANCELLED',
        owed: paid(state).minus(totalOf(state, 'COMPLETED')),
        lastUpdated: event.data.cancelledAt,
      });
    case 'LatePaymentReceived': {
      const payment = paymentOf(event.data);
      return withAccount(state, {
        payments: [...state.payments, payment],
        owed: state.owed.plus(payment.amount),
        paidAt: state.paidAt ?? event.data.receivedAt,
        lastUpdated: event.data.receivedAt,
      });
    }
    case 'RefundRequested': {
      const { refundId, amount, reason, requestedAt } = event.data;
      const refund: Refund = {
        refundId,
        amount: parseMoney(amount),
        status: 'PENDING',
        reason,
        requestedAt,
        completedAt: null,
        transactionId: null,
      };
      const refunds = [...state.refunds, refund];
      // What was owed already is not owed twice.
      const owed = Decimal.max(state.owed, totalOf({ refunds }, 'PENDING'));
      return withAccount(state, { refunds, owed, lastUpdated: requestedAt });
    }
    case 'RefundCompleted': {
      const { refundId, amount, transactionId, completedAt } = event.data;
      return withAccount(state, {
        refunds: withRefund(state.refunds, refundId, { status: 'COMPLETED', completedAt, transactionId }),
        owed: state.owed.minus(parseMoney(amount)),
        lastUpdated: completedAt,
      });
    }
    case 'RefundFailed': {
      const { refundId, final, failedAt } = event.data;
      const refunds = final ? withRefund(state.refunds, refundId, { status: 'FAILED' }) : state.refunds;
      return { ...state, refunds, lastUpdated: failedAt };
    }
    default:
      return unknownEvent(event);
  }
}

function paymentOf({ transactionId, amount }: { readonly transactionId: string; readonly amount: MoneyString }) {
  return { transactionId, amount: parseMoney(amount) };
}
