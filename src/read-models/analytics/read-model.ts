import { isDeepStrictEqual } from 'node:util';
import type { Db } from 'mongodb';
import { STEP_TIME_LIMIT_MS } from '../../time-limit.ts';
import { inOneStep } from '../database.ts';
import { endOfLog } from '../log-reader.ts';
import { DAY_MS, dayOf, orderDays, raiseAllChanges, raiseChanges } from '../orders/days.ts';
import type { OrderDocument } from '../orders/document.ts';
import type { RefundDocument } from '../refunds/document.ts';
import { NOTHING_FOUND, type Projection, type ReadModel } from '../read-model.ts';
import { type Difference, type Findings, note, noteBehind, type VerifyRun } from '../findings.ts';
import { lookAgain } from '../verify/look-again.ts';
import { addUpDays, figuresOf, type FiguresDocument } from './figures.ts';

const PAGE = 500;

/**
 * The figures of each day, derived from orders and refunds when somebody asks for them. Whoever saves these raises the
 * `changes` of their days, which invalidates the figures. So duplicates, disorder and crashes can't make them wrong.
 */
export const analytics: ReadModel = {
  name: 'analytics',
  version: 3,
  categories: [],
  indexes: [],
  project: () => NOTHING,

  /** Forgets the figures. Also creates counters for days whose orders were saved before there were any. */
  async rebuild({ db }) {
    for await (const day of daysWithFigures(db)) await inOneStep(raiseChanges(db, [day]));
    await inOneStep(raiseAllChanges(db));
    await inOneStep(figuresOf(db).deleteMany({}));
  },

  /**
   * Computes every day anew and compares. Figures that are out of date are no difference: nobody reads them. Between an
   * order's save and the raise of its day's `changes`, figures may seem wrong.
   */
  async verify({ client, db }, run, findings) {
    const head = Number((await endOfLog(client, STEP_TIME_LIMIT_MS))?.commit ?? 0);
    const days = new Set<string>();
    const open: string[] = [];
    for await (const day of daysOfAnything(db)) {
      run.signal.throwIfAborted();
      if (days.has(day)) continue;
      days.add(day);
      findings.checked += 1;
      if (await inOneStep(differenceOf(db, day))) open.push(day);
    }
    if (open.length > 0) await settle(db, open, head, run, findings);
    run.onProgress(1);
  },
};

/** @param head commit position up to which the orders must have come before a difference is one */
async function settle(
  db: Db,
  open: readonly string[],
  head: number,
  run: Required<VerifyRun>,
  findings: Findings,
): Promise<void> {
  const { left, reached, isReached } = await lookAgain(run, head, open, async (some) => {
    const differing: string[] = [];
    for (const day of some) if (await inOneStep(differenceOf(db, day))) differing.push(day);
    return { left: differing, mayHeal: differing.length > 0 };
  });
  if (!isReached) {
    noteBehind(findings, left.length, reached, head);
    return;
  }
  for (const day of left) {
    const difference = await inOneStep(differenceOf(db, day));
    if (!difference) continue;
    if (run.repair) await inOneStep(repair(db, difference));
    note(findings, difference, run.repair);
  }
}

/** Figures without a counter are deleted: it starts again, so old figures could seem valid. */
async function repair(db: Db, { id: day, kind }: Difference): Promise<void> {
  if (kind !== 'different') await figuresOf(db).deleteOne({ _id: day });
  if (kind !== 'extra') await raiseChanges(db, [day]);
}

const NOTHING: Projection = {
  add: () => Promise.resolve(),
  isFull: () => false,
  begun: () => 0,
  write: () => Promise.resolve(NOTHING_FOUND),
};

/** @returns undefined also while the orders of the day change */
async function differenceOf(db: Db, day: string): Promise<Difference | undefined> {
  const before = await orderDays(db).findOne({ _id: day });
  const kept = await figuresOf(db).findOne({ _id: day });
  if (before && kept?.changes !== before.changes) return undefined;
  const sum = (await addUpDays(db, day, day)).get(day);
  const after = await orderDays(db).findOne({ _id: day });
  if (after?.changes !== before?.changes) return undefined;
  if (!before && sum) return { id: day, kind: 'missing', fields: [] };
  if (!before) return kept ? { id: day, kind: 'extra', fields: [] } : undefined;
  const expected: Partial<FiguresDocument> = { _id: day, changes: before.changes, ...sum };
  const names = [...new Set([...Object.keys(expected), ...Object.keys(kept ?? {})])] as (keyof FiguresDocument)[];
  const fields = names.filter((name) => !isDeepStrictEqual(expected[name], kept?.[name])).sort();
  return fields.length > 0 ? { id: day, kind: 'different', fields } : undefined;
}

/** Days that have a counter, orders or figures; some of them several times. */
async function* daysOfAnything(db: Db): AsyncGenerator<string, void, void> {
  yield* daysIn(db, orderDays(db).collectionName);
  yield* daysWithFigures(db);
  yield* daysIn(db, figuresOf(db).collectionName);
}

async function* daysIn(db: Db, collection: string): AsyncGenerator<string, void, void> {
  for (let after = ''; ;) {
    const page = db
      .collection<{ readonly _id: string }>(collection)
      .find({ _id: { $gt: after } })
      .project<{ readonly _id: string }>({ _id: 1 })
      .sort({ _id: 1 })
      .limit(PAGE);
    const days = (await inOneStep(page.toArray())).map(({ _id }) => _id);
    yield* days;
    if (days.length < PAGE) return;
    after = days.at(-1) ?? '';
  }
}

/** The days on which orders were placed, then those on which refunds were completed. */
async function* daysWithFigures(db: Db): AsyncGenerator<string, void, void> {
  const orders = db.collection<OrderDocument>('orders');
  const refunds = db.collection<RefundDocument>('refunds');
  yield* daysOf(async (from) => {
    const placed = orders.find({ revision: { $gte: 0 }, placedAt: { $gte: from } });
    return (await placed.sort({ placedAt: 1, _id: 1 }).limit(1).toArray())[0]?.placedAt;
  });
  yield* daysOf(async (from) => {
    const completed = refunds.find({ completedAt: { $gte: from } });
    return (await completed.sort({ completedAt: 1 }).limit(1).toArray())[0]?.completedAt;
  });
}

/** @param firstFrom finds the first of some times, from one on: an index lookup for each day */
async function* daysOf(firstFrom: (from: Date) => Promise<Date | undefined>): AsyncGenerator<string, void, void> {
  for (let from = new Date(0); ;) {
    const first = await inOneStep(firstFrom(from));
    if (!first) return;
    const day = dayOf(first);
    yield day;
    from = new Date(Date.parse(day) + DAY_MS);
  }
}
