import type { operations } from '../../api/schema.ts';

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
  const [placedFrom, placedTo] = [dayIn(query.get('placedFrom')), dayIn(query.get('placedTo'))];
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
  return {
    ...equal,
    ...(placedFrom !== undefined && { placedFrom: startOfDay(placedFrom, zone) }),
    ...(placedTo !== undefined && { placedTo: startOfDay(dayAfter(placedTo), zone) }),
  };
}

/** When a day begins in a zone, RFC 3339; where a clock skips midnight, the first moment after it. */
export function startOfDay(day: string, zone: string): string {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const nearby = midnight - offsetAt(midnight, zone);
  const start = midnight - offsetAt(nearby, zone);
  return new Date(offsetAt(start, zone) === offsetAt(nearby, zone) ? start : nearby).toISOString();
}

/** By how many milliseconds a zone's clock is ahead of UTC. */
function offsetAt(time: number, zone: string): number {
  const text = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).format(time);
  const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d\d):(\d\d)/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/** A day of this or the last century: one that is still being typed begins in the year 2 or 20. */
function dayIn(text: string | null): string | undefined {
  if (text === null || !/^(?:19|20)\d\d-\d\d-\d\d$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text ? undefined : text;
}
