import Type from 'typebox';
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../domain/events.ts';
import { formatMoney, parseMoney } from '../domain/money.ts';
import type { OrderState } from '../domain/order-state.ts';
import { createSnapshotCodec } from './snapshot-codec.ts';

const Nullable = (schema: Type.TSchema) => Type.Union([schema, Type.Null()]);

type StoredState = Omit<OrderState, 'totalAmount'> & { readonly totalAmount: string };

export const orderSnapshots = createSnapshotCodec<OrderState, StoredState>({
  version: 1,
  schema: Type.Object({
    id: Type.String(),
    customerId: Type.String(),
    customerEmail: Nullable(Type.String()),
    items: Type.Array(Type.Object({ name: Type.String(), quantity: Type.Integer(), unitPrice: Type.String() })),
    totalAmount: Type.String({ pattern: '^\\d{1,10}\\.\\d{2}$' }),
    currency: Type.String(),
    status: Type.Enum([...ORDER_STATUSES]),
    paymentStatus: Type.Enum([...PAYMENT_STATUSES]),
    discountCodes: Type.Array(Type.String()),
    kitchenNotes: Nullable(Type.String()),
    deliveryAddress: Nullable(Type.Object({ street: Type.String(), city: Type.String(), postalCode: Type.String() })),
    placedAt: Type.String(),
    estimatedDelivery: Nullable(Type.String()),
    confirmedAt: Nullable(Type.String()),
    paidAt: Nullable(Type.String()),
    lastUpdated: Type.String(),
  }),
  toStored: (state) => ({ ...state, totalAmount: formatMoney(state.totalAmount) }),
  fromStored: (stored) => ({ ...stored, totalAmount: parseMoney(stored.totalAmount) }),
});
