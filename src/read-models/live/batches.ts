import type { Readable } from 'node:stream';

/** Takes `first` and what else has arrived as one batch: the more there is to do, the less each event costs. */
export function takeBuffered<T>(subscription: Pick<Readable, 'read'>, first: T, most: number): T[] {
  const batch = [first];
  while (batch.length < most) {
    const next = subscription.read() as T | null;
    if (next === null) break;
    batch.push(next);
  }
  return batch;
}
