/** Cuts into chunks of `size` values; the last may be smaller. */
export function chunksOf<T>(values: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < values.length; at += size) chunks.push(values.slice(at, at + size));
  return chunks;
}

/** Runs `work` on each value, `mostAtOnce` at a time. After a failure it starts no more, and rejects once all ended. */
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

/** Documents per read or write: few enough that this process has something to do while MongoDB works. */
export const DOCUMENTS_PER_WRITE = 500;
/** Enough to keep MongoDB busy, few enough that other reads still get through. */
export const WRITES_AT_ONCE = 4;
export const READS_AT_ONCE = 16;
