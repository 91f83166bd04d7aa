import type { AllStreamRecordedEvent, EventStoreDBClient, RecordedEvent } from '@eventstore/db-client';
import type { Db, IndexDescription } from 'mongodb';
import type { Logger } from 'pino';
import { decodeEvent, type StoredEvent } from '../eventstoredb/codec.ts';
import type { StreamStore } from '../eventstoredb/streams.ts';
import type { Tracing } from '../tracing/trace.ts';
import { forEachOf, READS_AT_ONCE } from './batches.ts';
import type { Findings, VerifyRun } from './findings.ts';

/**
 * A read model: a collection of documents made of the events of some categories. Live projection, rebuild, verify, lag,
 * administration and metrics work on a list of these and know none by name.
 */
export interface ReadModel {
  /** Also the name of its collection. */
  readonly name: string;
  /** Names of other collections that it keeps. */
  readonly collections?: readonly string[];
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
  /** How many documents are stalled; whoever watches asks often, so it must not take a scan. Absent: none ever is. */
  countStalled?(context: ReadModelContext): Promise<number>;
  /** Whether documents of streams that are gone are removed; else they are emptied. */
  readonly removes?: boolean;
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
  readonly streams: Pick<StreamStore, 'streamOf' | 'readRecorded' | 'isGone'>;
  readonly db: Db;
  readonly streamPrefix: string;
  readonly log: Logger;
  readonly tracing?: Tracing | undefined;
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
   * Writes what was added. The caller awaits it before it goes on.
   *
   * @param ready settles when the read models in `after` have written the same events
   */
  write(ready?: Promise<Outcome>): Promise<Outcome>;
}

/** What was found out while events were written. */
export interface Outcome {
  /** The stalled streams, each with the event from which on nothing was projected. */
  readonly stalls: ReadonlyMap<string, Stall>;
  /** Ids of aggregates whose streams are gone, although events of them were still on their way. */
  readonly gone: ReadonlySet<string>;
}

export const NOTHING_FOUND: Outcome = { stalls: new Map(), gone: new Set() };

/** Why the projection of a stream is stalled: its event at `revision` cannot be read or applied. */
export interface Stall {
  readonly revision: number;
  readonly reason: string;
}

/** An event of the log, decoded once for all read models. */
export interface LogEvent<Recorded extends RecordedEvent = RecordedEvent> {
  /** The event says that this is the stream of something that is gone: what was made of it goes as well. */
  readonly isGone: boolean;
  readonly stream: string;
  readonly category: string;
  /** The aggregate's id: what follows the category in the stream's name. */
  readonly id: string;
  readonly recorded: Recorded;
  /** @throws UnreadableEventError */
  readonly stored: () => StoredEvent;
}

/**
 * Decodes events, but those that a deletion leaves: the new metadata of a stream that is deleted softly or truncated,
 * and the last event of one that is deleted for good. They count for what the stream is by now: most say that it is
 * gone. One that is there may have been gone before: instead of them come all of its events, once more.
 *
 * @throws EventStoreUnavailableError
 */
export async function toLogEvents(
  { streams, streamPrefix }: Pick<ReadModelContext, 'streams' | 'streamPrefix'>,
  recorded: readonly AllStreamRecordedEvent[],
): Promise<LogEvent[]> {
  const changed = new Set(recorded.filter(isDeletion).map(streamOf));
  if (changed.size === 0) return recorded.map((event) => toLogEvent(streamPrefix, event));
  const back = new Map<string, readonly RecordedEvent[]>();
  await forEachOf([...changed], READS_AT_ONCE, async (stream) => {
    const events = await streams.readRecorded(stream);
    if (!(await streams.isGone(stream, events[0]))) back.set(stream, events);
  });
  const others = recorded.filter((event) => !isDeletion(event) || !back.has(streamOf(event)));
  return [...others, ...[...back.values()].flat()].map((event) => toLogEvent(streamPrefix, event));
}

const METADATA = '$$';

export function isDeletion({ streamId, type }: RecordedEvent): boolean {
  return streamId.startsWith(METADATA) || type === '$streamDeleted';
}

function streamOf({ streamId }: RecordedEvent): string {
  return streamId.startsWith(METADATA) ? streamId.slice(METADATA.length) : streamId;
}

/** Splits the name of a stream, `{prefix}{category}-{id}`; the category of any other name is one that nobody wants. */
export function toLogEvent<Recorded extends RecordedEvent>(
  streamPrefix: string,
  recorded: Recorded,
): LogEvent<Recorded> {
  const stream = streamOf(recorded);
  const name = stream.slice(streamPrefix.length);
  const dash = name.indexOf('-');
  let stored: StoredEvent | undefined;
  return {
    isGone: isDeletion(recorded),
    stream,
    category: name.slice(0, dash),
    id: name.slice(dash + 1),
    recorded,
    stored: () => (stored ??= decodeEvent(recorded)),
  };
}

/** What the names of the streams that read models are made of begin with, and those of their metadata. */
export function streamPrefixes(streamPrefix: string, models: readonly ReadModel[]): string[] {
  const categories = new Set(models.flatMap((model) => model.categories));
  return withMetadata([...categories].map((category) => `${streamPrefix}${category}-`));
}

export function withMetadata(prefixes: readonly string[]): string[] {
  return [...prefixes, ...prefixes.map((prefix) => `${METADATA}${prefix}`)];
}
