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
import { carryOut, type Command, lookAt, lookBehind } from './commands.ts';
import { bumpable, type Cancelled, differenceOf, layOut, type Trace } from './layout.ts';
import { keep, recall as recallMemory, seenOf } from './memory.ts';
import type { Board } from './topic.ts';
import { conflictOf, type News, type Note } from './words.ts';

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
  const running = new Map<string, { readonly revision: number; readonly done: Promise<void> }>();
  /** Orders that were bumped here, or are just being, the last one at the end. */
  let bumped: readonly string[] = [];
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
    cancelled.value = new Map([...cancelled.peek()].filter(([other]) => other !== id));
    remember();
  }

  function remember(): void {
    const cards = shown.peek();
    const seen = cards ? seenOf(cards.values(), options.peek().columns) : memory.seen;
    keep({ cancelled: [...cancelled.peek().values()], seen });
  }

  const isBusy = (id: string) => running.has(id);

  function setNote(id: string, note: Note | undefined): void {
    const all = new Map(notes.peek());
    if (note) all.set(id, note);
    else all.delete(id);
    notes.value = all;
  }

  function change(command: Command): Promise<void> {
    const { id, revision } = command.card;
    const before = running.get(id);
    // What a press has done can show before it is answered: then this is the next one, and waits; else it is the same.
    if (before && before.revision < revision) return before.done.then(() => change(command));
    if (before || (answered.get(id)?.revision ?? -1) > revision) return Promise.resolve();
    const done = run(command).finally(() => running.delete(id));
    running.set(id, { revision, done });
    return done;
  }

  async function run(command: Command): Promise<void> {
    const { card, to, reason } = command;
    const { id } = card;
    setNote(id, undefined);
    bumped = bumped.filter((other) => other !== id);
    if (reason === undefined) bumped = [...bumped.slice(1 - MOST_BUMPED), id];
    try {
      const answer = await carryOut(command, () => setNote(id, { kind: 'retrying' }), ending.signal);
      answered.set(id, answer);
      setNote(id, undefined);
      if (reason === undefined && canRecall(answer)) {
        traces.value = [...traces.peek(), { card, column: card.status as Column, at: serverNow() }];
      }
      show();
    } catch (error) {
      if (ending.signal.aborted) return;
      setNote(id, undefined);
      bumped = bumped.filter((other) => other !== id);
      if (!(error instanceof Problem)) throw error;
      const hasLost = error.status === 412 || error.status === 409;
      if (!hasLost || !(await explain(card, to)))
        setNote(id, { kind: 'refused', text: error.message, at: serverNow() });
    }
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
    if (column !== 'PENDING') return change({ card, to: NEXT[column] });
    const promised = new Date(serverNow() + minutesFor(card.id) * 60_000).toISOString();
    return change({ card, to: 'CONFIRMED', promised });
  }

  /** Takes an order back to where it was before, as soon as it is known to be there. */
  async function recall(id: string): Promise<void> {
    await running.get(id)?.done;
    const card = latestOf(id);
    const to = card && canRecall(card);
    if (card && to) await change({ card, to, reason: 'recall' });
  }

  /** The board may not show yet what a command was answered with. */
  function latestOf(id: string): Card | undefined {
    const [card, answer] = [shown.peek()?.get(id), answered.get(id)];
    return answer && answer.revision > (card?.revision ?? -1) ? answer : card;
  }

  /** @returns where it would be taken back to; undefined: nowhere, or not by whoever is here */
  function canRecall({ status }: Card): Column | undefined {
    const back = backOf(status);
    return back !== undefined && rights.peek().to(back) ? back : undefined;
  }

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
      const id = bumped.findLast((each) => {
        const card = latestOf(each);
        return isBusy(each) || (card && canRecall(card));
      });
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
