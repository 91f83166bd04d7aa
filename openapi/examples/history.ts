import type { Static } from 'typebox';
import { problem } from '../../src/http/problems/catalogue.ts';
import type { OrderDiff, Timeline } from '../../src/http/schemas/history.ts';
import { gone, refusedField, wrongField } from './problems.ts';
import type { OperationDocumentations } from './documentation.ts';
import { changesBetween, timelineItem } from '../../src/http/routes/history.ts';
import { actor, confirmed, events, orderId, paid, placed, placedAt, traceId } from './story.ts';

const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

const timeline: Static<typeof Timeline> = {
  items: events.map((event, revision) => timelineItem({ event, revision, metadata: { actor, traceparent } })),
};
const diff: Static<typeof OrderDiff> = { orderId, from: 0, to: 2, changes: changesBetween(placed, paid) };

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
      gone,
    },
  },
  diffOrder: {
    parameters: { from: 0, to: 2 },
    answers: { 200: { description: 'The fields that differ', examples: { fromPlacedToPaid: diff } } },
    problems: {
      field: wrongField('querystring', '#/to', 'is required'),
      notFound: problem('not-found', `Order ${orderId} has no revision 9: its last one is 2`),
      gone,
    },
  },
  getOrderTimeline: {
    answers: { 200: { description: 'Its events, oldest first', examples: { paid: timeline } } },
    problems: {
      field: wrongField('params', '#/orderId', 'must be a UUID'),
      notFound: problem('not-found', `Order ${orderId} not found`),
      gone,
    },
  },
};
