import { type AllStreamRecordedEvent, EventStoreDBClient, FORWARDS, START } from '@eventstore/db-client';
import type { CustomerEvent } from '../../src/domain/customer.ts';
import { evolveCustomer } from '../../src/domain/customer.ts';
import type { PizzaOrderEvent } from '../../src/domain/events.ts';
import { evolveMenuItem, type MenuItemEvent, type MenuItemState } from '../../src/domain/menu-item.ts';
import { type Money, parseMoney, toMinorUnits } from '../../src/domain/money.ts';
import { evolve, type OrderState } from '../../src/domain/order-state.ts';
import { CUSTOMER, MENU_ITEM, ORDER } from '../../src/eventstoredb/aggregates.ts';
import { decodeEvent, isOf, type StoredEvent } from '../../src/eventstoredb/codec.ts';
import type { CustomerDocument } from '../../src/read-models/customers/document.ts';
import { toFields, toState } from '../../src/read-models/customers/document.ts';
import {
  type MenuItemDocument,
  toFields as toMenuFields,
  toState as toMenuState,
} from '../../src/read-models/menu/document.ts';

/** An order as its whole stream has it. */
interface OrderHistory {
  readonly orderId: string;
  readonly events: readonly StoredEvent<PizzaOrderEvent>[];
  /** After each event. */
  readonly states: readonly OrderState[];
}

/** All that the log holds of orders, customers and the menu. */
export interface LogContents {
  readonly events: readonly StoredEvent[];
  readonly orders: ReadonlyMap<string, OrderHistory>;
  readonly customers: ReadonlyMap<string, CustomerDocument>;
  readonly menu: ReadonlyMap<string, MenuItemDocument>;
  /** What no sequence of commands can have led to. */
  readonly impossible: readonly string[];
}

/** Reads the whole log through the official client, and folds and checks every stream of it. */
export async function readHistory(eventStoreUrl: string, streamPrefix = ''): Promise<LogContents> {
  const client = EventStoreDBClient.connectionString(eventStoreUrl);
  try {
    return check(await readStreams(client, streamPrefix));
  } finally {
    await client.dispose();
  }
}

async function readStreams(client: EventStoreDBClient, streamPrefix: string): Promise<StoredEvent[]> {
  const found: AllStreamRecordedEvent[] = [];
  const all = client.readAll({ direction: FORWARDS, fromPosition: START, maxCount: Number.MAX_SAFE_INTEGER });
  for await (const { event } of all) {
    if (event && /^(PizzaOrder|Customer|MenuItem)-/.test(event.streamId.slice(streamPrefix.length))) found.push(event);
  }
  return found.filter(({ streamId }) => streamId.startsWith(streamPrefix)).map(decodeEvent);
}

function check(events: readonly StoredEvent[]): LogContents {
  const impossible: string[] = [];
  const orders = new Map<string, { orderId: string; events: StoredEvent<PizzaOrderEvent>[]; states: OrderState[] }>();
  const customers = new Map<string, CustomerDocument>();
  const menu = new Map<string, MenuItemDocument>();
  const ids = new Set<string>();
  for (const stored of events) {
    const where = `${stored.stream} at ${stored.revision}`;
    if (ids.has(stored.id)) impossible.push(`${where}: the id of another event`);
    ids.add(stored.id);
    if (isOf(CUSTOMER, stored)) {
      const { customerId } = stored.event.data;
      const before = customers.get(customerId);
      const rule = brokenRuleOfCustomer(before, stored.event, stored.revision);
      if (rule !== undefined) impossible.push(`${where}: ${rule}`);
      else {
        const state = evolveCustomer(before && toState(before), stored.event);
        customers.set(customerId, { _id: customerId, revision: stored.revision, ...toFields(state) });
      }
    } else if (isOf(MENU_ITEM, stored)) {
      const { sku } = stored.event.data;
      const before = menu.get(sku);
      const { state, rule } = menuItemAfter(before, stored.event, stored.revision);
      if (state) menu.set(sku, { _id: sku, revision: stored.revision, ...toMenuFields(state) });
      else impossible.push(`${where}: ${rule}`);
    } else if (isOf(ORDER, stored)) {
      const { orderId } = stored.event.data;
      const order = orders.get(orderId) ?? { orderId, events: [], states: [] };
      orders.set(orderId, order);
      const before = order.states.at(-1);
      const rule = stored.revision === order.states.length ? brokenRule(before, stored.event) : 'a revision is missing';
      if (rule !== undefined) impossible.push(`${where}: ${rule}`);
      else {
        order.events.push(stored);
        order.states.push(evolve(before, stored.event));
      }
    }
  }
  for (const order of orders.values()) impossible.push(...brokenBalance(order));
  return { events, orders, customers, menu, impossible };
}

