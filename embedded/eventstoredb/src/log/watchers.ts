export interface Watchers {
  /**
   * Calls `wake` after every commit that appends to `stream` (to anything when it is undefined).
   * Gives the function that ends it.
   */
  watch(stream: string | undefined, wake: () => void): () => void;
}

/** Who waits for appends; readers pull, so all that they are told is that there is something. */
export function createWatchers(): Watchers & { wake(streams: ReadonlySet<string>): void } {
  const ofAll = new Set<() => void>();
  const ofStream = new Map<string, Set<() => void>>();

  return {
    watch(stream, wake) {
      if (stream === undefined) {
        ofAll.add(wake);
        return () => void ofAll.delete(wake);
      }
      const watching = ofStream.get(stream) ?? new Set();
      ofStream.set(stream, watching);
      watching.add(wake);
      return () => {
        watching.delete(wake);
        if (watching.size === 0 && ofStream.get(stream) === watching) ofStream.delete(stream);
      };
    },
    wake(streams) {
      for (const wake of ofAll) wake();
      if (ofStream.size === 0) return;
      for (const stream of streams) for (const wake of ofStream.get(stream) ?? []) wake();
    },
  };
}
