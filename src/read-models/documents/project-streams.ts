import { LRUCache } from 'lru-cache';
import type { AnyBulkWriteOperation, Collection, Filter } from 'mongodb';
import { chunksOf, DOCUMENTS_PER_WRITE, forEachOf, READS_AT_ONCE, WRITES_AT_ONCE } from '../batches.ts';
import { isOnlyDuplicates } from '../errors.ts';
import type { LogEvent, Outcome, Projection, ReadModelContext } from '../read-model.ts';
import { EMPTY, type Fold, foldNext, GONE } from './fold.ts';
import { GONE_REVISION, type StreamDocument, type StreamReadModel } from './stream-model.ts';

/** A stream's fold, and the document that it goes on from. */
interface Plan<State> {
  readonly id: string;
  readonly stream: string;
  /** Revision that the document shows; undefined: there is none. */
  from: number | undefined;
  readonly stalledAt: number | undefined;
  fold: Fold<State>;
  hasFirst: boolean;
}

/** Folds that wait to be written: so many that most streams are written once for several events. */
const MOST_WAITING = 6000;
const MOST_EVENTS = 20_000;
/** Folds kept after they were written, so that the next event of a stream needs no document to be read. */
const MOST_RECENT = 5000;
/** A lost guard means that another process was first; in each round at least one of them gets on. */
const MOST_ROUNDS = 50;

/**
 * Projects the streams of a category into one document each.
 *
 * Every document carries the revision that it has seen: an event at or before it is a duplicate, the next one is folded
 * in, and before a later one the missing ones are read from the stream. A save is guarded by the revision that it
 * started from. Folds that were written lately are gone on from without reading; one that is not what the document
 * shows is found out by the guard.
 */
