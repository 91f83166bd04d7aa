import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ErrorType, type EventStoreDBClient, type RecordedEvent } from '@eventstore/db-client';
import { inStoreSpan, type Trace } from '../tracing/trace.ts';
import { uuidV5 } from '../uuid.ts';
import { createBatchAppend, type ProposedEvent } from './wire/append.ts';
import { type Reading, readStream, readToEnd } from './wire/read.ts';
import { withTimeLimit } from './client.ts';
import type { DomainEvent } from './aggregates.ts';
import { encodeEvent, type EventMetadata } from './codec.ts';
import { ConcurrencyError, EventStoreUnavailableError, hasType, isDefiniteAnswer, StreamGoneError } from './errors.ts';

/** Who asked for the change, and under which id. */
export interface CommandContext {
  /** Names this one command; the ids of its events are made of it. With an idempotency key, repeated, it is the same. */
  readonly commandId: string;
  readonly correlationId: string;
  readonly actor: string;
  readonly idempotencyKey?: string;
  readonly requestHash?: string;
  /** Whose key it is, where callers are told apart. */
  readonly caller?: string;
  /** Its span, or the caller's context. It is no part of the command: repeated, it may have another. */
  readonly trace?: Trace | undefined;
}

export interface AppendObserver {
  appended(seconds: number, events: number, trace: Trace | undefined): void;
  retried(): void;
}

export interface StreamStoreOptions {
  readonly client: EventStoreDBClient;
  /** Put before every stream name, so that several installations can share a store; usually empty. */
  readonly streamPrefix: string;
  /** Milliseconds that one call may take, retries included. */
  readonly timeLimitMs: number;
  readonly observer?: AppendObserver;
}

export type StreamStore = ReturnType<typeof createStreamStore>;

export interface Appended {
  readonly revision: number;
  readonly eventId: string;
}

export interface ReadOptions {
  /** First revision to read (inclusive); default 0. */
  readonly from?: number;
  readonly maxCount?: number;
}

const RETRY_DELAY_MS = { first: 20, most: 500 };
/** An append without an answer for this long is sent again: the answer, or the connection, may be lost. */
const APPEND_ATTEMPT_MS = 1000;
/**
 * The same where another process may append the very same: EventStoreDB 23.10 silently drops a duplicate that arrives
 * while the first one is written and not indexed yet, and leaves it to the client to ask again.
 */
const DUPLICATE_ATTEMPT_MS = { least: 150, most: 250 };

