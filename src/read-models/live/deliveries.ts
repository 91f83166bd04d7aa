import type { RecordedEvent } from '@eventstore/db-client';
import type { StreamStore } from '../../eventstoredb/streams.ts';

/** What became of one delivered event. */
export type Outcome = { readonly type: 'done' } | { readonly type: 'park'; readonly reason: string };

/** Reads `count` events of a stream from `revision` on: those that a gap is missing. */
export type ReadGap = (stream: string, revision: number, count: number) => Promise<RecordedEvent[]>;

export function gapReader(streams: Pick<StreamStore, 'readRecorded'>): ReadGap {
  return (stream, revision, count) => streams.readRecorded(stream, { from: revision, maxCount: count });
}

/** The values of each key, in the order they came. */
export function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** Cuts into parts of `size` values; the last may be smaller. */
export function chunksOf<T>(values: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < values.length; at += size) chunks.push(values.slice(at, at + size));
  return chunks;
}

/** Runs `work` on each value, on at most so many at once; the first failure ends it once those under way have ended. */
export async function forEachOf<T>(
  values: readonly T[],
  mostAtOnce: number,
  work: (value: T) => Promise<void>,
): Promise<void> {
  const left = values.values();
  const failures: unknown[] = [];
  const workers = Array.from({ length: mostAtOnce }, async () => {
    for (const value of left) {
      await work(value).catch((error: unknown) => failures.push(error));
      if (failures.length > 0) return;
    }
  });
  await Promise.all(workers);
  if (failures.length > 0) throw failures[0];
}

export function inRevisionOrder(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  if (events.length < 2) return events;
  return [...events].sort((a, b) => Number(a.revision - b.revision));
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
