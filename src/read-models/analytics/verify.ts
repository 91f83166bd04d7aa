import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Position } from '@eventstore/db-client';
import type { Collection, Filter } from 'mongodb';
import { ANALYTICS, liveGeneration } from './queries.ts';
import { analyticsOf } from '../database.ts';
import { isDuplicateKey } from '../errors.ts';
import { addToDay, itemId } from './document.ts';
import { readLog } from '../rebuild/log-reader.ts';
import { isOfOrders } from '../live/consumer-group.ts';
import { createAnalyticsReader } from './project.ts';
import { endOfLog } from '../rebuild/rebuild.ts';
import {
  type Difference,
  type Findings,
  note,
  partOf,
  type VerifyOptions,
  type VerifyRun,
} from '../verify/findings.ts';

/** A document of either collection: figures, and the position of the last event counted. */
type Figures = Readonly<Record<string, unknown>> & { readonly _id: string; readonly position: number };

/** The figures as the log has them, up to a position. */
interface Fold {
  readonly figures: ReadonlyMap<string, Figures>;
  readonly stalled: ReadonlySet<string>;
  /**
   * Reads on to a position (inclusive) or the end of the log.
   *
   * @param onChange called for every document at every position that it gets to
   */
  readOn(to: number, onChange?: (figures: Figures) => void, onProgress?: (position: Position) => void): Promise<void>;
}

const LOOK_AGAIN_MS = 100;
const PAGE = 1000;
/** Rounds of repairs in which followers may be faster. */
const MOST_REPAIRS = 20;
const MOST_OVERTAKEN = 3;

/**
 * Adds up the log and compares each figure at the very position that it has counted to, reading on where it is ahead.
 *
 * @throws Error when rebuilds replace the figures again and again
 */
export async function verifyAnalytics(
  options: VerifyOptions,
  run: Required<VerifyRun>,
  findings: Findings,
): Promise<void> {
  for (let overtaken = 0; overtaken < MOST_OVERTAKEN; overtaken += 1) {
    const generation = await liveGeneration(options.database);
    const ofThis: Findings = { checked: 0, differences: 0, listed: [], repaired: 0 };
    await verifyGeneration(options, generation, run, ofThis);
    if ((await liveGeneration(options.database)) !== generation) continue;
    findings.listed.push(...ofThis.listed);
    Object.assign(findings, { ...ofThis, listed: findings.listed });
    return;
  }
  throw new Error('the figures were rebuilt again and again meanwhile');
}

async function verifyGeneration(
  options: VerifyOptions,
  generation: number,
  run: Required<VerifyRun>,
  findings: Findings,
): Promise<void> {
  const { client, database } = options;
  const { days, items } = analyticsOf(database.db, generation);
  const collections = [days, items] as unknown as readonly Collection<Figures>[];
  const documents = await Promise.all(collections.map((collection) => collection.estimatedDocumentCount()));
  const parts = Math.max(1, Math.ceil(documents.reduce((sum, count) => sum + count, 0) / run.mostAtOnce));
  const head = Number((await endOfLog(client))?.commit ?? 1);
  for (let part = 0; part < parts; part += 1) {
    const isMine = (id: string) => parts === 1 || partOf(id, parts) === part;
    const fold = createFold(options, isMine, run.signal);
    await fold.readOn(Number.POSITIVE_INFINITY, undefined, ({ commit }) =>
      run.onProgress((part + Math.min(1, Number(commit) / head)) / parts),
    );
    await compareAll(collections, fold, isMine, run, findings);
    if (part > 0) continue;
    const state = await database.projections.findOne({ _id: ANALYTICS });
    for (const stream of state?.stalled ?? []) {
      // What comes after the event is still not counted: only a rebuild heals that.
      if (!fold.stalled.has(stream)) note(findings, { id: stream, kind: 'different', fields: ['stalled'] }, false);
    }
  }
}

function createFold(
  { client, streams, streamPrefix }: VerifyOptions,
  isMine: (id: string) => boolean,
  signal: AbortSignal,
): Fold {
  const reader = createAnalyticsReader(streams);
  const figures = new Map<string, Figures>();
  let position: Position | undefined;

  return {
    figures,
    stalled: reader.stalled,
    async readOn(to, onChange, onProgress) {
      for await (const page of readLog(client, streamPrefix, position)) {
        signal.throwIfAborted();
        const wanted = page.events.filter((event) => Number(event.position.commit) <= to);
        const counted = await reader.read(wanted.filter(isOfOrders(streamPrefix)));
        for (const entry of counted) add(entry, onChange);
        const isPast = Number(page.position.commit) > to;
        position = isPast ? (wanted.at(-1)?.position ?? position) : page.position;
        if (isPast) return;
        onProgress?.(page.position);
      }
    },
  };

  function add(
    { day, contribution, position: at }: Awaited<ReturnType<typeof reader.read>>[number],
    onChange: ((changed: Figures) => void) | undefined,
  ): void {
    const keep = (changed: Figures) => {
      figures.set(changed._id, changed);
      onChange?.(changed);
    };
    if (isMine(day)) keep({ ...addToDay(figures.get(day) as never, day, contribution, at) });
    for (const [name, sold] of contribution.items) {
      const id = itemId(day, name);
      if (!isMine(id)) continue;
      const before = Number(figures.get(id)?.['sold'] ?? 0);
      keep({ _id: id, day, name, sold: before + sold, position: at });
    }
  }
}

