import Type from 'typebox';
import { nullable, TraceId } from './common.ts';

export const AuditEntry = Type.Object({
  eventId: Type.String({ format: 'uuid' }),
  timestamp: Type.String({ format: 'date-time', description: 'when it was recorded' }),
  type: Type.String({ description: 'type of the event, such as PizzaOrderPlaced' }),
  orderId: Type.String({ format: 'uuid' }),
  revision: Type.Integer({ minimum: 0 }),
  actor: Type.String(),
  correlationId: nullable<string>('string', 'null when the event has none'),
  traceId: TraceId,
  description: Type.String({ description: 'what happened, in a sentence' }),
});

export const AuditPage = Type.Object(
  {
    items: Type.Array(AuditEntry),
    nextCursor: Type.Optional(Type.String({ description: 'of the next page; absent on the last one' })),
  },
  { $id: 'AuditPage' },
);
