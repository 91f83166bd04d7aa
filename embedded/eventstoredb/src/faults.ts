import { LRUCache } from 'lru-cache';
import type { EventLog } from './log/log.ts';

/** Faults of a real server that this one shows on request, for tests. */
export const FAULTS = ['drop-racing-duplicates'] as const;

/** How long an append takes to be indexed, and so acknowledged, where its duplicates are to be dropped meanwhile. */
const INDEXING_MS = 100;
/** Appends of which it is known that they were indexed: those are answered at once. */
const MOST_INDEXED = 1000;

/**
 * EventStoreDB 23.10 leaves an append without an answer when it repeats one that is written but not yet indexed: its
 * client has to ask again after a time limit of its own. Here indexing takes long enough for tests to meet it.
 */
export function dropRacingDuplicates(log: EventLog): EventLog {
  const racing = new Map<string, ReturnType<EventLog['append']>>();
  const indexed = new LRUCache<string, true>({ max: MOST_INDEXED });
  return {
    ...log,
    async append(request) {
      const { stream, expected, events } = request;
      const key = JSON.stringify([stream, expected, events.map(({ id }) => id)]);
      if (indexed.has(key)) return log.append(request);
      const first = racing.get(key);
      if (first !== undefined && (await first).kind === 'appended') return new Promise(() => undefined);
      const appending = log.append(request);
      racing.set(key, appending);
      try {
        const outcome = await appending;
        if (outcome.kind !== 'appended') return outcome;
        await new Promise((resolve) => setTimeout(resolve, INDEXING_MS));
        indexed.set(key, true);
        return outcome;
      } finally {
        racing.delete(key);
      }
    },
  };
}
