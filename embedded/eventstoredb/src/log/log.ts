import { EventEmitter } from 'node:events';
import type { Database } from '@marios-pizzeria/embedded-host';
import { LRUCache } from 'lru-cache';
import type { AppendFacts } from './append-decision.ts';
import { decideAppend } from './append-decision.ts';
import type { ExpectedRevision, NewEvent } from './events.ts';
import { DELETED, EMPTY, isMetastream, jsonEvent, metastreamOf, NO_STREAM } from './events.ts';
import { checksumOf, createLogReader } from './log-reader.ts';
import type { LogReader } from './log-reader.ts';
import type { StreamMetadata } from './stream-metadata.ts';
import {
  METASTREAM_METADATA,
  NO_METADATA,
  parseObject,
  parseStreamMetadata,
  SOFT_DELETED_JSON,
} from './stream-metadata.ts';
import { toText } from './text.ts';

interface AppendRequest {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly NewEvent[];
  /** Not to be written any more after this time (milliseconds since 1970). */
  readonly expiresAt?: number;
}

export type AppendOutcome =
  /** `position`: of the last event in the log where nothing was appended; none where the event can't be read any more. */
  | { readonly kind: 'appended'; readonly revision: number; readonly position: number | undefined }
  /** `current` is `NO_STREAM` for a stream without events. */
  | { readonly kind: 'wrong'; readonly current: number }
  | { readonly kind: 'deleted' }
  /** It has waited too long for its turn, and was not written. */
  | { readonly kind: 'expired' };

export interface EventLog extends LogReader {
  /** Appends all of the events or none; on disk when the promise resolves. Rejects when the disk fails. */
  append(request: AppendRequest): Promise<AppendOutcome>;
  /** Soft delete (a stream that can be recreated) or tombstone (for ever). */
  remove(stream: string, expected: ExpectedRevision, how: 'soft' | 'tombstone'): Promise<AppendOutcome>;
  /**
   * Calls `wake` after every commit that appends to `stream` (to anything when it is undefined). Readers pull, so all
   * that they are told is that there is something. Gives the function that ends it.
   */
  watch(stream: string | undefined, wake: () => void): () => void;
  /** Position that the next event gets; everything below is committed. */
  end(): number;
  /** Writes what is waiting. */
  flush(): void;
  /** Writes what is waiting, then refuses further appends. */
  close(): void;
}

interface Pending {
  readonly events: number;
  apply(): AppendOutcome;
  resolve(outcome: AppendOutcome): void;
  reject(error: unknown): void;
}

const CACHED_STREAMS = 50_000;

/** A group takes no further append beyond this many events, so that readers get their turn. */
const GROUP_EVENTS = 4096;

/**
 * The event log: one table, one writer. Appends that arrive in the same turn of the event loop share one
 * transaction, so that the price of `synchronous=FULL` is paid once for all of them; nothing of a group can be read
 * before it is committed because the whole group is written in one synchronous step.
 *
 * @param now milliseconds since 1970
 * @param newId UUID for the events that the log itself writes
 * @param explain turns an error of the database, or a `DamagedLogError`, into the one to report
 */
