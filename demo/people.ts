import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { OrderCommand } from '../src/commands/order-commands.ts';
import { GUESTS, orderOf } from './guests.ts';
import type { Pizzeria } from './pizzeria.ts';
import { nextStep, type OrderSoFar, type Person } from './story.ts';

export interface PeopleOptions {
  readonly pizzeria: Pizzeria;
  /** Whether people have to show a token. */
  readonly asks: boolean;
  readonly skus: readonly string[];
  /** How long a minute of the pizzeria takes. */
  readonly minuteMs: number;
  /** Of ours. */
  readonly ordersPerMinute: number;
  /** Told what nobody expects. */
  readonly warn: (text: string) => void;
  /** Sends everybody home. */
  readonly signal: AbortSignal;
}

interface BoardOrder extends OrderSoFar {
  readonly customerId: string;
  readonly lastUpdated: string;
}

interface Board {
  readonly serverTime: string;
  readonly orders: readonly BoardOrder[];
}

/** Somebody else was first, or the service is busy or away: what is to be done shows when one looks again. */
const PASSING = [401, 409, 412, 429, 503];
const LOOK_EVERY_MS = { least: 50, most: 1000 };
const TOKEN_MS = 45 * 60_000;

/**
 * Guests who order, and a staff that looks at the board, does what is due, and looks again. They keep nothing in mind,
 * so that it doesn't matter who else works on the orders, or whether the service was away.
 */
export async function actPeople(options: PeopleOptions): Promise<void> {
  const { pizzeria, asks, skus, minuteMs, ordersPerMinute, warn, signal } = options;
  const tokens = new Map<Person | 'giulia', { readonly token: Promise<string>; readonly until: number }>();
  const lookEveryMs = Math.min(Math.max(minuteMs / 10, LOOK_EVERY_MS.least), LOOK_EVERY_MS.most);
  await Promise.all([
    every(60_000 / ordersPerMinute, async () => {
      const body = orderOf(randomUUID(), skus);
      await send('/orders', body, { by: 'guest', customerId: body.customerId });
    }),
    every(lookEveryMs, async () => {
      const { serverTime, orders } = await readBoard();
      const now = Date.parse(serverTime);
      for (const order of orders) {
        const step = nextStep(order, minuteMs);
        if (!step || Date.parse(order.lastUpdated) + step.afterMs > now) continue;
        const { path, body } = requestOf(order.id, step.command(now));
        await send(path, body, { by: step.by, customerId: order.customerId, revision: order.revision });
      }
    }),
  ]);

  /** A failed attempt is made again in its time; only the end ends it. */
  async function every(pauseMs: number, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await work().catch((error: unknown) => {
        if (!signal.aborted && !isAway(error)) warn(String(error));
      });
      await delay(pauseMs, undefined, { signal }).catch(() => undefined); // the only reason is the signal
    }
  }

  async function readBoard(): Promise<Board> {
    const headers = await headersOf('mario', '');
    const response = await fetch(`${pizzeria.base}/kitchen/board`, { headers, signal });
    if (!response.ok) return { serverTime: new Date(0).toISOString(), orders: complain(response, 'the board') };
    return (await response.json()) as Board;
  }

  async function send(
    path: string,
    body: object,
    { by, customerId, revision }: { readonly by: Person; readonly customerId: string; readonly revision?: number },
  ): Promise<void> {
    const headers = {
      ...(await headersOf(by, customerId)),
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
      ...(revision !== undefined && { 'if-match': `"${revision}"` }),
    };
    const response = await fetch(`${pizzeria.base}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal,
    });
    await response.body?.cancel();
    if (!response.ok) complain(response, path);
  }

  function complain({ status }: Response, what: string): [] {
    if (status === 401) tokens.clear();
    if (!PASSING.includes(status)) warn(`${what} answered ${status}`);
    return [];
  }

  async function headersOf(by: Person, customerId: string): Promise<Record<string, string>> {
    if (!asks) return { 'x-actor': by === 'guest' ? customerId : by };
    // Of the guests, only the first can log in: the manager does it for the others.
    const who = by !== 'guest' ? by : customerId === GUESTS[0]?.customerId ? 'giulia' : 'mario';
    let known = tokens.get(who);
    if (!known || known.until < performance.now()) {
      known = { token: pizzeria.run('cli/token.js', who), until: performance.now() + TOKEN_MS };
      tokens.set(who, known);
    }
    return { authorization: `Bearer ${(await known.token).trim()}` };
  }
}

/** The service doesn't listen at the moment. */
function isAway(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}

function requestOf(orderId: string, command: OrderCommand): { readonly path: string; readonly body: object } {
  const { type, ...body } = command;
  switch (type) {
    case 'confirm': {
      const { estimatedDeliveryTime, kitchenNotes } = command;
      return { path: `/orders/${orderId}/confirm`, body: { estimatedDeliveryTime, kitchenNotes } };
    }
    case 'pay':
      return { path: `/orders/${orderId}/payment`, body };
    case 'change-status':
      return { path: `/orders/${orderId}/status`, body };
    case 'apply-discount':
      return { path: `/orders/${orderId}/discount`, body };
    case 'cancel':
      return { path: `/orders/${orderId}/cancel`, body };
    case 'request-refund':
      return { path: `/orders/${orderId}/refunds`, body };
    case 'complete-refund': {
      const { refundId, transactionId } = command;
      return { path: `/orders/${orderId}/refunds/${refundId}/complete`, body: { transactionId } };
    }
    case 'change-delivery-address':
    case 'fail-refund':
      throw new Error(`nobody in this story does ${type}`);
    default:
      return type satisfies never;
  }
}
