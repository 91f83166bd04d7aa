/** An amount as the service writes it, such as `"12.50"`; never a float. */
export type Amount = string;

/** `"12.5"` → 1250, `"-0.50"` → −50. */
export function toMinor(amount: Amount): number {
  const [whole = '0', cents = ''] = amount.replace('-', '').split('.');
  const minor = Number(whole) * 100 + Number(cents.padEnd(2, '0'));
  return amount.startsWith('-') ? -minor : minor;
}

/** 1250 → `"12.50"`, −50 → `"-0.50"`. */
export function fromMinor(minor: number): Amount {
  const size = Math.abs(minor);
  return `${minor < 0 ? '-' : ''}${Math.trunc(size / 100)}.${String(size % 100).padStart(2, '0')}`;
}
