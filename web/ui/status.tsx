const STATUSES: Readonly<Record<string, string>> = {
  PENDING: 'Waiting',
  CONFIRMED: 'Confirmed',
  COOKING: 'Cooking',
  READY: 'Ready',
  OUT_FOR_DELIVERY: 'On its way',
  DELIVERED: 'Delivered',
  CANCELLED: 'Cancelled',
  UNPAID: 'Unpaid',
  PAID: 'Paid',
  REFUND_PENDING: 'Refund owed',
  PARTIALLY_REFUNDED: 'Partly refunded',
  REFUNDED: 'Refunded',
};

/** A status in words. */
export function statusWords(status: string): string {
  return STATUSES[status] ?? status;
}

/** A status as a small label: colour is never the only sign. */
export function StatusBadge({ status }: { readonly status: string }) {
  return <span class={`badge ${status.toLowerCase().replaceAll('_', '-')}`}>{statusWords(status)}</span>;
}
