import type { Logger } from 'pino';
import type { Address, OrderItem } from '../domain/events.ts';
import { PizzaOrder } from '../domain/pizza-order.ts';
import type { ApplyDiscount, ChangeOrderStatus, ConfirmOrder, PayOrder } from '../domain/pizza-order.ts';
import { notBefore } from '../domain/time.ts';
import { ConcurrencyError } from '../eventstoredb/errors.ts';
import { type LoadedOrder, NO_KEYS, type OrderAtRevision } from '../eventstoredb/repository.ts';
import type { CommandContext } from '../eventstoredb/streams.ts';
import { ConcurrentModificationError, UnknownSkuError } from './errors.ts';
import { earlierAnswer, execute, type OrderStore } from './execute.ts';
import { type Caller, commandContext, newOrderId } from './idempotency.ts';
import { createSerializer } from './serialize.ts';

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
  | { readonly type: 'change-delivery-address'; readonly address: Address };

export interface MenuPrices {
  /** Name and price (two decimals) of those of the skus that are on the menu. */
  pricesOf(
    skus: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly name: string; readonly unitPrice: string }>>;
}

export interface OrderCommandsOptions {
  readonly orders: OrderStore;
  readonly menu: MenuPrices;
  readonly currency: string;
  readonly clock: () => Date;
  readonly log: Logger;
  readonly onConflict?: () => void;
}

export type OrderCommands = ReturnType<typeof createOrderCommands>;

/** The commands that the service offers on orders: each one load → decide → append. */
export function createOrderCommands({
  orders,
  menu,
  currency,
  clock,
  log,
  onConflict = () => undefined,
}: OrderCommandsOptions) {
  const serialize = createSerializer();

  return {
    /**
     * @throws InvalidOrderError, UnknownSkuError, IdempotencyKeyReusedError, EventStoreUnavailableError
     */
    async place(request: PlaceRequest, caller: Caller): Promise<OrderAtRevision> {
      const now = clock();
      const orderId = newOrderId(caller.idempotencyKey, now);
      const context = commandContext(caller, 'place', orderId, request);
      const placed = await serialize(orderId, () => placeOnce(orderId, request, context, now));
      const { requestId, correlationId } = caller;
      log.info({ requestId, correlationId, orderId, command: 'place', revision: placed.revision }, 'command done');
      return placed;
    },

    /**
     * @param allowedRevisions revisions that the caller insists on (`If-Match`); undefined: any
     * @throws what `execute` throws
     */
    async run(
      orderId: string,
      command: OrderCommand,
      caller: Caller,
      allowedRevisions?: readonly number[],
    ): Promise<OrderAtRevision> {
      const { type, ...request } = command;
      const context = commandContext(caller, type, orderId, request);
      const changed = await serialize(orderId, (stillWanted) =>
        execute(orders, {
          orderId,
          context,
          allowedRevisions,
          decide: (loaded) => decide(loaded, command, clock()),
          onConflict,
          stillWanted,
        }),
      );
      const { requestId, correlationId } = caller;
      log.info({ requestId, correlationId, orderId, command: type, revision: changed.revision }, 'command done');
      return changed;
    },
  };

  async function placeOnce(
    orderId: string,
    request: PlaceRequest,
    context: CommandContext,
    now: Date,
  ): Promise<OrderAtRevision> {
    const isKeyed = context.idempotencyKey !== undefined;
    const earlier = isKeyed ? await placedBefore(orderId, context) : undefined;
    if (earlier) return earlier;
    const { customerId, customerEmail, totalAmount, deliveryAddress } = request;
    const skus = request.items.flatMap(({ sku }) => sku ?? []);
    const items = priced(request.items, skus.length > 0 ? await menu.pricesOf(skus) : NO_PRICES);
    const order = PizzaOrder.place(
      { orderId, customerId, customerEmail, items, totalAmount, deliveryAddress, currency },
      now.toISOString(),
    );
    try {
      return await orders.save({ order, keys: NO_KEYS, fromCache: false }, context);
    } catch (error) {
      if (!(error instanceof ConcurrencyError)) throw error;
      const winner = isKeyed ? await placedBefore(orderId, context) : undefined;
      if (winner) return winner;
      throw new ConcurrentModificationError({ cause: error });
    }
  }

  async function placedBefore(orderId: string, context: CommandContext): Promise<OrderAtRevision | undefined> {
    const loaded = await orders.getFresh(orderId);
    return loaded && earlierAnswer(orders, orderId, loaded, context);
  }
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

function decide({ order }: LoadedOrder, command: OrderCommand, now: Date): void {
  const at = notBefore(order.state.lastUpdated, now);
  switch (command.type) {
    case 'confirm':
      return order.confirm(command, at);
    case 'pay':
      return order.pay(command, at);
    case 'change-status':
      return order.changeStatus(command, at);
    case 'apply-discount':
      return order.applyDiscount(command, at);
    case 'change-delivery-address':
      return order.changeDeliveryAddress(command.address, at);
    default:
      return command satisfies never;
  }
}
