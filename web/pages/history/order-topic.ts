import { ROOT } from '../../api/root.ts';
import { noteServerTime } from '../../app/clock.ts';
import { watch } from '../../live-client.ts';
import type { Topic } from '../../live/shared.ts';

/** How far an order has come. */
export interface Progress {
  /** Its last revision that can be read; −1 while none is known. */
  readonly revision: number;
  /** The one that cannot be read, before which it stands still. */
  readonly unreadable?: number;
}

/** Tells of each new revision of an order. */
export function orderTopic(orderId: string): Topic<Progress, Progress> {
  return {
    name: `revisions of ${orderId}`,
    initial: { revision: -1 },
    apply: (before, change) => ({ ...before, ...change, revision: Math.max(before.revision, change.revision) }),
    follow: (emit, onConnection, signal) =>
      watch({
        url: () => new URL(`stream/orders/${orderId}`, ROOT).href,
        onConnection,
        onServerTime: noteServerTime,
        onEvent({ event, data }) {
          const revision = Number(data['revision']);
          if (event === 'order') emit({ change: { revision } });
          else if (event === 'parked') emit({ change: { revision: -1, unreadable: revision } });
        },
        signal,
      }),
  };
}
