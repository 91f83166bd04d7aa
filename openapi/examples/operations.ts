import { eventCatalogue } from '../../src/http/routes/catalogue.ts';
import type { OperationDocumentations } from './documentation.ts';

export const operations: OperationDocumentations = {
  isLive: {
    answers: { 200: { description: 'It is', examples: { alive: { status: 'alive' } } } },
    without: ['tooMany', 'unexpected', 'unavailable'],
  },
  isReady: {
    answers: {
      200: {
        description: 'It can',
        examples: {
          ready: { status: 'ready', checks: { eventStore: 'up', readModels: 'up', projection: 'consuming' } },
        },
      },
      503: {
        description: 'It cannot, or not now',
        headers: ['Retry-After'],
        examples: {
          stopping: { status: 'not ready', checks: { eventStore: 'up', readModels: 'up', projection: 'stopping' } },
          mongoDbAway: { status: 'not ready', checks: { eventStore: 'up', readModels: 'down', projection: 'waiting' } },
        },
      },
    },
    without: ['tooMany', 'unexpected', 'unavailable'],
  },
  metrics: {
    answers: {
      200: {
        description: 'The figures of this instance',
        examples: {
          lag: '# HELP projection_lag_events Events not yet projected\n# TYPE projection_lag_events gauge\nprojection_lag_events{projection="group"} 0\n# EOF\n',
        },
      },
    },
    without: ['tooMany', 'unexpected'],
  },
  eventCatalogue: {
    answers: {
      200: {
        description: 'Every event type; the example has one of them',
        examples: {
          orderPlaced: { events: eventCatalogue().events.filter(({ type }) => type === 'PizzaOrderPlaced') },
        },
      },
    },
    without: ['unexpected'],
  },
};
