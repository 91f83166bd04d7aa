import {
  type EventStoreDBClient,
  FORWARDS,
  type Position,
  START,
  type AllStreamRecordedEvent,
} from '@eventstore/db-client';
import { withTimeLimit } from '../eventstoredb/client.ts';
import type { StoredPosition } from '../mongodb/database.ts';
import { streamPrefixes } from './consumer-group.ts';

export interface LogPage {
  readonly events: readonly AllStreamRecordedEvent[];
  /** Commit position of the last event read, wanted or not. */
  readonly position: Position;
}

export function toStored({ commit, prepare }: Position): StoredPosition {
  return { commit: commit.toString(), prepare: prepare.toString() };
}

export function fromStored({ commit, prepare }: StoredPosition): Position {
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

const PAGE = 1000;
const PAGE_TIME_LIMIT_MS = 20_000;

/**
 * Reads the whole log from after `from` to its present end, in pages of the wanted streams' events.
 *
 * It reads `$all` unfiltered, since the client ignores a read's filter, and passes over the rest.
 */
export async function* readLog(
  client: EventStoreDBClient,
  streamPrefix: string,
  from?: Position,
): AsyncGenerator<LogPage, void, void> {
  const prefixes = streamPrefixes(streamPrefix);
  let position = from;
  for (;;) {
    const page = await withTimeLimit(PAGE_TIME_LIMIT_MS, readPage(client, position));
    // Reading from a position gives the event at it again.
    const fresh = position ? page.filter((event) => isAfter(event.position, position as Position)) : page;
    const last = fresh.at(-1);
    if (!last) return;
    position = last.position;
    yield { events: fresh.filter(({ streamId }) => prefixes.some((prefix) => streamId.startsWith(prefix))), position };
    if (page.length < PAGE) return;
  }
}

function isAfter(a: Position, b: Position): boolean {
  return a.commit > b.commit || (a.commit === b.commit && a.prepare > b.prepare);
}

async function readPage(client: EventStoreDBClient, from: Position | undefined): Promise<AllStreamRecordedEvent[]> {
  const events: AllStreamRecordedEvent[] = [];
  for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: from ?? START, maxCount: PAGE })) {
    if (event) events.push(event);
  }
  return events;
}
