import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { OrderNotFoundError } from '../../commands/errors.ts';
import { EventStoreUnavailableError } from '../../eventstoredb/errors.ts';
import type { Board } from '../../live/board.ts';
import type { Change } from '../../live/change.ts';
import type { Hub, Watcher } from '../../live/hub.ts';
import type { OrderReader } from '../../live/order-reader.ts';
import { parsePosition } from '../../live/position.ts';
import type { App } from '../routes/app.ts';
import { CallerHeaders, query, ref } from '../schemas/common.ts';
import { KitchenBoard } from '../schemas/live.ts';
import { OrderParams } from '../schemas/orders.ts';
import { type Audience, batchOf, createAudience } from './audience.ts';
import { createOperationsFeed, type OperationsFeedOptions } from './operations-feed.ts';
import type { EventStream, StreamKind, Streams } from './streams.ts';
import { type Viewer, viewerOf } from './viewer.ts';
import { watchAll, watchOne } from './watchers.ts';

const tags = ['Live'];

export interface LiveRoutesOptions extends OperationsFeedOptions {
  readonly hub: Pick<Hub, 'open' | 'watchAfter' | 'watchFrom' | 'leave'>;
  readonly board: () => Promise<Board>;
  readonly readOrder: OrderReader;
  readonly streams: Pick<Streams, 'reserve'>;
  readonly clock: () => Date;
  readonly log: FastifyBaseLogger;
}

const events = (description: string) => ({
  200: { description, content: { 'text/event-stream': { schema: Type.String() } } },
});
const Resuming = {
  querystring: query({ after: Type.Optional(Type.String({ maxLength: 100 })) }),
  headers: Type.Object({
    'last-event-id': Type.Optional(Type.String({ maxLength: 100 })),
    'x-actor': CallerHeaders.properties['x-actor'],
  }),
};

/** The kitchen's board, and the streams of events by which whoever watches sees each change. */
export function liveRoutes(app: App, options: LiveRoutesOptions): void {
  const { hub, board, readOrder, streams, clock, log } = options;
  const audiences = new Map<string, Audience>();
  const operations = createOperationsFeed(options);
  app.addHook('onClose', () => operations.close());

  app.get(
    '/kitchen/board',
    {
      schema: {
        tags,
        operationId: 'getKitchenBoard',
        summary: 'The orders that are not over yet, newest first, and from where a stream goes on from them',
        response: { 200: ref(KitchenBoard) },
      },
    },
    async (request): Promise<Static<typeof KitchenBoard>> => {
      const viewer = viewerOf(request);
      const { asOf, orders, omitted } = await board();
      const cards = orders.map((order) => viewer.card(order)) as Static<typeof KitchenBoard>['orders'];
      return { asOf: String(asOf), serverTime: clock().toISOString(), orders: cards, ...(omitted > 0 && { omitted }) };
    },
  );

  app.get(
    '/stream/kitchen',
    {
      schema: {
        tags,
        operationId: 'streamKitchen',
        summary: 'Every change of any order, as it happens, after a position in the log or from now on',
        ...Resuming,
        response: events('Goes on until either side ends it'),
      },
    },
    async (request, reply) => {
      const viewer = viewerOf(request);
      const begin = streams.reserve('kitchen', viewer, reply);
      const asked = resumesFrom(request);
      const after = asked === undefined ? undefined : parsePosition(asked);
      const now = await hub.open(after);
      if (request.method === 'HEAD') return answerHead(reply);
      if (now === undefined || (asked !== undefined && after === undefined)) {
        return begin(undefined).reset('unknown-position');
      }
      const from = after ?? now.position;
      const stream = begin(String(from));
      const watcher = watchAll(stream, audienceOf('kitchen', viewer), from);
      follow(
        reply,
        stream,
        watcher,
        after === undefined ? hub.watchFrom(now.next, watcher) : hub.watchAfter(after, watcher),
      );
    },
  );

  app.get(
    '/stream/orders/:orderId',
    {
      schema: {
        tags,
        operationId: 'streamOrder',
        summary: 'One order as it is, or what came after a revision, and then every change as it happens',
        params: OrderParams,
        ...Resuming,
        response: events('Goes on until either side ends it'),
      },
    },
    async (request, reply) => {
      const viewer = viewerOf(request);
      const orderId = request.params.orderId.toLowerCase();
      const begin = streams.reserve('order', viewer, reply);
      const asked = resumesFrom(request);
      const after = asked === undefined || !/^\d{1,15}$/.test(asked) ? undefined : Number(asked);
      const now = await hub.open(); // before the order is read, so that what comes meanwhile is not missed
      const found = await readOrder(orderId, after);
      if (!found || !viewer.maySee(found.customerId)) throw new OrderNotFoundError(orderId);
      if (request.method === 'HEAD') return answerHead(reply);
      if (typeof found.begin === 'string') return begin(undefined).reset(found.begin);
      if (asked !== undefined && after === undefined) return begin(undefined).reset('unknown-position');
      const stream = begin(asked);
      const watcher = watchOne(stream, audienceOf('order', viewer), orderId, after ?? -1);
      const caughtUp = watcher.catchUp(found.begin);
      follow(
        reply,
        stream,
        watcher,
        caughtUp.then(() => hub.watchFrom(now?.next ?? 0, watcher)),
      );
    },
  );

  app.get(
    '/stream/operations',
    {
      schema: {
        tags,
        operationId: 'streamOperations',
        summary: 'The state of the read models and of the stores, and how many events are parked, whenever it changes',
        response: events('Goes on until either side ends it'),
      },
    },
    async (request, reply) => {
      const begin = streams.reserve('operations', viewerOf(request), reply);
      if (request.method === 'HEAD') return answerHead(reply);
      const messages = await operations.now();
      const stream = begin(undefined);
      stream.reader.take(batchOf(messages));
      if (stream.isGone()) return;
      reply.raw.once(
        'close',
        operations.listen((changed) => stream.reader.take(batchOf(changed))),
      );
    },
  );

  function audienceOf(stream: Exclude<StreamKind, 'operations'>, viewer: Viewer): Audience {
    const idOf = (change: Change) => String(stream === 'kitchen' ? change.position : change.revision);
    if (viewer.kind === undefined) return createAudience(viewer, idOf);
    const key = `${stream} ${viewer.kind}`;
    const audience = audiences.get(key) ?? createAudience(viewer, idOf);
    audiences.set(key, audience);
    return audience;
  }

  function follow(reply: FastifyReply, stream: EventStream, watcher: Watcher, watching: Promise<void>): void {
    reply.raw.once('close', () => hub.leave(watcher));
    watching.catch((error: unknown) => {
      // The reader resumes where it was: nothing is lost.
      if (!(error instanceof EventStoreUnavailableError)) log.error({ err: error }, 'a stream was ended');
      stream.end();
    });
  }
}

/** The header wins: by it, an `EventSource` says how far it has come since it was given an address with `after`. */
function resumesFrom({
  headers,
  query: { after },
}: FastifyRequest<{ Querystring: { after?: string } }>): string | undefined {
  const last = headers['last-event-id'];
  return typeof last === 'string' && last !== '' ? last : after;
}

function answerHead(reply: FastifyReply): FastifyReply {
  return reply.header('content-type', 'text/event-stream').send('');
}
