import type { AllStreamRecordedEvent, RecordedEvent } from '@eventstore/db-client';
import type { OrderState } from '../domain/order-state.ts';
import { decodeOrderEvent } from '../eventstoredb/codec.ts';
import { chunksOf, forEachOf } from './deliveries.ts';
import { type Gatherer, WRITES_AT_ONCE } from './gather.ts';
import { evolveOrder } from './order-document.ts';
import { orderIdOf, type OrderTarget, projectOrders } from './project-orders.ts';
import type { RecentOrders } from './recent-orders.ts';
import { NOTHING, type OrderBase, type OrderPlan, ORDERS_PER_WRITE, saveOrders } from './save-orders.ts';

/** An order whose events are folded as they come. */
interface Folded extends OrderPlan {
  readonly stream: string;
  state: OrderState | undefined;
  revision: number;
}

interface Part {
  readonly folded: Map<string, Folded>;
  /** Events that need more than a fold, and all that come after them in their streams. */
  readonly others: Map<string, RecordedEvent[]>;
  lines: number;
  otherEvents: number;
  events: number;
  begun: number;
}

/** So few that two parts take some 10 MB, so many that most orders are written once. */
const MOST_ORDERS = 4000;
const MOST_LINES = 40_000;
const MOST_OTHERS = 2000;
/** So that progress is saved now and then, even when all events are of a few orders. */
const MOST_EVENTS = 20_000;

/**
 * Folds orders from the log in memory, so that one is written once for most of its events, and so that nothing but
 * its state is kept of them meanwhile.
 *
 * It begins with what it knows: an order's first event, or an order that it has folded lately. What is not folded
 * that way (an order that it knows nothing of, a gap, an event that cannot be read) is left to `projectOrders`, and
 * so are orders that another process has saved meanwhile.
 */
export function gatherOrders(target: OrderTarget & { readonly recent: RecentOrders }): Gatherer {
  const { recent, decode = decodeOrderEvent } = target;
  let part = emptyPart();

  return {
    add,
    isFull: () =>
      part.folded.size >= MOST_ORDERS ||
      part.lines >= MOST_LINES ||
      part.otherEvents >= MOST_OTHERS ||
      part.events >= MOST_EVENTS,
    write,
  };

  function add(event: AllStreamRecordedEvent): void {
    part.events += 1;
    const orderId = orderIdOf(event.streamId);
    const others = part.others.get(orderId);
    const order = others ? undefined : (part.folded.get(orderId) ?? begin(orderId, event));
    if (order && Number(event.revision) <= order.revision) return; // seen before
    if (order && fold(order, event)) return;
    part.otherEvents += 1;
    if (others) others.push(event);
    else part.others.set(orderId, [event]);
  }

  function begin(orderId: string, { streamId, revision }: RecordedEvent): Folded | undefined {
    const known = recent.get(orderId);
    if (!known && revision !== 0n) return undefined;
    const from: OrderBase = known ? { ...NOTHING, ...known, hasDocument: true } : NOTHING;
    const { state, revision: seen } = from;
    const order = { orderId, stream: streamId, from, state, revision: seen, stall: undefined };
    part.folded.set(orderId, order);
    part.lines += known?.state.items.length ?? 0;
    return order;
  }

  /** @returns false when it takes more than this */
  function fold(order: Folded, event: RecordedEvent): boolean {
    const at = Number(event.revision);
    if (at !== order.revision + 1) return false;
    try {
      order.state = evolveOrder(order.state, decode(event));
    } catch {
      return false; // projectOrders meets it again, and says why
    }
    order.revision = at;
    if (at === 0) {
      part.begun += 1;
      part.lines += order.state.items.length;
    }
    return true;
  }

  async function write(): Promise<number> {
    const { folded, others, begun } = part;
    part = emptyPart();
    const changed = [...folded.values()].filter(({ revision, from }) => revision > from.revision);
    // The next part goes on from these; it is not written before they are.
    for (const { orderId, state, revision } of changed) if (state) recent.set(orderId, { state, revision });
    for (const orderId of others.keys()) recent.delete(orderId);
    await forEachOf(chunksOf(changed, ORDERS_PER_WRITE), WRITES_AT_ONCE, save);
    await projectOrders(target, [...others.values()].flat());
    return begun;
  }

  async function save(orders: readonly Folded[]): Promise<void> {
    if (await saveOrders(target, orders)) return;
    const ids = orders.map(({ orderId }) => orderId);
    const found = await target.orders.find({ _id: { $in: ids } }, { projection: { revision: 1 } }).toArray();
    const seen = new Map(found.map(({ _id, revision }) => [_id, revision]));
    for (const orderId of ids) recent.delete(orderId);
    const missed = orders.map(async ({ orderId, stream, revision }) => {
      const next = (seen.get(orderId) ?? -1) + 1;
      return next > revision ? [] : target.readGap(stream, next, revision - next + 1);
    });
    await projectOrders(target, (await Promise.all(missed)).flat());
  }
}

function emptyPart(): Part {
  return { folded: new Map(), others: new Map(), lines: 0, otherEvents: 0, events: 0, begun: 0 };
}
