import type { Schemas } from '../../api/client.ts';
import { ROOT } from '../../api/root.ts';
import { noteServerTime } from '../../app/clock.ts';
import type { Topic } from '../../live/shared.ts';
import { watch } from '../../live-client.ts';

export type Order = Schemas['PlainOrder'];

export interface Tracked {
  /** Undefined until it was read. */
  readonly order: Order | undefined;
  /** Whether something happened to it that the service cannot read. */
  readonly isStalled: boolean;
}

type Change = Order | 'stalled';

/** One order, as it is now. */
export function orderTopic(orderId: string): Topic<Tracked, Change> {
  return {
    name: `order ${orderId}`,
    initial: { order: undefined, isStalled: false },
    apply: withChange,
    follow(emit, onConnection, signal) {
      return watch({
        url: () => new URL(`stream/orders/${orderId}`, ROOT).href,
        onEvent({ event, data }) {
          if (event === 'order') emit({ change: data['card'] as Order });
          else if (event === 'parked') emit({ change: 'stalled' });
        },
        onConnection,
        onServerTime: noteServerTime,
        signal,
      });
    },
  };
}

/** The stream and the answers of commands tell the same: what is not newer is no news. */
export function withChange(tracked: Tracked, change: Change): Tracked {
  if (change === 'stalled') return { ...tracked, isStalled: true };
  if (change.revision <= (tracked.order?.revision ?? -1)) return tracked;
  return { order: change, isStalled: false };
}
