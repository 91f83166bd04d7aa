import type { components } from '../../api/schema.ts';
import { fromMinor, toMinor } from '../../ui/amount.ts';

type Menu = components['schemas']['Menu'];
export type PlaceOrder = components['schemas']['PlaceOrder'];

/** Something of the menu, in one size. */
export interface Offer {
  readonly sku: string;
  readonly name: string;
  readonly size: string | null;
  readonly priceMinor: number;
}

/** An offer as it was when it was put into the basket, and how many of it. */
export interface Line extends Offer {
  readonly quantity: number;
}

/** What is different on the menu now. */
export interface Change {
  readonly before: Line;
  /** Undefined: it is not on the menu any more. */
  readonly after: Line | undefined;
}

/** The service takes more of one; a page that does is more likely to take a slip of the finger. */
export const MOST_OF_ONE = 99;
/** The service's own limit. */
export const MOST_LINES = 100;

/** All that the menu offers, by sku. */
export function offersOf(menu: Menu): ReadonlyMap<string, Offer> {
  const offers = new Map<string, Offer>();
  for (const { items } of menu.categories) {
    for (const { name, sizes } of items) {
      for (const { sku, size, price } of sizes) offers.set(sku, { sku, name, size, priceMinor: toMinor(price) });
    }
  }
  return offers;
}

/** With one more of an offer; the same lines when no more fit. */
export function add(lines: readonly Line[], offer: Offer): readonly Line[] {
  const present = lines.find(({ sku }) => sku === offer.sku);
  if (present) return withQuantity(lines, offer.sku, present.quantity + 1);
  return lines.length < MOST_LINES ? [...lines, { ...offer, quantity: 1 }] : lines;
}

/** With so many of one, or as many as are allowed. */
export function withQuantity(lines: readonly Line[], sku: string, quantity: number): readonly Line[] {
  const allowed = Math.min(Math.max(Math.trunc(quantity), 1), MOST_OF_ONE);
  const present = lines.find((line) => line.sku === sku);
  if (!present || present.quantity === allowed) return lines;
  return lines.map((line) => (line === present ? { ...line, quantity: allowed } : line));
}

export function without(lines: readonly Line[], sku: string): readonly Line[] {
  return lines.filter((line) => line.sku !== sku);
}

export function totalMinor(lines: readonly Line[]): number {
  return lines.reduce((sum, { priceMinor, quantity }) => sum + priceMinor * quantity, 0);
}

/** How many things are in the basket. */
export function piecesIn(lines: readonly Line[]): number {
  return lines.reduce((sum, { quantity }) => sum + quantity, 0);
}

/** The lines as the menu has them now, without those that it no longer has. */
export function asOffered(lines: readonly Line[], offers: ReadonlyMap<string, Offer>) {
  const changes: Change[] = [];
  const now = lines.flatMap((before): Line[] => {
    const offer = offers.get(before.sku);
    const after = offer && { ...offer, quantity: before.quantity };
    if (after && isSame(after, before)) return [before];
    changes.push({ before, after });
    return after ? [after] : [];
  });
  return { lines: now, changes };
}

function isSame(a: Offer, b: Offer): boolean {
  return a.name === b.name && a.size === b.size && a.priceMinor === b.priceMinor;
}

/** `Margherita, L` */
export function nameOf({ name, size }: Pick<Offer, 'name' | 'size'>): string {
  return size === null ? name : `${name}, ${size}`;
}

export interface Address {
  readonly street: string;
  readonly city: string;
  readonly postalCode: string;
  /** For the driver; may be empty. */
  readonly notes: string;
}

/** Whose order it is, and where it goes: as typed. */
export interface Guest {
  readonly customerId: string;
  readonly email: string;
  readonly isDelivered: boolean;
  readonly address: Address;
}

export const NOBODY: Guest = {
  customerId: '',
  email: '',
  isDelivered: true,
  address: { street: '', city: '', postalCode: '', notes: '' },
};

export type Mistakes = Readonly<Partial<Record<'customerId' | 'email' | 'street' | 'city' | 'postalCode', string>>>;

/** What is still wrong with what was typed, by field, in the order of the fields. */
export function mistakesIn({ customerId, email, isDelivered, address }: Guest): Mistakes {
  return {
    ...(customerId.trim() === '' && { customerId: 'Who orders?' }),
    ...(email.trim() !== '' &&
      !/^[^\s@]+@[^\s@]+$/.test(email.trim()) && { email: 'An email address looks like giulia@example.com.' }),
    ...(isDelivered && mistakesInAddress(address)),
  };
}

export function mistakesInAddress({ street, city, postalCode }: Address): Mistakes {
  return {
    ...(street.trim() === '' && { street: 'Which street and number?' }),
    ...(postalCode.trim() === '' && { postalCode: 'Which postal code?' }),
    ...(city.trim() === '' && { city: 'Which city?' }),
  };
}

/** As the service takes it: nothing that is empty. */
export function toAddress({ street, city, postalCode, notes }: Address): components['schemas']['Address'] {
  return {
    street: street.trim(),
    city: city.trim(),
    postalCode: postalCode.trim(),
    ...(notes.trim() !== '' && { notes: notes.trim() }),
  };
}

/** The request that orders it, with the total that the guest was shown. */
export function toRequest(lines: readonly Line[], { customerId, email, isDelivered, address }: Guest): PlaceOrder {
  return {
    customerId: customerId.trim(),
    ...(email.trim() !== '' && { customerEmail: email.trim() }),
    items: lines.map(({ sku, quantity }) => ({ sku, quantity })),
    totalAmount: fromMinor(totalMinor(lines)),
    ...(isDelivered && { deliveryAddress: toAddress(address) }),
  };
}
