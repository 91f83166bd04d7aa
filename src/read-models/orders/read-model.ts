import type { PizzaOrderEvent } from '../../domain/events.ts';
import { evolve, type OrderState } from '../../domain/order-state.ts';
import { streamReadModel } from '../documents/stream-read-model.ts';
import type { ReadModel } from '../read-model.ts';
import { idsByCustomer, joinCustomers, showCustomers } from './customers.ts';
import { dayOf, ORDER_DAYS, raiseAllChanges, raiseChanges } from './days.ts';
import { type OrderDocument, toFields, toState } from './document.ts';

const MOST_CUSTOMERS = 500;

const documents = streamReadModel<OrderState, OrderDocument>({
  name: 'orders',
  version: 3,
  category: 'PizzaOrder',
  // One index for every query that a route offers. Sort keys end in `_id`, so no document appears on two pages.
  indexes: [
    { key: { placedAt: -1, _id: -1 } },
    { key: { customerId: 1, placedAt: -1, _id: -1 } },
    { key: { status: 1, placedAt: -1, _id: -1 } },
    { key: { paymentStatus: 1, placedAt: -1, _id: -1 } },
    { key: { 'undecided.placedAt': 1, 'undecided.orderId': 1 }, sparse: true },
  ],
  evolve: (state, { event }) => evolve(state, event as PizzaOrderEvent), // an order's stream holds no other events
  toFields,
  toState,
  joined: {
    fields: ['customerName', 'customerEmail', 'customerRevision'],
    load: ({ db }, states) => joinCustomers(db, states),
  },
  async saved({ db }, collection, { states, begun, hasGone }) {
    await Promise.all([
      raiseChanges(
        db,
        states.map(({ placedAt }) => dayOf(placedAt)),
      ),
      hasGone ? raiseAllChanges(db) : undefined,
      showCustomers(db, collection, idsByCustomer(begun)),
    ]);
  },
});

/** The orders, with the names and emails of their customers. */
export const orders: ReadModel = {
  ...documents,
  categories: ['PizzaOrder', 'Customer'],
  after: ['customers'],
  collections: [ORDER_DAYS],

  project(context, name) {
    const { db } = context;
    const projection = documents.project(context, name);
    let changed = new Set<string>();
    return {
      ...projection,
      async add(events) {
        for (const { category, id } of events) if (category === 'Customer') changed.add(id);
        await projection.add(events.filter(({ category }) => category === 'PizzaOrder'));
      },
      isFull: () => projection.isFull() || changed.size >= MOST_CUSTOMERS,
      async write(ready) {
        const shown = changed;
        changed = new Set();
        const outcome = await projection.write(ready);
        await showCustomers(db, db.collection<OrderDocument>(name), shown);
        return outcome;
      },
    };
  },

  replaced: ({ db }) => raiseAllChanges(db),
};
