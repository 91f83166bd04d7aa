import { evolve } from "../../domain/order-state.js";
import { streamReadModel } from "../documents/stream-read-model.js";
import { customersOf, joinCustomers, showCustomers } from "./customers.js";
import { dayOf, raiseAllChanges, raiseChanges } from "./days.js";
import { toFields, toState } from "./document.js";
const MOST_CUSTOMERS = 500;
const documents = streamReadModel({
    name: 'orders',
    version: 1,
    category: 'PizzaOrder',
    // Every query of a route has its index here; sorted pages end in `_id`, so that no document repeats.
    indexes: [
        { key: { placedAt: -1, _id: -1 } },
        { key: { customerId: 1, placedAt: -1, _id: -1 } },
        { key: { status: 1, placedAt: -1, _id: -1 } },
        { key: { paymentStatus: 1, placedAt: -1, _id: -1 } },
    ],
    evolve: (state, { event }) => evolve(state, event), // the stream of an order holds no others
    toFields,
    toState,
    joined: {
        fields: ['customerName', 'customerEmail', 'customerRevision'],
        load: ({ db }, states) => joinCustomers(db, states),
    },
    async saved({ db }, collection, { states, begun }) {
        await Promise.all([
            raiseChanges(db, states.map(({ placedAt }) => dayOf(placedAt))),
            showCustomers(db, collection, customersOf(begun)),
        ]);
    },
});
/** The orders, with the names and emails of their customers. */
export const orders = {
    ...documents,
    categories: ['PizzaOrder', 'Customer'],
    after: ['customers'],
    project(context, name) {
        const { db } = context;
        const projection = documents.project(context, name);
        let changed = new Set();
        return {
            ...projection,
            async add(events) {
                for (const { category, id } of events)
                    if (category === 'Customer')
                        changed.add(id);
                await projection.add(events.filter(({ category }) => category === 'PizzaOrder'));
            },
            isFull: () => projection.isFull() || changed.size >= MOST_CUSTOMERS,
            async write(ready) {
                const shown = changed;
                changed = new Set();
                const stalls = await projection.write(ready);
                await showCustomers(db, db.collection(name), shown);
                return stalls;
            },
        };
    },
    replaced: ({ db }) => raiseAllChanges(db),
};
