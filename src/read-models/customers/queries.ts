import type { CustomerDocument } from './document.ts';
import { type Database, withTimeLimit } from '../database.ts';

export type CustomerQueries = ReturnType<typeof createCustomerQueries>;

/** Reads of the `customers` read model; each throws ReadModelsUnavailableError. */
export function createCustomerQueries({ customers }: Pick<Database, 'customers'>, timeLimitMs: number) {
  return {
    async find(customerId: string): Promise<CustomerDocument | undefined> {
      return (await withTimeLimit(timeLimitMs, customers.findOne({ _id: customerId }))) ?? undefined;
    },
  };
}
