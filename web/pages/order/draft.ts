import { signal } from '@preact/signals';
import { newKey } from '../../ui/use-command.ts';
import { type Guest, type Line, NOBODY, type PlaceOrder } from './basket.ts';

/** An order that is not placed yet. */
interface Draft {
  /** Its idempotency key, from its beginning until it is placed. */
  readonly key: string;
  readonly lines: readonly Line[];
  readonly guest: Guest;
  /** What was sent with the key, and not answered. */
  readonly sent: readonly PlaceOrder[];
}

const DRAFT = 'draft-1';
const CUSTOMER = 'customer';

/** This window's; it outlives a reload, and a request whose answer was lost. */
export const draft = signal<Draft>(read());
draft.subscribe((value) => sessionStorage.setItem(DRAFT, JSON.stringify(value)));

function read(): Draft {
  const kept = sessionStorage.getItem(DRAFT);
  if (kept !== null) return JSON.parse(kept) as Draft;
  const customerId = localStorage.getItem(CUSTOMER) ?? '';
  return { key: newKey(), lines: [], guest: { ...NOBODY, customerId }, sent: [] };
}

export function change(fields: Partial<Omit<Draft, 'key'>>): void {
  draft.value = { ...draft.value, ...fields };
}

/** After an order was placed: the next one is another, for the same guest. */
export function beginAnew(lines: readonly Line[]): void {
  const { guest } = draft.value;
  localStorage.setItem(CUSTOMER, guest.customerId);
  draft.value = { key: newKey(), lines, guest, sent: [] };
}
