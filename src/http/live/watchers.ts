import type { Change } from '../../live/change.ts';
import type { Watcher } from '../../live/hub.ts';
import { eventText } from '../../live/message.ts';
import type { LogPosition } from '../../live/position.ts';
import { type Audience, batchOf } from './audience.ts';
import type { EventStream } from './streams.ts';

/** Writes the changes of all orders to a stream. */
export function watchAll(stream: EventStream, audience: Audience, after: LogPosition): Watcher {
  let sent = after;
  return watch(stream, audience, (changes) => {
    // What was read from the log comes again if it was appended at that moment.
    const fresh = isAfter(sent, changes[0]) ? changes : changes.filter((change) => isAfter(sent, change));
    sent = fresh.at(-1)?.position ?? sent;
    return fresh;
  });
}

/** Writes the changes of one order to a stream. */
export function watchOne(stream: EventStream, audience: Audience, orderId: string, after: number): Watcher {
  let sent = after;
  return watch(stream, audience, (changes) => {
    const fresh = changes.filter((change) => change.orderId === orderId && change.revision > sent);
    sent = fresh.at(-1)?.revision ?? sent;
    return fresh;
  });
}

/** @param select those of some changes that are to be written */
function watch(
  stream: EventStream,
  audience: Audience,
  select: (changes: readonly Change[]) => readonly Change[],
): Watcher {
  const { reader } = stream;
  const selected = (changes: readonly Change[]) => {
    const fresh = select(changes);
    return fresh.length === 0 ? undefined : audience.batchOf(fresh);
  };
  return {
    take(changes) {
      const batch = selected(changes);
      if (batch) reader.take(batch);
    },
    async catchUp(changes) {
      const batch = selected(changes);
      if (batch) await reader.send(batch.bytes);
    },
    following(isFollowing) {
      const text = eventText('projection', { state: isFollowing ? 'consuming' : 'waiting' });
      reader.take(batchOf([{ about: 'projection', text }]));
    },
    reset: (reason) => stream.reset(reason),
    isGone: () => stream.isGone(),
  };
}

function isAfter(position: LogPosition, change: Change | undefined): boolean {
  return change !== undefined && change.position > position;
}
