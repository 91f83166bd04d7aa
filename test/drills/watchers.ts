import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { plainOrderJson } from '../../src/http/routes/order-json.ts';
import { type BoardCard, type Connection, watchBoard } from '../../web/live-client.ts';
import type { LogContents } from './history.ts';

export interface Watchers {
  /**
   * Compares what each watcher shows with the fold of the log, and again until it is the same or time is up.
   *
   * @returns what differs, a line for each order
   */
  check(log: LogContents, deadlineMs?: number): Promise<string[]>;
  stop(): Promise<void>;
}

/** Watches the kitchen's board as several screens do, each on whatever instance answers. */
export function startWatchers(count: number, instances: () => readonly string[]): Watchers {
  const ending = new AbortController();
  const boards: (ReadonlyMap<string, BoardCard> | undefined)[] = [];
  const connections: (Connection | undefined)[] = [];
  const unexpected: string[] = [];
  const watching = Array.from({ length: count }, async (_, index) => {
    const revisions = new Map<string, number>();
    let attempts = index;
    await watchBoard({
      base: () => instances()[(attempts += 1) % instances().length] ?? '',
      signal: ending.signal,
      onConnection: (connection) => (connections[index] = connection),
      onBoard(cards, changed) {
        boards[index] = cards;
        if (!changed) return;
        const last = revisions.get(changed.id) ?? -1;
        if (changed.revision <= last)
          unexpected.push(`watcher ${index}: ${changed.id} at ${changed.revision} after ${last}`);
        revisions.set(changed.id, changed.revision);
      },
    });
  });

  return {
    async check(log, deadlineMs = 60_000) {
      const wanted = new Map(
        [...log.orders.values()].flatMap(({ orderId, states }) => {
          const state = states.at(-1);
          const isOver = state?.status === 'DELIVERED' || state?.status === 'CANCELLED';
          return state && !isOver ? [[orderId, cardOf(state, states.length - 1)] as const] : [];
        }),
      );
      const end = performance.now() + deadlineMs;
      for (;;) {
        const differing = [...unexpected, ...boards.flatMap((board, index) => compare(index, board, wanted))];
        if (differing.length === 0 || performance.now() > end) return differing;
        await delay(100);
      }
    },
    async stop() {
      ending.abort();
      await Promise.all(watching);
    },
  };

  function compare(index: number, board: (typeof boards)[number], wanted: ReadonlyMap<string, object>): string[] {
    const ids = new Set([...wanted.keys(), ...(board?.keys() ?? [])]);
    return [...ids]
      .filter((id) => !isDeepStrictEqual(pick(board?.get(id)), pick(wanted.get(id))))
      .map((id) => {
        const shown = board?.get(id);
        const state = shown ? `at ${shown.revision} ${shown.status}` : 'not on its board';
        return `watcher ${index} (${connections[index] ?? 'not connected'}): ${id} is ${state}`;
      });
  }
}

type Card = ReturnType<typeof plainOrderJson>;

function cardOf(state: Parameters<typeof plainOrderJson>[0]['state'], revision: number): Card {
  return plainOrderJson({ state, revision });
}

/** What a card must show, of what a state has. */
function pick(card: object | undefined): unknown {
  if (!card) return undefined;
  const { id, revision, status, paymentStatus, items, totalAmount, kitchenNotes, deliveryAddress } = card as Card;
  return JSON.parse(
    JSON.stringify({ id, revision, status, paymentStatus, items, totalAmount, kitchenNotes, deliveryAddress }),
  );
}
