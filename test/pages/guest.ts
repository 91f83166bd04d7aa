import { randomUUID } from 'node:crypto';
import type { Locator, Page } from 'playwright-core';
import { until } from '../support/until.ts';

export interface Order {
  readonly id: string;
  readonly status: string;
  readonly totalAmount: string;
  readonly items: readonly { readonly name: string; readonly quantity: number; readonly sku?: string }[];
  readonly deliveryAddress: Readonly<Record<string, string>> | null;
}

/** Sends a request as another program would, again while the service is away. @returns the answer's body */
export async function send<Body = Order>(url: string, body?: object, method = 'POST'): Promise<Body> {
  const key = randomUUID();
  const response = await until(`${url} is answered`, async () => {
    const answer = await fetch(url, {
      method: body ? method : 'GET',
      ...(body && {
        headers: { 'idempotency-key': key, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    return answer.status === 503 ? undefined : answer;
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Body;
}

export interface Item {
  readonly name: string;
  readonly category?: string;
  readonly size?: string;
  readonly price: string;
}

/** Puts an item on the menu, or changes it, and waits until guests see it. */
export async function putOnMenu(base: string, sku: string, { category = 'Classic', ...item }: Item): Promise<void> {
  const url = `${base}/menu/${sku}`;
  await send(url, { category, ...item, ingredients: ['Tomato', 'Mozzarella'] }, 'PUT');
  await until(`${sku} costs ${item.price}`, async () => {
    const response = await fetch(url);
    return response.ok && ((await response.json()) as Item).price === item.price;
  });
}

/** Takes an item off the menu, and waits until guests see that. */
export async function withdraw(base: string, sku: string): Promise<void> {
  await fetch(`${base}/menu/${sku}`, { method: 'DELETE' });
  await until(`${sku} is gone`, async () => (await fetch(`${base}/menu/${sku}`)).status === 404);
}

/** A customer's orders, after one more was placed for the customer and is among them. */
export async function ordersOf(base: string, customerId: string): Promise<readonly Order[]> {
  const items = [{ name: 'The last one', quantity: 1, unitPrice: '1.00' }];
  const last = await send(`${base}/orders`, { customerId, items });
  return until('the last order is listed', async () => {
    const page = await send<{ items: Order[] }>(`${base}/orders?customerId=${customerId}`);
    return page.items.some(({ id }) => id === last.id) && page.items.filter(({ id }) => id !== last.id);
  }).then((found) => found || []);
}

/** What a browser says of a service that is killed, and starts again. */
export const AWAY = /ERR_(?:CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED)|status of 503/;

/** Presses Tab until something has the focus, as one does who has no mouse. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 200; presses += 1) {
    if ((await target.and(page.locator(':focus')).count()) === 1) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${target.toString()}`);
}

/** Waits until something has the focus. */
export function focused(page: Page, target: Locator): Promise<void> {
  return target.and(page.locator(':focus')).waitFor();
}

/** Lets a request through to the service, and loses its answer; once. */
export async function loseAnswer(page: Page, url: string): Promise<void> {
  await page.route(
    url,
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
}
