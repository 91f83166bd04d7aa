import type { Static } from 'typebox';
import { encodeCursor } from '../../src/http/requests/pages.ts';
import type { AuditPage } from '../../src/http/schemas/audit.ts';
import { refusedField } from './problems.ts';
import type { OperationDocumentations } from './documentation.ts';
import { actor, correlationId, orderId, paidAt, traceId } from './story.ts';

const nextCursor = encodeCursor('audit', { time: new Date(paidAt), id: 'a6bd81c5-5fa1-5f7c-9d5e-0b6f4e1f7a52' }, {});
const page: Static<typeof AuditPage> = {
  items: [
    {
      eventId: 'a6bd81c5-5fa1-5f7c-9d5e-0b6f4e1f7a52',
      timestamp: paidAt,
      type: 'PaymentProcessed',
      orderId,
      revision: 2,
      actor,
      correlationId,
      traceId,
      description: 'Payment of 25.00 by credit_card, transaction txn-123456',
    },
  ],
  nextCursor,
};

export const audit: OperationDocumentations = {
  listAudit: {
    parameters: { cursor: nextCursor },
    answers: {
      200: { description: 'A page of events, newest first', examples: { page, last: { items: [] } } },
    },
    problems: { field: refusedField('#/to', 'must not be before from') },
  },
};
