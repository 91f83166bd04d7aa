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
    ['OrderNotFoundError: Order 42 not found', () => new OrderNotFoundError('42')],
    ['MenuItemNotFoundError: There is no item cola on the menu', () => new MenuItemNotFoundError('cola')],
    [
      'StaleRevisionError: There is no such customer yet, which If-Match rules out',
      () => new StaleRevisionError(-1, 'customer'),
    ],
    [
      'StaleRevisionError: The order is at revision 0, which If-Match or If-None-Match rules out',
      () => new StaleRevisionError(0, 'order'),
    ],
    [
      'ConcurrentModificationError: Menu item was modified by another process. Please retry.',
      () => new ConcurrentModificationError('menu item'),
    ],
    [
      'WithheldEventError: Not available while the service is being upgraded. Please try again.',
      () => new WithheldEventError(),
    ],
    [
      'IdempotencyKeyReusedError: This Idempotency-Key was used for another request',
      () => new IdempotencyKeyReusedError(),
    ],
    ['UnknownSkuError: Item 2 names the sku "cola", which is not on the menu', () => new UnknownSkuError('cola', 1)],
  ])('%s', (said, make) => {
    expect(String(make())).toBe(said);
  });

  it('keep what they came of', () => {
    const cause = new Error('expected revision');
    expect(new ConcurrentModificationError('order', { cause }).cause).toBe(cause);
  });
});
