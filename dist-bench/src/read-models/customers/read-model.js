import { evolveCustomer } from "../../domain/customer.js";
import { streamReadModel } from "../documents/stream-read-model.js";
import { toFields, toState } from "./document.js";
export const customers = streamReadModel({
    name: 'customers',
    version: 1,
    category: 'Customer',
    indexes: [],
    evolve: (state, { event }) => evolveCustomer(state, event), // of a customer's stream
    toFields,
    toState,
});
