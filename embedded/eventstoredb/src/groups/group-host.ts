import { DELETED, original } from '../log/events.ts';
import type { RecordedEvent, ResolvedEvent } from '../log/events.ts';
import type { EventLog } from '../log/log.ts';
import type { Page } from '../log/log-reader.ts';
import type { EventPredicate } from '../streams/filter.ts';
import { predicateOf } from '../streams/filter.ts';
import type { RpcError } from '../wire/rpc-errors.ts';
import { groupError } from '../wire/rpc-errors.ts';
import type { Consumer, Message, NackAction } from './group.ts';
import { ConsumerGroup } from './group.ts';
import type { GroupDefinition } from './group-config.ts';
import { ALL, groupKey } from './group-config.ts';
import type { Meter } from './group-info.ts';
import { createMeter, infoMessage } from './group-info.ts';
import { createGroupState } from './group-state.ts';

/** The connection behind a consumer. */
interface ConsumerConnection {
  readonly name: string;
  readonly slots: number;
  /** Called once, before the first message. */
  confirm(): void;
  /** False when the connection is congested; `drained` is to be called when it is no longer. */
  send(resolved: ResolvedEvent, retryCount: number): boolean;
  drop(error: RpcError): void;
}

export interface ConsumerHandle {
  ack(ids: readonly string[]): void;
  nack(ids: readonly string[], action: NackAction, reason: string): void;
  drained(): void;
  leave(): void;
}

/** A running group: the state machine, fed from the log, with its state kept in the log. */
export interface GroupHost {
  readonly definition: GroupDefinition;
  /** @throws RpcError when the group has all the consumers it may have */
  connect(connection: ConsumerConnection): ConsumerHandle;
  /** @param stopAt first revision of the parked stream that is left where it is */
  replayParked(stopAt: number | undefined): void;
  /** The group's `SubscriptionInfo`. */
  info(): object;
  tick(): void;
  /**
   * Ends the group's work and drops its consumers.
   *
   * @param reason what its consumers are told; default: that they were dropped
   */
  stop(reason?: RpcError): void;
  /** Removes what the group has kept in the log. */
  forget(): Promise<void>;
}

const MOST_EVENTS_A_PAGE = 256;

