/** A document of the model test; a missing field is undefined. */
export interface Item {
  readonly _id: number;
  readonly n?: number | string | Date | null;
  readonly s?: string;
  readonly u?: number;
  readonly tags?: readonly number[];
}

/** A query in both languages: MongoDB's and a function. */
export interface Question {
  readonly filter: Record<string, unknown>;
  readonly matches: (item: Item) => boolean;
}

export type Change = (item: Item) => Item;

/** The answer of a write, in numbers; `duplicate` stands for error 11000. */
export type Outcome = { readonly matched: number; readonly modified: number } | 'duplicate';

/** What the server should hold: an array of documents, and one unique field at most. */
export class Model {
  items: Item[] = [];
  unique = false;

  private clashes(item: Item): boolean {
    return this.items.some(
      (other) => other._id !== item._id && this.unique && item.u !== undefined && other.u === item.u,
    );
  }

  insert(item: Item): boolean {
    if (this.items.some((other) => other._id === item._id) || this.clashes(item)) return false;
    this.items.push(item);
    return true;
  }

  update({ matches }: Question, change: Change, multi: boolean): Outcome {
    let matched = 0;
    let modified = 0;
    const targets = this.items.filter(matches).slice(0, multi ? undefined : 1);
    for (const item of targets) {
      const changed = change(item);
      if (this.clashes(changed)) return 'duplicate';
      matched += 1;
      if (JSON.stringify(changed) === JSON.stringify(item)) continue;
      modified += 1;
      this.items[this.items.indexOf(item)] = changed;
    }
    return { matched, modified };
  }

  remove({ matches }: Question): number {
    const before = this.items.length;
    this.items = this.items.filter((item) => !matches(item));
    return before - this.items.length;
  }

  find({ matches }: Question, direction: 1 | -1, skip: number, limit: number): Item[] {
    const found = this.items.filter(matches).toSorted((a, b) => direction * (compareValues(a.n, b.n) || a._id - b._id));
    return found.slice(skip, limit === 0 ? undefined : skip + limit);
  }
}

function rank(value: Item['n']): number {
  if (value === undefined || value === null) return 0;
  return typeof value === 'number' ? 1 : typeof value === 'string' ? 2 : 3;
}

/** MongoDB's order for the few types that the model uses. */
export function compareValues(a: Item['n'], b: Item['n']): number {
  const difference = rank(a) - rank(b);
  if (difference !== 0 || a === undefined || a === null || b === undefined || b === null) return difference;
  return a < b ? -1 : a > b ? 1 : 0;
}

export function sameType(a: Item['n'], b: Item['n']): boolean {
  return rank(a) === rank(b);
}
