/** How values are shown; given, since it depends on the browser and the service. */
export interface Formats {
  readonly money: (amount: string) => string;
  readonly dateTime: (time: string) => string;
  readonly duration: (ms: number) => string;
  readonly status: (status: string) => string;
}

interface Field {
  readonly name: string;
  readonly label: string;
  /** The lines that a value is shown as; never called with null. */
  readonly lines: (value: never, formats: Formats) => readonly string[];
}

interface Item {
  readonly name: string;
  readonly quantity: number;
  readonly unitPrice: string;
}

interface Refund {
  readonly amount: string;
  readonly status: string;
  readonly reason: string;
  readonly transactionId: string | null;
}

interface Address {
  readonly street: string;
  readonly city: string;
  readonly postalCode: string;
  readonly notes?: string;
}

const text = (value: string | number) => [String(value)];
const time = (value: string, { dateTime }: Formats) => [dateTime(value)];
const status = (value: string, formats: Formats) => [formats.status(value)];
const seconds = (value: number, { duration }: Formats) => [duration(value * 1000)];

const REFUNDS: Readonly<Record<string, string>> = {
  PENDING: 'owed',
  COMPLETED: 'given back',
  FAILED: 'failed for good',
};

/** What an order consists of, in the order in which it is shown. */
export const FIELDS: readonly Field[] = [
  { name: 'status', label: 'Status', lines: status },
  { name: 'paymentStatus', label: 'Payment', lines: status },
  {
    name: 'items',
    label: 'Items',
    lines: (items: readonly Item[], { money }) =>
      items.map(({ name, quantity, unitPrice }) => `${quantity} × ${name}, ${money(unitPrice)} each`),
  },
  { name: 'totalAmount', label: 'Total', lines: (amount: string, { money }) => [money(amount)] },
  {
    name: 'refunds',
    label: 'Refunds',
    lines: (refunds: readonly Refund[], { money }) =>
      refunds.map((refund) => {
        const what = `${money(refund.amount)} ${REFUNDS[refund.status] ?? refund.status}: ${refund.reason}`;
        return refund.transactionId === null ? what : `${what} (${refund.transactionId})`;
      }),
  },
  { name: 'customerId', label: 'Customer', lines: text },
  {
    name: 'deliveryAddress',
    label: 'Address',
    lines: ({ street, postalCode, city, notes }: Address) => [
      `${street}, ${postalCode} ${city}`,
      ...(notes === undefined || notes === '' ? [] : [notes]),
    ],
  },
  { name: 'kitchenNotes', label: 'Kitchen notes', lines: text },
  { name: 'placedAt', label: 'Placed', lines: time },
  { name: 'estimatedDelivery', label: 'Promised', lines: time },
  { name: 'timeToConfirmation', label: 'Time to confirm', lines: seconds },
  { name: 'timeToPayment', label: 'Time to pay', lines: seconds },
  { name: 'lastUpdated', label: 'Last change', lines: time },
];

const UNKNOWN: Omit<Field, 'name'> = { label: '', lines: (value: unknown) => [JSON.stringify(value)] };

/** What a field is called. */
export function labelOf(name: string): string {
  return fieldOf(name)?.label ?? name;
}

/** A value of a field, as lines to be read; none for one that is absent. */
export function linesOf(name: string, value: unknown, formats: Formats): readonly string[] {
  if (value === null || value === undefined || value === '') return [];
  return (fieldOf(name) ?? UNKNOWN).lines(value as never, formats);
}

function fieldOf(name: string): Field | undefined {
  return FIELDS.find((field) => field.name === name);
}

/** Of a value before and after, the lines that are not in both. */
export function differing(before: readonly string[], after: readonly string[]) {
  const [gone, come] = [without(before, after), without(after, before)];
  // What differs by less than is shown is shown in full.
  return gone.length + come.length === 0 ? { gone: before, come: after } : { gone, come };
}

function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return lines.filter((line) => {
    const index = left.indexOf(line);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}
