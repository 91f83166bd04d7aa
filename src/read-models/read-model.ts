import type { AllStreamRecordedEvent, EventStoreDBClient } from '@eventstore/db-client';
import type { Db, IndexDescription } from 'mongodb';
import type { Logger } from 'pino';
import { decodeEvent, type StoredEvent } from '../eventstoredb/codec.ts';
import type { StreamStore } from '../eventstoredb/streams.ts';
import type { Findings, VerifyRun } from './findings.ts';

/**
 * A read model: a collection of documents made of the events of some categories. Live projection, rebuild, verify, lag,
 * administration and metrics work on a list of these and know none by name.
 */
export interface ReadModel {
  /** Also the name of its collection. */
  readonly name: string;
  /** Raise it when the documents' layout changes: they are then rebuilt at the next start. */
  readonly version: number;
  /** Categories of the streams whose events it gets; none if it is derived from another read model. */
  readonly categories: readonly string[];
  /** Names of the read models whose documents this one reads: they are written first. */
  readonly after?: readonly string[];
  readonly indexes: readonly IndexDescription[];
  /**
   * Begins to project.
   *
   * @param collection the live one, or one that is about to replace it
   */
  project(context: ReadModelContext, collection: string): Projection;
  /** Compares the documents with what they should be, and repairs them on request. */
  verify(context: ReadModelContext, run: Required<VerifyRun>, findings: Findings): Promise<void>;
  /** Runs after another collection has replaced the live one. */
  replaced?(context: ReadModelContext): Promise<void>;
  /** Used instead of a rebuild from the log, if it is derived from another read model. */
  rebuild?(context: ReadModelContext): Promise<void>;
}

/** There is no read model of that name. */
export class UnknownReadModelError extends Error {
  override readonly name = 'UnknownReadModelError';
}

/** @throws UnknownReadModelError */
export function findReadModel(models: readonly ReadModel[], name: string): ReadModel {
  const model = models.find((each) => each.name === name);
  if (model) return model;
  throw new UnknownReadModelError(`There is no read model ${name}, but ${models.map((each) => each.name).join(', ')}`);
}

export interface ReadModelContext {
  readonly client: EventStoreDBClient;
  readonly streams: Pick<StreamStore, 'streamOf' | 'readRecorded'>;
  readonly db: Db;
  readonly streamPrefix: string;
  readonly log: Logger;
}

/** Folds events in memory and writes the results together. Takes events in any order, any number of times. */
export interface Projection {
  /** Folds events in; reads the documents, and the parts of streams, that this takes. */
  add(events: readonly LogEvent[]): Promise<void>;
  /** Whether so much has been added that it should be written. */
  isFull(): boolean;
  /** How many new documents were begun so far. */
  begun(): number;
  /**
   * Writes what was added before this call, while more may be added. The caller awaits it before it calls it again.
   *
   * @param ready settles when the read models in `after` have written the same events
   * @returns the stalled streams, each with the event from which on nothing was projected
   */
  write(ready?: Promise<unknown>): Promise<ReadonlyMap<string, Stall>>;
}

/** Why the projection of a stream is stalled: its event at `revision` cannot be read or applied. */
export interface Stall {
  readonly revision: number;
  readonly reason: string;
}

/** An event of the log, decoded once for all read models. */
export interface LogEvent {
  readonly category: string;
  /** The aggregate's id: what follows the category in the stream's name. */
  readonly id: string;
  readonly recorded: AllStreamRecordedEvent;
  /** @throws UnreadableEventError */
  readonly stored: () => StoredEvent;
}

/** Splits the name of a stream, `{prefix}{category}-{id}`; the category of any other name is one that nobody wants. */
export function toLogEvent(streamPrefix: string, recorded: AllStreamRecordedEvent): LogEvent {
  const name = recorded.streamId.slice(streamPrefix.length);
  const dash = name.indexOf('-');
  let stored: StoredEvent | undefined;
  return {
    category: name.slice(0, dash),
    id: name.slice(dash + 1),
    recorded,
    stored: () => (stored ??= decodeEvent(recorded)),
  };
}

/** What the names of the streams that read models are made of begin with. */
export function streamPrefixes(streamPrefix: string, models: readonly ReadModel[]): string[] {
  const categories = new Set(models.flatMap((model) => model.categories));
  return [...categories].map((category) => `${streamPrefix}${category}-`);
}