interface Verdict {
  readonly difference: Difference;
  readonly document: Figures | undefined;
  readonly expected: Figures | undefined;
}

async function compareAll(
  [days, items]: readonly Collection<Figures>[],
  fold: Fold,
  isMine: (id: string) => boolean,
  { repair, signal, settleMs }: Required<VerifyRun>,
  findings: Findings,
): Promise<void> {
  const until = performance.now() + settleMs;
  const collectionOf = (id: string) => (id.includes(' ') ? items : days) as Collection<Figures>;
  const present = new Map<string, Figures>();
  for (const collection of [days, items]) {
    for await (const document of pagesOf(collection as Collection<Figures>)) {
      if (isMine(document._id)) present.set(document._id, document);
    }
  }
  let open: ReadonlySet<string> = new Set([...fold.figures.keys(), ...present.keys()]);
  findings.checked += open.size;
  let documents: ReadonlyMap<string, Figures> = present;
  for (let repairs = 0; ;) {
    const { waiting, verdicts } = await judge(open, documents, fold);
    const isLast = performance.now() > until;
    const again = new Set(isLast ? [] : waiting.map(({ difference }) => difference.id));
    const due = isLast ? [...verdicts, ...waiting] : verdicts;
    for (const verdict of due) {
      const isRepaired = repair && (await repairOne(collectionOf(verdict.difference.id), verdict));
      if (isRepaired || !repair || repairs >= MOST_REPAIRS) note(findings, verdict.difference, isRepaired);
      else again.add(verdict.difference.id);
    }
    if (again.size === 0) return;
    if (due.length > 0) repairs += 1;
    await delay(LOOK_AGAIN_MS);
    signal.throwIfAborted();
    open = again;
    documents = await find(open, collectionOf);
  }
}

/** `waiting`: documents that have yet to be brought to where the log was read to. */
async function judge(
  open: ReadonlySet<string>,
  documents: ReadonlyMap<string, Figures>,
  fold: Fold,
): Promise<{ waiting: Verdict[]; verdicts: Verdict[] }> {
  const waiting: Verdict[] = [];
  const verdicts: Verdict[] = [];
  const ahead = new Map<string, Figures>();
  for (const id of open) {
    const document = documents.get(id);
    const expected = fold.figures.get(id);
    if (!document) {
      if (expected) waiting.push({ difference: { id, kind: 'missing', fields: [] }, document, expected });
    } else if (document.position > (expected?.position ?? -1)) {
      ahead.set(id, document);
    } else if (!expected) {
      verdicts.push({ difference: { id, kind: 'extra', fields: [] }, document, expected });
    } else {
      const fields = differingFields(expected, document);
      if (document.position < expected.position)
        waiting.push({ difference: { id, kind: 'behind', fields }, document, expected });
      else if (fields.length > 0) verdicts.push({ difference: { id, kind: 'different', fields }, document, expected });
    }
  }
  if (ahead.size > 0) verdicts.push(...(await judgeAhead(ahead, fold)));
  return { waiting, verdicts };
}

/** Reads the log on to where these documents are, and no further, so that the others can still be compared. */
async function judgeAhead(ahead: Map<string, Figures>, fold: Fold): Promise<Verdict[]> {
  const furthest = [...ahead.values()].reduce((most, { position }) => Math.max(most, position), 0);
  const equal = new Set<string>();
  await fold.readOn(furthest, (figures) => {
    const document = ahead.get(figures._id);
    if (document?.position === figures.position && differingFields(figures, document).length === 0)
      equal.add(figures._id);
  });
  return [...ahead].flatMap(([id, document]): Verdict[] => {
    if (equal.has(id)) return [];
    const expected = fold.figures.get(id);
    if (!expected) return [{ difference: { id, kind: 'extra', fields: [] }, document, expected }];
    return [{ difference: { id, kind: 'different', fields: differingFields(expected, document) }, document, expected }];
  });
}

function differingFields(expected: Figures, actual: Figures): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(actual)])]
    .filter((field) => !isDeepStrictEqual(expected[field], actual[field]))
    .sort();
}

/** @returns false when a follower was faster */
async function repairOne(collection: Collection<Figures>, { document, expected }: Verdict): Promise<boolean> {
  if (!document) {
    try {
      await collection.insertOne(expected as never);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
  const guard = { _id: document._id, position: document.position };
  if (!expected) return (await collection.deleteOne(guard)).deletedCount === 1;
  return (await collection.replaceOne(guard, expected)).matchedCount === 1;
}

async function find(
  ids: ReadonlySet<string>,
  collectionOf: (id: string) => Collection<Figures>,
): Promise<Map<string, Figures>> {
  const found = new Map<string, Figures>();
  const all = [...ids];
  for (const isItem of [false, true]) {
    const ofCollection = all.filter((id) => id.includes(' ') === isItem);
    for (let at = 0; at < ofCollection.length; at += PAGE) {
      const some = ofCollection.slice(at, at + PAGE);
      const collection = collectionOf(some[0] ?? '');
      for (const document of await collection.find({ _id: { $in: some } }).toArray()) found.set(document._id, document);
    }
  }
  return found;
}

async function* pagesOf(collection: Collection<Figures>): AsyncGenerator<Figures, void, void> {
  let after: string | undefined;
  for (;;) {
    const filter: Filter<Figures> = after === undefined ? {} : { _id: { $gt: after } };
    const page = (await collection.find(filter).sort({ _id: 1 }).limit(PAGE).toArray()) as Figures[];
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)?._id;
  }
}
