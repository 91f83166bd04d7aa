import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import fc from 'fast-check';
import { v5 as uuidV5 } from 'uuid';
import { setCustomerDetails, type CustomerState, evolveCustomer } from '../../src/domain/customer.ts';
import { DomainError } from '../../src/domain/errors.ts';
import { ORDER_STATUSES } from '../../src/domain/events.ts';
import { evolveMenuItem, type MenuItemState, putMenuItem, withdrawMenuItem } from '../../src/domain/menu-item.ts';
import { PizzaOrder } from '../../src/domain/pizza-order.ts';
import { type DomainEvent } from '../../src/eventstoredb/aggregates.ts';
import { currentVersion } from '../../src/eventstoredb/codec.ts';

const NAMESPACE = '2f0a6a2e-93a5-5a43-8d1c-1c0f5c8f7b11';
export const CUSTOMERS = ['anna', 'bruno', 'Zoë'];
const SKUS = ['diavola-m', 'Diavola-M', 'größe/🍕'];

/** A step somebody tries; steps that the domain refuses leave no event. */
type Step =
  | {
      readonly type: 'place';
      readonly customer: number;
      readonly day: number;
      readonly prices: readonly number[];
      readonly hasEmail: boolean;
    }
  | { readonly type: 'confirm' | 'pay'; readonly order: number }
  | { readonly type: 'status'; readonly order: number; readonly status: number }
  | { readonly type: 'discount'; readonly order: number; readonly cents: number }
  | { readonly type: 'address'; readonly order: number; readonly street: string }
  | { readonly type: 'cancel'; readonly order: number }
  | { readonly type: 'refund'; readonly order: number; readonly cents: number | undefined }
  | { readonly type: 'complete' | 'fail' | 'failForGood'; readonly order: number; readonly refund: number }
  | { readonly type: 'customer'; readonly customer: number; readonly name: string }
  | { readonly type: 'menu'; readonly item: number; readonly cents: number | null };

const index = fc.nat({ max: 4 });
const customer = fc.nat({ max: CUSTOMERS.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('place' as const),
      customer,
      day: fc.nat({ max: 3 }),
      prices: fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 3 }),
      hasEmail: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constantFrom('confirm' as const, 'pay' as const, 'pay' as const), order: index }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('status' as const), order: index, status: fc.nat({ max: 6 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('discount' as const),
      order: index,
      cents: fc.integer({ min: 1, max: 900 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('address' as const), order: index, street: fc.constantFrom('A', 'B') }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('cancel' as const), order: index }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('refund' as const),
      order: index,
      cents: fc.option(fc.integer({ min: 1, max: 2000 }), { nil: undefined }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constantFrom('complete' as const, 'complete' as const, 'fail' as const, 'failForGood' as const),
      order: index,
      refund: index,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('customer' as const),
      customer,
      name: fc.constantFrom('Anna', 'Bob', 'Çelik'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('menu' as const),
      item: fc.nat({ max: SKUS.length - 1 }),
      cents: fc.option(fc.integer({ min: 0, max: 3 })),
    }),
  },
);

/** A log of orders, customers and the menu, as their commands would have made it; its events are in the order of the log. */
export function histories(streamPrefix: string): fc.Arbitrary<AllStreamRecordedEvent[]> {
  // As long as that: what only comes late in an order's life must come at all.
  return fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }).map((steps) => play(steps, streamPrefix));
}

