import type { ParameterExample } from './documentation.ts';
import { actor, correlationId, customerId, orderId, refundId, sku } from './story.ts';

/** Of the parameters that mean the same everywhere. */
export const parameterExamples: Readonly<Record<string, ParameterExample>> = {
  orderId,
  refundId,
  customerId,
  sku,
  actor,
  limit: 20,
  type: 'PizzaOrderPlaced',
  status: 'COOKING',
  paymentStatus: 'PAID',
  minRevision: 2,
  revision: 1,
  asOf: '2026-01-31T18:03:00Z',
  from: '2026-01-01',
  to: '2026-02-01',
  placedFrom: '2026-01-31',
  placedTo: '2026-02-01T00:00:00+01:00',
  repair: true,
  name: 'orders',
  'if-none-match': '"7"',
  'x-actor': actor,
  'x-correlation-id': correlationId,
};

/** Of parameters that are the same everywhere, and whose schemas say nothing since their texts end up in problems. */
export const parameterDescriptions: Readonly<Record<string, string>> = {
  minRevision: 'the answer shows this revision or a later one: it waits up to 2 s for the read model, then it is 503',
  customerId: 'the customer’s id',
  limit: 'entries of a page',
  cursor: '`nextCursor` of the page before, with the same filters',
  actor: 'who did it',
  type: 'type of the event',
  status: 'orders in this status',
  paymentStatus: 'orders with this payment status',
  repair: 'write what differs as it should be',
  after: 'where to go on from: `asOf` of the board, or the id of an event',
  'last-event-id': 'the id of the last event seen; wins over `after`',
  'if-none-match': 'ETags that the caller has answers for; a match is 304',
};
