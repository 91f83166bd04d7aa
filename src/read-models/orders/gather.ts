import type { AllStreamRecordedEvent, Position, RecordedEvent } from '@eventstore/db-client';
import type { OrderState } from '../../domain/order-state.ts';
import { decodeOrderEvent } from '../../eventstoredb/codec.ts';
import { chunksOf, forEachOf } from '../live/deliveries.ts';
import { type Gatherer, WRITES_AT_ONCE } from '../rebuild/gather.ts';
import { evolveOrder } from './document.ts';
import { orderIdOf, type OrderTarget, projectOrders } from './project.ts';
import type { RecentOrders } from './recent.ts';
import { NOTHING, type OrderBase, type OrderPlan, ORDERS_PER_WRITE, saveOrders } from './save.ts';

/** An order whose events are folded as they come. */
interface Folded extends OrderPlan {
  readonly stream: string;
  state: OrderState | undefined;
  revision: number;
  /** Of its first event that is in no document. */
  readonly since: Position;
  /** How many events had been added when its last one was. */
  changedAt: number;
  /** Whether it was left out of the last part that was written. */
  hasWaited: boolean;
}

interface Part {
  readonly folded: Map<string, Folded>;
  /** Events that need more than a fold, and all that come after them in their streams. */
  readonly others: Map<string, RecordedEvent[]>;
  lines: number;
  otherEvents: number;
  events: number;
}

/** So few that two parts take some 10 MB, so many that most orders are written once. */
const MOST_ORDERS = 3000;
const MOST_LINES = 40_000;
const MOST_OTHERS = 2000;
/** So that progress is saved now and then, even when all events are of a few orders. */
const MOST_EVENTS = 20_000;
/** An order whose last event is among the last so many may wait, so that it is written once for the next ones too. */
const LATELY = 2000;
/** So few that the next part has room for others. */
const MOST_WAITING = 2000;

/**
 * Folds orders from the log in memory, so that most are written once for all of their events, and so that nothing but
 * their state is kept meanwhile.
 *
 * It begins with what it knows: an order's first event, or an order that it has folded lately. What is not folded
 * that way (an order that it knows nothing of, a gap, an event that cannot be read) is left to `projectOrders`, and
 * so are orders that another process has saved meanwhile.
 */
export function gatherOrders(target: OrderTarget & { readonly recent: RecentOrders }): Gatherer {
  const { recent, decode = decodeOrderEvent } = target;
  let part = emptyPart();
  let added = 0;
  let begun = 0;

  return {
    add,
    isFull: () =>
      part.folded.size >= MOST_ORDERS ||
      part.lines >= MOST_LINES ||
      part.otherEvents >= MOST_OTHERS ||
      part.events >= MOST_EVENTS,
    begun: () => begun,
    write,
  };

  function add(event: AllStreamRecordedEvent): void {
    part.events += 1;
    added += 1;
    const orderId = orderIdOf(event.streamId);
    const others = part.others.get(orderId);
    const order = others ? undefined : (part.folded.get(orderId) ?? begin(orderId, event));
    if (order && Number(event.revision) <= order.revision) return; // seen before
    if (order && fold(order, event)) return;
    part.otherEvents += 1;
    if (others) others.push(event);
    else part.others.set(orderId, [event]);
  }

  function begin(orderId: string, event: AllStreamRecordedEvent): Folded | undefined {
    const known = recent.get(orderId);
    if (!known && event.revision !== 0n) return undefined;
    const from: OrderBase = known ? { ...NOTHING, ...known, hasDocument: true } : NOTHING;
    const order: Folded = {
      orderId,
      stream: event.streamId,
      from,
      state: from.state,
      revision: from.revision,
      stall: undefined,
      since: event.position,
      changedAt: added,
      hasWaited: false,
    };
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
    order.changedAt = added;
    if (at === 0) {
      begun += 1;
      part.lines += order.state.items.length;
    }
    return true;
  }

  async function write(all: boolean): Promise<Position | undefined> {
    const { folded, others } = part;
    part = emptyPart();
    const changed: Folded[] = [];
    for (const order of folded.values()) {
      if (order.revision === order.from.revision) continue;
      if (!all && mayWait(order) && !others.has(order.orderId)) keep(order);
      else changed.push(order);
    }
    const [unwritten] = part.folded.values();
    // The next part goes on from these; it is not written before they are.
    for (const { orderId, state, revision } of changed) if (state) recent.set(orderId, { state, revision });
    for (const orderId of others.keys()) recent.delete(orderId);
    await forEachOf(chunksOf(changed, ORDERS_PER_WRITE), WRITES_AT_ONCE, save);
    await projectOrders(target, [...others.values()].flat());
    return unwritten?.since;
  }

  /** Once, so that progress is made. */
  function mayWait({ changedAt, hasWaited }: Folded): boolean {
    const hasRoom = part.folded.size < MOST_WAITING && part.lines < MOST_LINES / 2;
    return hasRoom && !hasWaited && changedAt > added - LATELY;
  }

  function keep(order: Folded): void {
    order.hasWaited = true;
    part.folded.set(order.orderId, order);
    part.lines += order.state?.items.length ?? 0;
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
  return { folded: new Map(), others: new Map(), lines: 0, otherEvents: 0, events: 0 };
}
