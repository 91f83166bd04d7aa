import type { Category } from '../domain/categories.ts';
import { type CustomerEvent, type CustomerState, evolveCustomer } from '../domain/customer.ts';
import type { PizzaOrderEvent } from '../domain/events.ts';
import { evolveMenuItem, type MenuItemEvent, type MenuItemState } from '../domain/menu-item.ts';
import { evolve, type OrderState } from '../domain/order-state.ts';
import { orderSnapshots } from './order-snapshot.ts';
import type { SnapshotCodec } from './snapshot-codec.ts';

export type DomainEvent = PizzaOrderEvent | CustomerEvent | MenuItemEvent;

/** What storing one kind of aggregate takes. */
export interface AggregateKind<State, Event extends DomainEvent> {
  readonly category: Category;
  readonly eventTypes: readonly Event['type'][];
  /** Of the aggregate that the event belongs to. */
  readonly idOf: (event: Event) => string;
  /** Pure; throws for an event that cannot follow the ones before it. */
  readonly evolve: (state: State | undefined, event: Event) => State;
  /** How much of the cache a state takes; kinds without it are not cached. */
  readonly cacheWeight?: (state: State) => number;
  readonly snapshots?: SnapshotCodec<State>;
}

export const ORDER: AggregateKind<OrderState, PizzaOrderEvent> = {
  category: 'PizzaOrder',
  eventTypes: [
    'PizzaOrderPlaced',
    'PizzaOrderConfirmed',
    'PaymentProcessed',
    'OrderStatusChanged',
    'DiscountApplied',
    'DeliveryAddressChanged',
    'OrderCancelled',
    'RefundRequested',
    'RefundCompleted',
    'RefundFailed',
    'LatePaymentReceived',
  ],
  idOf: ({ data }) => data.orderId,
  evolve,
  cacheWeight: ({ items, refunds }) => Math.max(1, items.length + refunds.length),
  snapshots: orderSnapshots,
};

export const CUSTOMER: AggregateKind<CustomerState, CustomerEvent> = {
  category: 'Customer',
  eventTypes: ['CustomerRegistered', 'CustomerDetailsChanged'],
  idOf: ({ data }) => data.customerId,
  evolve: evolveCustomer,
};

export const MENU_ITEM: AggregateKind<MenuItemState, MenuItemEvent> = {
  category: 'MenuItem',
  eventTypes: ['MenuItemAdded', 'MenuItemChanged', 'MenuItemWithdrawn'],
  idOf: ({ data }) => data.sku,
  evolve: evolveMenuItem,
};

const KINDS = [ORDER, CUSTOMER, MENU_ITEM] as unknown as readonly AggregateKind<unknown, DomainEvent>[];
const kindOf = new Map(KINDS.flatMap((kind) => kind.eventTypes.map((type) => [type, kind] as const)));

/** `{category}-{id}`: what the name of the stream that an event belongs to ends in; undefined for an unknown event. */
export function streamSuffix(event: DomainEvent): string | undefined {
  const kind = kindOf.get(event.type);
  return kind && `${kind.category}-${kind.idOf(event)}`;
}
