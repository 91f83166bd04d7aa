import type { RecordedEvent } from '@eventstore/db-client';

/** What became of one delivered event. */
export type Outcome = { readonly type: 'done' } | { readonly type: 'park'; readonly reason: string };

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

export function inRevisionOrder(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  if (events.length < 2) return events;
  return [...events].sort((a, b) => Number(a.revision - b.revision));
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
