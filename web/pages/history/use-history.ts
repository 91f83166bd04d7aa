import { useEffect, useRef, useState } from 'preact/hooks';
import { api, ask, type Schemas } from '../../api/client.ts';
import { query, setQuery } from '../../app/router.tsx';
import { announce } from '../../ui/announcer.tsx';
import { useResource } from '../../ui/use-resource.ts';
import type { Progress } from './order-topic.ts';
import { chosenRevision, createCache } from './revisions.ts';

/** An event of an order; the id of its trace is there where the service keeps one. */
export type TimelineItem = Schemas['OrderTimeline']['items'][number];

/** An order right after a revision, and what that revision changed. */
export interface Seen {
  readonly order: Schemas['PlainOrder'];
  readonly changes: Schemas['OrderDiff']['changes'];
}

/**
 * The order as it is now, and its events: anew whenever there is a newer revision.
 *
 * @param progress how far it is known to have come
 */
export function useHistory(orderId: string, progress: Progress) {
  const params = { path: { orderId } };
  const timeline = useResource(orderId, async (signal): Promise<readonly TimelineItem[]> => {
    const { items } = await ask(api.GET('/orders/{orderId}/timeline', { params, signal }));
    return items;
  });
  const last = timeline.value?.at(-1)?.revision ?? -1;
  const newest = useRef(-1);
  newest.current = Math.max(newest.current, last, progress.revision);
  const now = useResource(orderId, (signal) => {
    const asked = newest.current < 0 ? {} : { query: { minRevision: newest.current } };
    return ask(api.GET('/orders/{orderId}', { params: { ...params, ...asked }, signal }));
  });

  useEffect(() => {
    if (timeline.value && last < progress.revision) timeline.reload();
  }, [last, progress.revision, timeline.reload]);
  const isStalled = now.value?.projection === 'stalled';
  useEffect(() => {
    // The read model may be behind, and not know of a new order at all: then it is waited for.
    const isBehind = now.value
      ? now.value.revision < newest.current && !isStalled
      : now.problem?.status === 404 && last >= 0;
    if (isBehind) now.reload();
  }, [now.value, now.problem, isStalled, last, progress.revision, now.reload]);
  useEffect(() => {
    // A new event that cannot be read: the order says so itself.
    if (progress.unreadable !== undefined) now.reload();
  }, [progress.unreadable, now.reload]);

  const reload = () => {
    timeline.reload();
    now.reload();
  };
  const unreadable = progress.unreadable ?? (isStalled ? now.value.revision + 1 : undefined);
  return { timeline, now, last, unreadable, reload };
}

const IN_THE_ADDRESS_AFTER_MS = 150;

/**
 * The revision that is chosen, and the way to choose another. The address has it as soon as it is no longer being changed: browsers refuse to change
 * an address a hundred times in a few seconds. Whoever stands at the last one follows.
 */
export function useChosenRevision(last: number) {
  const [moving, setMoving] = useState<number>();
  const chosen = chosenRevision(moving === undefined ? query.value.get('revision') : String(moving), last);
  useEffect(() => {
    if (moving === undefined) return;
    const timer = setTimeout(() => {
      setQuery({ revision: String(moving) });
      setMoving((moved) => (moved === moving ? undefined : moved)); // it may be further already
    }, IN_THE_ADDRESS_AFTER_MS);
    return () => clearTimeout(timer);
  }, [moving]);

  const before = useRef(last);
  useEffect(() => {
    const formerLast = before.current;
    before.current = last;
    if (last <= formerLast) return;
    announce(`There is a new revision: ${last}.`);
    if (query.peek().get('revision') === String(formerLast)) setQuery({ revision: String(last) });
    setMoving((moved) => (moved === formerLast ? last : moved));
  }, [last]);

  return {
    ...chosen,
    choose: (revision: number) => setMoving(Math.max(0, Math.min(revision, last))),
  };
}

/** The order at a revision, and what that changed. What was seen is kept as long as the page is shown. */
export function useRevision(orderId: string, revision: number) {
  const [cache] = useState(() => createCache<Seen>());
  return useResource(`${orderId} ${revision}`, async (signal): Promise<Seen> => {
    const path = { orderId };
    const seen = cache.get(revision);
    if (seen) return seen;
    const [order, { changes }] = await Promise.all([
      ask(api.GET('/orders/{orderId}/state', { params: { path, query: { revision } }, signal })),
      revision === 0
        ? { changes: [] }
        : ask(
            api.GET('/orders/{orderId}/diff', {
              params: { path, query: { from: revision - 1, to: revision } },
              signal,
            }),
          ),
    ]);
    return cache.set(revision, { order, changes });
  });
}
