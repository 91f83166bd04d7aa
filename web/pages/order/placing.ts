import type { PlaceOrder } from './basket.ts';

export interface Placed<Order> {
  readonly order: Order;
  /** Whether an attempt before this one, with another request, had arrived: what was asked for now is not ordered. */
  readonly isEarlier: boolean;
}

/**
 * Places an order once, however often it is tried: all attempts have one idempotency key until one is answered. What
 * was sent with it may have arrived although no answer came.
 *
 * @param sent the requests that were sent with this key and not answered; `wanted` is among them
 * @param post sends a request with the key; undefined when the key belongs to another request
 */
export async function placeOnce<Order>(
  sent: readonly PlaceOrder[],
  wanted: PlaceOrder,
  post: (request: PlaceOrder) => Promise<Order | undefined>,
): Promise<Placed<Order>> {
  const order = await post(wanted);
  if (order !== undefined) return { order, isEarlier: false };
  for (const request of sent) {
    const earlier = isSameRequest(request, wanted) ? undefined : await post(request);
    if (earlier !== undefined) return { order: earlier, isEarlier: true };
  }
  throw new TypeError('The service knows this order, and this page does not. Look at your orders, please.');
}

/** With one more request, if it is another one. */
export function withRequest(sent: readonly PlaceOrder[], wanted: PlaceOrder): readonly PlaceOrder[] {
  return sent.some((request) => isSameRequest(request, wanted)) ? sent : [...sent, wanted];
}

function isSameRequest(a: PlaceOrder, b: PlaceOrder): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
