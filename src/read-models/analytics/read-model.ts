import { isDeepStrictEqual } from 'node:util';
import type { Db } from 'mongodb';
import { dayOf, type OrderDay, orderDays, raiseAllChanges, raiseChanges } from '../orders/days.ts';
import type { OrderDocument } from '../orders/document.ts';
import type { RefundDocument } from '../refunds/document.ts';
import type { Projection, ReadModel } from '../read-model.ts';
import { note } from '../findings.ts';
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
    for await (const day of daysWithFigures(db)) await raiseChanges(db, [day]);
    await raiseAllChanges(db);
    await figuresOf(db).deleteMany({});
  },

  /** Computes every day anew and compares. Figures that are out of date are no difference: nobody reads them. */
  async verify({ db }, { repair, signal, onProgress }, findings) {
    const days = new Set<string>();
    for await (const { _id: day } of daysWithChanges(db)) {
      signal.throwIfAborted();
      days.add(day);
      findings.checked += 1;
      const fields = await differingFields(db, day);
      if (fields.length === 0) continue;
      if (repair) await raiseChanges(db, [day]);
      note(findings, { id: day, kind: 'different', fields }, repair);
    }
    onProgress(0.5);
    for await (const day of daysWithFigures(db)) {
      signal.throwIfAborted();
      if (days.has(day) || (await orderDays(db).findOne({ _id: day }))) continue;
      days.add(day);
      findings.checked += 1;
      // Its counter starts again, so old figures could seem valid.
      if (repair) await figuresOf(db).deleteOne({ _id: day });
      if (repair) await raiseChanges(db, [day]);
      note(findings, { id: day, kind: 'missing', fields: [] }, repair);
    }
    for (const { _id: day } of await figuresOf(db).find({}).project<{ _id: string }>({ _id: 1 }).toArray()) {
      if (days.has(day) || (await orderDays(db).findOne({ _id: day }))) continue;
      findings.checked += 1;
      if (repair) await figuresOf(db).deleteOne({ _id: day });
      note(findings, { id: day, kind: 'extra', fields: [] }, repair);
    }
    onProgress(1);
  },
};

const NOTHING: Projection = {
  add: () => Promise.resolve(),
  isFull: () => false,
  begun: () => 0,
  write: () => Promise.resolve(new Map()),
};

/** @returns names of the figures that differ from what the day's orders give; none while the orders change */
async function differingFields(db: Db, day: string): Promise<string[]> {
  const before = await orderDays(db).findOne({ _id: day });
  const kept = await figuresOf(db).findOne({ _id: day });
  if (!kept || kept.changes !== before?.changes) return [];
  const sum = (await addUpDays(db, day, day)).get(day);
  const expected: Partial<FiguresDocument> = { _id: day, changes: before.changes, ...sum };
  const names = [...new Set([...Object.keys(expected), ...Object.keys(kept)])] as (keyof FiguresDocument)[];
  const differing = names.filter((name) => !isDeepStrictEqual(expected[name], kept[name])).sort();
  const after = differing.length > 0 ? await orderDays(db).findOne({ _id: day }) : before;
  return after?.changes === before.changes ? differing : [];
}

async function* daysWithChanges(db: Db): AsyncGenerator<OrderDay, void, void> {
  for (let after = ''; ;) {
    const page = await orderDays(db)
      .find({ _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(PAGE)
      .toArray();
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)?._id ?? '';
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
    const first = await firstFrom(from);
    if (!first) return;
    const day = dayOf(first);
    yield day;
    from = new Date(Date.parse(day) + 86_400_000);
  }
}
