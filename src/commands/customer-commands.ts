import {
  type CustomerDetails,
  type CustomerEvent,
  type CustomerState,
  setCustomerDetails,
} from '../domain/customer.ts';
import type { AtRevision } from '../eventstoredb/repository.ts';
import { createExecutor, type ExecutorOptions, type Precondition } from './execute.ts';
import type { Caller } from './idempotency.ts';

export type CustomerAtRevision = AtRevision<CustomerState>;

export interface SetCustomer extends CustomerAtRevision {
  /** Whether this command is the one that registered the customer. */
  readonly isNew: boolean;
}

export type CustomerCommands = ReturnType<typeof createCustomerCommands>;

/** The commands on customers. */
export function createCustomerCommands(options: Omit<ExecutorOptions<CustomerState, CustomerEvent>, 'subject'>) {
  const execute = createExecutor({ ...options, subject: 'customer' });

  return {
    /**
     * Registers a customer or changes the details; the present details again store nothing.
     *
     * @throws what `createExecutor` says
     */
    async setDetails(
      customerId: string,
      details: CustomerDetails,
      caller: Caller,
      precondition?: Precondition,
    ): Promise<SetCustomer> {
      const { state, revision, hasChanged } = await execute({
        name: 'set-customer-details',
        id: customerId,
        request: details,
        caller,
        precondition,
        decide: ({ state: before }, at) => setCustomerDetails(before, customerId, details, at),
      });
      return { state, revision, isNew: hasChanged && revision === 0 };
    },
  };
}
