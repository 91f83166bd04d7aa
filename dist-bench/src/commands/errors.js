export class OrderNotFoundError extends Error {
    name = 'OrderNotFoundError';
    constructor(orderId) {
        super(`Order ${orderId} not found`);
    }
}
/** `If-Match` names a revision that is not the present one (RFC 9110 §13.1.1). */
export class StaleRevisionError extends Error {
    name = 'StaleRevisionError';
    /** @param actual the present revision; −1 when there is nothing yet */
    constructor(actual, subject = 'order') {
        super(actual < 0
            ? `There is no such ${subject} yet, so that no If-Match fits`
            : `The ${subject} is at revision ${actual}, which If-Match does not name`);
    }
}
/** Loading and deciding again did not settle a concurrent change. */
export class ConcurrentModificationError extends Error {
    name = 'ConcurrentModificationError';
    constructor(options, subject = 'Order') {
        super(`${subject} was modified by another process. Please retry.`, options);
    }
}
export class IdempotencyKeyReusedError extends Error {
    name = 'IdempotencyKeyReusedError';
    constructor() {
        super('This Idempotency-Key was used for another request');
    }
}
/** An item names a sku that the menu does not offer. `index` is the item's place in the order, from 0. */
export class UnknownSkuError extends Error {
    name = 'UnknownSkuError';
    index;
    constructor(sku, index) {
        super(`Item ${index + 1} names the sku "${sku}", which is not on the menu`);
        this.index = index;
    }
}
