import { uuidV5 } from "../uuid.js";
import { PizzaOrder } from "../domain/pizza-order.js";
/** Never change it: under other ids, orders that are imported already would be imported again. */
const ORDER_NAMESPACE = '8d6ac1d5-7d5c-5c0b-9e0e-2f2a6b1c7f43';
/** The same order gets the same id in every run: that is what makes an import repeatable. */
export function orderIdOf({ number, placedAt }, { customerId }) {
    return uuidV5(JSON.stringify([number, placedAt, customerId]), ORDER_NAMESPACE);
}
/** @throws InvalidOrderError when the domain refuses it */
export function placeOrder(order, origin) {
    const items = order.items.map(({ pizza: { name, unitPrice, sku }, quantity }) => ({
        name,
        quantity,
        unitPrice,
        sku,
    }));
    return PizzaOrder.place({ ...origin, orderId: orderIdOf(order, origin), items }, order.placedAt);
}