export function projectStreams<State, Document extends StreamDocument>(
  model: StreamReadModel<State, Document>,
  context: ReadModelContext,
  collection: Collection<Document>,
): Projection {
  const { evolve, joined } = model;
  const recent = new LRUCache<string, Fold<State>>({ max: MOST_RECENT });
  let open = new Map<string, Plan<State>>();
  let events = 0;
  let begun = 0;

  return { add, isFull: () => open.size >= MOST_WAITING || events >= MOST_EVENTS, begun: () => begun, write };

  async function add(added: readonly LogEvent[]): Promise<void> {
    events += added.length;
    await load(new Map(added.filter((event) => !isKnown(event)).map(({ id, stream }) => [id, stream])));
    const early: LogEvent[] = [];
    for (const event of added) {
      const { id, stream, isGone, recorded, stored } = event;
      const plan = open.get(id) ?? begin(id, stream);
      if (isFirst(event)) plan.hasFirst = true;
      if (isGone) plan.fold = GONE;
      else if (isAfterGap(plan, event)) early.push(event);
      else plan.fold = foldNext(evolve, plan.fold, recorded, stored);
    }
    for (const event of early.sort(byRevision)) {
      const plan = open.get(event.id) ?? begin(event.id, event.stream);
      if (isAfterGap(plan, event)) await foldStream(plan, Number(event.recorded.revision) - 1);
      plan.fold = foldNext(evolve, plan.fold, event.recorded, event.stored);
    }
  }

  /** The first event of a stream is taken for that of a new one: if it is not, the guard finds out. */
  function isKnown(event: LogEvent): boolean {
    const { id } = event;
    return isFirst(event) || open.has(id) || recent.has(id);
  }

  async function load(unknown: ReadonlyMap<string, string>): Promise<void> {
    for (const some of chunksOf([...unknown], DOCUMENTS_PER_WRITE)) {
      const found = await find(some.map(([id]) => id));
      const plans = some.map(([id, stream]) => planFrom(id, stream, found.get(id)));
      for (const plan of plans) open.set(plan.id, plan);
      await forEachOf(plans.filter(isOfGone), READS_AT_ONCE, lookAgain);
    }
  }

  function begin(id: string, stream: string): Plan<State> {
    const known = recent.get(id);
    const plan = known
      ? { id, stream, from: known.revision, stalledAt: undefined, fold: known, hasFirst: false }
      : planFrom(id, stream, undefined);
    open.set(id, plan);
    return plan;
  }

  function planFrom(id: string, stream: string, document: Document | undefined): Plan<State> {
    if (!document) begun += 1;
    return { id, stream, ...baseOf(document), hasFirst: false };
  }

  function baseOf(document: Document | undefined): Pick<Plan<State>, 'from' | 'stalledAt' | 'fold'> {
    if (!document) return { from: undefined, stalledAt: undefined, fold: EMPTY };
    if (document.revision === GONE_REVISION) return { from: GONE.revision, stalledAt: undefined, fold: GONE };
    const { revision, stalled } = document;
    const stalledAt = stalled?.revision;
    try {
      const state = revision < 0 ? undefined : model.toState(document);
      return { from: revision, stalledAt, fold: { state, revision, stall: undefined } };
    } catch (err) {
      // Somebody has changed it: its stream says what it should be.
      context.log.warn(
        { err, readModel: model.name, id: document._id },
        'a document that cannot be read is folded anew',
      );
      return { from: revision, stalledAt, fold: EMPTY };
    }
  }

  /** Folds on from the stream itself, up to a revision. */
  async function foldStream(plan: Plan<State>, to: number): Promise<void> {
    const from = plan.fold.revision + 1;
    const missing = await context.streams.readRecorded(plan.stream, { from, maxCount: to - from + 1 });
    if (Number(missing[0]?.revision) !== from && (await isGone(plan.stream))) plan.fold = GONE;
    for (const recorded of missing) plan.fold = foldNext(evolve, plan.fold, recorded);
  }

  /** A stream that was gone may have been taken back: then its document begins anew. */
  async function lookAgain(plan: Plan<State>): Promise<void> {
    if (await isGone(plan.stream)) return;
    plan.from = GONE_REVISION;
    plan.fold = EMPTY;
  }

  async function isGone(stream: string): Promise<boolean> {
    const [first] = await context.streams.readRecorded(stream, { maxCount: 1 });
    return context.streams.isGone(stream, first);
  }

  async function write(ready?: Promise<Outcome>): Promise<Outcome> {
    const plans = [...open.values()];
    open = new Map();
    events = 0;
    await ready;
    await forEachOf(chunksOf(plans.filter(isChanged), DOCUMENTS_PER_WRITE), WRITES_AT_ONCE, save);
    for (const { id, fold } of plans) {
      if (fold.state !== undefined && !fold.stall) recent.set(id, fold);
      else recent.delete(id);
    }
    const statesOf = (some: readonly Plan<State>[]) => some.flatMap(({ fold: { state } }) => state ?? []);
    const saved = {
      states: statesOf(plans),
      begun: statesOf(plans.filter(({ hasFirst }) => hasFirst)),
      hasGone: plans.some(({ fold }) => fold === GONE),
    };
    await model.saved?.(context, collection, saved);
    return {
      stalls: new Map(plans.flatMap(({ stream, fold: { stall } }) => (stall ? [[stream, stall] as const] : []))),
      gone: new Set(plans.flatMap(({ id, fold }) => (fold === GONE ? [id] : []))),
    };
  }

  async function save(plans: readonly Plan<State>[]): Promise<void> {
    let left = plans;
    for (let round = 1; left.length > 0; round += 1) {
      if (round > MOST_ROUNDS) throw new Error(`${left.length} documents could not be saved against other processes`);
      if (await tryToSave(left)) return;
      left = await foldAgain(left);
    }
  }

  /** @returns whether every document was saved; if not, another process saved one of them first */
  async function tryToSave(plans: readonly Plan<State>[]): Promise<boolean> {
    const isNew = ({ from, fold: { state } }: Plan<State>) => (from ?? -1) < 0 && state !== undefined;
    const states = plans.filter(isNew).flatMap(({ fold: { state } }) => state ?? []);
    const join = await joined?.load(context, states);
    const writes = plans.map((plan) => writeOf(plan, isNew(plan) || plan.from === undefined ? join : undefined));
    try {
      const { insertedCount, matchedCount } = await collection.bulkWrite(writes, { ordered: false });
      return insertedCount + matchedCount === plans.length;
    } catch (error) {
      if (isOnlyDuplicates(error)) return false;
      throw error;
    }
  }

  function writeOf(
    { id, from, stalledAt, fold: { state, revision, stall } }: Plan<State>,
    join: ((state: State | undefined) => object) | undefined,
  ): AnyBulkWriteOperation<Document> {
    const guard = { _id: id, revision: from } as Filter<Document>;
    if (revision === GONE.revision) {
      const gone = { _id: id, revision: GONE_REVISION } as never;
      return from === undefined
        ? { insertOne: { document: gone } }
        : { replaceOne: { filter: guard, replacement: gone } };
    }
    const fields: object = Object.assign(
      from === undefined ? { _id: id, revision } : { revision },
      state !== undefined && model.toFields(state),
      join?.(state),
      stall && { stalled: stall },
    );
    if (from === undefined) return { insertOne: { document: fields as never } };
    const unset = !stall && stalledAt !== undefined && { $unset: { stalled: true } };
    return { updateOne: { filter: guard, update: { $set: fields, ...unset } as never } };
  }

  /** @returns those that are not saved yet, by whomever, folded on from what their documents show now */
  async function foldAgain(plans: readonly Plan<State>[]): Promise<Plan<State>[]> {
    const found = await find(plans.map(({ id }) => id));
    const again: Plan<State>[] = [];
    for (const lost of plans) {
      const wanted = lost.fold.stall?.revision ?? lost.fold.revision;
      Object.assign(lost, baseOf(found.get(lost.id)));
      if (wanted === GONE.revision) lost.fold = GONE;
      else if (isOfGone(lost)) await lookAgain(lost);
      if (lost.fold.revision < wanted) await foldStream(lost, wanted);
      if (isChanged(lost)) again.push(lost);
    }
    return again;
  }

  async function find(ids: readonly string[]): Promise<ReadonlyMap<string, Document>> {
    const found = (await collection
      .find({ _id: { $in: ids } } as Filter<Document>, { batchSize: ids.length + 1 })
      .toArray()) as unknown as Document[];
    return new Map(found.map((document) => [document._id, document]));
  }
}

function isChanged<State>({ from, stalledAt, fold: { revision, stall } }: Plan<State>): boolean {
  return revision > (from ?? -1) || (stall !== undefined && stall.revision !== stalledAt);
}

/** Whether the document says that its stream is gone. */
function isOfGone<State>({ from }: Plan<State>): boolean {
  return from === GONE.revision;
}

function isFirst({ isGone, recorded }: LogEvent): boolean {
  return !isGone && recorded.revision === 0n;
}

function isAfterGap<State>({ fold: { revision, stall } }: Plan<State>, { recorded }: LogEvent): boolean {
  return !stall && Number(recorded.revision) > revision + 1;
}

function byRevision(one: LogEvent, other: LogEvent): number {
  return Number(one.recorded.revision - other.recorded.revision);
}
