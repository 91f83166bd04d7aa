import type { Collection } from 'mongodb';
import { withTimeLimit } from '../database.ts';
import type { CustomerDocument } from './document.ts';

export type CustomerQueries = ReturnType<typeof createCustomerQueries>;

/** Reads of the `customers` read model; each throws ReadModelsUnavailableError. */
export function createCustomerQueries(
  { customers }: { readonly customers: Collection<CustomerDocument> },
  timeLimitMs: number,
) {
  return {
    async find(customerId: string): Promise<CustomerDocument | undefined> {
      const found = await withTimeLimit(timeLimitMs, customers.findOne({ _id: customerId }));
      return found && found.revision !== -1 ? found : undefined;
    },
  };
}
