import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { PizzaOrderEvent } from '../../src/domain/events.ts';
import { evolve, type OrderState } from '../../src/domain/order-state.ts';
import { createAudience } from '../../src/http/live/audience.ts';
import { viewerOf } from '../../src/http/live/viewer.ts';
import { problem } from '../../src/http/problems/catalogue.ts';
import type { KitchenBoard } from '../../src/http/schemas/live.ts';
import type { Change } from '../../src/live/change.ts';
import { eventText, HEARTBEAT } from '../../src/live/message.ts';
import type { OperationDocumentations } from './documentation.ts';
import { admin } from './admin.ts';
import { gone, wrongField } from './problems.ts';
import { actor, events, orderId, paid, paidAt, readyAt } from './story.ts';

const FIRST_POSITION = 48_211;
const board: Static<typeof KitchenBoard> = { asOf: String(FIRST_POSITION), serverTime: paidAt, orders: [paid] };

const ready: PizzaOrderEvent = {
  type: 'OrderStatusChanged',
  data: { orderId, previousStatus: 'COOKING', newStatus: 'READY', changedAt: readyAt },
};

/** What a stream of the story's order is sent. */
function streamOf(idOf: (change: Change) => string, happened: readonly PizzaOrderEvent[]): string {
  let state: OrderState | undefined;
  const changes = [...events, ready].map((event, revision): Change => {
    state = evolve(state, event);
    return { position: BigInt(FIRST_POSITION + revision), orderId, revision, order: { event, actor, state } };
  });
  const shown = changes.filter(({ order }) => order && happened.includes(order.event));
  return createAudience(viewerOf({ headers: {}, permit: null } as FastifyRequest), idOf)
    .batchOf(shown)
    .bytes.toString();
}

const hello = (resumedFrom: string | null) =>
  `retry: 2000\n${eventText('hello', { serverTime: paidAt, resumedFrom, heartbeatSeconds: 15 }, resumedFrom ?? undefined)}`;
const kitchen = streamOf(({ position }) => String(position), [ready]);
const bye = `retry: 1730\n${eventText('bye', { retryMs: 1730 })}`;
const projections = admin['listProjections']?.answers[200]?.examples?.['rebuilding'] as object;
const checks = { eventStore: 'up', readModels: 'up', projection: 'consuming' };

const STREAM =
  'A comment every 15 s; `hello` at once. Data are one line of JSON. Only what can be resumed after has an id.';

export const live: OperationDocumentations = {
  getKitchenBoard: {
    answers: { 200: { description: 'The board', examples: { oneOrder: board } } },
  },
  streamKitchen: {
    parameters: { after: '0', 'last-event-id': '0' },
    answers: {
      200: {
        description: `${STREAM} \`order\`: a change, and the order right after it. \`reset\`: read the board anew. \`projection\`: whether changes come. \`parked\`: an event that cannot be read, after which its order stands still. \`bye\`, \`expired\`: it ends.`,
        examples: {
          resumed: `${hello(String(FIRST_POSITION + 2))}${kitchen}${HEARTBEAT}${bye}`,
          unknownPosition: `${hello(null)}${eventText('reset', { reason: 'unknown-position' })}`,
          storeAway: `${hello(String(FIRST_POSITION))}${eventText('projection', { state: 'waiting' })}${eventText('projection', { state: 'consuming' })}`,
        },
      },
    },
    problems: { field: wrongField('querystring', '#/colour', 'is not a known field') },
  },
  streamOrder: {
    parameters: { after: '1', 'last-event-id': '1' },
    answers: {
      200: {
        description: `${STREAM} Begins with the order as it is, or with what came after that revision; the rest is as in the kitchen's stream.`,
        examples: {
          asItIs: `${hello(null)}${streamOf(({ revision }) => String(revision), events.slice(2))}${HEARTBEAT}`,
          expired: `${hello('2')}${eventText('expired', {})}`,
        },
      },
    },
    problems: {
      field: wrongField('params', '#/orderId', 'must be a UUID'),
      notFound: problem('not-found', `Order ${orderId} not found`),
      gone,
    },
  },
  streamOperations: {
    answers: {
      200: {
        description: `${STREAM} \`projection\`: the stores, and each read model as \`GET /admin/projections\` has it, null while that cannot be told. \`parked\`: how many events are parked.`,
        examples: {
          rebuilding: `${hello(null)}${eventText('projection', { checks, ...projections })}${eventText('parked', { total: 1 })}`,
          mongoDbAway: `${hello(null)}${eventText('projection', { checks: { ...checks, readModels: 'down', projection: 'waiting' }, items: null })}`,
        },
      },
    },
  },
};
