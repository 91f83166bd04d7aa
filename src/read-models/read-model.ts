import type { AllStreamRecordedEvent, EventStoreDBClient } from '@eventstore/db-client';
import type { Db, IndexDescription } from 'mongodb';
import type { Logger } from 'pino';
import { decodeEvent, type StoredEvent } from '../eventstoredb/codec.ts';
import type { StreamStore } from '../eventstoredb/streams.ts';
import type { Findings, VerifyRun } from './verify/findings.ts';

/**
 * A read model: a collection of documents made of the events of some categories. Live projection, rebuild, verify, lag,
 * administration and metrics work on a list of these and know none by name.
 */
export interface ReadModel {
  /** Also the name of its collection. */
  readonly name: string;
  /** Raise it when the layout of the documents changes: they are then rebuilt at the next start. */
  readonly version: number;
  /** Categories of the streams whose events it is given; none where it is derived from another read model. */
  readonly categories: readonly string[];
  /** Names of read models whose documents this one looks at: these are written first. */
  readonly after?: readonly string[];
  readonly indexes: readonly IndexDescription[];
  /**
   * Begins to project.
   *
   * @param collection the live one, or one that is about to replace it
   */
  project(context: ReadModelContext, collection: string): Projection;
  /** Compares the documents with those that there should be, and repairs them on request. */
  verify(context: ReadModelContext, run: Required<VerifyRun>, findings: Findings): Promise<void>;
  /** Runs after another collection has replaced the live one. */
  replaced?(context: ReadModelContext): Promise<void>;
  /** Replaces the rebuild from the log, for a read model that is derived from another one. */
  rebuild?(context: ReadModelContext): Promise<void>;
}

/** No read model has this name. */
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

/** Folds events, and writes what they have come to together. Any order of events, any number of times. */
export interface Projection {
  /** Folds events in; reads the documents, and the parts of streams, that it needs for that. */
  add(events: readonly LogEvent[]): Promise<void>;
  /** Whether so much waits that it should be written. */
  isFull(): boolean;
  /** How many documents were begun in what was added so far. */
  begun(): number;
  /**
   * Writes what was added before this call, while more may be added. Never called again before it has ended.
   *
   * @param ready settles when the read models that this one looks at have written the same events
   * @returns by stream, where it stands still: no event from there on was projected
   */
  write(ready?: Promise<unknown>): Promise<ReadonlyMap<string, Stall>>;
}

/** Why the projection of a stream stands still: its event at `revision` cannot be read or applied. */
export interface Stall {
  readonly revision: number;
  readonly reason: string;
}

/** An event of the log, decoded once for all read models. */
export interface LogEvent {
  readonly category: string;
  /** Of the aggregate: what follows the category in the stream's name. */
  readonly id: string;
  readonly recorded: AllStreamRecordedEvent;
  /** @throws UnreadableEventError */
  readonly stored: () => StoredEvent;
}

/** A stream is named `{prefix}{category}-{id}`; of what is not, nothing is made. */
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

/** Names of the streams that read models are made of begin with one of these. */
export function streamPrefixes(streamPrefix: string, models: readonly ReadModel[]): string[] {
  const categories = new Set(models.flatMap((model) => model.categories));
  return [...categories].map((category) => `${streamPrefix}${category}-`);
}
