import type { RecordedEvent } from '../log/events.ts';
import { DELETED } from '../log/events.ts';
import type { EventLog } from '../log/log.ts';
import { positionMessage } from '../wire/position.ts';
import { encoderOf } from '../wire/protocol.ts';
import type { ResponseSink } from '../wire/response-sink.ts';
import { streamDeleted } from '../wire/rpc-errors.ts';
import type { FilterWindow } from './filter.ts';

const encode = encoderOf('streams.ReadResp');
const CAUGHT_UP = encode({ caughtUp: {} });

/** Small, so that a subscriber that is not being read from holds little. */
const PAGE_EVENTS = 128;

interface Subscription {
  readonly log: EventLog;
  readonly sink: ResponseSink;
  readonly id: string;
  readonly send: (event: RecordedEvent, live: boolean) => boolean;
}

/**
 * Follows a stream until the client leaves. There is one cursor and one source, the log: an append only wakes the
 * reader. So nothing can be missed or sent twice where catching up ends and live events begin. Live events are sent
 * whatever the stream's metadata says by then.
 *
 * @param after revision after which to start; undefined: the end of the stream as it is now
 * @throws RpcError when the stream is tombstoned, at the start or later
 */
export async function subscribeToStream(
  { log, sink, send, id }: Subscription,
  stream: string,
  after: number | undefined,
): Promise<void> {
  const wakeUp = createAlarm(log, sink, stream);
  const last = log.lastRevision(stream);
  let next = (after ?? last) + 1;
  let caughtUp = after === undefined;
  if (last === DELETED && !caughtUp) throw streamDeleted(stream);
  sink.write(encode({ confirmation: { subscriptionId: id } }));
  if (caughtUp) sink.write(CAUGHT_UP);
  if (last === DELETED) await wakeUp(); // EventStoreDB says nothing more about it
  while (!sink.closed) {
    const page = log.readStream(stream, { from: next, limit: PAGE_EVENTS, backwards: false, hidden: caughtUp });
    if (page.kind === 'deleted') {
      // Who was there when it happened gets to see the tombstone.
      const tombstone = caughtUp ? log.eventAt(stream, DELETED) : undefined;
      if (tombstone !== undefined) send(tombstone, true);
      throw streamDeleted(stream);
    }
    if (page.kind === 'page') {
      for (const event of page.events) if (!send(event, caughtUp)) await sink.drained();
      next = Math.max(next, page.next);
      if (!page.atEnd) {
        await sink.turn();
        continue;
      }
      if (!caughtUp) sink.write(CAUGHT_UP);
      caughtUp = true;
    }
    await wakeUp();
  }
}

/**
 * Follows the log until the client leaves; with a filter, checkpoints tell how far it has looked.
 *
 * @param after position after which to start; undefined, or one beyond: the end of the log as it is now
 */
export async function subscribeToAll(
  { log, sink, send, id }: Subscription,
  after: number | undefined,
  filter: FilterWindow | undefined,
): Promise<void> {
  const wakeUp = createAlarm(log, sink, undefined);
  let next = Math.min((after ?? Infinity) + 1, log.end());
  sink.write(encode({ confirmation: { subscriptionId: id } }));
  let sinceCheckpoint = 0;
  let caughtUp = false;
  while (!sink.closed) {
    const page = log.readAll({ from: next, limit: PAGE_EVENTS, backwards: false });
    for (const event of page.events) {
      if ((filter === undefined || filter.matches(event)) && !send(event, caughtUp)) await sink.drained();
      if (filter === undefined) continue;
      sinceCheckpoint += 1;
      if (sinceCheckpoint < filter.checkpointInterval) continue;
      sinceCheckpoint = 0;
      sink.write(encode({ checkpoint: positionMessage(event.position) }));
    }
    next = page.next;
    if (!page.atEnd) {
      await sink.turn();
      continue;
    }
    if (!caughtUp) sink.write(CAUGHT_UP);
    caughtUp = true;
    await wakeUp();
  }
}

/** Waits for an append, also one that came while nobody was waiting, or for the client to leave. */
function createAlarm(log: EventLog, sink: ResponseSink, stream: string | undefined): () => Promise<void> {
  let rung = false;
  let waiting: (() => void) | undefined;
  const ring = (): void => {
    rung = true;
    waiting?.();
  };
  const end = log.watch(stream, ring);
  sink.onClose(() => {
    end();
    ring();
  });
  return async () => {
    if (!rung) await new Promise<void>((resolve) => (waiting = resolve));
    rung = false;
    waiting = undefined;
  };
}
