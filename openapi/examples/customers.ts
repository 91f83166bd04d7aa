import type { Static } from 'typebox';
import { problem } from '../../src/http/problems/catalogue.ts';
import { ruledOut } from '../../src/http/requests/preconditions.ts';
import type { Customer, CustomerBody } from '../../src/http/schemas/customers.ts';
import { changeProblems, gone, wrongField } from './problems.ts';
import type { OperationDocumentations } from './documentation.ts';
import { confirmedAt, customerId, placedAt } from './story.ts';

export const customerBody: Static<typeof CustomerBody> = { name: 'Mario Rossi', email: 'mario@example.com' };
const customer: Static<typeof Customer> = {
  customerId,
  revision: 0,
  ...customerBody,
  phone: null,
  registeredAt: placedAt,
  lastUpdated: placedAt,
};
const moved: typeof customer = { ...customer, revision: 1, phone: '+39 081 5550100', lastUpdated: confirmedAt };

export const customers: OperationDocumentations = {
  putCustomer: {
    parameters: { 'idempotency-key': 'mario-0001', 'if-match': '"0"' },
    bodies: {
      plain: customerBody,
      withPhone: { ...customerBody, phone: '+39 081 5550100' },
    } satisfies Record<string, Static<typeof CustomerBody>>,
    answers: {
      200: {
        description: 'Changed, or the present details again, which store nothing',
        headers: ['ETag'],
        examples: { withPhone: moved },
      },
      201: { description: 'Registered', headers: ['ETag', 'Location'], examples: { plain: customer } },
    },
    problems: {
      field: wrongField('body', '#/email', 'must be an email address of at most 200 characters'),
      ...changeProblems('customer'),
    },
  },
  getCustomer: {
    parameters: { minRevision: 0, 'if-match': '"0"', 'if-none-match': '"0"' },
    answers: {
      200: { description: 'The customer as the read model has it', headers: ['ETag'], examples: { plain: customer } },
      304: { description: 'Not modified: If-None-Match names this very answer', headers: ['ETag'] },
    },
    problems: {
      field: wrongField('querystring', '#/colour', 'is not a known field'),
      notFound: problem('not-found', 'Customer nobody not found'),
      gone,
      stale: ruledOut,
      notYetProjected: problem(
        'not-yet-projected',
        `The read model is at revision 0 of customer ${customerId}, not yet at 9`,
      ),
    },
  },
};
