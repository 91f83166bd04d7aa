import type { ResolvedEvent } from '../log/events.ts';
import { DELETED, jsonEvent, LINK_TYPE, metastreamOf, NO_STREAM, original } from '../log/events.ts';
import type { Message } from './group.ts';
import { formatPlace, parsePlace } from './group-config.ts';
import type { EventLog } from '../log/log.ts';

/** What a group keeps in the log: its checkpoint, and links to the messages that it has parked. */
export interface GroupState {
  loadCheckpoint(): number | undefined;
  /** Writes it in the background; of several that wait only the last is written. */
  saveCheckpoint(place: number): void;
  park(message: Message, reason: string): Promise<void>;
  parkedCount(): number;
  /** Revisions of the parked messages: `first` to before `end`; undefined when nothing was ever parked. */
  parkedRange(): { first: number; end: number } | undefined;
  readParked(from: number, end: number, limit: number): { events: ResolvedEvent[]; next: number; done: boolean };
  /** Parked messages before this revision have been given to consumers again. */
  truncateParked(before: number): void;
  forget(): Promise<void>;
}

export function createGroupState(
  log: EventLog,
  key: string,
  stream: string,
  now: () => number,
  newId: () => string,
): GroupState {
  const checkpointStream = `$persistentsubscription-${key}-checkpoint`;
  const parkedStream = `$persistentsubscription-${key}-parked`;
  let waiting: number | undefined;
  let writing = false;

  async function writeCheckpoints(): Promise<void> {
    writing = true;
    while (waiting !== undefined) {
      const event = jsonEvent(newId(), 'SubscriptionCheckpoint', formatPlace(stream, waiting));
      waiting = undefined;
      await log.append({ stream: checkpointStream, expected: 'any', events: [event] });
    }
    writing = false;
  }

  function parkedRange(): { first: number; end: number } | undefined {
    const last = log.lastRevision(parkedStream);
    const first = log.metadataOf(parkedStream).truncateBefore ?? 0;
    if (last === NO_STREAM || last === DELETED || first === DELETED) return undefined;
    return { first, end: Math.max(first, last + 1) };
  }

  function ignoreFailure(): void {
    // A checkpoint or a truncation that is not written costs a repeated delivery, nothing else.
    writing = false;
  }

  return {
    loadCheckpoint() {
      const page = log.readStream(checkpointStream, { from: DELETED, limit: 1, backwards: true });
      const data = page.kind === 'page' ? page.events[0]?.data : undefined;
      if (data === undefined) return undefined;
      return Math.floor(parsePlace(String(JSON.parse(Buffer.from(data).toString()))));
    },

    saveCheckpoint(place) {
      waiting = place;
      if (!writing) writeCheckpoints().catch(ignoreFailure);
    },

    async park(message, reason) {
      const { revision, stream: from } = message.resolved.event ?? original(message.resolved);
      const target = message.resolved.event === undefined ? message.resolved.link?.data : undefined;
      const metadata = { added: new Date(now()).toISOString(), reason, subscriptionEventNumber: message.place ?? 0 };
      const link = {
        id: newId(),
        type: LINK_TYPE,
        isJson: false,
        data: target ?? Buffer.from(`${revision}@${from}`),
        metadata: Buffer.from(JSON.stringify(metadata)),
      };
      await log.append({ stream: parkedStream, expected: 'any', events: [link] });
    },

    parkedCount() {
      const { first, end } = parkedRange() ?? { first: 0, end: 0 };
      return end - first;
    },

    parkedRange,

    readParked(from, end, limit) {
      const page = from < end ? log.readStream(parkedStream, { from, limit, backwards: false }) : undefined;
      if (page?.kind !== 'page') return { events: [], next: end, done: true };
      const links = page.events.filter((link) => link.revision < end);
      return { events: links.map((link) => log.resolve(link)), next: page.next, done: page.atEnd || page.next >= end };
    },

    truncateParked(before) {
      const event = jsonEvent(newId(), '$metadata', { $tb: before });
      log.append({ stream: metastreamOf(parkedStream), expected: 'any', events: [event] }).catch(ignoreFailure);
    },

    async forget() {
      waiting = undefined;
      await log.remove(checkpointStream, 'any', 'soft');
      await log.remove(parkedStream, 'any', 'soft');
    },
  };
}
