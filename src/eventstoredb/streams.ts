import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ErrorType, type EventStoreDBClient, type RecordedEvent } from '@eventstore/db-client';
import { uuidV5 } from '../uuid.ts';
import { createBatchAppend, type ProposedEvent } from './wire/append.ts';
import { type Reading, readStream, readToEnd } from './wire/read.ts';
import { withTimeLimit } from './client.ts';
import type { DomainEvent } from './aggregates.ts';
import { decodeEvent, encodeEvent, type EventMetadata, type StoredEvent } from './codec.ts';
import { ConcurrencyError, EventStoreUnavailableError, hasType, isDefiniteAnswer } from './errors.ts';

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
}

export interface AppendObserver {
  appended(seconds: number, events: number): void;
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

/** Reads and appends the service's streams: decoded events, bounded time, exactly one effect for one append. */
export function createStreamStore({ client, streamPrefix, timeLimitMs, observer }: StreamStoreOptions) {
  const streamOf = (category: string, id: string) => `${streamPrefix}${category}-${id}`;
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
    const cancel = () =>
      void opening.then(
        (reading) => reading.cancel(),
        () => undefined,
      );
    try {
      return await withTimeLimit(timeLimitMs, readToEnd(opening), cancel);
    } catch (error) {
      if (hasType(error, ErrorType.STREAM_DELETED)) return [];
      throw error;
    }
  }

  return {
    streamOf,
    readRecorded,

    /** The newest event of a stream, not decoded. */
    async readLast(stream: string): Promise<RecordedEvent | undefined> {
      const [last] = await collect(readStream(client, stream, { direction: 'backwards', from: 'end', maxCount: 1 }));
      return last;
    },

    /**
     * @throws EventStoreUnavailableError, UnreadableEventError
     */
    async read(stream: string, options?: ReadOptions): Promise<StoredEvent[]> {
      return (await readRecorded(stream, options)).map(decodeEvent);
    },

    /**
     * Appends events after `expectedRevision` (−1: the stream must not exist). An append whose outcome is unknown is
     * sent again as it was, same ids and same expected revision, which the store answers like the first one.
     *
     * @returns revision and id of the last event
     * @throws ConcurrencyError when another event is there, EventStoreUnavailableError when time is up
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
      };
      const idOf = (index: number) => uuidV5(String(index), context.commandId);
      const proposed = events.map((event, index) => encodeEvent(event, idOf(index), metadata));
      return appendExactlyOnce(stream, expectedRevision, proposed);
    },

    /**
     * Appends one event wherever the stream ends, and doesn't settle an unknown outcome: for what may be lost.
     *
     * @throws EventStoreUnavailableError
     */
    async put(stream: string, event: ProposedEvent): Promise<void> {
      await withTimeLimit(timeLimitMs, batchAppend(stream, 'any', [event]));
    },
  };

  async function appendExactlyOnce(
    stream: string,
    expectedRevision: number,
    proposed: readonly ProposedEvent[],
  ): Promise<Appended> {
    const started = performance.now();
    for (let attempt = 0; ; attempt += 1) {
      const left = timeLimitMs - (performance.now() - started);
      try {
        const sent = batchAppend(stream, expectedRevision, proposed);
        const revision = await withTimeLimit(Math.min(left, APPEND_ATTEMPT_MS), sent);
        observer?.appended((performance.now() - started) / 1000, proposed.length);
        return { revision, eventId: proposed.at(-1)?.id ?? '' };
      } catch (error) {
        if (hasType(error, ErrorType.WRONG_EXPECTED_VERSION)) {
          throw new ConcurrencyError(`${stream} is no longer at revision ${expectedRevision}`, { cause: error });
        }
        if (isDefiniteAnswer(error)) throw error;
        const pause =
          Math.min(RETRY_DELAY_MS.first * 2 ** attempt, RETRY_DELAY_MS.most) + randomInt(RETRY_DELAY_MS.first);
        if (performance.now() - started + pause >= timeLimitMs) {
          throw new EventStoreUnavailableError(`append to ${stream} was not settled`, { cause: error });
        }
        observer?.retried();
        await delay(pause);
      }
    }
  }
}
