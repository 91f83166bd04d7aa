import { batch, computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import { Problem } from '../../api/client.ts';
import { now, serverNow } from '../../app/clock.ts';
import { person } from '../../app/session.ts';
import {
  ageOf,
  backOf,
  type Card,
  type Column,
  isOver,
  mayBump,
  NEXT,
  type Options,
  type Rights,
  shortNumbers,
  type Status,
} from './board.ts';
import { carryOut, lookAt, lookBehind } from './commands.ts';
import { bumpable, type Cancelled, differenceOf, layOut, type Trace } from './layout.ts';
import { keep, recall as recallMemory } from './memory.ts';
import type { Board } from './topic.ts';
import { type Conflict, conflictOf } from './words.ts';

/** How far a command has come, as its order's card says it. */
export type Note =
  | { readonly kind: 'sending' | 'retrying' }
  | { readonly kind: 'refused'; readonly text: string; readonly at: number }
  | { readonly kind: 'conflict'; readonly conflict: Conflict; readonly at: number };

/** What has happened on the board but for what was done on this screen: orders by their numbers. */
export interface News {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly cancelled: readonly string[];
  readonly late: readonly string[];
}

export interface ScreenOptions {
  readonly board: ReadonlySignal<Board | undefined>;
  readonly options: ReadonlySignal<Options>;
  readonly rights: ReadonlySignal<Rights>;
  readonly onNews: (news: Partial<News>) => void;
}

export type Screen = ReturnType<typeof createScreen>;

export const RECALL_IN_PLACE_MS = 30_000;
const NOTE_MS = 20_000;
const MOST_BUMPED = 20;

/** What one screen shows of the board, and what is done on it. */
export function createScreen({ board, options, rights, onNews }: ScreenOptions) {
  const memory = recallMemory();
  const ending = new AbortController();
  const shown = signal<ReadonlyMap<string, Card> | undefined>(undefined);
  const cancelled = signal<ReadonlyMap<string, Cancelled>>(
    new Map(memory.cancelled.map((each) => [each.card.id, each])),
  );
  const traces = signal<readonly Trace[]>([]);
  const notes = signal<ReadonlyMap<string, Note>>(new Map());
  const minutes = signal<ReadonlyMap<string, number>>(new Map());
  /** What commands were answered with, until the stream has come as far: it may be away. */
  const answered = new Map<string, Card>();
  /** Orders that were bumped here, the last one at the end. */
  let bumped: string[] = [];
  let late: ReadonlySet<string> | undefined;
  let looking = Promise.resolve();
  let frame: number | undefined;

  const numbers = computed(() => shortNumbers([...(shown.value?.keys() ?? []), ...cancelled.value.keys()]));
  const numberOf = (id: string) => numbers.peek().get(id) ?? '';
  const lanes = computed(() => {
    const contents = { cards: shown.value?.values() ?? [], cancelled: cancelled.value.values(), traces: traces.value };
    return layOut(options.value.columns, contents, rights.value);
  });

  /** However many changes come, they are shown once a frame. */
  const show = () => {
    frame ??= requestAnimationFrame(() => {
      frame = undefined;
      const latest = board.peek();
      if (latest) batch(() => take(latest));
    });
  };
  const stopShowing = effect(() => {
    if (board.value) show();
  });
  const stopTicking = effect(() => {
    const at = now.value;
    batch(() => expire(at));
    tellLate(at);
  });

  function take({ cards, over }: Board): void {
    const told = new Map(answered);
    const merged = new Map(cards);
    for (const [id, answer] of answered) {
      if ((cards.get(id)?.revision ?? Number.POSITIVE_INFINITY) >= answer.revision) answered.delete(id);
      else if (isOver(answer)) merged.delete(id);
      else merged.set(id, answer);
    }
    const { columns } = options.peek();
    const before = shown.peek();
    shown.value = merged;
    if (!before) {
      for (const { id, column } of memory.seen) if (!merged.has(id)) lookFor(id, column);
      return;
    }
    const { added, changed, left } = differenceOf(before, merged, columns);
    const gone: string[] = [];
    for (const card of left) {
      const last = over.findLast(({ id }) => id === card.id) ?? told.get(card.id);
      if (!last) lookFor(card.id, card.status as Column);
      else if (last.status === 'CANCELLED') {
        strike(last, card.status as Column);
        gone.push(numberOf(card.id));
      }
    }
    const isOwn = ({ id, revision }: Card) => isBusy(id) || (told.get(id)?.revision ?? -1) >= revision;
    const others = changed.filter((card) => !isOwn(card));
    const numbersOf = (some: readonly Card[]) => some.map(({ id }) => numberOf(id));
    onNews({ added: numbersOf(added.filter((card) => !isOwn(card))), changed: numbersOf(others), cancelled: gone });
    forget(merged);
  }

  /** What is about orders that are elsewhere by now. */
  function forget(cards: ReadonlyMap<string, Card>): void {
    const isThere = ({ card, column, conflict }: Trace) => conflict || cards.get(card.id)?.status === NEXT[column];
    if (!traces.peek().every(isThere)) traces.value = traces.peek().filter(isThere);
    const stays = ([id]: readonly [string, unknown]) => cards.has(id) || isBusy(id);
    if (![...notes.peek()].every(stays)) notes.value = new Map([...notes.peek()].filter(stays));
    const waits = ([id]: readonly [string, unknown]) => cards.get(id)?.status === 'PENDING';
    if (![...minutes.peek()].every(waits)) minutes.value = new Map([...minutes.peek()].filter(waits));
  }

  function expire(at: number): void {
    const isFresh = (trace: Trace) => at - trace.at < RECALL_IN_PLACE_MS;
    if (!traces.peek().every(isFresh)) traces.value = traces.peek().filter(isFresh);
    const isRead = (note: Note) => 'at' in note && at - note.at > NOTE_MS;
    for (const [id, note] of notes.peek()) if (isRead(note)) setNote(id, undefined);
  }

  function tellLate(at: number): void {
    const thresholds = options.peek();
    const isSeen = ({ status }: Card) => thresholds.columns.includes(status as Column);
    const cards = shown.peek();
    if (!cards) return;
    const isLate = (card: Card) => isSeen(card) && ageOf(card, at, thresholds).stage === 'late';
    const before = late;
    late = new Set([...cards.values()].filter(isLate).map(({ id }) => id));
    const fresh = before && [...late].filter((id) => !before.has(id));
    if (fresh && fresh.length > 0) onNews({ late: fresh.map(numberOf) });
  }

  /** Why an order has left the board, where nobody said so. */
  function lookFor(id: string, column: Column): void {
    looking = looking.then(async () => {
      try {
        const card = await lookAt(id, ending.signal);
        if (card.status === 'CANCELLED') strike(card, column);
      } catch (error) {
        // Deleted, or not to be seen any more: nothing to cook either.
        if (!(error instanceof Problem) && !ending.signal.aborted) throw error;
      }
    });
  }

  function strike(card: Card, column: Column): void {
    cancelled.value = new Map(cancelled.peek()).set(card.id, { card, column });
    remember();
  }

  function acknowledge(id: string): void {
    const rest = new Map(cancelled.peek());
    rest.delete(id);
    cancelled.value = rest;
    remember();
  }

  function remember(): void {
    const cards = shown.peek();
    const { columns } = options.peek();
    const seen = [...(cards?.values() ?? [])].flatMap(({ id, status }) =>
      columns.includes(status as Column) ? [{ id, column: status as Column }] : [],
    );
    keep({ cancelled: [...cancelled.peek().values()], seen: cards ? seen : memory.seen });
  }

  function isBusy(id: string): boolean {
    const kind = notes.peek().get(id)?.kind;
    return kind === 'sending' || kind === 'retrying';
  }

  function setNote(id: string, note: Note | undefined): void {
    const all = new Map(notes.peek());
    if (note) all.set(id, note);
    else all.delete(id);
    notes.value = all;
  }

  async function change(card: Card, to: Status, more: { promised?: string; reason?: string } = {}): Promise<void> {
    const { id } = card;
    // Pressed once more, before the board shows what the press before has done.
    if (isBusy(id) || (answered.get(id)?.revision ?? -1) > card.revision) return;
    setNote(id, { kind: 'sending' });
    try {
      const answer = await carryOut({ card, to, ...more }, () => setNote(id, { kind: 'retrying' }), ending.signal);
      answered.set(id, answer);
      setNote(id, undefined);
      if (more.reason === undefined) leaveTrace(card, answer);
      show();
    } catch (error) {
      if (ending.signal.aborted) return;
      setNote(id, undefined);
      if (!(error instanceof Problem)) throw error;
      const hasLost = error.status === 412 || error.status === 409;
      if (!hasLost || !(await explain(card, to)))
        setNote(id, { kind: 'refused', text: error.message, at: serverNow() });
    }
  }

  function leaveTrace(card: Card, { status }: Card): void {
    bumped = [...bumped.slice(1 - MOST_BUMPED), card.id];
    const back = backOf(status);
    if (back === undefined || !rights.peek().to(back)) return;
    traces.value = [...traces.peek(), { card, column: card.status as Column, at: serverNow() }];
  }

  /** Says who was first, and shows what the order is now. @returns whether anybody was */
  async function explain(card: Card, to: Status): Promise<boolean> {
    const [fresh, { items }] = await lookBehind(card.id, ending.signal);
    const conflict = conflictOf(items, card, to, person.peek()?.id);
    if (!conflict) return false;
    answered.set(card.id, fresh);
    const at = serverNow();
    if (options.peek().columns.includes(fresh.status as Column)) setNote(card.id, { kind: 'conflict', conflict, at });
    else traces.value = [...traces.peek(), { card, column: card.status as Column, at, conflict }];
    show();
    return true;
  }

  function bump(card: Card): Promise<void> {
    const column = card.status as Column;
    if (!mayBump(column, rights.peek())) return Promise.resolve();
    if (column !== 'PENDING') return change(card, NEXT[column]);
    const promised = new Date(serverNow() + minutesFor(card.id) * 60_000).toISOString();
    return change(card, 'CONFIRMED', { promised });
  }

  /** Takes an order back to where it was before. */
  function recall(id: string): Promise<void> {
    const card = shown.peek()?.get(id);
    const back = card && backOf(card.status);
    if (!card || back === undefined || !rights.peek().to(back)) return Promise.resolve();
    return change(card, back, { reason: 'recall' });
  }

  const canRecall = (id: string) => {
    const back = backOf(shown.peek()?.get(id)?.status ?? 'PENDING');
    return back !== undefined && rights.peek().to(back);
  };
  const minutesFor = (id: string) => minutes.value.get(id) ?? options.value.promise;

  return {
    lanes,
    shown,
    numbers,
    notes,
    options,
    rights,
    bump,
    recall,
    acknowledge,
    remember,
    minutesFor,
    promiseIn(id: string, many: number): void {
      minutes.value = new Map(minutes.peek()).set(id, Math.max(5, many));
    },
    /** Bumps the nth order that can be bumped, from 1. @returns whether there is one */
    bumpNth(nth: number): boolean {
      const card = bumpable(lanes.peek(), rights.peek())[nth - 1];
      if (card) void bump(card);
      return card !== undefined;
    },
    /** @returns whether there was something to take back */
    recallLast(): boolean {
      const id = bumped.findLast(canRecall);
      if (id !== undefined) void recall(id);
      return id !== undefined;
    },
    /** Whether an order has just been bumped here. */
    isOwn: (id: string) => isBusy(id) || bumped.at(-1) === id,
    end(): void {
      remember();
      ending.abort();
      stopShowing();
      stopTicking();
      if (frame !== undefined) cancelAnimationFrame(frame);
    },
  };
}
