import { api, ask } from '../../api/client.ts';
import { ROOT } from '../../api/root.ts';
import { noteServerTime } from '../../app/clock.ts';
import type { Topic } from '../../live/shared.ts';
import { type LiveEvent, watch } from '../../live-client.ts';
import { applyChange, type Checks, NOTHING_KNOWN, type OperationsState } from './state.ts';

/** The state of the stores and read models, and the number of parked events, whenever they change. */
export const operations: Topic<OperationsState, LiveEvent> = {
  name: 'operations',
  initial: NOTHING_KNOWN,
  apply: applyChange,
  follow: (emit, onConnection, signal) =>
    watch({
      url: () => new URL('stream/operations', ROOT).href,
      onEvent: (change) => emit({ change }),
      onConnection,
      onServerTime: noteServerTime,
      signal,
    }),
};

/** The same as the stream tells, once: for as long as there is no stream. */
export async function loadOperations(signal: AbortSignal): Promise<OperationsState> {
  const ready = await api.GET('/health/ready', { signal }).catch(() => undefined);
  const checks = (ready?.data ?? ready?.error) as { checks?: Checks } | undefined;
  const { items } = await ask(api.GET('/admin/projections', { signal }));
  return { ...(checks?.checks && { checks: checks.checks }), items, isTold: true, parked: items[0]?.parked ?? 0 };
}
