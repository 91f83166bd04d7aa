import { PizzaOrder } from "../domain/pizza-order.js";
import { notBefore } from "../domain/time.js";
import { ConcurrencyError } from "../eventstoredb/errors.js";
import { NO_KEYS } from "../eventstoredb/repository.js";
import { ConcurrentModificationError, UnknownSkuError } from "./errors.js";
import { earlierAnswer, execute } from "./execute.js";
import { commandContext, newOrderId } from "./idempotency.js";
import { createSerializer } from "./serialize.js";
/** The commands that the service offers on orders: each one load → decide → append. */
export function createOrderCommands({ orders, menu, currency, clock, log, onConflict = () => undefined, }) {
    const serialize = createSerializer();
    return {
        /**
         * @throws InvalidOrderError, UnknownSkuError, IdempotencyKeyReusedError, EventStoreUnavailableError
         */
        async place(request, caller) {
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
        async run(orderId, command, caller, allowedRevisions) {
            const { type, ...request } = command;
            const context = commandContext(caller, type, orderId, request);
            const changed = await serialize(orderId, (stillWanted) => execute(orders, {
                orderId,
                context,
                allowedRevisions,
                decide: (loaded) => decide(loaded, command, clock()),
                onConflict,
                stillWanted,
            }));
            const { requestId, correlationId } = caller;
            log.info({ requestId, correlationId, orderId, command: type, revision: changed.revision }, 'command done');
            return changed;
        },
    };
    async function placeOnce(orderId, request, context, now) {
        const isKeyed = context.idempotencyKey !== undefined;
        const earlier = isKeyed ? await placedBefore(orderId, context) : undefined;
        if (earlier)
            return earlier;
        const { customerId, customerEmail, totalAmount, deliveryAddress } = request;
        const skus = request.items.flatMap(({ sku }) => sku ?? []);
        const items = priced(request.items, skus.length > 0 ? await menu.pricesOf(skus) : NO_PRICES);
        const order = PizzaOrder.place({ orderId, customerId, customerEmail, items, totalAmount, deliveryAddress, currency }, now.toISOString());
        try {
            return await orders.save({ order, keys: NO_KEYS, fromCache: false }, context);
        }
        catch (error) {
            if (!(error instanceof ConcurrencyError))
                throw error;
            const winner = isKeyed ? await placedBefore(orderId, context) : undefined;
            if (winner)
                return winner;
            throw new ConcurrentModificationError({ cause: error });
        }
    }
    async function placedBefore(orderId, context) {
        const loaded = await orders.getFresh(orderId);
        return loaded && earlierAnswer(orders, orderId, loaded, context);
    }
}
const NO_PRICES = new Map();
function priced(items, prices) {
    return items.map(({ sku, quantity, name = '', unitPrice = '' }, index) => {
        if (sku === undefined)
            return { name, quantity, unitPrice };
        const listed = prices.get(sku);
        if (!listed)
            throw new UnknownSkuError(sku, index);
        return { ...listed, quantity, sku };
    });
}
function decide({ order }, command, now) {
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
            return command;
    }
}
