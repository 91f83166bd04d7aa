import { expect, test } from 'vitest';
import type { PlaceOrder } from '../../web/pages/order/basket.ts';
import { placeOnce, withRequest } from '../../web/pages/order/placing.ts';

const request = (quantity: number): PlaceOrder => ({ customerId: 'giulia', items: [{ sku: 'm_s', quantity }] });

/** A service that has got one request already, and answers that one only. */
const hasGot = (got: PlaceOrder) => (sent: PlaceOrder) =>
  Promise.resolve(JSON.stringify(sent) === JSON.stringify(got) ? got : undefined);

test('a request that is answered is placed', async () => {
  const placed = await placeOnce([request(1)], request(1), hasGot(request(1)));
  expect(placed).toEqual({ order: request(1), isEarlier: false });
});

test.each([1, 2])(
  'of several unanswered ones, the one that had arrived, with quantity %d, is found',
  async (quantity) => {
    const sent = [request(1), request(2), request(3)];
    const placed = await placeOnce(sent, request(3), hasGot(request(quantity)));
    expect(placed).toEqual({ order: request(quantity), isEarlier: true });
  },
);

test('a key that belongs to none of them orders nothing, and is an error', async () => {
  await expect(placeOnce([request(1)], request(1), hasGot(request(9)))).rejects.toThrow(TypeError);
});

test('a request sent twice is kept once', () => {
  const sent = withRequest(withRequest(withRequest([], request(1)), request(1)), request(2));
  expect(sent).toEqual([request(1), request(2)]);
});
