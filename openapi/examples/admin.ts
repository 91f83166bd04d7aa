import type { Static } from 'typebox';
import { problem } from '../../src/http/problems/catalogue.ts';
import type { ParkedEvents, Projections, ReplayedEvents, VerifiedReadModel } from '../../src/http/schemas/admin.ts';
import { wrongField } from './problems.ts';
import type { OperationDocumentations } from './documentation.ts';
import { orderId, paidAt, readyAt } from './story.ts';

const projection: Static<typeof Projections>['items'][number] = {
  name: 'orders',
  state: 'rebuilding',
  position: 48_211,
  head: 48_302,
  lag: { events: 2, seconds: 0.031 },
  inFlight: 2,
  retried: 0,
  parked: 1,
  stalled: 1,
  lastError: null,
  rebuild: { state: 'running', events: 31_000, percent: 64, startedAt: paidAt, finishedAt: null, error: null },
};
const projections: Static<typeof Projections> = {
  items: [
    { ...projection, name: 'customers', state: 'consuming', stalled: 0, rebuild: null },
    projection,
    { ...projection, name: 'audit', state: 'consuming', stalled: 0, rebuild: null },
    { ...projection, name: 'refunds', state: 'consuming', stalled: 0, rebuild: null },
    {
      ...projection,
      name: 'analytics',
      state: 'consuming',
      position: 48_302,
      lag: { events: 0, seconds: 0 },
      inFlight: 0,
      parked: 0,
      rebuild: null,
    },
  ],
};

const parked: Static<typeof ParkedEvents> = {
  items: [
    {
      eventId: '5f0c8e4e-9a38-5a0b-9d0f-2f8f8d1b7c11',
      type: 'PaymentProcessed',
      stream: `PizzaOrder-${orderId}`,
      revision: 3,
      reason: `PaymentProcessed v2 at revision 3 of PizzaOrder-${orderId}: newer than this service, which knows versions up to 1`,
      parkedAt: readyAt,
    },
  ],
  total: 1,
};
const notFound = problem(
  'not-found',
  'There is no read model menu, but customers, menu_items, orders, audit, refunds, analytics',
);

export const admin: OperationDocumentations = {
  listProjections: {
    answers: { 200: { description: 'Every read model', examples: { rebuilding: projections } } },
  },
  listParked: {
    answers: {
      200: {
        description: 'The parked events, oldest first',
        examples: { newerVersion: parked, none: { items: [], total: 0 } } satisfies Record<
          string,
          Static<typeof ParkedEvents>
        >,
      },
    },
    problems: { field: wrongField('querystring', '#/limit', 'must be >= 1') },
  },
  replayParked: {
    answers: {
      202: {
        description: 'They are delivered again',
        examples: { nothing: { replayed: 0 }, one: { replayed: 1 } } satisfies Record<
          string,
          Static<typeof ReplayedEvents>
        >,
      },
    },
  },
  rebuildProjection: {
    answers: { 202: { description: 'It runs: `Location` shows how far it is', headers: ['Location'] } },
    problems: {
      notFound,
      rebuildRunning: problem('rebuild-running', 'The read model orders is being rebuilt already'),
    },
  },
  verifyProjection: {
    answers: {
      200: {
        description: 'What was found',
        examples: {
          equal: { name: 'orders', checked: 25_000, differences: 0, listed: [], repaired: 0, behind: null },
          standingStill: {
            name: 'orders',
            checked: 25_000,
            differences: 0,
            listed: [],
            repaired: 0,
            behind: { documents: 412, events: 1730, position: 8_123_456, head: 9_001_234 },
          },
          repaired: {
            name: 'orders',
            checked: 25_000,
            differences: 2,
            listed: [
              { id: orderId, kind: 'different', fields: ['totalMinor'] },
              { id: '0f2f4b1e-7d3c-5d39-8f0a-6a1b5c7d9e02', kind: 'missing', fields: [] },
            ],
            repaired: 2,
            behind: null,
          },
        } satisfies Record<string, Static<typeof VerifiedReadModel>>,
      },
    },
    problems: { field: wrongField('querystring', '#/repair', 'must be boolean'), notFound },
  },
};
