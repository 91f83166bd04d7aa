import type { PlaceRequest } from '../src/commands/order-commands.ts';
import type { Address } from '../src/domain/events.ts';
import { chance, oneOf } from './story.ts';

export interface Guest {
  readonly customerId: string;
  readonly name: string;
  readonly address: Address;
}

const NAMES = [
  ['Giulia', 'Bianchi', 'Via Toledo'],
  ['Marco', 'Rossi', 'Via dei Tribunali'],
  ['Zoë', 'van den Berg', 'Vico Lungo'],
  ['Ngozi', 'Okafor', 'Via Chiaia'],
  ['Jürgen', 'Weiß', 'Corso Umberto'],
  ['Aiko', 'Tanaka', 'Via Foria'],
  ['Paola', 'Esposito', 'Riviera di Chiaia'],
  ['Liam', 'O’Connor', 'Via Duomo'],
  ['Sofia', 'Castellammare-Montevergine', 'Via San Gregorio Armeno'],
  ['Omar', 'Haddad', 'Piazza Dante'],
] as const;

/** The first of them can log in, as a customer, where people do. */
export const GUESTS: readonly Guest[] = NAMES.map(([first, last, street], index) => ({
  customerId: index === 0 ? 'giulia' : `guest-${index + 1}`,
  name: `${first} ${last}`,
  address: { street: `${street} ${3 * index + 2}`, city: 'Napoli', postalCode: `801${30 + index}` },
}));

const MOST_LINES = 4;
const DELIVERED_SHARE = 0.7;

/**
 * What somebody orders.
 *
 * @param name of the order: the same one gives the same guest and the same pizzas
 * @param skus what is on the menu; the first ones are liked best
 */
export function orderOf(name: string, skus: readonly string[]): PlaceRequest {
  const luck = (what: string) => chance(`${name} ${what}`);
  const { customerId, address } = oneOf(GUESTS, luck('guest'));
  const lines = 1 + Math.floor(luck('lines') ** 2 * MOST_LINES);
  const chosen = new Set(Array.from({ length: lines }, (_, line) => oneOf(skus, luck(`pizza ${line}`) ** 2)));
  return {
    customerId,
    items: [...chosen].map((sku, line) => ({ sku, quantity: 1 + Math.floor(luck(`quantity ${line}`) ** 3 * 4) })),
    ...(luck('is delivered') < DELIVERED_SHARE && { deliveryAddress: address }),
  };
}
