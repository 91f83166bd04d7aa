import type { CustomerState } from '../../domain/customer.ts';
import type { StreamDocument } from '../documents/stream-model.ts';

/** Document of the collection `customers`; its `_id` is the customer's id. */
export type CustomerDocument = StreamDocument & ReturnType<typeof toFields>;

export function toFields({ name, email, phone, registeredAt, lastUpdated }: CustomerState) {
  return { name, email, phone, registeredAt: new Date(registeredAt), lastUpdated: new Date(lastUpdated) };
}

export function toState({ _id, name, email, phone, registeredAt, lastUpdated }: CustomerDocument): CustomerState {
  return {
    id: _id,
    name,
    email,
    phone,
    registeredAt: registeredAt.toISOString(),
    lastUpdated: lastUpdated.toISOString(),
  };
}