/** The rules of the domain, stated again: what must be wrong for this event to be where it is. */
function brokenRule(state: OrderState | undefined, event: PizzaOrderEvent): string | undefined {
  if (event.type === 'PizzaOrderPlaced') return state === undefined ? undefined : 'placed twice';
  if (state === undefined) return `${event.type} before it was placed`;
  const { status, paymentStatus, totalAmount, deliveryAddress, discountCodes } = state;
  const isOver = status === 'DELIVERED' || status === 'CANCELLED';
  switch (event.type) {
    case 'PizzaOrderConfirmed':
      return status === 'PENDING' ? undefined : `confirmed while ${status}`;
    case 'PaymentProcessed':
      if (paymentStatus !== 'UNPAID') return 'paid twice';
      if (status === 'CANCELLED') return 'paid while CANCELLED';
      return parseMoney(event.data.amount).equals(totalAmount) ? undefined : 'paid another amount than its total';
    case 'OrderStatusChanged': {
      const { previousStatus, newStatus } = event.data;
      if (previousStatus !== status) return `changed from ${previousStatus} while ${status}`;
      if (newStatus === status) return `changed to ${status} twice`;
      return isOver || newStatus === 'PENDING' || newStatus === 'CONFIRMED'
        ? `changed from ${status} to ${newStatus}`
        : undefined;
    }
    case 'DiscountApplied': {
      const { discountCode, originalTotal, discountAmount, newTotal } = event.data;
      if (paymentStatus !== 'UNPAID' || isOver) return `discounted while ${status}, ${paymentStatus}`;
      if (discountCodes.includes(discountCode)) return `the same discount twice`;
      const isSum =
        parseMoney(originalTotal).equals(totalAmount) &&
        parseMoney(newTotal).plus(parseMoney(discountAmount)).equals(totalAmount) &&
        parseMoney(newTotal).greaterThan(0);
      return isSum ? undefined : 'a discount of another total';
    }
    case 'DeliveryAddressChanged':
      if (isOver || status === 'OUT_FOR_DELIVERY') return `another address while ${status}`;
      return JSON.stringify(event.data.oldAddress) === JSON.stringify(deliveryAddress)
        ? undefined
        : 'changed from another address';
    case 'OrderCancelled':
      if (event.data.previousStatus !== status) return `cancelled from ${event.data.previousStatus} while ${status}`;
      return isOver ? `cancelled while ${status}` : undefined;
    case 'LatePaymentReceived':
      if (status !== 'CANCELLED') return `a late payment while ${status}`;
      if (state.payments.some(({ transactionId }) => transactionId === event.data.transactionId)) return 'paid twice';
      return parseMoney(event.data.amount).equals(totalAmount) ? undefined : 'paid another amount than its total';
    case 'RefundRequested': {
      const minor = centsOf(event.data.amount);
      const taken = state.refunds.filter((refund) => refund.status !== 'FAILED').map(({ amount }) => amount);
      if (refundOf(state, event.data.refundId)) return 'a refund requested twice';
      return minor > 0 && sum(taken) + minor <= sum(state.payments.map(({ amount }) => amount))
        ? undefined
        : 'a refund of more than was paid';
    }
    case 'RefundCompleted': {
      const refund = refundOf(state, event.data.refundId);
      if (refund?.status !== 'PENDING') return `a refund completed while ${refund?.status ?? 'unknown'}`;
      return refund.amount.equals(parseMoney(event.data.amount)) ? undefined : 'another amount refunded than requested';
    }
    case 'RefundFailed': {
      const refund = refundOf(state, event.data.refundId);
      return refund?.status === 'PENDING' ? undefined : `a refund failed while ${refund?.status ?? 'unknown'}`;
    }
  }
}

function refundOf({ refunds }: OrderState, refundId: string) {
  return refunds.find((refund) => refund.refundId === refundId);
}

function sum(amounts: readonly Money[]): number {
  return amounts.reduce((cents, amount) => cents + toMinorUnits(amount), 0);
}

function centsOf(amount: string): number {
  return toMinorUnits(parseMoney(amount));
}

/** The money of an order that was cancelled is owed or given back; nobody's money is refunded twice. */
function brokenBalance({ orderId, events, states }: OrderHistory): string[] {
  const state = states.at(-1);
  if (!state) return [];
  const paid = sum(state.payments.map(({ amount }) => amount));
  const given = sum(state.refunds.filter(({ status }) => status === 'COMPLETED').map(({ amount }) => amount));
  const owed = toMinorUnits(state.owed);
  const isCancelled = events.some(({ event }) => event.type === 'OrderCancelled');
  return [
    ...(given > paid ? [`${orderId}: ${given} given back of ${paid}`] : []),
    ...(owed + given > paid ? [`${orderId}: ${owed} owed and ${given} given back of ${paid}`] : []),
    ...(isCancelled && owed + given !== paid ? [`${orderId}: cancelled, ${paid - owed - given} of ${paid} lost`] : []),
  ];
}

function brokenRuleOfCustomer(
  before: CustomerDocument | undefined,
  event: CustomerEvent,
  revision: number,
): string | undefined {
  if (revision !== (before?.revision ?? -1) + 1) return 'a revision is missing';
  try {
    evolveCustomer(before && { ...before, id: before._id, registeredAt: '', lastUpdated: '' }, event);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

function menuItemAfter(
  before: MenuItemDocument | undefined,
  event: MenuItemEvent,
  revision: number,
): { readonly state?: MenuItemState; readonly rule: string } {
  if (revision !== (before?.revision ?? -1) + 1) return { rule: 'a revision is missing' };
  try {
    return { state: evolveMenuItem(before && toMenuState(before), event), rule: '' };
  } catch (error) {
    return { rule: String(error) };
  }
}

/** The text by which a command of the load can be found in its event. */
export function markOf({ event }: StoredEvent): string | undefined {
  switch (event.type) {
    case 'PizzaOrderPlaced':
      return event.data.items[0]?.name;
    case 'PizzaOrderConfirmed':
      return event.data.kitchenNotes;
    case 'PaymentProcessed':
    case 'LatePaymentReceived':
    case 'RefundCompleted':
      return event.data.transactionId;
    case 'OrderStatusChanged':
    case 'OrderCancelled':
    case 'RefundRequested':
    case 'RefundFailed':
      return event.data.reason;
    case 'DiscountApplied':
      return event.data.discountCode;
    case 'DeliveryAddressChanged':
      return event.data.newAddress.notes;
    case 'CustomerRegistered':
    case 'CustomerDetailsChanged':
    case 'MenuItemAdded':
    case 'MenuItemChanged':
      return event.data.name;
    case 'MenuItemWithdrawn':
      return undefined;
  }
}
