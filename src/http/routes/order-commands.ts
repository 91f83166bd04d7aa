import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { OrderCommand, OrderCommands } from '../../commands/order-commands.ts';
import type { OrderAtRevision } from '../../eventstoredb/repository.ts';
import { callerOf } from '../requests/caller.ts';
import { allowedRevisions, revisionTag } from '../requests/preconditions.ts';
import { badField } from '../problems/errors.ts';
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
import { plainOrderJson } from './order-json.ts';

const tags = ['Orders: commands'];
const change = { tags, headers: CommandHeaders, params: OrderParams, response: { 200: ref(PlainOrder) } };

export interface OrderCommandRoutesOptions {
  readonly commands: OrderCommands;
}

/** The routes that change orders. */
export const orderCommandRoutes: FastifyPluginCallbackTypebox<OrderCommandRoutesOptions> = (
  app,
  { commands },
  done,
) => {
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
      checkItems(request.body.items);
      const placed = await commands.place(request.body, callerOf(request));
      void reply.code(201).header('location', `/orders/${placed.state.id}`);
      return changedOrder(reply, placed);
    },
  );

  app.post(
    '/orders/:orderId/confirm',
    {
      schema: {
        ...change,
        operationId: 'confirmOrder',
        summary: 'Confirm a pending order',
        body: ref(ConfirmOrderBody),
      },
    },
    async (request, reply) => {
      const { estimatedDeliveryTime, ...rest } = request.body;
      const confirmedBy = request.headers['x-actor'];
      return run(request, reply, {
        type: 'confirm',
        ...rest,
        estimatedDeliveryTime: new Date(estimatedDeliveryTime).toISOString(),
        ...(confirmedBy !== undefined && { confirmedBy }),
      });
    },
  );

  app.post(
    '/orders/:orderId/payment',
    {
      schema: {
        ...change,
        operationId: 'payOrder',
        summary: 'Record the payment of the order’s total',
        body: ref(PayOrderBody),
      },
    },
    async (request, reply) => run(request, reply, { type: 'pay', ...request.body }),
  );

  app.post(
    '/orders/:orderId/status',
    {
      schema: {
        ...change,
        operationId: 'changeStatus',
        summary: 'Change the status (the staff’s override)',
        body: ref(ChangeStatusBody),
      },
    },
    async (request, reply) => run(request, reply, { type: 'change-status', ...request.body }),
  );

  app.post(
    '/orders/:orderId/discount',
    {
      schema: {
        ...change,
        operationId: 'applyDiscount',
        summary: 'Apply a discount to an unpaid order',
        body: ref(ApplyDiscountBody),
      },
    },
    async (request, reply) => run(request, reply, { type: 'apply-discount', ...request.body }),
  );

  app.post(
    '/orders/:orderId/delivery-address',
    {
      schema: {
        ...change,
        operationId: 'changeDeliveryAddress',
        summary: 'Set or change the delivery address',
        body: ref(DeliveryAddress),
      },
    },
    async (request, reply) => run(request, reply, { type: 'change-delivery-address', address: request.body }),
  );

  done();

  async function run(request: CommandRequest, reply: FastifyReply, command: OrderCommand) {
    const allowed = allowedRevisions(request.headers['if-match']);
    const orderId = request.params.orderId.toLowerCase();
    return changedOrder(reply, await commands.run(orderId, command, callerOf(request), allowed));
  }
};

type CommandRequest = FastifyRequest & {
  readonly params: Static<typeof OrderParams>;
  readonly headers: Static<typeof CommandHeaders>;
};

/** What a schema cannot say without spoiling its messages. */
function checkItems(items: Static<typeof PlaceOrderBody>['items']): void {
  items.forEach((item, index) => {
    if (item.sku !== undefined) return;
    for (const field of ['name', 'unitPrice'] as const) {
      if (item[field] === undefined) throw badField(`#/items/${index}/${field}`, 'is required where no sku is given');
    }
  });
}

function changedOrder(reply: FastifyReply, changed: OrderAtRevision) {
  void reply.header('etag', revisionTag(changed.revision));
  return plainOrderJson(changed);
}
