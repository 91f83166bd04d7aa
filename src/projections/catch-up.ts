import {
  type AllStreamRecordedEvent,
  type AllStreamResolvedEvent,
  type EventStoreDBClient,
  type Position,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { withTimeLimit } from '../eventstoredb/client.ts';
import { EventStoreUnavailableError } from '../eventstoredb/errors.ts';
import type { StoredPosition } from '../mongodb/database.ts';
import { streamPrefixes } from './consumer-group.ts';

export interface LogPage {
  readonly events: readonly AllStreamRecordedEvent[];
  /** Of the last event in it. */
  readonly position: Position;
}

export function toStored({ commit, prepare }: Position): StoredPosition {
  return { commit: commit.toString(), prepare: prepare.toString() };
}

export function fromStored({ commit, prepare }: StoredPosition): Position {
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

/** Events in a page, where one is worked on as a whole. */
const PAGE = 4000;
/** Without an event, a checkpoint or the end of the log. */
const SILENCE_LIMIT_MS = 20_000;

/**
 * Reads the wanted streams' events of the whole log, from after `from` to the end that it has when the reader gets
 * there, in pages; the next one arrives while its reader works on one.
 *
 * The server filters: by a catch-up subscription that is left once it has caught up, since the client's `readAll`
 * knows no filter. One that the server drops, as it does with a slow reader that is about to go live, is begun anew
 * after the last event.
 *
 * @throws EventStoreUnavailableError; CommandError of the client when the server drops it without having sent anything
 */
export async function* readLog(
  client: EventStoreDBClient,
  streamPrefix: string,
  from?: Position,
  eventsPerPage = PAGE,
): AsyncGenerator<LogPage, void, void> {
  let position = from;
  for (;;) {
    let hasProgressed = false;
    try {
      for await (const page of readToCaughtUp(client, streamPrefix, position, eventsPerPage)) {
        yield page;
        position = page.position;
        hasProgressed = true;
      }
      return;
    } catch (error) {
      if (!hasProgressed) throw error;
    }
  }
}

async function* readToCaughtUp(
  client: EventStoreDBClient,
  streamPrefix: string,
  from: Position | undefined,
  eventsPerPage: number,
): AsyncGenerator<LogPage, void, void> {
  const full: LogPage[] = [];
  let events: AllStreamRecordedEvent[] = [];
  /** Events up to the end of the log that are still to come; what comes after them is not waited for. */
  let left = Infinity;
  let failure: Error | undefined;
  let wake: () => void = () => undefined;
  const drop = (reason: Error) => {
    failure ??= reason;
    wake();
  };
  const silence = setTimeout(() => {
    if (full.length === 0) drop(new EventStoreUnavailableError(`nothing of the log within ${SILENCE_LIMIT_MS} ms`));
  }, SILENCE_LIMIT_MS);
  const subscription = client.subscribeToAll(
    {
      fromPosition: from ?? START,
      // A checkpoint is the only sign of life while the server passes over many events of others.
      filter: streamNameFilter({
        prefixes: streamPrefixes(streamPrefix),
        checkpointReached: () => void silence.refresh(),
      }),
    },
    { highWaterMark: eventsPerPage },
  );
  subscription.on('error', drop).on('close', () => drop(new Error('the subscription ended')));
  subscription.on('caughtUp', () => {
    left = subscription.readableLength;
    if (left === 0) wake();
  });
  // Listened to rather than iterated over: reading costs half as much more with a promise for every few events.
  subscription.on('data', ({ event }: AllStreamResolvedEvent) => {
    if (left === 0) return;
    left -= 1;
    silence.refresh();
    if (event) events.push(event);
    if (events.length === eventsPerPage) {
      full.push(pageOf(events));
      events = [];
      subscription.pause(); // until its reader asks for the next one
      wake();
    } else if (left === 0) wake();
  });
  try {
    for (;;) {
      const page = full.shift();
      if (page) {
        silence.refresh();
        subscription.resume();
        yield page;
      } else if (failure || left === 0) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    if (events.length > 0) yield pageOf(events);
    if (left > 0 && failure) await withTimeLimit(SILENCE_LIMIT_MS, Promise.reject(failure)); // says what it means
  } finally {
    clearTimeout(silence);
    // Not waited for: on a connection that never answered it would not end. Why it failed is thrown already.
    subscription.unsubscribe().catch(() => undefined);
    subscription.destroy();
  }
}

function pageOf(events: readonly AllStreamRecordedEvent[]): LogPage {
  const last = events.at(-1);
  if (!last) throw new TypeError('a page holds an event');
  return { events, position: last.position };
}
