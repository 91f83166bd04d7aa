import { isDeepStrictEqual } from 'node:util';
import type { Filter, FindCursor } from 'mongodb';
import { isOnlyDuplicates, readAgainIfReplaced } from '../errors.ts';
import { chunksOf } from '../batches.ts';
import { inOneStep } from '../database.ts';
import { STEP_TIME_LIMIT_MS } from '../../time-limit.ts';
import { endOfLog, readLog } from '../log-reader.ts';
import { type ReadModelContext, toLogEvents, withMetadata } from '../read-model.ts';
import { type Difference, type Findings, note, noteBehind, partOf, type VerifyRun } from '../findings.ts';
import { lookAgain } from './look-again.ts';
import type { Pair, Verification } from './verification.ts';

type Options = Pick<ReadModelContext, 'client' | 'streams' | 'streamPrefix'>;
type Document = Readonly<Record<string, unknown>> & { readonly _id: string };

const PAGE = 500;
/** Attempts at a repair, when other writers are faster. */
const MOST_REPAIRS = 5;

/**
 * Folds the log and compares, in one pass for each part of the documents, so that only that many are in memory. What
 * seems to differ is checked again by itself, because log and documents have moved on in the meantime: it counts as a
 * difference if it still differs when the read model has reached the position that was read.
 */
export async function verifyDocuments<D extends object, Fold>(
  options: Options,
  model: Verification<D, Fold>,
  run: Required<VerifyRun>,
  findings: Findings,
): Promise<void> {
  const documents = await inOneStep(model.collection.estimatedDocumentCount());
  let parts = Math.max(1, Math.ceil(documents / run.mostAtOnce));
  let left = Array.from({ length: parts }, (_, part) => part);
  for (let [part] = left; part !== undefined; [part] = left) {
    const [mine, of] = [part, parts];
    const isMine = (id: string) => of === 1 || partOf(id, of) === mine;
    const onProgress = (share: number) => run.onProgress((of - left.length + share) / of);
    const folded = await foldLog(options, model, isMine, run, onProgress);
    if (!folded) {
      // Far more than there are documents: each part that is left becomes two.
      left = left.flatMap((each) => [each, each + of]);
      parts *= 2;
      continue;
    }
    const { folds, head } = folded;
    const open = await compareAll(model, folds, isMine, run.signal, findings);
    await settle(model, open, folds, head, run, findings);
    left.shift();
  }
}

/** @returns undefined when it holds more than it may */
async function foldLog<D, Fold>(
  options: Options,
  model: Verification<D, Fold>,
  isMine: (id: string) => boolean,
  { signal, mostAtOnce }: Pick<Required<VerifyRun>, 'signal' | 'mostAtOnce'>,
  onProgress: (share: number) => void,
): Promise<{ folds: Map<string, Fold>; head: number } | undefined> {
  const { client } = options;
  const gone = new Set<string>();
  const end = Number((await endOfLog(client, STEP_TIME_LIMIT_MS))?.commit ?? 1);
  let head = 0;
  const folds = new Map<string, Fold>();
  for await (const { events, position } of readLog(client, withMetadata(model.prefixes))) {
    signal.throwIfAborted();
    for (const { isGone, id: aggregate, recorded } of await toLogEvents(options, events)) {
      if (isGone) gone.add(aggregate);
      const id = isGone ? undefined : model.idOf(recorded);
      if (id === undefined || !isMine(id)) continue;
      const folded = model.fold(folds.get(id), recorded);
      if (folded !== undefined) folds.set(id, folded);
    }
    if (folds.size > 2 * mostAtOnce) return undefined;
    head = Number(position.commit);
    onProgress(Math.min(1, head / end));
  }
  model.forget(folds, gone, isMine);
  return { folds, head };
}

