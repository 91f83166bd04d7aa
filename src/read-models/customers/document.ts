import { type CustomerState, evolveCustomer } from '../../domain/customer.ts';
import type { StoredCustomerEvent } from '../../eventstoredb/codec.ts';

/** Document of the collection `customers`; its `_id` is the customer's id. */
export interface CustomerDocument {
  readonly _id: string;
  readonly revision: number;
  readonly name: string;
  readonly email: string;
  readonly phone: string | null;
  readonly registeredAt: Date;
  readonly lastUpdated: Date;
}

/** @throws TypeError when the event cannot follow what the document has seen */
export function evolveCustomerDocument(
  document: CustomerDocument | undefined,
  { event, revision }: StoredCustomerEvent,
): CustomerDocument {
  const state = evolveCustomer(document && toState(document), event);
  return {
    _id: state.id,
    revision,
    name: state.name,
    email: state.email,
    phone: state.phone,
    registeredAt: new Date(state.registeredAt),
    lastUpdated: new Date(state.lastUpdated),
  };
}

function toState({ _id, name, email, phone, registeredAt, lastUpdated }: CustomerDocument): CustomerState {
  return {
    id: _id,
    name,
    email,
    phone,
    registeredAt: registeredAt.toISOString(),
    lastUpdated: lastUpdated.toISOString(),
  };
}
