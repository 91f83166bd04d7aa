import { setImmediate as turn } from 'node:timers/promises';
import {
  type AllStreamRecordedEvent,
  convertToCommandError,
  type EventStoreDBClient,
  type Position,
} from '@eventstore/db-client';
import { readHead, withTimeLimit } from '../eventstoredb/client.ts';
import { EventStoreUnavailableError } from '../eventstoredb/errors.ts';
import { ALIVE, CAUGHT_UP, type ReadAnswer, subscribeToLog } from '../eventstoredb/wire/read.ts';
import { STORE_TIME_LIMIT_MS } from '../time-limit.ts';

export interface LogPage {
  readonly events: readonly AllStreamRecordedEvent[];
  /** Of the last event in it. */
  readonly position: Position;
}

/**
 * Position of the newest event; undefined for an empty log.
 *
 * @throws EventStoreUnavailableError
 */
export async function endOfLog(
  client: EventStoreDBClient,
  timeLimitMs = STORE_TIME_LIMIT_MS,
): Promise<Position | undefined> {
  return readHead(client, timeLimitMs);
}

/** Events in a full page: few, so that most of what is read is garbage before it is old. */
const PAGE = 500;
/** Without an event, the end of the log or, while the server passes over events of others, word how far it is. */
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
  prefixes: readonly string[],
  from?: Position,
  eventsPerPage = PAGE,
): AsyncGenerator<LogPage, void, void> {
  let position = from;
  for (;;) {
    let hasProgressed = false;
    try {
      for await (const page of readToCaughtUp(client, prefixes, position, eventsPerPage)) {
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
  prefixes: readonly string[],
  from: Position | undefined,
  eventsPerPage: number,
): AsyncGenerator<LogPage, void, void> {
  const full: LogPage[] = [];
  let events: AllStreamRecordedEvent[] = [];
  let end: typeof CAUGHT_UP | Error | undefined;
  let wake: () => void = () => undefined;
  const finish = (how: typeof CAUGHT_UP | Error) => {
    end ??= how;
    wake();
  };
  const silence = setTimeout(() => {
    if (full.length === 0) finish(new EventStoreUnavailableError(`nothing of the log within ${SILENCE_LIMIT_MS} ms`));
  }, SILENCE_LIMIT_MS);
  const opening = subscribeToLog(client, prefixes, from);
  let call: Awaited<typeof opening> | undefined;
  const read = (answer: ReadAnswer) => {
    if (end) return;
    silence.refresh();
    if (answer === CAUGHT_UP) finish(answer);
    else if (answer !== ALIVE && events.push(answer) === eventsPerPage) {
      full.push(pageOf(events));
      events = [];
      call?.pause(); // until its reader asks for the next one
      wake();
    }
  };
  opening.then((opened) => {
    call = opened;
    // Listened to rather than iterated over: reading costs half as much more with a promise for every few events.
    opened.on('data', read).on('error', (error) => finish(convertToCommandError(error)));
    opened.on('close', () => finish(new EventStoreUnavailableError('the event store ended the subscription')));
  }, finish);
  try {
    for (;;) {
      const page = full.shift();
      if (page) {
        silence.refresh();
        // Pages that follow each other at once would keep requests waiting.
        await turn();
        call?.resume();
        yield page;
      } else if (end) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    if (events.length > 0) yield pageOf(events);
    if (end instanceof Error) await withTimeLimit(SILENCE_LIMIT_MS, Promise.reject(end)); // says what it means
  } finally {
    clearTimeout(silence);
    // Not waited for: on a connection that never answered it would not end. Why it failed is thrown already.
    opening.then((opened) => opened.cancel()).catch(() => undefined);
  }
}

function pageOf(events: readonly AllStreamRecordedEvent[]): LogPage {
  const last = events.at(-1);
  if (!last) throw new TypeError('a page holds an event');
  return { events, position: last.position };
}
