import type { App } from './app.ts';
import Type from 'typebox';
import { GONE_REVISION } from '../../read-models/documents/stream-model.ts';
import type { OrderQueries } from '../../read-models/orders/queries.ts';
import type { RefundQueries } from '../../read-models/refunds/queries.ts';
import { known, listedCustomer, shapeFor } from '../access/orders.ts';
import { given, pageParameters, readPage } from '../requests/pages.ts';
import { documentTag, isUnmodified } from '../requests/preconditions.ts';
import { problem } from '../problems/catalogue.ts';
import { notFound, ProblemError } from '../problems/errors.ts';
import { MinRevision, NotModified, query, ReadHeaders, ref, TimeOrDate } from '../schemas/common.ts';
import { Order, OrderPage, OrderParams, OrderStatus, PaymentStatus } from '../schemas/orders.ts';
import type { Pressure } from '../server/pressure.ts';
import { toPeriod } from '../requests/times.ts';
import { findAtRevision } from '../requests/wait-for-revision.ts';
import { RefundListStatus, RefundPage } from '../schemas/refunds.ts';
import { listedRefundJson, orderJson } from './order-json.ts';

const tags = ['Orders: queries'];

export interface OrderQueryRoutesOptions {
  readonly orders: OrderQueries;
  readonly refunds: RefundQueries;
  readonly pressure: Pick<Pressure, 'awaitingReadModel'>;
}

/** The routes that read the orders' read model, and that of their refunds. */
export function orderQueryRoutes(app: App, { orders, refunds, pressure }: OrderQueryRoutesOptions): void {
  app.get(
    '/orders/:orderId',
    {
      schema: {
        tags,
        operationId: 'getOrder',
        summary: 'One order; `minRevision` waits until the read model has seen a change of yours',
        params: OrderParams,
        querystring: MinRevision,
        headers: ReadHeaders,
        response: { 200: ref(Order), 304: NotModified },
      },
    },
    async (request, reply) => {
      const orderId = request.params.orderId.toLowerCase();
      const find = async () => known(request, await orders.find(orderId));
      const order = await findAtRevision(`order ${orderId}`, request.query.minRevision, find, pressure);
      if (!order) throw notFound(`Order ${orderId} not found`);
      if (order.revision === GONE_REVISION) throw new ProblemError(problem('gone'));
      if (order.revision < 0) throw new ProblemError(problem('unexpected'));
      const tag = documentTag(order);
      if (isUnmodified(request, reply, tag)) return reply.code(304).send();
      return shapeFor(request, order).order(orderJson(order));
    },
  );

  app.get(
    '/orders',
    {
      schema: {
        tags,
        operationId: 'listOrders',
        summary: 'Orders, newest first, page by page',
        querystring: query({
          customerId: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
          status: Type.Optional(OrderStatus),
          paymentStatus: Type.Optional(PaymentStatus),
          placedFrom: Type.Optional(TimeOrDate),
          placedTo: Type.Optional(TimeOrDate),
          ...pageParameters,
        }),
        response: { 200: ref(OrderPage) },
      },
    },
    async (request) => {
      const { customerId: asked, status, paymentStatus, placedFrom, placedTo, ...page } = request.query;
      const customerId = listedCustomer(request, asked);
      const filter = given({ customerId, status, paymentStatus, ...toPeriod({ placedFrom, placedTo }) });
      const { documents, next } = await readPage('orders', orders, filter, page, keyOf);
      const items = documents.map((order) => shapeFor(request, order).order(orderJson(order)));
      return { items, ...next };
    },
  );

  app.get(
    '/refunds',
    {
      schema: {
        tags,
        operationId: 'listRefunds',
        summary:
          'Refunds, oldest first, page by page: what is owed, unless another status is asked for; UNKNOWN lists orders ' +
          'that were paid and cancelled before refunds were recorded',
        querystring: query({ status: RefundListStatus, ...pageParameters }),
        response: { 200: ref(RefundPage) },
      },
    },
    async ({ query: { status, ...page } }) => {
      const { documents, next } = await readPage('refunds', refunds, { status }, page, ({ key }) => key);
      return { items: documents.map(listedRefundJson), ...next };
    },
  );
}

function keyOf({ placedAt, _id }: { readonly placedAt: Date; readonly _id: string }) {
  return { time: placedAt, id: _id };
}
