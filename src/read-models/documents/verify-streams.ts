import type { RecordedEvent } from '@eventstore/db-client';
import type { Filter } from 'mongodb';
import type { ReadModelContext, Stall } from '../read-model.ts';
import type { Pair, Verification } from '../verify/verification.ts';
import { EMPTY, type Fold, foldNext, GONE } from './fold.ts';
import { GONE_REVISION, type StreamDocument, type StreamReadModel } from './stream-model.ts';

const PAGE = 500;

/** How documents of streams are verified: each must equal the fold of its stream. */
export function streamVerification<State, Document extends StreamDocument>(
  model: StreamReadModel<State, Document>,
  context: ReadModelContext,
): Verification<Document, Fold<State>> {
  const { joined } = model;
  const collection = context.db.collection<Document>(model.name);
  const prefix = context.streams.streamOf(model.category, '');
  const fold = (before: Fold<State> = EMPTY, event: RecordedEvent) => foldNext(model.evolve, before, event);
  return {
    collection,
    prefixes: [prefix],
    idOf: ({ streamId }) => (streamId.startsWith(prefix) ? streamId.slice(prefix.length) : undefined),
    fold,
    foldOn,
    forget(folds, gone, isMine) {
      for (const id of gone) if (isMine(id)) folds.set(id, GONE);
    },

    async expect(folds) {
      const states = [...folds.values()].flatMap(({ state }) => state ?? []);
      const join = await joined?.load(context, states);
      const documentOf = (id: string, { state, revision, stall }: Fold<State>) => {
        if (revision === GONE.revision) return { _id: id, revision: GONE_REVISION } as unknown as Document;
        const fields = { ...(state !== undefined && model.toFields(state)), ...join?.(state) };
        return { _id: id, revision, ...fields, ...(stall && { stalled: stall }) } as unknown as Document;
      };
      return new Map([...folds].map(([id, folded]) => [id, documentOf(id, folded)]));
    },

    revisionOf: ({ revision }) => (revision === GONE_REVISION ? GONE.revision : revision),
    ignored: (field, expected, actual) =>
      field === 'stalled' && (expected as Stall | undefined)?.revision === (actual as Stall | undefined)?.revision,
    lagging: new Set(joined?.fields),

    guard(document) {
      const fields = Object.entries(document).filter(([name]) => joined?.fields.includes(name));
      const { _id, revision } = document;
      return { _id, revision, ...Object.fromEntries(fields) } as Filter<Document>;
    },

    async afterRepair(expected) {
      const states = expected.filter(({ revision }) => revision >= 0).map((document) => model.toState(document));
      const hasGone = expected.some(({ revision }) => revision === GONE_REVISION);
      await model.saved?.(context, collection, { states, begun: states, hasGone });
    },
  };

  /** If the document is ahead of the fold, reads the stream up to the document's revision. */
  async function foldOn({ id, fold: before, document }: Pair<Document, Fold<State>>): Promise<Fold<State> | undefined> {
    if (document?.revision === GONE_REVISION) {
      const [first] = await context.streams.readRecorded(`${prefix}${id}`, { maxCount: 1 });
      return (await context.streams.isGone(`${prefix}${id}`, first)) ? GONE : before;
    }
    const wanted = Math.max(document?.revision ?? -1, 0);
    const seen = before?.revision ?? -1;
    if (!document || (before && document.revision <= seen)) return before;
    let folded = before;
    for (let from = seen + 1; from <= wanted;) {
      const maxCount = Math.min(PAGE, wanted - from + 1);
      const events = await context.streams.readRecorded(`${prefix}${id}`, { from, maxCount });
      if (events.length === 0) break;
      for (const event of events) folded = fold(folded, event);
      from += events.length;
    }
    return folded;
  }
}
