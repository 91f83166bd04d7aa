import type { Static } from 'typebox';
import { problem } from '../../problems/catalogue.ts';
import type { OrderDiff, Timeline } from '../../schemas/history.ts';
import { refusedField, wrongField } from './problems.ts';
import type { OperationDocumentations } from './documentation.ts';
import { actor, confirmed, confirmedAt, customerId, estimatedDelivery, margherita, orderId, paid, paidAt, placed, placedAt } from './story.ts';

const timeline: Static<typeof Timeline> = {
  items: [
    {
      timestamp: placedAt,
      revision: 0,
      eventType: 'PizzaOrderPlaced',
      description: 'Order placed: 2 × Margherita for 25.00 USD',
      details: { orderId, customerId, items: [margherita], totalAmount: '25.00', currency: 'USD', placedAt },
      actor,
    },
    {
      timestamp: confirmedAt,
      revision: 1,
      eventType: 'PizzaOrderConfirmed',
      description: `Order confirmed, delivery estimated for ${estimatedDelivery}; kitchen notes: Extra cheese`,
      details: {
        orderId,
        estimatedDeliveryTime: estimatedDelivery,
        kitchenNotes: 'Extra cheese',
        confirmedBy: actor,
        confirmedAt,
      },
      actor,
    },
    {
      timestamp: paidAt,
      revision: 2,
      eventType: 'PaymentProcessed',
      description: 'Payment of 25.00 by credit_card, transaction txn-123456',
      details: {
        orderId,
        paymentMethod: 'credit_card',
        amount: '25.00',
        transactionId: 'txn-123456',
        processedAt: paidAt,
      },
      actor,
    },
  ],
};

const diff: Static<typeof OrderDiff> = {
  orderId,
  from: 0,
  to: 2,
  changes: (Object.keys(placed) as (keyof typeof placed)[])
    .filter((field) => field !== 'revision' && placed[field] !== paid[field])
    .map((field) => ({ field, from: placed[field], to: paid[field] })),
};

export const history: OperationDocumentations = {
  getOrderState: {
    answers: {
      200: {
        description: 'The order as it was then',
        examples: { revision: confirmed, asOf: confirmed, latest: paid },
      },
    },
    problems: {
      field: refusedField('#/revision', 'cannot be given together with asOf'),
      notFound: problem(
        'not-found',
        `Order ${orderId} did not exist yet at 2026-01-30T00:00:00.000Z: it was placed at ${placedAt}`,
      ),
    },
  },
  diffOrder: {
    parameters: { from: 0, to: 2 },
    answers: { 200: { description: 'The fields that differ', examples: { fromPlacedToPaid: diff } } },
    problems: {
      field: wrongField('querystring', '#/to', 'is required'),
      notFound: problem('not-found', `Order ${orderId} has no revision 9: its last one is 2`),
    },
  },
  getOrderTimeline: {
    answers: { 200: { description: 'Its events, oldest first', examples: { paid: timeline } } },
    problems: {
      field: wrongField('params', '#/orderId', 'must be a UUID'),
      notFound: problem('not-found', `Order ${orderId} not found`),
    },
  },
};
