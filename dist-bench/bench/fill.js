import { randomUUID } from 'node:crypto';
import { PizzaOrder } from "../src/domain/pizza-order.js";
import { ORDER_CATEGORY } from "../src/eventstoredb/repository.js";
import { createStreamStore } from "../src/eventstoredb/streams.js";
import { forEachOf } from "../src/read-models/batches.js";
/** A body of `POST /orders`, of the size that an order has: 2 lines. */
export const PLACE_BODY = {
    customerId: 'customer-1',
    customerEmail: 'customer@example.com',
    items: [
        { name: 'Margherita', quantity: 2, unitPrice: '12.50' },
        { name: 'Quattro Stagioni', quantity: 1, unitPrice: '15.90' },
    ],
    deliveryAddress: { street: '1 Main Street', city: 'Naples', postalCode: '80100' },
};
export const CONFIRM_BODY = { estimatedDeliveryTime: '2030-01-31T19:30:00Z', kitchenNotes: 'Extra cheese' };
export const PAY_BODY = { paymentMethod: 'credit_card', transactionId: 'txn-123456' };
const CONCURRENT = 64;
const WAVE = 1000;
const CUSTOMERS = 500;
const DAY_MS = 86_400_000;
const DAYS = 60;
/**
 * Appends orders through the service's own code, without its HTTP: in waves, so that the events of one order are
 * not neighbours in the log.
 *
 * @returns the orders' ids, in the order of their last events
 */
export async function fill({ client, streamPrefix, orders, eventsPerOrder }) {
    const streams = createStreamStore({ client, streamPrefix, timeLimitMs: 20_000 });
    const start = Date.now() - DAYS * DAY_MS;
    const ids = [];
    while (ids.length < orders) {
        const wave = Array.from({ length: Math.min(WAVE, orders - ids.length) }, (_, index) => {
            const number = ids.length + index;
            return PizzaOrder.place({ ...PLACE_BODY, orderId: randomUUID(), customerId: `customer-${number % CUSTOMERS}`, currency: 'USD' }, new Date(start + Math.floor((number / orders) * DAYS * DAY_MS)).toISOString());
        });
        await save(wave);
        if (eventsPerOrder === 3) {
            for (const order of wave)
                order.confirm(CONFIRM_BODY, order.state.placedAt);
            await save(wave);
            for (const order of wave)
                order.pay(PAY_BODY, order.state.placedAt);
            await save(wave);
        }
        ids.push(...wave.map(({ state }) => state.id));
    }
    return ids;
    async function save(wave) {
        await forEachOf(wave, CONCURRENT, async (order) => {
            const expected = order.version - order.uncommittedEvents.length - 1;
            const commandId = randomUUID();
            await streams.append(streams.streamOf(ORDER_CATEGORY, order.state.id), expected, order.uncommittedEvents, {
                commandId,
                correlationId: commandId,
                actor: 'bench',
            });
            order.markEventsAsCommitted();
        });
    }
}
