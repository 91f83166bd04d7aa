import { type CustomerEvent, evolveCustomer } from '../../domain/customer.ts';
import { streamReadModel } from '../documents/stream-read-model.ts';
import { toFields, toState } from './document.ts';

export const customers = streamReadModel({
  name: 'customers',
  version: 1,
  category: 'Customer',
  indexes: [],
  evolve: (state: Parameters<typeof evolveCustomer>[0], { event }) => evolveCustomer(state, event as CustomerEvent), // of a customer's stream
  toFields,
  toState,
});
