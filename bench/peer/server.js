/**
 * The order flow as Emmett's documentation shows it: a command handler made of `evolve` and `initialState`, decisions
 * as functions of command and state, Express routes with `on`, `Created` and `NoContent`.
 *
 * Arguments: the event store's connection string, a port, a prefix for the names of the streams.
 */
import { randomUUID } from 'node:crypto';
import {
  assertNotEmptyString,
  assertPositiveNumber,
  CommandHandler,
  ValidationError,
} from '@event-driven-io/emmett';
import { getEventStoreDBEventStore } from '@event-driven-io/emmett-esdb';
import { Created, getApplication, NoContent, on, startAPI } from '@event-driven-io/emmett-expressjs';
import { EventStoreDBClient } from '@eventstore/db-client';
import { confirm, evolve, initialState, pay, place } from './order.js';

const [url, port, prefix] = process.argv.slice(2);
const eventStore = getEventStoreDBEventStore(EventStoreDBClient.connectionString(url));
const handle = CommandHandler({ evolve, initialState });
const streamOf = (orderId) => `${prefix}EmmettOrder-${assertNotEmptyString(orderId)}`;

const readItem = ({ name, quantity, unitPrice }) => ({
  name: assertNotEmptyString(name),
  quantity: assertPositiveNumber(quantity),
  unitPrice: assertNotEmptyString(unitPrice),
});

const orders = (router) => {
  router.post(
    '/orders',
    on(async ({ body }) => {
      if (!Array.isArray(body.items) || body.items.length === 0) throw new ValidationError('items are missing');
      const orderId = randomUUID();
      const command = {
        type: 'PlaceOrder',
        data: {
          orderId,
          customerId: assertNotEmptyString(body.customerId),
          items: body.items.map(readItem),
          placedAt: new Date().toISOString(),
        },
      };
      await handle(eventStore, streamOf(orderId), (order) => place(command, order));
      return Created({ createdId: orderId, url: `/orders/${orderId}` });
    }),
  );

  router.post(
    '/orders/:orderId/confirm',
    on(async ({ body, params }) => {
      const command = {
        type: 'ConfirmOrder',
        data: {
          orderId: params.orderId,
          estimatedDeliveryTime: assertNotEmptyString(body.estimatedDeliveryTime),
          kitchenNotes: body.kitchenNotes ?? '',
          confirmedAt: new Date().toISOString(),
        },
      };
      await handle(eventStore, streamOf(params.orderId), (order) => confirm(command, order));
      return NoContent();
    }),
  );

  router.post(
    '/orders/:orderId/payment',
    on(async ({ body, params }) => {
      const command = {
        type: 'PayOrder',
        data: {
          orderId: params.orderId,
          paymentMethod: assertNotEmptyString(body.paymentMethod),
          transactionId: assertNotEmptyString(body.transactionId),
          processedAt: new Date().toISOString(),
        },
      };
      await handle(eventStore, streamOf(params.orderId), (order) => pay(command, order));
      return NoContent();
    }),
  );
};

startAPI(getApplication({ apis: [orders] }), { port: Number(port) });
