import { type Collection, MongoServerError } from 'mongodb';
import { untilAborted } from '../../interruption.ts';
import { type LogPage, readLog } from '../log-reader.ts';
import { countDocuments, createIndexes, fromStored, inOneStep, toStored } from '../database.ts';
import { NAMESPACE_NOT_FOUND } from '../errors.ts';
import { type ReadModel, type ReadModelContext, streamPrefixes } from '../read-model.ts';
import { projectTogether } from '../together.ts';
import type { Lease } from './lease.ts';
import { projectLog } from './project-log.ts';

export interface Rebuilding {
  readonly context: ReadModelContext;
  readonly model: ReadModel;
  /** All read models: what is read after the swap is projected into each of them. */
  readonly models: readonly ReadModel[];
  readonly lease: Lease;
  /** Asks the rebuild to stop after the current page. */
  readonly signal: AbortSignal;
}

/**
 * Fills a new collection from the log while the old one serves and is still projected into, and swaps them. Then it
 * reads on from where the filling stopped to the end of the log, so that the new collection gets what was written only
 * into the old one. Saves are guarded by revisions, so nothing is applied twice.
 *
 * @throws Error when the new collection lacks documents; the old one stays
 */
export async function rebuildByShadow(rebuilding: Rebuilding): Promise<void> {
  const { context, model, models, lease } = rebuilding;
  const shadow = context.db.collection(`${model.name}_rebuild`);
  const isFilling = lease.state().phase === 'filling';
  if (isFilling) await fill(rebuilding, shadow);
  if (!isFilling && (await isSwapped(shadow, lease))) await inOneStep(shadow.drop());
  else await swap(rebuilding, shadow);
  if (model.replaced) await inOneStep(model.replaced(context));
  const projection = projectTogether(models, (each) => each.project(context, each.name));
  await projectLog(pages(rebuilding, models), context, projection, async ({ events, position }) => {
    await lease.save({ position: toStored(position), events: lease.state().events + events });
  });
}

async function fill(rebuilding: Rebuilding, shadow: Collection): Promise<void> {
  const { context, model, lease } = rebuilding;
  if (lease.state().position === null) {
    await inOneStep(shadow.drop());
    await inOneStep(context.db.createCollection(shadow.collectionName));
    await createIndexes(shadow, model.indexes);
  }
  const projection = model.project(context, shadow.collectionName);
  await projectLog(pages(rebuilding, [model]), context, projection, async (written) => {
    const { events, streams } = lease.state();
    await lease.save({
      position: toStored(written.position),
      events: events + written.events,
      streams: streams + written.documents,
    });
  });
  const documents = await countDocuments(shadow);
  const { streams } = lease.state();
  // There may be more: what an event that cannot be read, or one that came before a cut, began is not counted. Those of
  // what is gone were made, and may be no more.
  const isLacking = !model.removes && documents < streams;
  if (isLacking) throw new Error(`${documents} documents were made, not ${streams}: the old ones stay`);
  await lease.save({ phase: 'swapping', documents });
}

/** After a crash: fewer documents than were counted are late writes of a slow process, made after the swap. */
async function isSwapped(shadow: Collection, lease: Lease): Promise<boolean> {
  return (await countDocuments(shadow)) < lease.state().documents;
}

/** Also finishes a swap whose process died in the middle of it. */
async function swap({ context, model, lease }: Rebuilding, shadow: Collection): Promise<void> {
  try {
    await lease.save({});
    await inOneStep(shadow.rename(model.name, { dropTarget: true }));
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== NAMESPACE_NOT_FOUND) throw error;
  }
  context.log.info({ readModel: model.name, documents: lease.state().documents }, 'the rebuilt read model serves');
}

/** What the log has after the rebuild's position. */
async function* pages(
  { context: { client, streamPrefix }, lease, signal }: Rebuilding,
  models: readonly ReadModel[],
): AsyncGenerator<LogPage, void, void> {
  const { position } = lease.state();
  const from = position === null ? undefined : fromStored(position);
  yield* untilAborted(signal, readLog(client, streamPrefixes(streamPrefix, models), from));
}
