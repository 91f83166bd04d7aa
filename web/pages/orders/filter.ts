import type { operations } from '../../api/schema.ts';
import { addDays, isDay, startOfDay } from '../../ui/days.ts';

type Parameters = NonNullable<operations['listOrders']['parameters']['query']>;

/** By what orders are looked for, as the address has it: the API's names, but days instead of times. */
export interface OrderFilter {
  readonly customerId?: string;
  readonly status?: NonNullable<Parameters['status']>;
  readonly paymentStatus?: NonNullable<Parameters['paymentStatus']>;
  /** The first and the last day, such as `2026-01-31`. */
  readonly placedFrom?: string;
  readonly placedTo?: string;
}

export const ORDER_STATUSES = [
  'PENDING',
  'CONFIRMED',
  'COOKING',
  'READY',
  'OUT_FOR_DELIVERY',
  'DELIVERED',
  'CANCELLED',
] as const satisfies readonly Parameters['status'][];

export const PAYMENT_STATUSES = [
  'UNPAID',
  'PAID',
  'REFUND_PENDING',
  'PARTIALLY_REFUNDED',
  'REFUNDED',
] as const satisfies readonly Parameters['paymentStatus'][];

/** The filter in an address; what is no value of a field is as if it were not there. */
export function readFilter(query: URLSearchParams): OrderFilter {
  const customerId = query.get('customerId')?.trim().slice(0, 200);
  const status = ORDER_STATUSES.find((known) => known === query.get('status'));
  const paymentStatus = PAYMENT_STATUSES.find((known) => known === query.get('paymentStatus'));
  const [placedFrom, placedTo] = [readDay(query.get('placedFrom')), readDay(query.get('placedTo'))];
  return {
    ...(customerId && { customerId }),
    ...(status && { status }),
    ...(paymentStatus && { paymentStatus }),
    ...(placedFrom !== undefined && { placedFrom }),
    ...(placedTo !== undefined && { placedTo }),
  };
}

/** Whether its last day is before its first: then nothing can be found. */
export function endsTooEarly({ placedFrom, placedTo }: OrderFilter): boolean {
  return placedFrom !== undefined && placedTo !== undefined && placedTo < placedFrom;
}

/**
 * The filter as the API takes it.
 *
 * @param zone where its days begin and end
 */
export function toParameters({ placedFrom, placedTo, ...equal }: OrderFilter, zone: string): Parameters {
  const startOf = (day: string) => new Date(startOfDay(day, zone)).toISOString();
  return {
    ...equal,
    ...(placedFrom !== undefined && { placedFrom: startOf(placedFrom) }),
    ...(placedTo !== undefined && { placedTo: startOf(addDays(placedTo, 1)) }),
  };
}

/** A day of this or the last century: one that is still being typed begins in the year 2 or 20. */
function readDay(text: string | null): string | undefined {
  return text !== null && /^(?:19|20)/.test(text) && isDay(text) ? text : undefined;
}
