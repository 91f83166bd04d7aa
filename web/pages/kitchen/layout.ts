import { type Card, type Column, compareCards, mayBump, type Rights } from './board.ts';
import type { Conflict } from './words.ts';

/** An order that was cancelled while it was on this screen, until somebody says that they have seen it. */
export interface Cancelled {
  readonly card: Card;
  readonly column: Column;
}

/** What stays for a while where an order was bumped. */
export interface Trace {
  /** As it was when it was bumped. */
  readonly card: Card;
  readonly column: Column;
  /** When it was bumped, in milliseconds since 1970 by the service's clock. */
  readonly at: number;
  /** Undefined: it was bumped from here, and can be taken back. */
  readonly conflict?: Conflict | undefined;
}

export interface Item {
  readonly kind: 'ticket' | 'cancelled' | 'trace';
  readonly card: Card;
  /** Of the keys 1 to 9, the one that bumps it. */
  readonly key?: number | undefined;
  readonly trace?: Trace;
}

export interface Lane {
  readonly column: Column;
  readonly items: readonly Item[];
}

interface Contents {
  readonly cards: Iterable<Card>;
  readonly cancelled: Iterable<Cancelled>;
  readonly traces: Iterable<Trace>;
}

const KEYS = 9;

/** What is in each column, in its order. */
export function layOut(columns: readonly Column[], { cards, cancelled, traces }: Contents, rights: Rights): Lane[] {
  const lanes = new Map<Column, Item[]>(columns.map((column) => [column, []]));
  const put = (column: string, item: Item) => lanes.get(column as Column)?.push(item);
  for (const card of cards) put(card.status, { kind: 'ticket', card });
  for (const { card, column } of cancelled) put(column, { kind: 'cancelled', card });
  for (const trace of traces) put(trace.column, { kind: 'trace', card: trace.card, trace });

  let keys = 0;
  return [...lanes].map(([column, items]) => {
    items.sort((one, other) => compareCards(one.card, other.card));
    const isBumped = mayBump(column, rights);
    return {
      column,
      items: items.map((item) =>
        isBumped && item.kind === 'ticket' && keys < KEYS ? { ...item, key: (keys += 1) } : item,
      ),
    };
  });
}

/** The orders that can be bumped, in the order in which they are shown. */
export function bumpable(lanes: readonly Lane[], rights: Rights): Card[] {
  return lanes.flatMap(({ column, items }) =>
    mayBump(column, rights) ? items.filter(({ kind }) => kind === 'ticket').map(({ card }) => card) : [],
  );
}

/** What differs between two boards, for whoever looks at some of the columns. */
export interface Difference {
  /** Those that were not to be seen before. */
  readonly added: readonly Card[];
  /** Those that look otherwise. */
  readonly changed: readonly Card[];
  /** Those that have left the board, as they were last. */
  readonly left: readonly Card[];
}

export function differenceOf(
  before: ReadonlyMap<string, Card>,
  after: ReadonlyMap<string, Card>,
  columns: readonly Column[],
): Difference {
  const isSeen = (card: Card | undefined): card is Card => columns.includes(card?.status as Column);
  const added: Card[] = [];
  const changed: Card[] = [];
  for (const [id, card] of after) {
    const earlier = before.get(id);
    if (earlier === card || !isSeen(card)) continue;
    if (!isSeen(earlier)) added.push(card);
    else if (looksOther(earlier, card)) changed.push(card);
  }
  const left = [...before.values()].filter((card) => isSeen(card) && !after.has(card.id));
  return { added, changed, left };
}

function looksOther(one: Card, other: Card): boolean {
  return (
    one.status !== other.status ||
    one.kitchenNotes !== other.kitchenNotes ||
    one.estimatedDelivery !== other.estimatedDelivery ||
    JSON.stringify(one.deliveryAddress) !== JSON.stringify(other.deliveryAddress)
  );
}
