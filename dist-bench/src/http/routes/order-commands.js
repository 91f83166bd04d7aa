import { callerOf } from "../caller.js";
import { plainOrderJson } from "./order-json.js";
import { allowedRevisions, revisionTag } from "../preconditions.js";
import { BadRequestError } from "../problems.js";
import { answers } from "../answers.js";
import { ApplyDiscountBody, CallerHeaders, ChangeStatusBody, CommandHeaders, ConfirmOrderBody, DeliveryAddress, OrderParams, PayOrderBody, PlaceOrderBody, PlainOrder, ref, } from "../schemas/schemas.js";
const tags = ['Orders: commands'];
const changed = answers({ 200: ref(PlainOrder) }, [400, 404, 408, 409, 412, 413, 415, 422, 429, 500, 503]);
/** The routes that change orders. */
export const orderCommandRoutes = (app, { commands }, done) => {
    app.post('/orders', {
        schema: {
            tags,
            operationId: 'placeOrder',
            summary: 'Place an order',
            headers: CallerHeaders,
            body: ref(PlaceOrderBody),
            response: answers({ 201: ref(PlainOrder) }, [400, 408, 409, 413, 415, 422, 429, 500, 503]),
        },
    }, async (request, reply) => {
        request.body.items.forEach(({ name, unitPrice, sku }, index) => {
            if (sku !== undefined)
                return;
            if (name === undefined)
                throw new BadRequestError('is required where no sku is given', `#/items/${index}/name`);
            if (unitPrice === undefined)
                throw new BadRequestError('is required where no sku is given', `#/items/${index}/unitPrice`);
        });
        const placed = await commands.place(request.body, callerOf(request));
        void reply.code(201).header('location', `/orders/${placed.state.id}`);
        return changedOrder(reply, placed);
    });
    app.post('/orders/:orderId/confirm', {
        schema: {
            tags,
            operationId: 'confirmOrder',
            summary: 'Confirm a pending order',
            headers: CommandHeaders,
            params: OrderParams,
            body: ref(ConfirmOrderBody),
            response: changed,
        },
    }, async (request, reply) => {
        const { estimatedDeliveryTime, ...rest } = request.body;
        const caller = callerOf(request);
        const confirmedBy = request.headers['x-actor'];
        return run(request, reply, caller, {
            type: 'confirm',
            ...rest,
            estimatedDeliveryTime: new Date(estimatedDeliveryTime).toISOString(),
            ...(confirmedBy !== undefined && { confirmedBy }),
        });
    });
    app.post('/orders/:orderId/payment', {
        schema: {
            tags,
            operationId: 'payOrder',
            summary: 'Record the payment of the order’s total',
            headers: CommandHeaders,
            params: OrderParams,
            body: ref(PayOrderBody),
            response: changed,
        },
    }, async (request, reply) => run(request, reply, callerOf(request), { type: 'pay', ...request.body }));
    app.post('/orders/:orderId/status', {
        schema: {
            tags,
            operationId: 'changeStatus',
            summary: 'Change the status (the staff’s override)',
            headers: CommandHeaders,
            params: OrderParams,
            body: ref(ChangeStatusBody),
            response: changed,
        },
    }, async (request, reply) => run(request, reply, callerOf(request), { type: 'change-status', ...request.body }));
    app.post('/orders/:orderId/discount', {
        schema: {
            tags,
            operationId: 'applyDiscount',
            summary: 'Apply a discount to an unpaid order',
            headers: CommandHeaders,
            params: OrderParams,
            body: ref(ApplyDiscountBody),
            response: changed,
        },
    }, async (request, reply) => run(request, reply, callerOf(request), { type: 'apply-discount', ...request.body }));
    app.post('/orders/:orderId/delivery-address', {
        schema: {
            tags,
            operationId: 'changeDeliveryAddress',
            summary: 'Set or change the delivery address',
            headers: CommandHeaders,
            params: OrderParams,
            body: ref(DeliveryAddress),
            response: changed,
        },
    }, async (request, reply) => run(request, reply, callerOf(request), { type: 'change-delivery-address', address: request.body }));
    done();
    async function run(request, reply, caller, command) {
        const allowed = allowedRevisions(request.headers['if-match']);
        return changedOrder(reply, await commands.run(request.params.orderId.toLowerCase(), command, caller, allowed));
    }
};
function changedOrder(reply, changed) {
    void reply.header('etag', revisionTag(changed.revision));
    return plainOrderJson(changed);
}
