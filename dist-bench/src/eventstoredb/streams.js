import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { BACKWARDS, END, ErrorType, FORWARDS, START, } from '@eventstore/db-client';
import { uuidV5 } from "../uuid.js";
import { createBatchAppend } from "./wire/append.js";
import { withTimeLimit } from "./client.js";
import { decodeEvent, encodeEvent } from "./codec.js";
import { ConcurrencyError, EventStoreUnavailableError, hasType, isDefiniteAnswer } from "./errors.js";
const RETRY_DELAY_MS = { first: 20, most: 500 };
/** An append without an answer for this long is sent again: the answer, or the connection, may be lost. */
const APPEND_ATTEMPT_MS = 1000;
/** Reads and appends the service's streams: decoded events, bounded time, exactly one effect for one append. */
export function createStreamStore({ client, streamPrefix, timeLimitMs, observer }) {
    const streamOf = (category, id) => `${streamPrefix}${category}-${id}`;
    const batchAppend = createBatchAppend(client);
    /**
     * The events of a stream from `from` on, not decoded; none when there is no such stream.
     *
     * @throws EventStoreUnavailableError
     */
    async function readRecorded(stream, { from = 0, maxCount } = {}) {
        if (maxCount === 0)
            return []; // EventStoreDB takes it for an error
        return collect(client.readStream(stream, {
            direction: FORWARDS,
            fromRevision: from === 0 ? START : BigInt(from),
            ...(maxCount !== undefined && { maxCount }),
        }));
    }
    async function collect(reading) {
        const recorded = [];
        const drain = async () => {
            for await (const { event } of reading)
                if (event)
                    recorded.push(event);
        };
        try {
            await withTimeLimit(timeLimitMs, drain(), () => void reading.cancel());
        }
        catch (error) {
            if (hasType(error, ErrorType.STREAM_NOT_FOUND) || hasType(error, ErrorType.STREAM_DELETED))
                return [];
            throw error;
        }
        return recorded;
    }
    return {
        streamOf,
        readRecorded,
        /** The newest event of a stream, not decoded. */
        async readLast(stream) {
            const [last] = await collect(client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 }));
            return last;
        },
        /**
         * @throws EventStoreUnavailableError, UnreadableEventError
         */
        async read(stream, options) {
            return (await readRecorded(stream, options)).map(decodeEvent);
        },
        /**
         * Appends events after `expectedRevision` (−1: the stream must not exist). An append whose outcome is unknown is
         * sent again as it was, same ids and same expected revision, which the store answers like the first one.
         *
         * @returns revision and id of the last event
         * @throws ConcurrencyError when another event is there, EventStoreUnavailableError when time is up
         */
        append(stream, expectedRevision, events, context) {
            const metadata = {
                $correlationId: context.correlationId,
                $causationId: context.commandId,
                actor: context.actor,
                ...(context.idempotencyKey !== undefined && { idempotencyKey: context.idempotencyKey }),
                ...(context.requestHash !== undefined && { requestHash: context.requestHash }),
            };
            const idOf = (index) => uuidV5(String(index), context.commandId);
            const proposed = events.map((event, index) => encodeEvent(event, idOf(index), metadata));
            return appendExactlyOnce(stream, expectedRevision, proposed);
        },
        /**
         * Appends one event wherever the stream ends, and doesn't settle an unknown outcome: for what may be lost.
         *
         * @throws EventStoreUnavailableError
         */
        async put(stream, event) {
            await withTimeLimit(timeLimitMs, batchAppend(stream, 'any', [event]));
        },
    };
    async function appendExactlyOnce(stream, expectedRevision, proposed) {
        const started = performance.now();
        for (let attempt = 0;; attempt += 1) {
            const left = timeLimitMs - (performance.now() - started);
            try {
                const sent = batchAppend(stream, expectedRevision, proposed);
                const revision = await withTimeLimit(Math.min(left, APPEND_ATTEMPT_MS), sent);
                observer?.appended((performance.now() - started) / 1000, proposed.length);
                return { revision, eventId: proposed.at(-1)?.id ?? '' };
            }
            catch (error) {
                if (hasType(error, ErrorType.WRONG_EXPECTED_VERSION)) {
                    throw new ConcurrencyError(`${stream} is no longer at revision ${expectedRevision}`, { cause: error });
                }
                if (isDefiniteAnswer(error))
                    throw error;
                const pause = Math.min(RETRY_DELAY_MS.first * 2 ** attempt, RETRY_DELAY_MS.most) + randomInt(RETRY_DELAY_MS.first);
                if (performance.now() - started + pause >= timeLimitMs) {
                    throw new EventStoreUnavailableError(`append to ${stream} was not settled`, { cause: error });
                }
                observer?.retried();
                await delay(pause);
            }
        }
    }
}
