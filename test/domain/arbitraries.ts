import fc, { type Arbitrary } from 'fast-check';
import { v5 as uuidV5 } from 'uuid';
import type {
  ApplyDiscount,
  CancelOrder,
  ChangeOrderStatus,
  CompleteRefund,
  ConfirmOrder,
  FailRefund,
  PayOrder,
  PlaceOrder,
  RequestRefund,
} from '../../src/domain/commands.ts';
import { DomainError } from '../../src/domain/errors.ts';
import { type Address, ORDER_STATUSES, type OrderItem, type PizzaOrderEvent } from '../../src/domain/events.ts';
import { PizzaOrder } from '../../src/domain/pizza-order.ts';

/** Hundredths as text with two decimals, computed without the code under test. */
export function centsToText(cents: bigint): string {
  return `${(cents / 100n).toString()}.${(cents % 100n).toString().padStart(2, '0')}`;
}

export function textToCents(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole) * 100n + BigInt(fraction.padEnd(2, '0'));
}

export const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
export const timestamp = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString());

/** An amount between `min` and `max` cents, in any of the ways to write it: `5`, `5.0`, `5.00`. */
export function amount(min: bigint, max: bigint): Arbitrary<string> {
  return fc.bigInt({ min, max }).chain((cents) => fc.constantFrom(...spellings(centsToText(cents))));
}

function spellings(full: string): string[] {
  return [full, full.replace(/0$/, ''), full.replace(/\.00$/, '')];
}

export const money = fc.bigInt({ min: 0n, max: 999_999_999_999n }).map(centsToText);

export const item: Arbitrary<OrderItem> = fc.record(
  {
    name: text,
    quantity: fc.integer({ min: 1, max: 1000 }),
    unitPrice: amount(1n, 1_000_000n),
    sku: text,
  },
  { requiredKeys: ['name', 'quantity', 'unitPrice'], noNullPrototype: true },
);

export const address: Arbitrary<Address> = fc.record(
  { street: text, city: text, postalCode: text, notes: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  { requiredKeys: ['street', 'city', 'postalCode'], noNullPrototype: true },
);

export const placeOrder: Arbitrary<PlaceOrder> = fc.record(
  {
    orderId: fc.uuid(),
    customerId: text,
    customerEmail: fc.emailAddress({ size: 'small' }),
    items: fc.array(item, { minLength: 1, maxLength: 6 }),
    deliveryAddress: address,
    currency: fc.constantFrom('USD', 'EUR'),
  },
  { requiredKeys: ['orderId', 'customerId', 'items', 'currency'], noNullPrototype: true },
);

export type Command =
  | { readonly name: 'confirm'; readonly command: ConfirmOrder }
  | { readonly name: 'pay'; readonly command: PayOrder }
  | { readonly name: 'changeStatus'; readonly command: ChangeOrderStatus }
  | { readonly name: 'applyDiscount'; readonly command: ApplyDiscount }
  | { readonly name: 'changeDeliveryAddress'; readonly command: Address }
  | { readonly name: 'cancel'; readonly command: CancelOrder }
  | { readonly name: 'requestRefund'; readonly command: RequestRefund }
  | { readonly name: 'completeRefund'; readonly command: OnRefund<CompleteRefund> }
  | { readonly name: 'failRefund'; readonly command: OnRefund<FailRefund> };

/** On one of the order's refunds; −1: one that it does not have. */
type OnRefund<T> = Omit<T, 'refundId'> & { readonly refund: number };

const confirmOrder: Arbitrary<ConfirmOrder> = fc.record(
  { estimatedDeliveryTime: timestamp, kitchenNotes: fc.string({ unit: 'grapheme', maxLength: 12 }), confirmedBy: text },
  { requiredKeys: ['estimatedDeliveryTime'], noNullPrototype: true },
);
/** Few transactions, so that some come twice. */
const transactionId = fc.constantFrom('t1', 't2', 't3', 't4');
const payOrder: Arbitrary<PayOrder> = fc.record({ paymentMethod: text, transactionId }, { noNullPrototype: true });
/** Mostly statuses that are not final: a final one makes most commands after it refused ones. */
const changeStatus: Arbitrary<ChangeOrderStatus> = fc.record(
  {
    status: fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...ORDER_STATUSES) },
      { weight: 3, arbitrary: fc.constantFrom('COOKING', 'READY', 'OUT_FOR_DELIVERY') },
    ),
    reason: text,
  },
  { requiredKeys: ['status'], noNullPrototype: true },
);
/** Few codes, so that some come twice; some amounts are zero or more than the order costs. */
const applyDiscount: Arbitrary<ApplyDiscount> = fc.record(
  { discountCode: fc.constantFrom('A', 'B', 'C', 'D'), discountAmount: amount(0n, 5000n) },
  { noNullPrototype: true },
);
const cancelOrder: Arbitrary<CancelOrder> = fc.record(
  { reason: text, reasonCode: text },
  { requiredKeys: ['reason'], noNullPrototype: true },
);
const requestRefund: Arbitrary<RequestRefund> = fc.record(
  { amount: amount(0n, 5000n), reason: text },
  { requiredKeys: ['reason'], noNullPrototype: true },
);
const refund = fc.integer({ min: -1, max: 3 });
const completeRefund: Arbitrary<OnRefund<CompleteRefund>> = fc.record(
  { refund, transactionId },
  { noNullPrototype: true },
);
const failRefund: Arbitrary<OnRefund<FailRefund>> = fc.record(
  { refund, reason: text, final: fc.boolean() },
  { requiredKeys: ['refund', 'reason'], noNullPrototype: true },
);
const fewAddresses = fc.oneof(
  fc.constant({ street: 'Via Roma 1', city: 'Napoli', postalCode: '80100' }),
  fc.constant({ street: 'Via Roma 1', city: 'Napoli', postalCode: '80100', notes: 'ring twice' }),
  address,
);

