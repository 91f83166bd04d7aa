/** An amount as the service writes it, such as `"12.50"`; never a float. */
export type Amount = string;

/** `"12.5"` → 1250. */
export function toMinor(amount: Amount): number {
  const [whole = '0', cents = ''] = amount.split('.');
  return Number(whole) * 100 + Number(cents.padEnd(2, '0'));
}

/** 1250 → `"12.50"`. */
export function fromMinor(minor: number): Amount {
  return `${Math.trunc(minor / 100)}.${String(Math.abs(minor) % 100).padStart(2, '0')}`;
}
