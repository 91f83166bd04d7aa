import Type from 'typebox';
import { REFUND_STATUSES } from '../../domain/refunds.ts';
import { Amount, closed, line, Money, notes, nullable, nullableTime, ref } from './common.ts';

const why = notes('the reason', 1);
const refundId = Type.String({ format: 'uuid', description: 'a UUID' });

export const CancelOrderBody = Type.Object(
  { reason: why, reasonCode: Type.Optional(line('a code for the reason, such as CUSTOMER_REQUEST')) },
  { $id: 'CancelOrder', ...closed },
);

export const RequestRefundBody = Type.Object(
  { amount: Type.Optional(Amount), reason: why },
  { $id: 'RequestRefund', ...closed, description: 'without an amount: all that is left to refund' },
);

export const CompleteRefundBody = Type.Object(
  { transactionId: line('the payment provider’s id of the refund') },
  { $id: 'CompleteRefund', ...closed },
);

export const FailRefundBody = Type.Object(
  {
    reason: why,
    final: Type.Optional(
      Type.Boolean({ description: 'true or false: whether it will not be tried again; false if it is left out' }),
    ),
  },
  { $id: 'FailRefund', ...closed },
);

const refundProperties = {
  amount: Money,
  reason: Type.String(),
  requestedAt: Type.String({ format: 'date-time' }),
  completedAt: nullableTime('null unless completed'),
  transactionId: nullable<string>('string', 'null unless completed'),
};

/** A refund as an order shows it. */
export const Refund = Type.Object(
  {
    refundId: Type.String({ format: 'uuid', description: 'fit to be the payment provider’s idempotency key' }),
    status: Type.Enum([...REFUND_STATUSES], { type: 'string' }),
    ...refundProperties,
  },
  { $id: 'Refund' },
);

export const RefundListStatus = Type.Enum([...REFUND_STATUSES, 'UNKNOWN'], {
  type: 'string',
  default: 'PENDING',
  description: 'refunds in this status; UNKNOWN: orders that were cancelled while paid, without a refund',
});

/** A refund as the list shows it. */
export const ListedRefund = Type.Object({
  orderId: Type.String({ format: 'uuid' }),
  refundId: nullable<string>('string', 'null if nobody has requested one'),
  status: Type.Enum([...REFUND_STATUSES, 'UNKNOWN'], { type: 'string' }),
  ...refundProperties,
  reason: nullable<string>('string', 'null if nobody has requested it'),
  requestedAt: nullableTime('null if nobody has requested it'),
});

export const RefundPage = Type.Object(
  {
    items: Type.Array(ListedRefund),
    nextCursor: Type.Optional(Type.String({ description: 'of the next page; absent on the last one' })),
  },
  { $id: 'RefundPage' },
);

export const RefundParams = Type.Object({
  orderId: Type.String({ format: 'uuid', description: 'a UUID' }),
  refundId,
});

export const Refunds = Type.Array(ref(Refund), { description: 'oldest first' });
