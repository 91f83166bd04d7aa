import type { EventStoreDBClient } from '@eventstore/db-client';
import type { Logger } from 'pino';
import type { StreamStore } from '../eventstoredb/streams.ts';
import {
  createAnalyticsIndexes,
  createAuditIndexes,
  createMenuIndexes,
  createOrderIndexes,
  type Database,
  type StoredPosition,
} from '../mongodb/database.ts';
import { fromStored, readLog, toStored } from './catch-up.ts';
import { project } from './project.ts';

/** Name of the state document that says that the read models stand. */
export const READ_MODELS = 'read-models';
/** Raise it when the layout of a read-model document changes: they are built anew at the next start. */
export const READ_MODEL_VERSION = 1;

export interface BootstrapOptions {
  readonly client: EventStoreDBClient;
  readonly streams: StreamStore;
  readonly database: Database;
  readonly streamPrefix: string;
  readonly log: Logger;
}

/**
 * Creates the indexes and, where the read models are missing (a new or a lost database), builds them from the log.
 * It goes on where an interrupted run stopped, and several instances may do it at once.
 */
export async function ensureReadModels(options: BootstrapOptions): Promise<void> {
  const { client, database, streamPrefix, log } = options;
  await Promise.all([
    createOrderIndexes(database.orders),
    createAuditIndexes(database.audit),
    createAnalyticsIndexes(database.analytics.items),
    createMenuIndexes(database.menu),
  ]);
  const state = await database.projections.findOne({ _id: READ_MODELS });
  if (state?.version === READ_MODEL_VERSION && state.position === undefined) return;
  const started = Date.now();
  let events = 0;
  for await (const page of readLog(client, streamPrefix, state?.position && fromStored(state.position))) {
    await project(options, page.events);
    events += page.events.length;
    await saveState(database, toStored(page.position));
  }
  await saveState(database);
  log.info({ events, ms: Date.now() - started }, 'read models built from the log');
}

async function saveState({ projections }: Database, position?: StoredPosition): Promise<void> {
  const state = { version: READ_MODEL_VERSION, builtAt: new Date(), ...(position !== undefined && { position }) };
  await projections.replaceOne({ _id: READ_MODELS }, state, { upsert: true });
}
