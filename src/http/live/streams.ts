import { randomInt } from 'node:crypto';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Metrics } from '../../metrics.ts';
import { eventText, HEARTBEAT, type ResetReason } from '../../live/message.ts';
import { createReader, type Reader } from '../../live/reader.ts';
import { problem } from '../problems/catalogue.ts';
import { ProblemError } from '../problems/errors.ts';
import { endRequest } from '../requests/tracing.ts';
import type { Viewer } from './viewer.ts';

export type StreamKind = 'kitchen' | 'order' | 'operations';

/** An answer that goes on. */
export interface EventStream {
  readonly reader: Reader;
  isGone(): boolean;
  /** Tells the reader to begin anew, and ends the stream. */
  reset(reason: ResetReason): void;
  end(lastWords?: string): void;
}

export interface StreamsOptions {
  /** Streams that are open at the same time. */
  readonly maxStreams: number;
  readonly metrics: Pick<Metrics, 'streamOpened' | 'streamClosed' | 'streamReset'>;
  readonly clock: () => Date;
  /** Milliseconds between two signs of life. */
  readonly heartbeatMs?: number;
}

export type Streams = ReturnType<typeof createStreams>;

const MOST_PER_CALLER = 8;
const HEARTBEAT_MS = 15_000;
/** A connection that has taken nothing for so long, although something waits, has nobody at its other end. */
const STUCK_MS = 20_000;
const LOOK_EVERY_MS = 5000;
/** What was written last has this long to get through before the connection is cut. */
const LAST_WORDS_MS = 2000;
const CLOSE_WITHIN_MS = 500;
/** When to come back after an instance has stopped; apart from each other, so that the next one is not overrun. */
const COME_BACK_MS = { first: 1000, last: 5000 };
const RETRY_MS = 2000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  // For nginx: what is sent must go out at once.
  'x-accel-buffering': 'no',
};

/** The event streams of this process: their budget, their signs of life, and their end. */
export function createStreams({ maxStreams, metrics, clock, heartbeatMs = HEARTBEAT_MS }: StreamsOptions) {
  /** Those that were let in, with their callers; a stream as soon as it has begun. */
  const places = new Map<ServerResponse, { readonly caller: string | undefined; stream?: EventStream }>();
  let isDraining = false;
  const beating = setInterval(beat, heartbeatMs).unref();
  const looking = setInterval(endStuck, LOOK_EVERY_MS).unref();

  return {
    isFull,

    /**
     * Takes a place for an answer that will be a stream, until its connection is closed or it was answered otherwise.
     *
     * @returns begins the stream, after which the answer is no longer the framework's
     * @throws ProblemError 429 or 503 when there is no place
     */
    reserve(kind: StreamKind, viewer: Viewer, reply: FastifyReply): (resumedFrom: string | undefined) => EventStream {
      const { caller } = viewer;
      if (isDraining) throw new ProblemError(problem('unavailable', 'The service is stopping.'));
      if (isFull()) throw new ProblemError(problem('unavailable', 'There are too many streams open already.'));
      if (caller !== undefined && countOf(caller) >= MOST_PER_CALLER) refuse(reply);
      const { raw } = reply;
      places.set(raw, { caller });
      metrics.streamOpened(kind);
      const leave = () => {
        if (places.delete(raw)) metrics.streamClosed(kind);
      };
      raw.once('close', leave).once('finish', leave);
      return (resumedFrom) => {
        const stream = begin(reply, viewer, resumedFrom);
        const place = places.get(raw);
        if (place) place.stream = stream;
        return stream;
      };
    },

    /** Tells all readers to come back, and lets no more in. */
    drain,

    /** Waits a moment until all readers have been told, then cuts off the rest. */
    async close(): Promise<void> {
      drain();
      clearInterval(beating);
      clearInterval(looking);
      const end = performance.now() + CLOSE_WITHIN_MS;
      while (places.size > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
      for (const [raw, { stream }] of places) if (stream) raw.destroy();
    },
  };

  function isFull(): boolean {
    return isDraining || places.size >= maxStreams;
  }

  function countOf(caller: string): number {
    return [...places.values()].filter((place) => place.caller === caller).length;
  }

  function begin(reply: FastifyReply, viewer: Viewer, resumedFrom: string | undefined): EventStream {
    const { raw } = reply;
    let isEnded = false;
    const isGone = () => isEnded || raw.destroyed;
    const reset = (reason: ResetReason) => {
      if (isGone()) return;
      metrics.streamReset(reason);
      end(eventText('reset', { reason }));
    };
    const reader = createReader({ write: (text) => isGone() || raw.write(text) }, () => reset('slow-reader'));
    const expiry =
      viewer.until === undefined
        ? undefined
        : setTimeout(() => end(eventText('expired', {})), Math.min(viewer.until - clock().getTime(), LONGEST_TIMER_MS));
    reply.hijack();
    raw.on('drain', () => reader.drained());
    raw.once('close', () => {
      clearTimeout(expiry);
      reader.drained();
    });
    reply.headers(resumedFrom === undefined ? HEADERS : { ...HEADERS, 'last-event-id': resumedFrom });
    raw.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders);
    endRequest(reply.request, 200); // a span of hours would be exported by the end of them
    const hello = {
      serverTime: clock().toISOString(),
      resumedFrom: resumedFrom ?? null,
      heartbeatSeconds: heartbeatMs / 1000,
    };
    reader.offer(`retry: ${RETRY_MS}\n${eventText('hello', hello, resumedFrom)}`);
    return { reader, isGone, reset, end };

    function end(lastWords = ''): void {
      if (isGone()) return;
      isEnded = true;
      raw.end(lastWords);
      reader.drained(); // what waits is not written any more
      setTimeout(() => raw.destroy(), LAST_WORDS_MS).unref();
    }
  }

  function beat(): void {
    for (const { stream } of places.values()) stream?.reader.offer(HEARTBEAT);
  }

  function endStuck(): void {
    for (const { stream } of places.values())
      if ((stream?.reader.stuckFor() ?? 0) > STUCK_MS) stream?.reset('slow-reader');
  }

  function drain(): void {
    isDraining = true;
    for (const { stream } of places.values()) {
      const retryMs = randomInt(COME_BACK_MS.first, COME_BACK_MS.last);
      stream?.end(`retry: ${retryMs}\n${eventText('bye', { retryMs })}`);
    }
  }
}

/** With the headers of a limit, whose places are given back when streams end. */
function refuse(reply: FastifyReply): never {
  const retryAfter = 30;
  void reply.headers({
    'x-ratelimit-limit': MOST_PER_CALLER,
    'x-ratelimit-remaining': 0,
    'x-ratelimit-reset': retryAfter,
  });
  throw new ProblemError(
    problem('too-many-requests', `You have ${MOST_PER_CALLER} streams open already.`, { retryAfter }),
  );
}
