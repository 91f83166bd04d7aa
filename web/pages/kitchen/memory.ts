import type { Card, Column } from './board.ts';
import type { Cancelled } from './layout.ts';

/** What a screen still knows after it was loaded anew. Nothing personal is kept. */
export interface Memory {
  readonly cancelled: readonly Cancelled[];
  /** Orders that were to be seen last. */
  readonly seen: readonly Seen[];
}

interface Seen {
  readonly id: string;
  readonly column: Column;
}

/** @param columns those that are shown */
export function seenOf(cards: Iterable<Card>, columns: readonly Column[]): Seen[] {
  return [...cards].flatMap(({ id, status }) => {
    const column = columns.find((each) => each === status);
    return column === undefined ? [] : [{ id, column }];
  });
}

const KEY = 'kitchen';
const MOST_CANCELLED = 50;
const MOST_SEEN = 200;

/** @returns nothing when nothing was kept, or what was kept is of another version of the page */
export function recall(): Memory {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Partial<Memory>;
    return { cancelled: kept.cancelled ?? [], seen: kept.seen ?? [] };
  } catch {
    return { cancelled: [], seen: [] };
  }
}

export function keep({ cancelled, seen }: Memory): void {
  const memory: Memory = {
    cancelled: cancelled.slice(-MOST_CANCELLED).map(({ card, column }) => ({ card: impersonal(card), column })),
    seen: seen.slice(-MOST_SEEN),
  };
  sessionStorage.setItem(KEY, JSON.stringify(memory));
}

function impersonal(card: Card): Card {
  return { ...card, customerId: '', deliveryAddress: null };
}
