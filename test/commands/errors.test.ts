import { describe, expect, it } from 'vitest';
import {
  ConcurrentModificationError,
  IdempotencyKeyReusedError,
  MenuItemNotFoundError,
  OrderNotFoundError,
  StaleRevisionError,
  UnknownSkuError,
  WithheldEventError,
} from '../../src/commands/errors.ts';

describe('errors of commands', () => {
  it.each([
    [new OrderNotFoundError('42'), 'OrderNotFoundError: Order 42 not found'],
    [new MenuItemNotFoundError('cola'), 'MenuItemNotFoundError: There is no item cola on the menu'],
    [
      new StaleRevisionError(-1, 'customer'),
      'StaleRevisionError: There is no such customer yet, which If-Match rules out',
    ],
    [
      new StaleRevisionError(0, 'order'),
      'StaleRevisionError: The order is at revision 0, which If-Match or If-None-Match rules out',
    ],
    [
      new ConcurrentModificationError('menu item'),
      'ConcurrentModificationError: Menu item was modified by another process. Please retry.',
    ],
    [
      new WithheldEventError(),
      'WithheldEventError: Not available while the service is being upgraded. Please try again.',
    ],
    [new IdempotencyKeyReusedError(), 'IdempotencyKeyReusedError: This Idempotency-Key was used for another request'],
    [new UnknownSkuError('cola', 1), 'UnknownSkuError: Item 2 names the sku "cola", which is not on the menu'],
  ])('%s', (error, said) => {
    expect(String(error)).toBe(said);
  });

  it('keep what they came of', () => {
    const cause = new Error('expected revision');
    expect(new ConcurrentModificationError('order', { cause }).cause).toBe(cause);
  });
});
