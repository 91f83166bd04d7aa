/**
 * Runs tasks of the same key one after another, and those of different keys side by side.
 *
 * Commands on one order would only make each other's appends fail; another instance is still met by the expected
 * revision.
 */
export function createSerializer() {
  const tails = new Map<string, Promise<unknown>>();

  return async function serialize<T>(key: string, task: () => Promise<T>): Promise<T> {
    const previous = tails.get(key);
    const running = previous === undefined ? task() : previous.then(task, task);
    tails.set(key, running);
    try {
      return await running;
    } finally {
      if (tails.get(key) === running) tails.delete(key);
    }
  };
}
