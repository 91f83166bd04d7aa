import Type from 'typebox';
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../domain/events.ts';
import { formatMoney, type Money, parseMoney } from '../domain/money.ts';
import type { OrderState } from '../domain/order-state.ts';
import { type Payment, type Refund, REFUND_STATUSES } from '../domain/refunds.ts';
import { createSnapshotCodec } from './snapshot-codec.ts';

const Nullable = (schema: Type.TSchema) => Type.Union([schema, Type.Null()]);

const Amount = Type.String({ pattern: '^\\d{1,10}\\.\\d{2}$' });

type WithText<Value extends { readonly amount: Money }> = Omit<Value, 'amount'> & { readonly amount: string };

type StoredState = Omit<OrderState, 'totalAmount' | 'owed' | 'payments' | 'refunds'> & {
  readonly totalAmount: string;
  readonly owed: string;
  readonly payments: readonly WithText<Payment>[];
  readonly refunds: readonly WithText<Refund>[];
};

export const orderSnapshots = createSnapshotCodec<OrderState, StoredState>({
  version: 2,
  schema: Type.Object({
    id: Type.String(),
    customerId: Type.String(),
    customerEmail: Nullable(Type.String()),
    items: Type.Array(Type.Object({ name: Type.String(), quantity: Type.Integer(), unitPrice: Type.String() })),
    totalAmount: Amount,
    currency: Type.String(),
    status: Type.Enum([...ORDER_STATUSES]),
    paymentStatus: Type.Enum([...PAYMENT_STATUSES]),
    payments: Type.Array(Type.Object({ transactionId: Type.String(), amount: Amount })),
    refunds: Type.Array(
      Type.Object({
        refundId: Type.String(),
        amount: Amount,
        status: Type.Enum([...REFUND_STATUSES]),
        reason: Type.String(),
        requestedAt: Type.String(),
        completedAt: Nullable(Type.String()),
        transactionId: Nullable(Type.String()),
      }),
    ),
    owed: Amount,
    discountCodes: Type.Array(Type.String()),
    kitchenNotes: Nullable(Type.String()),
    deliveryAddress: Nullable(Type.Object({ street: Type.String(), city: Type.String(), postalCode: Type.String() })),
    placedAt: Type.String(),
    estimatedDelivery: Nullable(Type.String()),
    confirmedAt: Nullable(Type.String()),
    paidAt: Nullable(Type.String()),
    lastUpdated: Type.String(),
  }),
  toStored: (state) => ({
    ...state,
    totalAmount: formatMoney(state.totalAmount),
    owed: formatMoney(state.owed),
    payments: state.payments.map((payment) => ({ ...payment, amount: formatMoney(payment.amount) })),
    refunds: state.refunds.map((refund) => ({ ...refund, amount: formatMoney(refund.amount) })),
  }),
  fromStored: (stored) => ({
    ...stored,
    totalAmount: parseMoney(stored.totalAmount),
    owed: parseMoney(stored.owed),
    payments: stored.payments.map((payment) => ({ ...payment, amount: parseMoney(payment.amount) })),
    refunds: stored.refunds.map((refund) => ({ ...refund, amount: parseMoney(refund.amount) })),
  }),
});