export function createGroupHost(
  log: EventLog,
  definition: GroupDefinition,
  now: () => number,
  newId: () => string,
): GroupHost {
  const { stream, group: name, startFrom, settings, filter } = definition;
  const state = createGroupState(log, groupKey(stream, name), stream, now, newId);
  const matches: EventPredicate = stream === ALL ? predicateOf(filter) : () => true;
  const connected = new Map<number, { connection: ConsumerConnection; consumer: Consumer; meter: Meter }>();
  const meter = createMeter(now, false);
  const loaded = state.loadCheckpoint();
  let checkpoint = loaded;
  let scannedTo = loaded ?? (startFrom === -1 ? lastPlace() : startFrom - 1);
  let lastKnown: number | undefined;
  let nextConsumer = 0;
  let live = false;
  let recentLive = 0;
  let stopped = false;
  let scheduled = false;
  let replay: { next: number; readonly stop: number } | undefined;

  const group = new ConsumerGroup(
    settings,
    {
      deliver(consumer, message) {
        const to = connected.get(consumer.id);
        to?.meter.started(message.id);
        return to?.connection.send(message.resolved, message.retries) ?? true;
      },
      park: (message, reason) => {
        // Not parked means not done: the checkpoint stays before it, so it comes again after a restart.
        state.park(message, reason).then(
          () => {
            if (stopped) return;
            group.parked(message.id, now());
            pump();
          },
          () => undefined,
        );
      },
      saveCheckpoint(place) {
        checkpoint = place;
        state.saveCheckpoint(place);
      },
    },
    scannedTo,
  );

  function lastPlace(): number {
    return stream === ALL ? log.end() - 1 : log.lastRevision(stream);
  }

  function toMessage(event: RecordedEvent): Message {
    const resolved = settings.resolveLinkTos ? log.resolve(event, live) : { event, link: undefined };
    const place = stream === ALL ? event.position : event.revision;
    return { id: event.id, resolved, stream: (resolved.event ?? event).stream, place, retries: 0 };
  }

  /** The next events, live ones whatever the stream's metadata says by then; undefined when they cannot be read. */
  function readPage(limit: number): Page | undefined {
    const from = scannedTo + 1;
    if (stream === ALL) return Number.isInteger(from) ? log.readAll({ from, limit, backwards: false }) : undefined;
    const page = log.readStream(stream, { from, limit, backwards: false, hidden: live });
    if (page.kind === 'deleted') return undefined;
    return page.kind === 'page' ? page : { events: [], next: log.lastRevision(stream) + 1, atEnd: true };
  }

  /** A tombstone is the last event for a group that is live; one that has yet to read the stream loses its consumers. */
  function endReading(): void {
    if (scannedTo === DELETED) return;
    if (!live) {
      for (const { connection } of connected.values()) connection.drop(groupError('dropped', stream, name));
      return;
    }
    scannedTo = DELETED;
    const tombstone = log.eventAt(stream, DELETED);
    if (tombstone !== undefined) group.replay([{ ...toMessage(tombstone), place: undefined }], now());
  }

  /** One step of everything that waits: parked messages first, then the log. More steps follow in later turns. */
  function pump(): void {
    if (stopped) return;
    if (replay !== undefined) stepReplay(replay);
    if (!group.hungry) return;
    const { readBatchSize, historyBufferSize } = settings;
    const room = historyBufferSize - group.counts.buffered - group.counts.retrying;
    const page = readPage(Math.max(readBatchSize, Math.min(room, MOST_EVENTS_A_PAGE)));
    if (page === undefined) {
      endReading();
      return;
    }
    const reached = Math.max(page.next - 1, scannedTo);
    if (reached > scannedTo) {
      scannedTo = reached;
      const messages = page.events.filter(matches).map(toMessage);
      lastKnown = messages.at(-1)?.place ?? lastKnown;
      if (live) recentLive = Math.min(recentLive + messages.length, settings.liveBufferSize);
      group.feed(messages, reached, now());
    }
    live = page.atEnd || (live && group.hungry);
    if (!page.atEnd) pumpLater();
  }

  function pumpLater(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      pump();
    });
  }

  function stepReplay(range: { next: number; readonly stop: number }): void {
    if (group.counts.retrying >= settings.historyBufferSize) return;
    const { events, next, done } = state.readParked(range.next, range.stop, settings.readBatchSize);
    range.next = next;
    const messages = events.map((resolved): Message => {
      const { id, stream: from } = original(resolved);
      return { id, resolved, stream: resolved.event?.stream ?? from, place: undefined, retries: 0 };
    });
    group.replay(messages, now());
    if (!done) {
      pumpLater();
      return;
    }
    replay = undefined;
    state.truncateParked(range.stop);
  }

  const unwatch = log.watch(stream === ALL ? undefined : stream, pumpLater);
  pumpLater();

  return {
    definition,

    connect(connection) {
      if (group.full) throw groupError('full', stream, name);
      const id = (nextConsumer += 1);
      const consumer: Consumer = { id, slots: connection.slots, inFlight: new Set(), totalItems: 0, ready: true };
      const consumerMeter = createMeter(now, settings.extraStatistics);
      connected.set(id, { connection, consumer, meter: consumerMeter });
      connection.confirm();
      group.connect(consumer, now());
      pumpLater();
      return {
        ack(ids) {
          for (const acked of ids) consumerMeter.ended(acked);
          group.ack(ids, now());
          pump();
        },
        nack(ids, action, reason) {
          for (const nacked of ids) consumerMeter.ended(nacked);
          group.nack(ids, action, reason, now());
          pump();
        },
        drained() {
          group.drained(id, now());
        },
        leave() {
          connected.delete(id);
          if (!stopped) group.disconnect(id, now());
        },
      };
    },

    replayParked(stopAt) {
      const range = state.parkedRange();
      if (replay !== undefined || range === undefined) return;
      replay = { next: range.first, stop: Math.min(stopAt ?? range.end, range.end) };
      pump();
    },

    info: () =>
      infoMessage({
        definition,
        live,
        counts: group.counts,
        meter,
        consumers: [...connected.values()].map(({ connection, ...rest }) => ({ name: connection.name, ...rest })),
        checkpoint,
        lastKnown,
        liveBuffer: recentLive,
        parked: state.parkedCount(),
      }),

    tick() {
      group.tick(now());
      pump();
    },

    stop(reason = groupError('dropped', stream, name)) {
      stopped = true;
      unwatch();
      for (const { connection } of connected.values()) connection.drop(reason);
      connected.clear();
    },

    forget: () => state.forget(),
  };
}
