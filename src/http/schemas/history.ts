import Type from 'typebox';
import type { PizzaOrderEvent } from '../../domain/events.ts';
import { TraceId } from './common.ts';

/** A revision of an order, as a query parameter; streams end long before its limit. */
export const Revision = Type.Integer({
  minimum: 0,
  maximum: 2_147_483_647,
  description: 'a revision of the order, from 0',
});

const orderEventTypes = [
  'PizzaOrderPlaced',
  'PizzaOrderConfirmed',
  'PaymentProcessed',
  'OrderStatusChanged',
  'DiscountApplied',
  'DeliveryAddressChanged',
  'OrderCancelled',
  'RefundRequested',
  'RefundCompleted',
  'RefundFailed',
  'LatePaymentReceived',
] as const satisfies readonly PizzaOrderEvent['type'][];
export const OrderEventType = Type.Enum([...orderEventTypes], { type: 'string' });

export const TimelineItem = Type.Object({
  timestamp: Type.String({ format: 'date-time', description: 'when it happened' }),
  revision: Type.Integer({ minimum: 0 }),
  eventType: OrderEventType,
  description: Type.String({ description: 'what happened, in a sentence' }),
  details: Type.Unsafe<Readonly<Record<string, unknown>>>({
    type: 'object',
    additionalProperties: true,
    description: 'the data of the event, by its type',
  }),
  actor: Type.String({ description: 'who did it' }),
  traceId: TraceId,
});

export const Timeline = Type.Object({ items: Type.Array(TimelineItem) }, { $id: 'OrderTimeline' });

export const OrderDiff = Type.Object(
  {
    orderId: Type.String({ format: 'uuid' }),
    from: Type.Integer({ minimum: 0 }),
    to: Type.Integer({ minimum: 0 }),
    changes: Type.Array(
      Type.Object({
        field: Type.String({ description: 'a field of the order' }),
        from: Type.Unknown({ description: 'its value at the revision `from`' }),
        to: Type.Unknown({ description: 'its value at the revision `to`' }),
      }),
    ),
  },
  { $id: 'OrderDiff' },
);
