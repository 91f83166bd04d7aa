import { DomainError, InvalidOrderError } from "./errors.js";
import { Decimal, formatMoney, parseMoney } from "./money.js";
import { evolve } from "./order-state.js";
/**
 * The aggregate: a method checks its rule against the present state and raises an event, and `evolve` alone
 * changes the state. Times (`at`, RFC 3339 UTC) and ids are arguments. A refused command raises nothing.
 */
export class PizzaOrder {
    #state;
    #version;
    #uncommitted = [];
    constructor(state, version) {
        this.#state = state;
        this.#version = version;
    }
    /** Takes up an order whose first `version` events are folded into `state`. */
    static from(state, version) {
        return new PizzaOrder(state, version);
    }
    /**
     * @throws InvalidOrderError when there is no item, the total is not positive, or a given total is wrong
     */
    static place(command, at) {
        const lines = command.items.map((item) => ({ item, price: parseMoney(item.unitPrice) }));
        const total = lines.reduce((sum, { item, price }) => sum.plus(price.times(item.quantity)), new Decimal(0));
        if (command.items.length === 0)
            throw new InvalidOrderError('Order must contain at least one item', 'items');
        if (total.lessThanOrEqualTo(0))
            throw new InvalidOrderError('Order total must be positive', 'items');
        if (command.totalAmount !== undefined && !parseMoney(command.totalAmount).equals(total)) {
            throw new InvalidOrderError('Order total does not match its items', 'totalAmount');
        }
        const order = new PizzaOrder(undefined, 0);
        order.#raise({
            type: 'PizzaOrderPlaced',
            data: {
                orderId: command.orderId,
                customerId: command.customerId,
                ...(command.customerEmail !== undefined && { customerEmail: command.customerEmail }),
                items: lines.map(({ item, price }) => ({ ...item, unitPrice: formatMoney(price) })),
                totalAmount: formatMoney(total),
                currency: command.currency,
                ...(command.deliveryAddress && { deliveryAddress: command.deliveryAddress }),
                placedAt: at,
            },
        });
        return order;
    }
    get state() {
        if (this.#state === undefined)
            throw new TypeError('an order has a state from its first event on');
        return this.#state;
    }
    /** Number of events applied, uncommitted ones included. */
    get version() {
        return this.#version;
    }
    get uncommittedEvents() {
        return this.#uncommitted;
    }
    markEventsAsCommitted() {
        this.#uncommitted = [];
    }
    confirm(command, at) {
        if (this.state.status !== 'PENDING')
            throw new DomainError(`Cannot confirm order in status: ${this.state.status}`);
        this.#raise({
            type: 'PizzaOrderConfirmed',
            data: {
                orderId: this.state.id,
                estimatedDeliveryTime: command.estimatedDeliveryTime,
                kitchenNotes: command.kitchenNotes ?? '',
                ...(command.confirmedBy !== undefined && { confirmedBy: command.confirmedBy }),
                confirmedAt: at,
            },
        });
    }
    /** The amount is the order's total at this moment. */
    pay(command, at) {
        if (this.state.paymentStatus === 'PAID')
            throw new DomainError('Order is already paid');
        if (this.state.status === 'CANCELLED')
            throw new DomainError('Cannot pay for order in status: CANCELLED');
        this.#raise({
            type: 'PaymentProcessed',
            data: {
                orderId: this.state.id,
                paymentMethod: command.paymentMethod,
                amount: formatMoney(this.state.totalAmount),
                transactionId: command.transactionId,
                processedAt: at,
            },
        });
    }
    /** The staff's override: PENDING → DELIVERED is allowed too. The present status again raises nothing. */
    changeStatus(command, at) {
        const { status } = this.state;
        if (command.status === status)
            return;
        const isRefused = command.status === 'PENDING' ||
            command.status === 'CONFIRMED' ||
            status === 'DELIVERED' ||
            status === 'CANCELLED';
        if (isRefused)
            throw new DomainError(`Cannot change status from ${status} to ${command.status}`);
        this.#raise({
            type: 'OrderStatusChanged',
            data: {
                orderId: this.state.id,
                previousStatus: status,
                newStatus: command.status,
                ...(command.reason !== undefined && { reason: command.reason }),
                changedAt: at,
            },
        });
    }
    applyDiscount(command, at) {
        const { status, paymentStatus, discountCodes, totalAmount } = this.state;
        if (paymentStatus === 'PAID')
            throw new DomainError('Cannot apply discount to a paid order');
        if (status === 'DELIVERED' || status === 'CANCELLED') {
            throw new DomainError(`Cannot apply discount to order in status: ${status}`);
        }
        if (discountCodes.includes(command.discountCode)) {
            throw new DomainError(`Discount code already applied: ${command.discountCode}`);
        }
        const discount = parseMoney(command.discountAmount);
        if (discount.lessThanOrEqualTo(0))
            throw new DomainError('Discount amount must be positive');
        const newTotal = totalAmount.minus(discount);
        if (newTotal.lessThanOrEqualTo(0))
            throw new DomainError('Order total after discount must be positive');
        this.#raise({
            type: 'DiscountApplied',
            data: {
                orderId: this.state.id,
                discountCode: command.discountCode,
                originalTotal: formatMoney(totalAmount),
                discountAmount: formatMoney(discount),
                newTotal: formatMoney(newTotal),
                appliedAt: at,
            },
        });
    }
    /** The present address again raises nothing. */
    changeDeliveryAddress(newAddress, at) {
        const { status, deliveryAddress } = this.state;
        if (status === 'OUT_FOR_DELIVERY' || status === 'DELIVERED' || status === 'CANCELLED') {
            throw new DomainError(`Cannot change delivery address of order in status: ${status}`);
        }
        if (deliveryAddress && isSameAddress(deliveryAddress, newAddress))
            return;
        this.#raise({
            type: 'DeliveryAddressChanged',
            data: { orderId: this.state.id, oldAddress: deliveryAddress, newAddress, changedAt: at },
        });
    }
    #raise(event) {
        this.#state = evolve(this.#state, event);
        this.#version += 1;
        this.#uncommitted.push(event);
    }
}
function isSameAddress(a, b) {
    return a.street === b.street && a.city === b.city && a.postalCode === b.postalCode && a.notes === b.notes;
}