/** Reads and appends the service's streams: bounded time, exactly one effect for one append. */
export function createStreamStore({ client, streamPrefix, timeLimitMs, observer }: StreamStoreOptions) {
  const streamOf = (category: string, id: string) => `${streamPrefix}${category}-${id}`;
  const categoryOf = (stream: string) => stream.slice(streamPrefix.length, stream.indexOf('-', streamPrefix.length));
  const batchAppend = createBatchAppend(client);

  /**
   * The events of a stream from `from` on, not decoded; none when there is no such stream.
   *
   * @throws EventStoreUnavailableError
   */
  async function readRecorded(
    stream: string,
    { from = 0, maxCount = Number.MAX_SAFE_INTEGER }: ReadOptions = {},
  ): Promise<RecordedEvent[]> {
    if (maxCount === 0) return []; // EventStoreDB takes it for an error
    return collect(readStream(client, stream, { direction: 'forwards', from, maxCount }));
  }

  async function collect(opening: Promise<Reading>): Promise<RecordedEvent[]> {
    try {
      return await read(opening);
    } catch (error) {
      if (hasType(error, ErrorType.STREAM_DELETED)) return [];
      throw error;
    }
  }

  function read(opening: Promise<Reading>): Promise<RecordedEvent[]> {
    const cancel = () =>
      void opening.then(
        (reading) => reading.cancel(),
        () => undefined,
      );
    return withTimeLimit(timeLimitMs, readToEnd(opening), cancel);
  }

  function readBackwards(stream: string): Promise<Reading> {
    return readStream(client, stream, { direction: 'backwards', from: 'end', maxCount: 1 });
  }

  /** Whether a stream without events had some: it was deleted, or its metadata hides them. */
  async function wasDeleted(stream: string): Promise<boolean> {
    try {
      const [metadata] = await read(readBackwards(`$$${stream}`));
      return metadata !== undefined && hidesEvents(metadata.data);
    } catch (error) {
      if (hasType(error, ErrorType.STREAM_DELETED)) return true;
      throw error;
    }
  }

  return {
    streamOf,
    readRecorded,

    /**
     * Whether the beginning of a stream is gone: it was deleted, softly or for good, or its metadata hides it. False for
     * a stream that never was.
     *
     * @param first the first event that the stream has now
     * @throws EventStoreUnavailableError
     */
    async isGone(stream: string, first: RecordedEvent | undefined): Promise<boolean> {
      return first ? first.revision !== 0n : wasDeleted(stream);
    },

    /** The newest event of a stream, not decoded. */
    async readLast(stream: string): Promise<RecordedEvent | undefined> {
      const [last] = await collect(readBackwards(stream));
      return last;
    },

    /**
     * Appends events after `expectedRevision` (−1: the stream must not exist). An append whose outcome is unknown is
     * sent again as it was, same ids and same expected revision, which the store answers like the first one. One under
     * an idempotency key is sent again sooner, since another instance may be appending the same.
     *
     * @returns revision and id of the last event
     * @throws ConcurrencyError when another event is there, StreamGoneError when the stream was deleted for good,
     *   EventStoreUnavailableError when time is up
     */
    append(
      stream: string,
      expectedRevision: number,
      events: readonly DomainEvent[],
      context: CommandContext,
    ): Promise<Appended> {
      const metadata: Omit<EventMetadata, 'schemaVersion'> = {
        $correlationId: context.correlationId,
        $causationId: context.commandId,
        actor: context.actor,
        ...(context.idempotencyKey !== undefined && { idempotencyKey: context.idempotencyKey }),
        ...(context.requestHash !== undefined && { requestHash: context.requestHash }),
        ...(context.caller !== undefined && { caller: context.caller }),
        ...(context.trace && { traceparent: context.trace.traceparent }),
      };
      const idOf = (index: number) => uuidV5(String(index), context.commandId);
      const proposed = events.map((event, index) => encodeEvent(event, idOf(index), metadata));
      const isKeyed = context.idempotencyKey !== undefined;
      return inStoreSpan(context.trace, 'eventstoredb', 'append', categoryOf(stream), (trace) =>
        appendExactlyOnce(stream, expectedRevision, proposed, isKeyed, trace),
      );
    },

    /**
     * Appends one event wherever the stream ends, and doesn't settle an unknown outcome: for what may be lost.
     *
     * @throws StreamGoneError when the stream was deleted for good, EventStoreUnavailableError
     */
    async put(stream: string, event: ProposedEvent): Promise<void> {
      try {
        await withTimeLimit(timeLimitMs, batchAppend(stream, 'any', [event]));
      } catch (error) {
        throw hasType(error, ErrorType.STREAM_DELETED) ? new StreamGoneError(stream, { cause: error }) : error;
      }
    },
  };

  async function appendExactlyOnce(
    stream: string,
    expectedRevision: number,
    proposed: readonly ProposedEvent[],
    mayBeDuplicate: boolean,
    trace: Trace | undefined,
  ): Promise<Appended> {
    const started = performance.now();
    const left = () => timeLimitMs - (performance.now() - started);
    /** Sent and not answered: the first answer to any of them is that of the append. */
    let open: Promise<number>[] = [];
    for (let attempt = 0; ; attempt += 1) {
      let isSilent = false as boolean; // set by a callback
      try {
        open.push(batchAppend(stream, expectedRevision, proposed));
        const patience = Math.min(
          left(),
          attempt > 0 || mayBeDuplicate ? patienceAsDuplicate(attempt) : APPEND_ATTEMPT_MS,
        );
        const revision = await withTimeLimit(patience, anyOf(open), () => (isSilent = true));
        observer?.appended((performance.now() - started) / 1000, proposed.length, trace);
        return { revision, eventId: proposed.at(-1)?.id ?? '' };
      } catch (error) {
        if (hasType(error, ErrorType.WRONG_EXPECTED_VERSION)) {
          throw new ConcurrencyError(`${stream} is no longer at revision ${expectedRevision}`, { cause: error });
        }
        if (hasType(error, ErrorType.STREAM_DELETED)) throw new StreamGoneError(stream, { cause: error });
        if (isDefiniteAnswer(error)) throw error;
        if (!isSilent) open = []; // they share the connection that broke
        const pause = isSilent ? 0 : pauseAfter(attempt);
        if (pause >= left()) {
          throw new EventStoreUnavailableError(`append to ${stream} was not settled`, { cause: error });
        }
        observer?.retried();
        trace?.happened('sent again', { 'pizzeria.reason': isSilent ? 'no answer' : 'connection broken' });
        if (pause > 0) await delay(pause);
      }
    }
  }
}

/** EventStoreDB takes JSON for metadata that `JSON.parse` refuses, such as `{$tb: 1}`. */
function hidesEvents(metadata: unknown): boolean {
  if (typeof metadata === 'string') return /\$(?:tb|maxAge)\b/.test(metadata);
  const { $tb, $maxAge } = (metadata ?? {}) as { readonly $tb?: unknown; readonly $maxAge?: unknown };
  return $tb !== undefined || $maxAge !== undefined;
}

/** The only one is awaited as it is: every command passes here. */
function anyOf<T>(promises: readonly Promise<T>[]): Promise<T> {
  const [only] = promises;
  return only && promises.length === 1 ? only : Promise.race(promises);
}

/** Longer each time, so that a store that is slow is not asked ever more often. */
function patienceAsDuplicate(attempt: number): number {
  const { least, most } = DUPLICATE_ATTEMPT_MS;
  return Math.min(randomInt(least, most + 1) * 2 ** attempt, APPEND_ATTEMPT_MS);
}

function pauseAfter(attempt: number): number {
  const { first, most } = RETRY_DELAY_MS;
  return Math.min(first * 2 ** attempt, most) + randomInt(first);
}
