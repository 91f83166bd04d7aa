import type { Change } from './change.ts';
import type { LogPosition } from './position.ts';

/** The last changes of the log, numbered, so that most streams that resume read nothing. */
export type Tail = ReturnType<typeof createTail>;

/** What it keeps, in changes and in lines of their orders. */
const MOST = { changes: 5000, lines: 25_000 };

/**
 * @param origin it gets every change after this position
 * @param first number of the first of them
 */
export function createTail(origin: LogPosition, first = 0) {
  const changes: Change[] = [];
  let start = origin;
  let dropped = first;
  let lines = 0;
  return {
    origin,
    /** Number of the next change. */
    end: () => dropped + changes.length,
    /** Of the newest change. */
    position: () => changes.at(-1)?.position ?? start,
    add(added: readonly Change[]): void {
      for (const change of added) {
        changes.push(change);
        lines += linesOf(change);
      }
      while (changes.length > MOST.changes || lines > MOST.lines) {
        const oldest = changes.shift();
        if (!oldest) return;
        start = oldest.position;
        dropped += 1;
        lines -= linesOf(oldest);
      }
    },
    /** Number of the first change after a position; undefined if it doesn't have all of those any more. */
    after(position: LogPosition): number | undefined {
      if (position < start) return undefined;
      return dropped + changes.findLastIndex((change) => change.position <= position) + 1;
    },
    /** At most `most` changes from a number on; undefined if it doesn't have the first of them any more. */
    slice(number: number, most = Number.POSITIVE_INFINITY): readonly Change[] | undefined {
      const at = number - dropped;
      return at < 0 ? undefined : changes.slice(at, at + most);
    },
  };
}

function linesOf({ order }: Change): number {
  return Math.max(1, order?.state.items.length ?? 1);
}
