import type { EventStoreDBClient } from '@eventstore/db-client';
import type { Logger } from 'pino';
import type { StreamStore } from '../../eventstoredb/streams.ts';
import {
  createAuditIndexes,
  createMenuIndexes,
  createOrderIndexes,
  type Database,
  type StoredPosition,
} from '../database.ts';
import { ANALYTICS } from '../analytics/queries.ts';
import { ANALYTICS_VERSION } from '../analytics/follower.ts';
import { fromStored, readLog, toStored } from './log-reader.ts';
import { GATHERED_PAGE, gatherLog } from './gather.ts';
import { gatherReadModels } from './gather-read-models.ts';
import { READ_MODEL_NAMES, READ_MODEL_VERSION, READ_MODELS } from '../index.ts';
import type { Rebuilds } from './rebuild.ts';

export interface BootstrapOptions {
  readonly client: EventStoreDBClient;
  readonly streams: StreamStore;
  readonly database: Database;
  readonly streamPrefix: string;
  readonly rebuilds: Pick<Rebuilds, 'ensure' | 'finishSwaps'>;
  readonly log: Logger;
}

/**
 * Creates the indexes and, where the read models are missing (a new or a lost database), builds them from the log.
 * It goes on where an interrupted run stopped, and several instances may do it at once. Read models of another
 * version than the code's are rebuilt beside the old ones, which serve until then.
 */
export async function ensureReadModels(options: BootstrapOptions): Promise<void> {
  const { client, database, streamPrefix, rebuilds, log } = options;
  await rebuilds.finishSwaps();
  await Promise.all([
    createOrderIndexes(database.orders),
    createAuditIndexes(database.audit),
    createMenuIndexes(database.menu),
  ]);
  await rebuilds.ensure('analytics', async () => {
    const figures = await database.projections.findOne({ _id: ANALYTICS });
    return figures?.generation === undefined || figures.version === ANALYTICS_VERSION;
  });
  const state = await database.projections.findOne({ _id: READ_MODELS });
  if (state && state.version !== READ_MODEL_VERSION) {
    for (const name of READ_MODEL_NAMES) {
      if (name === 'analytics') continue;
      await rebuilds.ensure(name, (last) => (last?.finishedAt ?? 0) > state.builtAt);
    }
    await saveState(database);
    return;
  }
  if (state && state.position === undefined) return;
  const started = Date.now();
  let events = 0;
  const pages = readLog(client, streamPrefix, state?.position && fromStored(state.position), GATHERED_PAGE);
  await gatherLog(pages, gatherReadModels(options), async (written) => {
    events += written.events;
    await saveState(database, toStored(written.position));
  });
  await saveState(database);
  log.info({ events, ms: Date.now() - started }, 'read models built from the log');
}

async function saveState({ projections }: Database, position?: StoredPosition): Promise<void> {
  const state = { version: READ_MODEL_VERSION, builtAt: new Date(), ...(position !== undefined && { position }) };
  await projections.replaceOne({ _id: READ_MODELS }, state, { upsert: true });
}
