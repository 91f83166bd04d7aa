import { isDeepStrictEqual } from 'node:util';
import type { FastifyRequest } from 'fastify';
import type { App } from './app.ts';
import Type, { type Static } from 'typebox';
import { OrderNotFoundError } from '../../commands/errors.ts';
import { RefundNotFoundError } from '../../domain/errors.ts';
import { occurredAt } from '../../domain/events.ts';
import type { StoredOrderEvent } from '../../eventstoredb/codec.ts';
import type { OrderAtRevision } from '../../commands/order-commands.ts';
import type { PizzaOrderEvent } from '../../domain/events.ts';
import type { OrderState } from '../../domain/order-state.ts';
import type { EventSourcingRepository } from '../../eventstoredb/repository.ts';
import { describe } from '../../read-models/audit/describe.ts';
import { traceIdIn } from '../../tracing/traceparent.ts';
import { AS_IT_IS, known, shapeFor, type Shape } from '../access/orders.ts';
import { badField, notFound } from '../problems/errors.ts';
import { query, ref, TimeOrDate } from '../schemas/common.ts';
import { OrderDiff, Revision, Timeline, type TimelineItem } from '../schemas/history.ts';
import { OrderParams, PlainOrder } from '../schemas/orders.ts';
import { Refund, RefundParams } from '../schemas/refunds.ts';
import { toTime } from '../requests/times.ts';
import { plainOrderJson, refundJson } from './order-json.ts';

const tags = ['Orders: history'];

export interface HistoryRoutesOptions {
  readonly history: Pick<EventSourcingRepository<OrderState, PizzaOrderEvent>, 'asOf' | 'atRevision' | 'history'>;
}

/** The routes that answer from an order's stream what it was, what changed, and who did it. */
export function historyRoutes(app: App, { history }: HistoryRoutesOptions): void {
  app.get(
    '/orders/:orderId/state',
    {
      schema: {
        tags,
        operationId: 'getOrderState',
        summary:
          'The order as it was at a time (that very millisecond included), or right after a revision; else as it is',
        params: OrderParams,
        querystring: query({ asOf: Type.Optional(TimeOrDate), revision: Type.Optional(Revision) }),
        response: { 200: ref(PlainOrder) },
      },
    },
    async (request) => {
      const orderId = request.params.orderId.toLowerCase();
      const { asOf, revision } = request.query;
      if (asOf !== undefined && revision !== undefined) {
        throw badField('#/revision', 'cannot be given together with asOf');
      }
      const shape = await shapeOf(request, orderId);
      if (revision !== undefined) return shape.order(plainOrderJson(await atRevision(orderId, revision)));
      return shape.order(plainOrderJson(await (asOf === undefined ? latest(orderId) : atTime(orderId, toTime(asOf)))));
    },
  );

  app.get(
    '/orders/:orderId/diff',
    {
      schema: {
        tags,
        operationId: 'diffOrder',
        summary: 'The fields in which two revisions of an order differ; `from` may be the later one',
        params: OrderParams,
        querystring: query({ from: Revision, to: Revision }),
        response: { 200: ref(OrderDiff) },
      },
    },
    async (request) => {
      const orderId = request.params.orderId.toLowerCase();
      const { from, to } = request.query;
      const shape = await shapeOf(request, orderId);
      const shown = async (revision: number) => shape.order(plainOrderJson(await atRevision(orderId, revision)));
      const [before, after] = await Promise.all([shown(from), shown(to)]);
      return { orderId, from, to, changes: changesBetween(before, after) };
    },
  );

  app.get(
    '/orders/:orderId/timeline',
    {
      schema: {
        tags,
        operationId: 'getOrderTimeline',
        summary: 'Every event of an order, oldest first: what happened when, and who did it',
        params: OrderParams,
        response: { 200: ref(Timeline) },
      },
    },
    async (request) => {
      const orderId = request.params.orderId.toLowerCase();
      const shape = await shapeOf(request, orderId);
      const events = await history.history(orderId);
      if (events.length === 0) throw new OrderNotFoundError(orderId);
      return { items: events.map((event) => shape.event(timelineItem(event))) };
    },
  );

  app.get(
    '/orders/:orderId/refunds/:refundId',
    {
      schema: {
        tags,
        operationId: 'getRefund',
        summary: 'One refund of an order, as the log has it',
        params: RefundParams,
        response: { 200: ref(Refund) },
      },
    },
    async (request) => {
      const orderId = request.params.orderId.toLowerCase();
      await shapeOf(request, orderId);
      const { refunds } = (await latest(orderId)).state;
      const refundId = request.params.refundId.toLowerCase();
      const refund = refunds.find((each) => each.refundId === refundId);
      if (!refund) throw new RefundNotFoundError(refundId);
      return refundJson(refund);
    },
  );
  /** How the caller sees the order as it is now: what that hides, the past must not show. */
  async function shapeOf(request: FastifyRequest, orderId: string): Promise<Shape> {
    if (!request.permit) return AS_IT_IS;
    const order = known(request, (await latest(orderId)).state);
    if (!order) throw new OrderNotFoundError(orderId);
    return shapeFor(request, order);
  }

  async function latest(orderId: string): Promise<OrderAtRevision> {
    const order = await history.asOf(orderId, Number.POSITIVE_INFINITY);
    if (!order) throw new OrderNotFoundError(orderId);
    return order;
  }

  async function atTime(orderId: string, time: Date): Promise<OrderAtRevision> {
    const order = await history.asOf(orderId, time.getTime());
    if (order) return order;
    const first = await history.atRevision(orderId, 0);
    if (!first) throw new OrderNotFoundError(orderId);
    const { placedAt } = first.state;
    throw notFound(`Order ${orderId} did not exist yet at ${time.toISOString()}: it was placed at ${placedAt}`);
  }

  async function atRevision(orderId: string, revision: number): Promise<OrderAtRevision> {
    const order = await history.atRevision(orderId, revision);
    if (order) return order;
    const last = await latest(orderId);
    throw notFound(`Order ${orderId} has no revision ${revision}: its last one is ${last.revision}`);
  }
}

export function changesBetween(
  before: Static<typeof PlainOrder>,
  after: Static<typeof PlainOrder>,
): Static<typeof OrderDiff>['changes'] {
  const fields = Object.keys(PlainOrder.properties) as (keyof typeof after)[];
  return fields
    .filter((field) => field !== 'revision' && !isDeepStrictEqual(before[field], after[field]))
    .map((field) => ({ field, from: before[field], to: after[field] }));
}

export function timelineItem({
  event,
  revision,
  metadata,
}: Pick<StoredOrderEvent, 'event' | 'revision' | 'metadata'>): Static<typeof TimelineItem> {
  return {
    timestamp: new Date(occurredAt(event)).toISOString(),
    revision,
    eventType: event.type,
    description: describe(event),
    details: { ...event.data },
    actor: metadata.actor ?? 'anonymous',
    traceId: traceIdIn(metadata) ?? null,
  };
}
