import {
  type AllStreamRecordedEvent,
  type AllStreamResolvedEvent,
  type EventStoreDBClient,
  type Position,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { withTimeLimit } from '../eventstoredb/client.ts';
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
/** Events that arrive while their reader works on others. */
const BUFFERED = 4000;
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
  /** Events up to the end of the log that are still buffered; what comes after them is not waited for. */
  let left = Infinity;
  let failure: Error | undefined;
  let wake: () => void = () => undefined;
  const subscription = client.subscribeToAll(
    {
      fromPosition: from ?? START,
      // A checkpoint is the only sign of life while the server passes over many events of others.
      filter: streamNameFilter({ prefixes: streamPrefixes(streamPrefix), checkpointReached: () => wake() }),
    },
    { highWaterMark: BUFFERED },
  );
  const drop = (reason: Error) => {
    failure ??= reason;
    wake();
  };
  subscription.on('error', drop).on('close', () => drop(new Error('the subscription ended')));
  subscription.on('readable', () => wake());
  subscription.on('caughtUp', () => {
    left = subscription.readableLength;
    wake();
  });
  let events: AllStreamRecordedEvent[] = [];
  try {
    while (left > 0) {
      const resolved = subscription.read() as AllStreamResolvedEvent | null;
      if (resolved === null) {
        if (failure) break;
        await withTimeLimit(SILENCE_LIMIT_MS, new Promise<void>((resolve) => (wake = resolve)));
        continue;
      }
      left -= 1;
      if (resolved.event) events.push(resolved.event);
      if (events.length < eventsPerPage) continue;
      yield pageOf(events);
      events = [];
    }
    if (events.length > 0) yield pageOf(events);
    if (left > 0 && failure) await withTimeLimit(SILENCE_LIMIT_MS, Promise.reject(failure)); // says what it means
  } finally {
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