/** @returns the ids of what seems to differ; the folds of the rest are dropped */
async function compareAll<D extends object, Fold>(
  model: Verification<D, Fold>,
  folds: Map<string, Fold>,
  isMine: (id: string) => boolean,
  signal: AbortSignal,
  findings: Findings,
): Promise<string[]> {
  const open = new Set<string>();
  for await (const page of documentsOf(model)) {
    signal.throwIfAborted();
    const mine = page.filter(({ _id }) => isMine(_id));
    findings.checked += mine.length;
    const known = new Map(mine.flatMap(({ _id }) => entryOf(folds, _id)));
    const expected = await inOneStep(model.expect(known));
    for (const document of mine) {
      const wanted = expected.get(document._id);
      if (wanted && differingFields(model, wanted, document).length === 0) folds.delete(document._id);
      else open.add(document._id);
    }
  }
  const missing = [...folds.keys()].filter((id) => !open.has(id));
  findings.checked += missing.length;
  return [...open, ...missing];
}

/** Pages by id rather than one cursor, which a rebuild's swap would end. */
async function* documentsOf<D extends object>({ collection }: Pick<Verification<D, unknown>, 'collection'>) {
  let after: string | undefined;
  for (;;) {
    const filter = (after === undefined ? {} : { _id: { $gt: after } }) as Filter<D & { readonly _id: string }>;
    const page = (await readPage(() => collection.find(filter).sort({ _id: 1 }).limit(PAGE))) as unknown as Document[];
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)?._id;
  }
}

/** In one batch: a rename ends the cursors of what it replaces. */
function readPage<T>(find: () => FindCursor<T>): Promise<T[]> {
  const read = () =>
    find()
      .batchSize(PAGE + 1)
      .toArray();
  return inOneStep(readAgainIfReplaced(read));
}

interface Verdict<D, Fold> extends Pair<D, Fold> {
  readonly expected: D | undefined;
  readonly difference: Difference;
}

/** @param head commit position up to which the log was read */
async function settle<D extends object, Fold>(
  model: Verification<D, Fold>,
  ids: readonly string[],
  folds: Map<string, Fold>,
  head: number,
  run: Required<VerifyRun>,
  findings: Findings,
): Promise<void> {
  if (ids.length === 0) return;
  const { left, reached, isReached } = await lookAgain(run, head, ids, async (open) => {
    const differing = await judgeAll(model, open, folds);
    return { left: idsOf(differing), mayHeal: differing.some((verdict) => mayHeal(model, verdict)) };
  });
  for (const some of chunksOf(left, PAGE)) {
    run.signal.throwIfAborted();
    const verdicts = await judge(model, some, folds);
    const behind = isReached ? [] : verdicts.filter((verdict) => mayHeal(model, verdict));
    noteBehind(findings, behind.length, reached, head);
    const certain = verdicts.filter((verdict) => !behind.includes(verdict));
    if (run.repair) await repairUntilDone(model, certain, folds, findings);
    else for (const { difference } of certain) note(findings, difference, false);
  }
}

/** A document that is wrong at its revision, or has no stream, isn't fixed by waiting. */
function mayHeal(
  { lagging }: Pick<Verification<never, never>, 'lagging'>,
  { difference: { kind, fields } }: { readonly difference: Difference },
): boolean {
  if (kind !== 'different') return true;
  return fields.length > 0 && fields.every((field) => lagging?.has(field));
}

async function repairUntilDone<D extends object, Fold>(
  model: Verification<D, Fold>,
  certain: readonly Verdict<D, Fold>[],
  folds: Map<string, Fold>,
  findings: Findings,
): Promise<void> {
  let verdicts = certain;
  for (let tries = 1; verdicts.length > 0 && tries <= MOST_REPAIRS; tries += 1) {
    await repairAll(model, verdicts);
    const left = await judge(model, idsOf(verdicts), folds);
    const open = new Set(idsOf(left));
    for (const { id, difference } of verdicts) if (!open.has(id)) note(findings, difference, true);
    verdicts = left;
  }
  for (const { difference } of verdicts) note(findings, difference, false);
}

