import type { RecordedEvent } from '@eventstore/db-client';
import { decodeOrderEvent, type StoredOrderEvent } from '../../eventstoredb/codec.ts';
import { UnreadableEventError } from '../../eventstoredb/errors.ts';
import { chunksOf, groupBy, inRevisionOrder, type Outcome, type ReadGap, reasonOf } from '../live/deliveries.ts';
import { evolveOrder, type Stall, toState } from './document.ts';
import type { RecentOrders } from './recent.ts';
import {
  NOTHING,
  type OrderBase,
  type OrderCollections,
  type OrderPlan,
  ORDERS_PER_WRITE,
  saveOrders,
} from './save.ts';

export interface OrderTarget extends OrderCollections {
  readonly readGap: ReadGap;
  /** Saves reading documents; undefined: each is read. */
  readonly recent?: RecentOrders | undefined;
  readonly decode?: (event: RecordedEvent) => StoredOrderEvent;
}

/** A lost guard means that another worker was first; each round at least one of them gets on. */
const MOST_ROUNDS = 50;

/**
 * Brings the documents of some orders up to the events given, in whatever order and however often these come.
 *
 * Every document carries the revision it has seen: an event at or before it is a duplicate, the next one is folded
 * in, and before a later one the missing ones are read from the stream. A save is guarded by the revision it
 * started from.
 *
 * @returns what became of each event, by its place in `events`
 */
export async function projectOrders(target: OrderTarget, events: readonly RecordedEvent[]): Promise<Outcome[]> {
  const byOrder = groupBy(events, ({ streamId }) => orderIdOf(streamId));
  const stalls = new Map<string, Stall>();
  const parts = chunksOf([...byOrder.keys()], ORDERS_PER_WRITE);
  await Promise.all(parts.map((orderIds) => projectSome(target, orderIds, byOrder, stalls)));
  if (stalls.size === 0) return events.map(() => ({ type: 'done' }));
  return events.map(({ streamId, revision }) => {
    const stall = stalls.get(orderIdOf(streamId));
    return stall && Number(revision) >= stall.revision ? { type: 'park', reason: stall.reason } : { type: 'done' };
  });
}

/** A stream is named `{prefix}PizzaOrder-{orderId}`. */
export function orderIdOf(stream: string): string {
  return stream.slice(stream.indexOf('PizzaOrder-') + 'PizzaOrder-'.length);
}

async function projectSome(
  target: OrderTarget,
  orderIds: readonly string[],
  byOrder: ReadonlyMap<string, readonly RecordedEvent[]>,
  stalls: Map<string, Stall>,
): Promise<void> {
  let open = orderIds;
  for (let round = 1; open.length > 0; round += 1) {
    if (round > MOST_ROUNDS) throw new Error(`${open.length} orders could not be saved against other workers`);
    const bases = await basesOf(target, open);
    const plans: OrderPlan[] = [];
    for (const orderId of open) {
      const plan = await fold(target, orderId, bases.get(orderId) ?? NOTHING, byOrder.get(orderId) ?? []);
      if (plan.stall) stalls.set(orderId, plan.stall);
      if (plan.revision > plan.from.revision || isNewStall(plan)) plans.push(plan);
    }
    for (const { orderId } of plans) target.recent?.delete(orderId);
    const isSaved = await saveOrders(target, plans);
    if (isSaved && target.recent) remember(target.recent, plans);
    open = isSaved ? [] : plans.map(({ orderId }) => orderId);
  }
}

function remember(recent: RecentOrders, plans: readonly OrderPlan[]): void {
  for (const { orderId, from, state, revision, stall } of plans) {
    if (from.isFolded && state && !stall) recent.set(orderId, { state, revision });
  }
}

async function basesOf(
  { orders, recent }: Pick<OrderTarget, 'orders' | 'recent'>,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, OrderBase>> {
  const bases = new Map<string, OrderBase>();
  for (const orderId of orderIds) {
    const known = recent?.get(orderId);
    if (known) bases.set(orderId, { ...known, hasDocument: true, stalledAt: undefined, isFolded: true });
  }
  const unknown = orderIds.filter((orderId) => !bases.has(orderId));
  if (unknown.length === 0) return bases;
  for (const document of await orders.find({ _id: { $in: unknown } }).toArray()) {
    const { revision, stalled } = document;
    const hasState = revision >= 0;
    const state = hasState ? toState(document) : undefined;
    bases.set(document._id, {
      revision,
      state,
      hasDocument: true,
      stalledAt: stalled?.revision,
      isFolded: !hasState,
    });
  }
  return bases;
}

async function fold(
  target: OrderTarget,
  orderId: string,
  from: OrderBase,
  events: readonly RecordedEvent[],
): Promise<OrderPlan> {
  const { decode = decodeOrderEvent } = target;
  let { state, revision } = from;
  for (const event of inRevisionOrder(events)) {
    const at = Number(event.revision);
    if (at <= revision) continue;
    const missing = at > revision + 1 ? await target.readGap(event.streamId, revision + 1, at - revision - 1) : [];
    for (const next of [...missing, event]) {
      try {
        if (Number(next.revision) !== revision + 1) {
          throw new UnreadableEventError(`revision ${revision + 1} is missing from ${next.streamId}`);
        }
        state = evolveOrder(state, decode(next));
        revision += 1;
      } catch (error) {
        return { orderId, from, state, revision, stall: { revision: revision + 1, reason: reasonOf(error) } };
      }
    }
  }
  return { orderId, from, state, revision, stall: undefined };
}

function isNewStall({ from, stall }: OrderPlan): boolean {
  return stall !== undefined && from.stalledAt !== stall.revision;
}
