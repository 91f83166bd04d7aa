import { unlessAborted, untilAborted } from '../../interruption.ts';
import { createIndexes, fromStored, inOneStep, type ReadModelState, readModelStates, toStored } from '../database.ts';
import { readLog } from '../log-reader.ts';
import { type ReadModel, type ReadModelContext, streamPrefixes } from '../read-model.ts';
import { projectTogether } from '../together.ts';
import { discardIfOfOtherLog } from './discard.ts';
import { projectLog } from './project-log.ts';
import type { Rebuilds } from './rebuild.ts';

/**
 * Creates the indexes, and builds missing read models from the log: all of them in an empty database, or when they were
 * made of another log, or one that is new in the code. It resumes where an interrupted run stopped, and several instances may do it at once. A read model
 * whose version differs from the code's is rebuilt next to the old one, which serves until then.
 *
 * @param signal interrupts it; what was built stays, and what MongoDB has begun goes on
 * @param say is told when all of them are built anew, and why
 */
export async function prepareReadModels(
  context: ReadModelContext,
  models: readonly ReadModel[],
  rebuilds: Pick<Rebuilds, 'ensure' | 'finishSwaps'>,
  signal: AbortSignal,
  say: (why: string) => void = () => undefined,
): Promise<void> {
  const began = Date.now();
  await discardIfOfOtherLog(context, models, signal, say);
  await rebuilds.finishSwaps();
  const indexing = models.map(({ name, indexes }) => createIndexes(context.db.collection(name), indexes));
  await unlessAborted(signal, Promise.all(indexing));
  const states = await readStates(context, models);
  for (const model of models) {
    const state = states.get(model.name);
    if (!state || state.version === model.version) continue;
    // That it was built in the future was said by a clock that has been set back since.
    const since = Math.min(state.builtAt.getTime(), began);
    await rebuilds.ensure(model.name, (last) => (last?.finishedAt?.getTime() ?? 0) > since);
    await save(context, [model]);
  }
  const missing = models.filter(({ name }) => !states.has(name) || states.get(name)?.position !== undefined);
  if (missing.length > 0) await build(context, missing, states, signal);
}

async function build(
  context: ReadModelContext,
  missing: readonly ReadModel[],
  states: ReadonlyMap<string, ReadModelState>,
  signal: AbortSignal,
): Promise<void> {
  const { client, streamPrefix, log } = context;
  const started = Date.now();
  let events = 0;
  // They are built together: if one has not begun, all begin again.
  const positions = missing.map(({ name }) => states.get(name)?.position);
  const from = positions.includes(undefined) ? undefined : positions[0];
  const pages = readLog(client, streamPrefixes(streamPrefix, missing), from && fromStored(from));
  const projection = projectTogether(missing, (model) => model.project(context, model.name));
  await projectLog(untilAborted(signal, pages), context, projection, async (written) => {
    events += written.events;
    await save(context, missing, { position: toStored(written.position) });
  });
  await save(context, missing);
  log.info({ readModels: missing.map(({ name }) => name), events, ms: Date.now() - started }, 'built from the log');
}

async function readStates(
  { db }: ReadModelContext,
  models: readonly ReadModel[],
): Promise<Map<string, ReadModelState>> {
  const filter = { _id: { $in: models.map(({ name }) => name) } };
  const found = await inOneStep(readModelStates(db).find(filter).toArray());
  return new Map(found.map((state) => [state._id, state]));
}

async function save(
  { db }: ReadModelContext,
  models: readonly ReadModel[],
  progress: Pick<ReadModelState, 'position'> = {},
): Promise<void> {
  const writes = models.map(({ name, version }) => ({
    replaceOne: { filter: { _id: name }, replacement: { version, builtAt: new Date(), ...progress }, upsert: true },
  }));
  await inOneStep(readModelStates(db).bulkWrite(writes));
}
