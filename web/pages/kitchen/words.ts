import type { components } from '../../api/schema.ts';
import type { Card, Status } from './board.ts';

type TimelineItem = components['schemas']['OrderTimeline']['items'][number];

/** Somebody else was first. */
export interface Conflict {
  readonly who: string;
  /** What they did, as the end of a sentence. */
  readonly did: string;
  /** When, in milliseconds since 1970. */
  readonly at: number;
}

/** How far a command has come, as its order's card says it. */
export type Note =
  | { readonly kind: 'retrying' }
  | { readonly kind: 'refused'; readonly text: string; readonly at: number }
  | { readonly kind: 'conflict'; readonly conflict: Conflict; readonly at: number };

/** What has happened on the board but for what was done on this screen: orders by their numbers. */
export interface News {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly cancelled: readonly string[];
  readonly late: readonly string[];
}

/**
 * Who came before a command, and with what: the first event that the card did not show yet.
 *
 * @param to the status that the command would have given the order
 * @param me who gave the command, where that is known
 * @returns undefined when nothing came before it
 */
export function conflictOf(
  items: readonly TimelineItem[],
  card: Pick<Card, 'revision'>,
  to: Status,
  me?: string,
): Conflict | undefined {
  const first = items.find(({ revision }) => revision > card.revision);
  if (!first) return undefined;
  const { actor, eventType, details, description, timestamp } = first;
  const isSame = eventType === 'PizzaOrderConfirmed' ? to === 'CONFIRMED' : details['newStatus'] === to;
  return {
    who: actor === me ? 'You' : nameOf(actor),
    did: isSame ? 'did this' : `was first: ${description}`,
    at: Date.parse(timestamp),
  };
}

/** `anna` → `Anna`; who gave no name is somebody. */
function nameOf(actor: string): string {
  if (actor === 'anonymous') return 'Somebody';
  return /^\p{Ll}/u.test(actor) ? actor.charAt(0).toUpperCase() + actor.slice(1) : actor;
}

/** What has happened on a board since it was last spoken of; orders by their numbers. */
export interface Happened {
  /** How many came. */
  readonly added: number;
  readonly late: readonly string[];
  readonly cancelled: readonly string[];
}

export const NOTHING_HAPPENED: Happened = { added: 0, late: [], cancelled: [] };

/** `3 new orders. Order 4F2A is late.`; empty when there is nothing to say. */
export function spoken({ added, late, cancelled }: Happened): string {
  return [
    added > 0 && (added === 1 ? '1 new order.' : `${added} new orders.`),
    ...orders(late, 'late'),
    ...orders(cancelled, 'cancelled'),
  ]
    .filter((sentence) => sentence !== false)
    .join(' ');
}

const MOST_BY_NUMBER = 3;

function orders(numbers: readonly string[], what: string): string[] {
  if (numbers.length > MOST_BY_NUMBER) return [`${numbers.length} orders are ${what}.`];
  return numbers.map((number) => `Order ${number} is ${what}.`);
}