function play(steps: readonly Step[], streamPrefix: string): AllStreamRecordedEvent[] {
  const log: AllStreamRecordedEvent[] = [];
  const orders: PizzaOrder[] = [];
  const customers = new Map<string, CustomerState>();
  const menu = new Map<string, MenuItemState>();
  const revisions = new Map<string, number>();
  const append = (stream: string, event: DomainEvent) => {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const position = BigInt(log.length * 100 + 7);
    log.push({
      streamId: stream,
      id: uuidV5(`${stream}@${revision}`, NAMESPACE),
      isJson: true,
      revision: BigInt(revision),
      type: event.type,
      created: new Date(Date.UTC(2026, 0, 1) + log.length),
      data: event.data,
      metadata: { schemaVersion: currentVersion(event.type), actor: 'test', $correlationId: 'c', $causationId: 'x' },
      position: { commit: position, prepare: position },
    } as unknown as AllStreamRecordedEvent);
  };
  for (const [at, tried] of steps.entries()) {
    const time = new Date(Date.UTC(2026, 0, 1, 20) + at * 3_600_000).toISOString();
    if (tried.type === 'customer') {
      const id = CUSTOMERS[tried.customer] ?? '';
      const details = { name: tried.name, email: `${tried.name.toLowerCase()}@example.com` };
      for (const event of setCustomerDetails(customers.get(id), id, details, time)) {
        customers.set(id, evolveCustomer(customers.get(id), event));
        append(`${streamPrefix}Customer-${id}`, event);
      }
      continue;
    }
    if (tried.type === 'menu') {
      const sku = SKUS[tried.item] ?? '';
      const before = menu.get(sku);
      const details = { name: sku, category: 'Classic', price: `0.0${tried.cents ?? 0}`, ingredients: [] };
      for (const event of tried.cents === null
        ? withdrawMenuItem(before, time)
        : putMenuItem(before, sku, details, time)) {
        menu.set(sku, evolveMenuItem(before, event));
        append(`${streamPrefix}MenuItem-${sku}`, event);
      }
      continue;
    }
    const order = tried.type === 'place' ? undefined : orders[tried.order % Math.max(1, orders.length)];
    try {
      if (tried.type === 'place') orders.push(placed(tried, at));
      else if (order) command(order, tried, time, uuidV5(`refund ${at}`, NAMESPACE));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
    }
    const changed = tried.type === 'place' ? orders.at(-1) : order;
    for (const event of changed?.uncommittedEvents ?? [])
      append(`${streamPrefix}PizzaOrder-${event.data.orderId}`, event);
    changed?.markEventsAsCommitted();
  }
  return log;
}

function placed(tried: Extract<Step, { type: 'place' }>, at: number): PizzaOrder {
  return PizzaOrder.place(
    {
      orderId: uuidV5(`order ${at}`, NAMESPACE),
      customerId: CUSTOMERS[tried.customer] ?? '',
      ...(tried.hasEmail && { customerEmail: 'own@example.com' }),
      items: tried.prices.map((cents) => ({
        name: `Pizza ${cents % 4}`,
        quantity: (cents % 3) + 1,
        unitPrice: (cents / 100).toFixed(2),
      })),
      currency: 'USD',
    },
    new Date(Date.UTC(2026, 0, 1 + tried.day, 23, 59, 59, 999)).toISOString(),
  );
}

function command(
  order: PizzaOrder,
  tried: Exclude<Step, { type: 'place' | 'customer' | 'menu' }>,
  time: string,
  newRefundId: string,
): void {
  const refundId = 'refund' in tried ? refundOf(order, tried.refund) : '';
  switch (tried.type) {
    case 'confirm':
      return order.confirm({ estimatedDeliveryTime: time }, time);
    case 'pay':
      return order.pay({ paymentMethod: 'cash', transactionId: time }, time, newRefundId);
    case 'status':
      return order.changeStatus({ status: ORDER_STATUSES[tried.status] ?? 'READY' }, time, newRefundId);
    case 'discount':
      return order.applyDiscount(
        { discountCode: `D${tried.cents}`, discountAmount: (tried.cents / 100).toFixed(2) },
        time,
      );
    case 'address':
      return order.changeDeliveryAddress({ street: tried.street, city: 'Napoli', postalCode: '80100' }, time);
    case 'cancel':
      return order.cancel({ reason: 'no more dough' }, time, newRefundId);
    case 'refund': {
      const amount = tried.cents === undefined ? {} : { amount: (tried.cents / 100).toFixed(2) };
      return order.requestRefund({ ...amount, reason: 'cold' }, time, newRefundId);
    }
    case 'complete':
      return order.completeRefund({ refundId, transactionId: `re ${time}` }, time);
    case 'fail':
    case 'failForGood':
      return order.failRefund({ refundId, reason: 'closed', final: tried.type === 'failForGood' }, time);
    default:
      return tried satisfies never;
  }
}

function refundOf({ state: { refunds } }: PizzaOrder, index: number): string {
  return refunds[index % Math.max(1, refunds.length)]?.refundId ?? '';
}