/** Without the documents: there may be many. */
async function judgeAll<D extends object, Fold>(
  model: Verification<D, Fold>,
  ids: readonly string[],
  folds: Map<string, Fold>,
): Promise<{ readonly id: string; readonly difference: Difference }[]> {
  const found: { readonly id: string; readonly difference: Difference }[] = [];
  for (const some of chunksOf(ids, PAGE)) {
    for (const { id, difference } of await judge(model, some, folds)) found.push({ id, difference });
  }
  return found;
}

function idsOf(verdicts: readonly { readonly id: string }[]): string[] {
  return verdicts.map(({ id }) => id);
}

/** Checks documents again, after folding up to what they have seen. @returns those that still differ */
async function judge<D extends object, Fold>(
  model: Verification<D, Fold>,
  ids: readonly string[],
  folds: Map<string, Fold>,
): Promise<Verdict<D, Fold>[]> {
  if (ids.length === 0) return [];
  const filter = { _id: { $in: ids } } as unknown as Filter<D & { readonly _id: string }>;
  const found = await readPage(() => model.collection.find(filter));
  const present = found as unknown as (D & { readonly _id: string })[];
  const documents = new Map(present.map((document) => [document._id, document]));
  const pairs: Pair<D, Fold>[] = [];
  for (const id of ids) {
    const document = documents.get(id);
    const fold = await model.foldOn({ id, fold: folds.get(id), document });
    if (fold !== undefined) folds.set(id, fold);
    pairs.push({ id, fold, document });
  }
  const expected = await inOneStep(model.expect(new Map(ids.flatMap((id) => entryOf(folds, id)))));
  return pairs.flatMap((pair) => {
    const difference = compare(model, pair, expected.get(pair.id));
    return difference ? [{ ...pair, expected: expected.get(pair.id), difference }] : [];
  });
}

function compare<D extends object, Fold>(
  model: Verification<D, Fold>,
  { id, document }: Pair<D, Fold>,
  expected: D | undefined,
): Difference | undefined {
  if (!expected) return document && { id, kind: 'extra', fields: [] };
  if (!document) return { id, kind: 'missing', fields: [] };
  const fields = differingFields(model, expected, document);
  if (fields.length === 0) return undefined;
  const isBehind = (model.revisionOf(document) ?? 0) < (model.revisionOf(expected) ?? 0);
  return { id, kind: isBehind ? 'behind' : 'different', fields };
}

function differingFields<D extends object>(
  { ignored }: Pick<Verification<D, never>, 'ignored'>,
  expected: object,
  actual: object,
): string[] {
  const wanted = new Map<string, unknown>(Object.entries(expected));
  const present = new Map<string, unknown>(Object.entries(actual));
  return [...new Set([...wanted.keys(), ...present.keys()])]
    .filter((field) => !isDeepStrictEqual(wanted.get(field), present.get(field)))
    .filter((field) => !ignored?.(field, wanted.get(field), present.get(field)))
    .sort();
}

/** Writes documents as they should be, except those that somebody else has written since they were read. */
async function repairAll<D extends object, Fold>(
  model: Verification<D, Fold>,
  verdicts: readonly Verdict<D, Fold>[],
): Promise<void> {
  const writes = verdicts.map(({ document, expected }) => {
    if (!document) return { insertOne: { document: expected } };
    const filter = model.guard(document);
    return expected ? { replaceOne: { filter, replacement: expected } } : { deleteOne: { filter } };
  });
  try {
    await inOneStep(model.collection.bulkWrite(writes as never, { ordered: false }));
  } catch (error) {
    if (!isOnlyDuplicates(error)) throw error;
  }
  await inOneStep(model.afterRepair(verdicts.flatMap(({ expected }) => expected ?? [])));
}

function entryOf<Fold>(folds: ReadonlyMap<string, Fold>, id: string): [string, Fold][] {
  const fold = folds.get(id);
  return fold === undefined ? [] : [[id, fold]];
}
