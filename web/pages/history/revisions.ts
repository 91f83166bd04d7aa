/** The revision that is shown, and what is wrong with the one that was asked for. */
export interface Chosen {
  readonly revision: number;
  readonly mistake?: string;
}

/**
 * The revision that an address asks for; without one, or with one that is not there, the last.
 *
 * @param asked as in the address
 * @param last the order's last revision
 */
export function chosenRevision(asked: string | null, last: number): Chosen {
  if (asked === null) return { revision: last };
  if (!/^\d{1,10}$/.test(asked))
    return { revision: last, mistake: `“${asked}” is no revision: they are counted from 0.` };
  const revision = Number(asked);
  if (revision <= last) return { revision };
  return { revision: last, mistake: `There is no revision ${asked} yet: the last one is ${last}.` };
}

const EVENTS: Readonly<Record<string, string>> = {
  PizzaOrderPlaced: 'Placed',
  PizzaOrderConfirmed: 'Confirmed',
  PaymentProcessed: 'Paid',
  OrderStatusChanged: 'Status changed',
  DiscountApplied: 'Discount',
  DeliveryAddressChanged: 'Address changed',
  OrderCancelled: 'Cancelled',
  RefundRequested: 'Refund requested',
  RefundCompleted: 'Refunded',
  RefundFailed: 'Refund failed',
  LatePaymentReceived: 'Late payment',
};

/** The type of an event in words. */
export function eventInWords(eventType: string): string {
  return EVENTS[eventType] ?? eventType;
}

/** Keeps what was seen of the revisions of one order, the newest of those that were asked for. */
export function createCache<T>(most = 200) {
  const seen = new Map<number, T>();
  return {
    get: (revision: number): T | undefined => seen.get(revision),
    set(revision: number, value: T): T {
      seen.set(revision, value);
      const [oldest] = seen.keys();
      if (seen.size > most && oldest !== undefined) seen.delete(oldest);
      return value;
    },
  };
}
