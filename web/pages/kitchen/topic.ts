import { ROOT } from '../../api/root.ts';
import { noteServerTime } from '../../app/clock.ts';
import type { Topic } from '../../live/shared.ts';
import { watchBoard } from '../../live-client.ts';
import { type Card, isOver } from './board.ts';

export interface Board {
  /** The orders that are not over, by their ids. */
  readonly cards: ReadonlyMap<string, Card>;
  /** The last ones that were delivered or cancelled while the board was watched. */
  readonly over: readonly Card[];
}

const MOST_OVER = 100;

/** The kitchen's board; undefined until it was read. */
export const BOARD: Topic<Board | undefined, Card> = {
  name: 'kitchen',
  initial: undefined,

  apply(board, card) {
    if (!board) return board;
    const cards = new Map(board.cards);
    if (!isOver(card)) return { ...board, cards: cards.set(card.id, card) };
    cards.delete(card.id);
    return { cards, over: [...board.over.slice(1 - MOST_OVER), card] };
  },

  follow(emit, onConnection, signal) {
    return watchBoard<Card>({
      base: () => ROOT.href.replace(/\/$/, ''),
      onBoard: (cards, changed) => emit(changed ? { change: changed } : { all: { cards: new Map(cards), over: [] } }),
      onConnection,
      onServerTime: noteServerTime,
      signal,
    });
  },
};