export const commands: Arbitrary<Command[]> = fc.array(
  fc.oneof(
    confirmOrder.map((command) => ({ name: 'confirm' as const, command })),
    { weight: 2, arbitrary: payOrder.map((command) => ({ name: 'pay' as const, command })) },
    changeStatus.map((command) => ({ name: 'changeStatus' as const, command })),
    applyDiscount.map((command) => ({ name: 'applyDiscount' as const, command })),
    fewAddresses.map((command) => ({ name: 'changeDeliveryAddress' as const, command })),
    cancelOrder.map((command) => ({ name: 'cancel' as const, command })),
    { weight: 2, arbitrary: requestRefund.map((command) => ({ name: 'requestRefund' as const, command })) },
    { weight: 2, arbitrary: completeRefund.map((command) => ({ name: 'completeRefund' as const, command })) },
    failRefund.map((command) => ({ name: 'failRefund' as const, command })),
  ),
  { maxLength: 20 },
);

const NAMESPACE = '5f0b9c52-7c61-5b0e-8a55-21d6a4b8c3f7';

function run(order: PizzaOrder, { name, command }: Command, at: string): void {
  switch (name) {
    case 'confirm':
      order.confirm(command, at);
      break;
    case 'pay':
      order.pay(command, at, uuidV5(at, NAMESPACE));
      break;
    case 'changeStatus':
      order.changeStatus(command, at, uuidV5(at, NAMESPACE));
      break;
    case 'applyDiscount':
      order.applyDiscount(command, at);
      break;
    case 'changeDeliveryAddress':
      order.changeDeliveryAddress(command, at);
      break;
    case 'cancel':
      order.cancel(command, at, uuidV5(at, NAMESPACE));
      break;
    case 'requestRefund':
      order.requestRefund(command, at, uuidV5(at, NAMESPACE));
      break;
    case 'completeRefund':
      order.completeRefund({ ...command, refundId: refundOf(order, command.refund) }, at);
      break;
    case 'failRefund':
      order.failRefund({ ...command, refundId: refundOf(order, command.refund) }, at);
      break;
  }
}

function refundOf({ state: { refunds } }: PizzaOrder, index: number): string {
  return refunds[index % Math.max(1, refunds.length)]?.refundId ?? uuidV5('unknown', NAMESPACE);
}

/** Runs a command and says whether the domain refused it; any other error is a failure of the test. */
export function isRefused(order: PizzaOrder, command: Command, at: string): boolean {
  try {
    run(order, command, at);
    return false;
  } catch (error) {
    if (error instanceof DomainError) return true;
    throw error;
  }
}

/** The time of the nth command of a history. */
export function timeOf(n: number): string {
  return new Date(Date.UTC(2026, 2, 1, 18, 0, n)).toISOString();
}

/** An order that random commands, refused ones skipped, have made; nothing of it is marked as committed. */
export const order: Arbitrary<PizzaOrder> = fc.tuple(placeOrder, commands).map(([place, rest]) => {
  const placed = PizzaOrder.place(place, timeOf(0));
  rest.forEach((command, index) => isRefused(placed, command, timeOf(index + 1)));
  return placed;
});

export const history: Arbitrary<readonly PizzaOrderEvent[]> = order.map((made) => made.uncommittedEvents);
