export class OrderNotFoundError extends Error {
  override readonly name = 'OrderNotFoundError';

  constructor(orderId: string) {
    super(`Order ${orderId} not found`);
  }
}

/** The menu has no such item, or not any more. */
export class MenuItemNotFoundError extends Error {
  override readonly name = 'MenuItemNotFoundError';

  constructor(sku: string) {
    super(`There is no item ${sku} on the menu`);
  }
}

/** What a command is on, as an error calls it. */
export type Subject = 'order' | 'customer' | 'menu item';

/** `If-Match` or `If-None-Match` rules the present revision out (RFC 9110 §13.1). */
export class StaleRevisionError extends Error {
  override readonly name = 'StaleRevisionError';

  /** @param actual the present revision; −1 when there is nothing yet */
  constructor(actual: number, subject: Subject) {
    super(
      actual < 0
        ? `There is no such ${subject} yet, which If-Match rules out`
        : `The ${subject} is at revision ${actual}, which If-Match or If-None-Match rules out`,
    );
  }
}

/** Loading and deciding again did not settle a concurrent change. */
export class ConcurrentModificationError extends Error {
  override readonly name = 'ConcurrentModificationError';

  constructor(subject: Subject, options?: ErrorOptions) {
    const name = subject.charAt(0).toUpperCase() + subject.slice(1);
    super(`${name} was modified by another process. Please retry.`, options);
  }
}

/** The command would write an event of a type that other instances may not be able to read yet. */
export class WithheldEventError extends Error {
  override readonly name = 'WithheldEventError';

  constructor() {
    super('Not available while the service is being upgraded. Please try again.');
  }
}

export class IdempotencyKeyReusedError extends Error {
  override readonly name = 'IdempotencyKeyReusedError';

  constructor() {
    super('This Idempotency-Key was used for another request');
  }
}

/** An item names a sku that the menu does not offer. `index` is the item's place in the order, from 0. */
export class UnknownSkuError extends Error {
  override readonly name = 'UnknownSkuError';
  readonly index: number;

  constructor(sku: string, index: number) {
    super(`Item ${index + 1} names the sku "${sku}", which is not on the menu`);
    this.index = index;
  }
}
