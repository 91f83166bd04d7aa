/** Random choices that a seed repeats. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(values: readonly T[]): T;
  shuffled<T>(values: readonly T[]): T[];
  /** Another sequence, which does not depend on how far this one has come. */
  fork(name: string): Random;
}

/** Mulberry32: 32 bits of state are plenty for choosing faults and orders. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick<T>(values: readonly T[]): T {
      if (values.length === 0) throw new RangeError('nothing to pick from');
      return values[integer(0, values.length - 1)] as T;
    },
    shuffled<T>(values: readonly T[]): T[] {
      const result = [...values];
      for (let last = result.length - 1; last > 0; last -= 1) {
        const other = integer(0, last);
        [result[last], result[other]] = [result[other] as T, result[last] as T];
      }
      return result;
    },
    fork(name) {
      let other = seed;
      for (let at = 0; at < name.length; at += 1) other = Math.imul(other, 31) + name.charCodeAt(at);
      return createRandom(other);
    },
  };
}

/** The seed of `DRILLS_SEED`, which repeats a run, or a new one. */
export function seedOfRun(): number {
  const given = Number(process.env.DRILLS_SEED);
  return Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 1_000_000) + 1;
}
