import { occurredAt } from '../../domain/events.ts';
import type { Change } from '../../live/change.ts';
import { eventText, type Message } from '../../live/message.ts';
import type { Batch } from '../../live/reader.ts';
import type { Viewer } from './viewer.ts';

/** Viewers who are shown the same: what is written to them is made once. */
export type Audience = ReturnType<typeof createAudience>;

/** @param idOf the place after which to resume, once a change was seen */
export function createAudience(viewer: Viewer, idOf: (change: Change) => string) {
  const texts = new WeakMap<Change, string>();
  const batches = new WeakMap<readonly Change[], Batch>();

  return {
    batchOf(changes: readonly Change[]): Batch {
      const known = batches.get(changes);
      if (known) return known;
      const messages = changes.map((change): Message => ({ about: change.orderId, text: textOf(change) }));
      const batch = batchOf(messages);
      batches.set(changes, batch);
      return batch;
    },
  };

  function textOf(change: Change): string {
    const text = texts.get(change) ?? write(change);
    texts.set(change, text);
    return text;
  }

  function write(change: Change): string {
    const { orderId, revision, order } = change;
    if (!order) return eventText('parked', { orderId, revision });
    const { event, actor, state } = order;
    const data = {
      orderId,
      revision,
      eventType: event.type,
      timestamp: new Date(occurredAt(event)).toISOString(),
      actor: viewer.actor(actor, { state, revision }),
      card: viewer.card({ state, revision }),
    };
    return eventText('order', data, idOf(change));
  }
}

export function batchOf(messages: readonly Message[]): Batch {
  return { messages, bytes: Buffer.from(messages.map(({ text }) => text).join('')) };
}
