import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { OrderCommand, OrderCommands } from '../../commands/order-commands.ts';
import type { OrderAtRevision } from '../../commands/order-commands.ts';
import { requireOwn, requireStatus, shapeFor } from '../access/orders.ts';
import { badField } from '../problems/errors.ts';
import { actorOf, callerOf } from '../requests/caller.ts';
import { preconditionOf, revisionTag } from '../requests/preconditions.ts';
import { CallerHeaders, CommandHeaders, ref } from '../schemas/common.ts';
import {
  ApplyDiscountBody,
  ChangeStatusBody,
  ConfirmOrderBody,
  DeliveryAddress,
  OrderParams,
  PayOrderBody,
  PlaceOrderBody,
  PlainOrder,
} from '../schemas/orders.ts';
import {
  CancelOrderBody,
  CompleteRefundBody,
  FailRefundBody,
  RefundParams,
  RequestRefundBody,
} from '../schemas/refunds.ts';
import type { App } from './app.ts';
import { plainOrderJson } from './order-json.ts';

const tags = ['Orders: commands'];

export interface OrderCommandRoutesOptions {
  readonly commands: OrderCommands;
}

/** The routes that change orders. */
export function orderCommandRoutes(app: App, { commands }: OrderCommandRoutesOptions): void {
  app.post(
    '/orders',
    {
      schema: {
        tags,
        operationId: 'placeOrder',
        summary: 'Place an order',
        headers: CallerHeaders,
        body: ref(PlaceOrderBody),
        response: { 201: ref(PlainOrder) },
      },
    },
    async (request, reply) => {
      requireOwn(request, request.body.customerId);
      checkItems(request.body.items);
      const placed = await commands.place(request.body, callerOf(request));
      void reply.code(201).header('location', `/orders/${placed.state.id}`);
      return changedOrder(request, reply, placed);
    },
  );

  command(
    '/orders/:orderId/confirm',
    { operationId: 'confirmOrder', summary: 'Confirm a pending order', body: ConfirmOrderBody },
    ({ estimatedDeliveryTime, ...rest }, confirmedBy) => ({
      type: 'confirm',
      ...rest,
      estimatedDeliveryTime: new Date(estimatedDeliveryTime).toISOString(),
      ...(confirmedBy !== undefined && { confirmedBy }),
    }),
  );
  command(
    '/orders/:orderId/payment',
    {
      operationId: 'payOrder',
      summary: 'Record the payment of the order’s total; that of a cancelled order is owed back at once',
      body: PayOrderBody,
    },
    (body) => ({ type: 'pay', ...body }),
  );
  command(
    '/orders/:orderId/status',
    {
      operationId: 'changeStatus',
      summary: 'Change the status (the staff’s override); CANCELLED cancels',
      body: ChangeStatusBody,
    },
    (body) => ({ type: 'change-status', ...body }),
  );
  command(
    '/orders/:orderId/discount',
    { operationId: 'applyDiscount', summary: 'Apply a discount to an unpaid order', body: ApplyDiscountBody },
    (body) => ({ type: 'apply-discount', ...body }),
  );
  command(
    '/orders/:orderId/delivery-address',
    { operationId: 'changeDeliveryAddress', summary: 'Set or change the delivery address', body: DeliveryAddress },
    (address) => ({ type: 'change-delivery-address', address }),
  );

  command(
    '/orders/:orderId/cancel',
    {
      operationId: 'cancelOrder',
      summary: 'Cancel an order that is not delivered; what was paid is owed back at once',
      body: CancelOrderBody,
    },
    (body) => ({ type: 'cancel', ...body }),
  );
  command(
    '/orders/:orderId/refunds/:refundId/complete',
    { operationId: 'completeRefund', summary: 'Record that the money was given back', body: CompleteRefundBody },
    (body, _, refundId) => ({ type: 'complete-refund', refundId, ...body }),
  );
  command(
    '/orders/:orderId/refunds/:refundId/fail',
    {
      operationId: 'failRefund',
      summary: 'Record that the money could not be given back, for now or for good',
      body: FailRefundBody,
    },
    (body, _, refundId) => ({ type: 'fail-refund', refundId, ...body }),
  );

  app.post(
    '/orders/:orderId/refunds',
    {
      schema: {
        tags,
        operationId: 'requestRefund',
        summary: 'Request a refund of a paid order, in whole or in part',
        headers: CommandHeaders,
        params: OrderParams,
        body: ref(RequestRefundBody),
        response: { 201: ref(PlainOrder) },
      },
    },
    async (request, reply) => {
      const changed = await run(request, { type: 'request-refund', ...request.body });
      const { id, refunds } = changed.state;
      void reply.code(201).header('location', `/orders/${id}/refunds/${refunds.at(-1)?.refundId ?? ''}`);
      return changedOrder(request, reply, changed);
    },
  );

  /** A route that runs a command on an order, or on a refund of it, and answers with the order. */
  function command<Body extends TSchema>(
    path: string,
    { body, ...names }: { readonly operationId: string; readonly summary: string; readonly body: Body },
    commandOf: (body: Static<Body>, actor: string | undefined, refundId: string) => OrderCommand,
  ): void {
    const params = path.includes(':refundId') ? RefundParams : OrderParams;
    const schema = { tags, ...names, headers: CommandHeaders, params, body: ref(body) };
    app.post(path, { schema: { ...schema, response: { 200: ref(PlainOrder) } } }, async (request, reply) => {
      const { refundId = '' } = request.params as Partial<Static<typeof RefundParams>>;
      const given = commandOf(request.body as Static<Body>, actorOf(request), refundId.toLowerCase());
      if (given.type === 'change-status') requireStatus(request, given.status);
      const changed = await run(request, given);
      return changedOrder(request, reply, changed);
    });
  }

  function run(
    request: Parameters<typeof callerOf>[0] & { readonly headers: Static<typeof CommandHeaders>; params: unknown },
    given: OrderCommand,
  ): Promise<OrderAtRevision> {
    const { orderId } = request.params as Static<typeof OrderParams>;
    return commands.run(orderId.toLowerCase(), given, callerOf(request), preconditionOf(request.headers));
  }
}

/** What a schema cannot say without spoiling its messages. */
function checkItems(items: Static<typeof PlaceOrderBody>['items']): void {
  items.forEach((item, index) => {
    if (item.sku !== undefined) return;
    for (const field of ['name', 'unitPrice'] as const) {
      if (item[field] === undefined) throw badField(`#/items/${index}/${field}`, 'is required where no sku is given');
    }
  });
}

function changedOrder(request: FastifyRequest, reply: FastifyReply, changed: OrderAtRevision) {
  void reply.header('etag', revisionTag(changed.revision));
  return shapeFor(request, changed.state).order(plainOrderJson(changed));
}
