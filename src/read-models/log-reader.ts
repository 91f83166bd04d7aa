import { setImmediate as turn } from 'node:timers/promises';
import {
  type AllStreamRecordedEvent,
  convertToCommandError,
  type EventStoreDBClient,
  type Position,
} from '@eventstore/db-client';
import { readHead, withTimeLimit } from '../eventstoredb/client.ts';
import { EventStoreUnavailableError } from '../eventstoredb/errors.ts';
import { ALIVE, CAUGHT_UP, type LogAnswer } from '../eventstoredb/wire/log-messages.ts';
import { subscribeToLog } from '../eventstoredb/wire/log-subscription.ts';

export interface LogPage {
  readonly events: readonly AllStreamRecordedEvent[];
  /** Position of its last event. */
  readonly position: Position;
}

const HEAD_TIME_LIMIT_MS = 2500;

/** Position of the newest event; undefined for an empty log. */
export async function endOfLog(client: EventStoreDBClient): Promise<Position | undefined> {
  return readHead(client, HEAD_TIME_LIMIT_MS);
}

/** Events in a full page. */
export const LOG_PAGE = 1000;
/** Longest silence: no event, no end of the log, no progress report while the server skips events of other streams. */
const SILENCE_LIMIT_MS = 20_000;

/**
 * Reads the events of the wanted streams in pages, from after `from` to the end of the log as it is when the reader
 * gets there. The next page arrives while the caller works on one.
 *
 * It is a catch-up subscription, cancelled once it has caught up, because the server then filters; the client's
 * `readAll` ignores a filter. If the server drops the subscription, as it does with a slow reader that is about to go
 * live, another one starts after the last event.
 *
 * @throws EventStoreUnavailableError; CommandError of the client when the server drops it before sending anything
 */
export async function* readLog(
  client: EventStoreDBClient,
  prefixes: readonly string[],
  from?: Position,
  eventsPerPage = LOG_PAGE,
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
  const read = (answer: LogAnswer) => {
    if (end) return;
    silence.refresh();
    if (answer === CAUGHT_UP) finish(answer);
    else if (answer !== ALIVE && events.push(answer) === eventsPerPage) {
      full.push(pageOf(events));
      events = [];
      call?.pause(); // until the caller asks for the next page
      wake();
    }
  };
  opening.then((opened) => {
    call = opened;
    // Listeners rather than iteration: a promise for every few events makes reading half as expensive again.
    opened.on('data', read).on('error', (error) => finish(convertToCommandError(error)));
    opened.on('close', () => finish(new EventStoreUnavailableError('the event store ended the subscription')));
  }, finish);
  try {
    for (;;) {
      const page = full.shift();
      if (page) {
        silence.refresh();
        // Page after page in one turn would keep MongoDB's answers and requests waiting.
        await turn();
        call?.resume();
        yield page;
      } else if (end) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    if (events.length > 0) yield pageOf(events);
    if (end instanceof Error) await withTimeLimit(SILENCE_LIMIT_MS, Promise.reject(end)); // as our own error
  } finally {
    clearTimeout(silence);
    // Not awaited: on a connection that never answered, it would not end. A failure to open was thrown above.
    opening.then((opened) => opened.cancel()).catch(() => undefined);
  }
}

function pageOf(events: readonly AllStreamRecordedEvent[]): LogPage {
  const last = events.at(-1);
  if (!last) throw new TypeError('a page holds an event');
  return { events, position: last.position };
}
