import type { components } from '../../api/schema.ts';
import { orderNumber } from '../../ui/order-number.ts';

/** An order, as the board has it. */
export type Card = components['schemas']['PlainOrder'];
export type Status = Card['status'];

/** The columns of a board, from left to right. */
export const COLUMNS = ['PENDING', 'CONFIRMED', 'COOKING', 'READY', 'OUT_FOR_DELIVERY'] as const;
export type Column = (typeof COLUMNS)[number];

/** What an order in a column becomes when it is bumped. */
export const NEXT = {
  PENDING: 'CONFIRMED',
  CONFIRMED: 'COOKING',
  COOKING: 'READY',
  READY: 'OUT_FOR_DELIVERY',
  OUT_FOR_DELIVERY: 'DELIVERED',
} as const satisfies Readonly<Record<Column, Status>>;

/** What an order is taken back to, where the service lets it: nothing becomes PENDING or CONFIRMED again. */
const BACK: Readonly<Partial<Record<Status, Column>>> = { READY: 'COOKING', OUT_FOR_DELIVERY: 'READY' };
export const backOf = (status: Status): Column | undefined => BACK[status];

/** Whether whoever looks at the board may confirm orders, or give them a status. */
export interface Rights {
  readonly confirm: boolean;
  readonly to: (status: Status) => boolean;
}

export function mayBump(column: Column, rights: Rights): boolean {
  return column === 'PENDING' ? rights.confirm : rights.to(NEXT[column]);
}

/** The columns in which there is something to do, or to take back. */
export function columnsFor(rights: Rights): Column[] {
  return COLUMNS.filter((column) => mayBump(column, rights) || (column === 'READY' && rights.to('READY')));
}

export function isOver({ status }: Card): boolean {
  return status === 'DELIVERED' || status === 'CANCELLED';
}

/** How a screen is set up, by its address: `?show=CONFIRMED,COOKING&warn=5&late=8&promise=30`. */
export interface Options {
  readonly columns: readonly Column[];
  /** Minutes after which an order is slow, and late. */
  readonly warn: number;
  readonly late: number;
  /** In how many minutes an order is promised, unless the cook says otherwise. */
  readonly promise: number;
}

const PROMISE_MINUTES = 30;
const MOST_MINUTES = 600;

/**
 * What the address says; where it says nothing, or nothing that makes sense, it is as usual.
 *
 * @param usual the pizzeria's thresholds in minutes, and the columns that the person has
 */
export function readOptions(query: URLSearchParams, usual: Omit<Options, 'promise'>): Options {
  const wanted = (query.get('show') ?? '').toUpperCase().split(',');
  const columns = usual.columns.filter((column) => wanted.includes(column));
  const warn = minutesIn(query.get('warn')) ?? usual.warn;
  return {
    columns: columns.length > 0 ? columns : usual.columns,
    warn,
    late: Math.max(warn, minutesIn(query.get('late')) ?? usual.late),
    promise: minutesIn(query.get('promise')) ?? PROMISE_MINUTES,
  };
}

function minutesIn(text: string | null): number | undefined {
  const minutes = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return minutes >= 0 && minutes <= MOST_MINUTES ? minutes : undefined;
}

export interface Age {
  readonly ms: number;
  readonly stage: 'fresh' | 'slow' | 'late';
  /** Whole minutes beyond the threshold; 0 unless it is late. */
  readonly lateMinutes: number;
}

const MINUTE_MS = 60_000;

/** From when on an order ages, in milliseconds since 1970: from its confirmation, or until then from its placing. */
export function startOf({ placedAt, timeToConfirmation }: Card): number {
  return Date.parse(placedAt) + (timeToConfirmation ?? 0) * 1000;
}

/** @param now the service's time in milliseconds: a card from its future is new, not of a negative age */
export function ageOf(card: Card, now: number, { warn, late }: Pick<Options, 'warn' | 'late'>): Age {
  const ms = Math.max(0, now - startOf(card));
  const minutes = ms / MINUTE_MS;
  const stage = minutes >= late ? 'late' : minutes >= warn ? 'slow' : 'fresh';
  return { ms, stage, lateMinutes: stage === 'late' ? Math.floor(minutes - late) : 0 };
}

/** Those that were promised first come first, then the oldest. */
export function compareCards(one: Card, other: Card): number {
  const promised = ({ estimatedDelivery }: Card) =>
    estimatedDelivery === null ? Number.POSITIVE_INFINITY : Date.parse(estimatedDelivery);
  const [a, b] = [promised(one), promised(other)];
  if (a !== b) return a < b ? -1 : 1;
  return startOf(one) - startOf(other) || (one.id < other.id ? -1 : 1);
}

const LONGER = 6;

/** What is called out instead of an id: its end, which is longer where two orders would be called the same. */
export function shortNumbers(ids: Iterable<string>): ReadonlyMap<string, string> {
  const all = [...ids];
  const times = new Map<string, number>();
  for (const id of all) times.set(orderNumber(id), (times.get(orderNumber(id)) ?? 0) + 1);
  return new Map(all.map((id) => [id, times.get(orderNumber(id)) === 1 ? orderNumber(id) : orderNumber(id, LONGER)]));
}

/** How many of each pizza the kitchen has to make, over all orders that are confirmed and not ready; most first. */
export function allDay(cards: Iterable<Card>): readonly (readonly [name: string, quantity: number])[] {
  const counts = new Map<string, number>();
  for (const { status, items } of cards) {
    if (status !== 'CONFIRMED' && status !== 'COOKING') continue;
    for (const { name, quantity } of items) counts.set(name, (counts.get(name) ?? 0) + quantity);
  }
  return [...counts].sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1));
}

const MOST_RECENT = 20;

/** What can be taken back, the last one first. */
export function recentlyDone(cards: Iterable<Card>): Card[] {
  return [...cards]
    .filter(({ status }) => backOf(status) !== undefined)
    .sort((one, other) => Date.parse(other.lastUpdated) - Date.parse(one.lastUpdated))
    .slice(0, MOST_RECENT);
}
