import type { Readable } from 'node:stream';

/** What has arrived by now goes into one batch with `first`: the more there is to do, the less each event costs. */
export function takeBuffered<T>(subscription: Pick<Readable, 'read'>, first: T, most: number): T[] {
  const batch = [first];
  while (batch.length < most) {
    const next = subscription.read() as T | null;
    if (next === null) break;
    batch.push(next);
  }
  return batch;
}