export function createEventLog(
  db: Database,
  now: () => number,
  newId: () => string,
  explain: (error: unknown) => unknown,
): EventLog {
  const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const lastOf = db
    .prepare(
      `SELECT (SELECT max(revision) FROM events WHERE stream = ?1), (SELECT max(revision) FROM events WHERE stream = ?2)`,
    )
    .raw(true);
  const idAt = db.prepare('SELECT id FROM events WHERE stream = ? AND revision = ?').raw(true);
  const firstOf = db.prepare('SELECT stream, revision FROM events WHERE id = ? ORDER BY position LIMIT 1').raw(true);

  const lastRevisions = new LRUCache<string, number>({ max: CACHED_STREAMS });
  const metadatas = new LRUCache<string, StreamMetadata>({ max: CACHED_STREAMS });
  const commits = new EventEmitter().setMaxListeners(0);
  const touched = new Set<string>();
  let end = firstNumber(db.prepare('SELECT max(position) FROM events').raw(true).get([]), -1) + 1;
  let pending: Pending[] = [];
  let closed = false;
  let groupTime = 0;
  let writing = false;

  const reader = createLogReader(db, { lastRevision, metadataOf, now, explain });

  function lastRevision(stream: string): number {
    if (isMetastream(stream) && lastRevision(stream.slice(2)) === DELETED) return DELETED;
    return lastWritten(stream);
  }

  function lastWritten(stream: string): number {
    const cached = lastRevisions.get(stream);
    if (cached !== undefined) return cached;
    // Whoever asks for a stream will ask for its metadata next: one look-up for both.
    const metastream = metastreamOf(stream);
    const [last, metaLast] = lastOf.get([toText(stream), toText(metastream)]) as [number | null, number | null];
    lastRevisions.set(stream, last ?? NO_STREAM);
    lastRevisions.set(metastream, metaLast ?? NO_STREAM);
    return last ?? NO_STREAM;
  }

  function metadataOf(stream: string): StreamMetadata {
    if (isMetastream(stream)) return METASTREAM_METADATA;
    const cached = metadatas.get(stream);
    if (cached !== undefined) return cached;
    const last = reader.eventAt(metastreamOf(stream), lastRevision(metastreamOf(stream)));
    const metadata = last ? parseStreamMetadata(last.data, last.isJson) : NO_METADATA;
    metadatas.set(stream, metadata);
    return metadata;
  }

  function factsOf(stream: string): AppendFacts {
    // EventStoreDB's writer goes on with metadata that it has written, though nobody can read it after the tombstone.
    const written = isMetastream(stream) ? lastWritten(stream) : NO_STREAM;
    const text = toText(stream);
    return {
      last: written === NO_STREAM ? lastRevision(stream) : written,
      isSoftDeleted: () => metadataOf(stream).isSoftDeleted,
      hasMetadata: () => lastRevision(metastreamOf(stream)) !== NO_STREAM,
      idAt: (revision) => (idAt.get([text, revision]) as [string] | undefined)?.[0],
      revisionOf: (id) => {
        const [foundIn, revision] = (firstOf.get([id]) as [string, number] | undefined) ?? [];
        return foundIn === text ? revision : undefined;
      },
    };
  }

  function write(stream: string, revision: number, event: NewEvent): void {
    if (!writing) {
      begin.run([]);
      writing = true;
    }
    const { id, type, isJson, data, metadata } = event;
    const checksum = checksumOf({ ...event, position: end, stream, revision, created: groupTime });
    const row = [toText(stream), revision, id, toText(type), isJson ? 1 : 0, groupTime, data, metadata, checksum];
    insert.run([end, ...row]);
    end += 1;
    lastRevisions.set(stream, revision);
    touched.add(stream);
    if (isMetastream(stream)) metadatas.set(stream.slice(2), parseStreamMetadata(data, isJson));
  }

  function writeMetadata(stream: string, data: Buffer): void {
    const metastream = metastreamOf(stream);
    const event = { id: newId(), type: '$metadata', isJson: true, data, metadata: EMPTY };
    write(metastream, lastRevision(metastream) + 1, event);
  }

  /** A soft-deleted stream that is written to again shows its new events only. */
  function undelete(stream: string, fields: object, recreatedFrom: number): void {
    writeMetadata(stream, Buffer.from(JSON.stringify({ ...fields, $tb: recreatedFrom })));
  }

  function applyAppend({ stream, expected, events, expiresAt }: AppendRequest): AppendOutcome {
    if (expiresAt !== undefined && now() > expiresAt) return { kind: 'expired' };
    const facts = factsOf(stream);
    const ids = events.length === 1 && events[0] !== undefined ? [events[0].id] : events.map((event) => event.id);
    const decision = decideAppend(facts, expected, ids);
    switch (decision.kind) {
      case 'deleted':
        return { kind: 'deleted' };
      case 'wrong':
        return { kind: 'wrong', current: facts.last };
      case 'repeated':
        return {
          kind: 'appended',
          revision: decision.revision,
          position: reader.readable(stream, decision.revision)?.position,
        };
      case 'append': {
        const wasDeleted =
          isMetastream(stream) && lastRevision(stream) !== DELETED && metadataOf(stream.slice(2)).isSoftDeleted;
        let revision = facts.last;
        for (const event of events) write(stream, (revision += 1), event);
        const position = end === 0 ? undefined : end - 1;
        if (decision.undelete) undelete(stream, metadataOf(stream).raw, facts.last + 1);
        // Metadata set on a soft-deleted stream bring it back: empty, or with all its events if they are no object.
        const fields = wasDeleted ? parseObject(Buffer.from(events.at(-1)?.data ?? EMPTY).toString()) : undefined;
        if (fields) undelete(stream.slice(2), fields, lastRevision(stream.slice(2)) + 1);
        return { kind: 'appended', revision, position };
      }
      default:
        return decision satisfies never;
    }
  }

  function applyRemove(stream: string, expected: ExpectedRevision, how: 'soft' | 'tombstone'): AppendOutcome {
    const facts = factsOf(stream);
    const event = jsonEvent(newId(), '$streamDeleted', {});
    const decision = decideAppend(facts, expected, [event.id]);
    if (decision.kind === 'deleted') return { kind: 'deleted' };
    if (decision.kind !== 'append') return { kind: 'wrong', current: facts.last };
    if (how === 'tombstone') write(stream, DELETED, { ...event, isJson: false, data: EMPTY });
    else if (facts.last === NO_STREAM && !facts.hasMetadata()) return { kind: 'wrong', current: NO_STREAM };
    else writeMetadata(stream, SOFT_DELETED_JSON);
    return { kind: 'appended', revision: facts.last, position: end - 1 };
  }

  function enqueue(events: number, apply: () => AppendOutcome): Promise<AppendOutcome> {
    if (closed) return Promise.reject(new Error('the event log is closed'));
    return new Promise((resolve, reject) => {
      if (pending.length === 0) setImmediate(flush);
      pending.push({ events, apply, resolve, reject });
    });
  }

  function nextGroup(): Pending[] {
    let events = 0;
    let length = 0;
    while (length < pending.length && events < GROUP_EVENTS) events += pending[length++]?.events ?? 0;
    const group = pending.slice(0, length);
    pending = pending.slice(length);
    return group;
  }

  function flush(): void {
    const group = nextGroup();
    if (group.length === 0) return;
    if (pending.length > 0) setImmediate(flush);
    const committedEnd = end;
    groupTime = now();
    const outcomes: AppendOutcome[] = [];
    try {
      for (const request of group) outcomes.push(request.apply());
      if (writing) commit.run([]);
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      end = committedEnd;
      lastRevisions.clear();
      metadatas.clear();
      touched.clear();
      const reported = explain(error);
      for (const request of group) request.reject(reported);
      return;
    } finally {
      writing = false;
    }
    for (const [index, request] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) request.resolve(outcome);
    }
    if (end === committedEnd) return;
    commits.emit(ALL_STREAMS);
    for (const stream of touched) commits.emit(commitOf(stream));
    touched.clear();
  }

  return {
    ...reader,
    watch(stream, wake) {
      const commit = stream === undefined ? ALL_STREAMS : commitOf(stream);
      commits.on(commit, wake);
      return () => void commits.off(commit, wake);
    },
    append: (request) => enqueue(request.events.length, () => applyAppend(request)),
    remove: (stream, expected, how) => enqueue(1, () => applyRemove(stream, expected, how)),
    end: () => end,
    flush() {
      while (pending.length > 0) flush();
    },
    close() {
      while (pending.length > 0) flush();
      closed = true;
    },
  };
}

const ALL_STREAMS = 'all';

/** The name of what is emitted when something is appended to a stream. */
function commitOf(stream: string): string {
  return `stream ${stream}`;
}

function firstNumber(row: unknown, otherwise: number): number {
  return (row as [number | null] | undefined)?.[0] ?? otherwise;
}
