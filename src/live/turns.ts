/** Runs at most `most` tasks at the same time; the others wait in the order in which they came. */
export function createTurns(most: number) {
  const line: (() => void)[] = [];
  let running = 0;
  return async function inTurn<T>(task: () => Promise<T>): Promise<T> {
    if (running >= most) await new Promise<void>((resolve) => line.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = line.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
