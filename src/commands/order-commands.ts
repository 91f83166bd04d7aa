import type {
  ApplyDiscount,
  CancelOrder,
  ChangeOrderStatus,
  CompleteRefund,
  ConfirmOrder,
  FailRefund,
  PayOrder,
  RequestRefund,
} from '../domain/commands.ts';
import type { Address, OrderItem, PizzaOrderEvent } from '../domain/events.ts';
import type { OrderState } from '../domain/order-state.ts';
import { PizzaOrder } from '../domain/pizza-order.ts';
import type { AtRevision } from '../eventstoredb/repository.ts';
import { ConcurrentModificationError, OrderNotFoundError, UnknownSkuError } from './errors.ts';
import { type Caller, newOrderId, newRefundId } from './idempotency.ts';
import { createExecutor, type ExecutorOptions, type Precondition } from './execute.ts';

export type OrderAtRevision = AtRevision<OrderState>;

/** An item either says what it is and costs, or names a `sku` and takes both from the menu. */
export interface RequestedItem {
  readonly name?: string;
  readonly unitPrice?: string;
  readonly quantity: number;
  readonly sku?: string;
}

export interface PlaceRequest {
  readonly customerId: string;
  readonly customerEmail?: string;
  readonly items: readonly RequestedItem[];
  readonly totalAmount?: string;
  readonly deliveryAddress?: Address;
}

/** A command on an order that exists. */
export type OrderCommand =
  | ({ readonly type: 'confirm' } & ConfirmOrder)
  | ({ readonly type: 'pay' } & PayOrder)
  | ({ readonly type: 'change-status' } & ChangeOrderStatus)
  | ({ readonly type: 'apply-discount' } & ApplyDiscount)
  | { readonly type: 'change-delivery-address'; readonly address: Address }
  | ({ readonly type: 'cancel' } & CancelOrder)
  | ({ readonly type: 'request-refund' } & RequestRefund)
  | ({ readonly type: 'complete-refund' } & CompleteRefund)
  | ({ readonly type: 'fail-refund' } & FailRefund);

export interface MenuPrices {
  /** Name and price (two decimals) of those of the skus that are on the menu. */
  pricesOf(
    skus: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly name: string; readonly unitPrice: string }>>;
}

export interface OrderCommandsOptions extends Omit<ExecutorOptions<OrderState, PizzaOrderEvent>, 'subject'> {
  readonly menu: MenuPrices;
  readonly currency: string;
}

export type OrderCommands = ReturnType<typeof createOrderCommands>;

/** The commands on orders. */
export function createOrderCommands({ menu, currency, ...options }: OrderCommandsOptions) {
  const execute = createExecutor({ ...options, subject: 'order' });

  return {
    /**
     * @throws InvalidOrderError, UnknownSkuError, and what `createExecutor` says
     */
    place(request: PlaceRequest, caller: Caller): Promise<OrderAtRevision> {
      const { idempotencyKey, id: callerId, rights } = caller;
      const now = options.clock();
      const orderId = newOrderId(caller, now);
      const mayHaveFormer = idempotencyKey !== undefined && callerId !== undefined;
      return execute({
        name: 'place',
        id: orderId,
        request,
        caller,
        isNewId: idempotencyKey === undefined,
        formerId: mayHaveFormer ? newOrderId({ idempotencyKey }, now) : undefined,
        isKnown: ({ customerId }) => rights?.covers(customerId) ?? true,
        async decide({ state }, at) {
          if (state) throw new ConcurrentModificationError('order');
          const { customerId, customerEmail, totalAmount, deliveryAddress } = request;
          const skus = request.items.flatMap(({ sku }) => sku ?? []);
          const items = priced(request.items, skus.length > 0 ? await menu.pricesOf(skus) : NO_PRICES);
          return PizzaOrder.place(
            { orderId, customerId, customerEmail, items, totalAmount, deliveryAddress, currency },
            at,
          ).uncommittedEvents;
        },
      });
    },

    /** @throws OrderNotFoundError, and what `createExecutor` says */
    run(orderId: string, command: OrderCommand, caller: Caller, precondition?: Precondition): Promise<OrderAtRevision> {
      const { type, ...request } = command;
      const notFound = () => new OrderNotFoundError(orderId);
      return execute({
        name: type,
        id: orderId,
        request,
        caller,
        precondition,
        ifMissing: notFound,
        isKnown: ({ customerId }) => caller.rights?.covers(customerId) ?? true,
        decide({ state, revision }, at, { idempotencyKey, commandId }) {
          if (!state) throw notFound();
          const refusal = caller.rights?.refusal(state);
          if (refusal) throw refusal;
          const order = PizzaOrder.from(state, revision + 1);
          decide(
            order,
            command,
            at,
            newRefundId(orderId, caller.id === undefined ? (idempotencyKey ?? commandId) : commandId),
          );
          return order.uncommittedEvents;
        },
      });
    },
  };
}

type Prices = Awaited<ReturnType<MenuPrices['pricesOf']>>;
const NO_PRICES: Prices = new Map();

function priced(items: readonly RequestedItem[], prices: Prices): OrderItem[] {
  return items.map(({ sku, quantity, name = '', unitPrice = '' }, index) => {
    if (sku === undefined) return { name, quantity, unitPrice };
    const listed = prices.get(sku);
    if (!listed) throw new UnknownSkuError(sku, index);
    return { ...listed, quantity, sku };
  });
}

function decide(order: PizzaOrder, command: OrderCommand, at: string, refundId: string): void {
  switch (command.type) {
    case 'confirm':
      return order.confirm(command, at);
    case 'pay':
      return order.pay(command, at, refundId);
    case 'change-status':
      return order.changeStatus(command, at, refundId);
    case 'apply-discount':
      return order.applyDiscount(command, at);
    case 'change-delivery-address':
      return order.changeDeliveryAddress(command.address, at);
    case 'cancel':
      return order.cancel(command, at, refundId);
    case 'request-refund':
      return order.requestRefund(command, at, refundId);
    case 'complete-refund':
      return order.completeRefund(command, at);
    case 'fail-refund':
      return order.failRefund(command, at);
    default:
      return command satisfies never;
  }
}
