import type { BrowserContext, Locator, Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkAccessibility, describePages, overflow, type Pages } from '../support/browser.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

const PLACE = {
  customerId: 'customer-1',
  items: [
    { name: 'Margherita', quantity: 2, unitPrice: '12.50' },
    { name: 'Diavola', quantity: 1, unitPrice: '14.00' },
  ],
  deliveryAddress: { street: '1 Main Street', city: 'Naples', postalCode: '80100', notes: 'Ring twice' },
};
const CONFIRM = { estimatedDeliveryTime: '2030-01-31T19:30:00Z' };
const LONG_NAME = 'Pizza mit Meeresfrüchten, Knoblauch und Donaudampfschifffahrtsgesellschaftskapitänsmützenkäse '
  .repeat(2)
  .trim();

type Status = 'PENDING' | 'CONFIRMED' | 'COOKING' | 'READY' | 'OUT_FOR_DELIVERY';

describePages('the kitchen page', (pages) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startServiceProcess({ KITCHEN_WARN_MINUTES: '10', KITCHEN_LATE_MINUTES: '20' });
    return () => service.close();
  });

  /** Each test has a board of its own. */
  beforeEach(async () => {
    await until('the board is empty', async () => {
      const { orders } = (await (await fetch(`${service.base}/kitchen/board`)).json()) as { orders: { id: string }[] };
      await Promise.all(orders.map(({ id }) => deliver(id)));
      return orders.length === 0;
    });
  });
  const deliver = (id: string) =>
    fetch(`${service.base}/orders/${id}/status`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'DELIVERED' }),
    });

  async function post(path: string, body: object): Promise<{ id: string; status: string }> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(service.base + path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(response.status, await response.clone().text()).toBeLessThan(300);
    return (await response.json()) as { id: string; status: string };
  }

  /** An order, brought to a status as it would be. */
  async function order(
    status: Status = 'PENDING',
    { kitchenNotes = '', ...place }: { readonly kitchenNotes?: string; readonly items?: readonly object[] } = {},
  ) {
    const { id } = await post('/orders', { ...PLACE, ...place });
    if (status === 'PENDING') return id;
    await post(`/orders/${id}/confirm`, { ...CONFIRM, kitchenNotes });
    if (status !== 'CONFIRMED') await post(`/orders/${id}/status`, { status });
    return id;
  }

  const open = (query = '', context?: BrowserContext) => pages.open(`${service.base}/app/kitchen${query}`, context);
  const stateOf = async (id: string) =>
    (await (await fetch(`${service.base}/orders/${id}/state`)).json()) as { status: string; estimatedDelivery: string };
  const untilStatus = (id: string, status: string) =>
    until(`the order is ${status}`, async () => (await stateOf(id)).status === status);

  test('without any order says so, and is accessible', async () => {
    const page = await open();
    await page.getByText('Nothing to make').waitFor();
    expect(await page.getByText('No orders').count()).toBe(5);
    await checkAccessibility(page);
    await checkContrast(page);
  });

  test('shows an order placed elsewhere, in each window, and its way through the kitchen by clicks', async () => {
    const page = await open();
    const sameBrowser = await open();
    const otherBrowser = await open('', await pages.newContext());
    const everywhere = [page, sameBrowser, otherBrowser];
    for (const each of everywhere) await connected(each);
    const id = await order();
    for (const each of everywhere) await inLane(each, 'PENDING', id).waitFor();

    for (const [label, lane] of [
      ['Confirm', 'CONFIRMED'],
      ['Start', 'COOKING'],
      ['Ready', 'READY'],
      ['On its way', 'OUT_FOR_DELIVERY'],
    ] as const) {
      await ticket(page, id).getByRole('button', { name: label }).click();
      for (const each of everywhere) await inLane(each, lane, id).waitFor();
    }
    await ticket(page, id).getByRole('button', { name: 'Delivered' }).click();
    for (const each of everywhere) await ticket(each, id).waitFor({ state: 'detached' });
    expect((await stateOf(id)).status).toBe('DELIVERED');
  });

  test('open in two windows of a browser and in another browser, takes two streams', async () => {
    const windows = [await open(), await open(), await open('', await pages.newContext())];
    for (const window of windows) await connected(window);
    await until('two streams are open', async () => {
      const metrics = await (await fetch(`${service.base}/metrics`)).text();
      return /^pizzeria_streams_open\{kind="kitchen"\} 2$/m.test(metrics);
    });
  });

  test('left alone by the window that has the stream, goes on in the other window', async () => {
    const [first, second] = [await open(), await open()];
    for (const window of [first, second]) await connected(window);
    await first.close();
    const id = await order();
    await inLane(second, 'PENDING', id).waitFor();
  });

  test('confirms an order for the time that the cook has chosen', async () => {
    const id = await order();
    const page = await open('?promise=45');
    const more = ticket(page, id).getByRole('button', { name: '5 minutes more' });
    await ticket(page, id).getByText('45 min').waitFor();
    await more.click();
    await ticket(page, id).getByText('50 min').waitFor();
    const before = Date.now();
    await ticket(page, id).getByRole('button', { name: 'Confirm' }).click();
    await inLane(page, 'CONFIRMED', id).waitFor();
    const promised = Date.parse((await stateOf(id)).estimatedDelivery);
    expect(promised).toBeGreaterThan(before + 49 * 60_000);
    expect(promised).toBeLessThan(Date.now() + 51 * 60_000);
  });

  test('takes the next press while the one before is not answered, though its effect shows', async () => {
    const id = await order();
    const page = await open();
    let answer = () => {};
    const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
    await page.route('**/orders/*/confirm', async (route) => {
      const response = await route.fetch();
      await mayAnswer;
      await route.fulfill({ response });
    });
    await ticket(page, id).getByRole('button', { name: 'Confirm' }).click();
    const start = ticket(page, id).getByRole('button', { name: 'Start' });
    await start.click();
    await start.click();
    answer();
    await inLane(page, 'COOKING', id).waitFor();
  });

  test('shows a paid order as cooking once it is confirmed', async () => {
    const id = await order();
    await post(`/orders/${id}/payment`, { paymentMethod: 'cash', transactionId: id });
    const page = await open();
    await ticket(page, id).getByRole('button', { name: 'Confirm' }).click();
    await inLane(page, 'COOKING', id).waitFor();
  });

  test('has the keys of a bump bar: numbers, Enter, arrows, and Z', async () => {
    const page = await open('?show=COOKING,READY');
    const [first, second, third] = [await order('COOKING'), await order('COOKING'), await order('COOKING')];
    for (const id of [first, second, third]) await inLane(page, 'COOKING', id).waitFor();

    await page.keyboard.press('2');
    await inLane(page, 'READY', second).waitFor();
    await page.keyboard.press('Enter');
    await inLane(page, 'READY', first).waitFor();
    await page.keyboard.press('z');
    await inLane(page, 'COOKING', first).waitFor();
    await page.keyboard.press('z');
    await inLane(page, 'COOKING', second).waitFor();

    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await focusedOrder(page)).toBe(third);
    await page.keyboard.press('Enter');
    await inLane(page, 'READY', third).waitFor();
    await page.keyboard.press('z');
    await inLane(page, 'COOKING', third).waitFor();
    await page.keyboard.press('Control+1');
    expect((await stateOf(first)).status).toBe('COOKING');
  });

  test('told to take back the last order before its answer has come, takes back that one', async () => {
    const [first, second] = [await order('COOKING'), await order('COOKING')];
    const page = await open('?show=COOKING,READY');
    for (const id of [first, second]) await inLane(page, 'COOKING', id).waitFor();
    await page.keyboard.press('1');
    await inLane(page, 'READY', first).waitFor();

    let answer = () => {};
    const isToBeAnswered = new Promise<void>((resolve) => (answer = resolve));
    await page.route('**/orders/*/status', async (route) => {
      const response = await route.fetch();
      await isToBeAnswered;
      await route.fulfill({ response });
    });
    await page.keyboard.press('1');
    await inLane(page, 'READY', second).waitFor();
    await page.keyboard.press('z');
    answer();
    await inLane(page, 'COOKING', second).waitFor();
    await inLane(page, 'READY', first).waitFor();
  });

  test('told to have no keys, has none', async () => {
    const id = await order('COOKING');
    const page = await open('?keys=off');
    await ticket(page, id).waitFor();
    await page.keyboard.press('1');
    await page.getByRole('button', { name: 'This screen' }).click();
    await page.getByLabel('Keys of a bump bar').check();
    await page.keyboard.press('1');
    await page.getByRole('button', { name: 'Done', exact: true }).click();
    expect((await stateOf(id)).status).toBe('COOKING');
    await page.keyboard.press('1');
    await untilStatus(id, 'READY');
  });

  test('on a phone, by keyboard alone, leads from one order to the next, and the focus stays where it is', async () => {
    const [first, second] = [await order('COOKING'), await order('COOKING')];
    const phone = await pages.newContext({ viewport: { width: 320, height: 640 } });
    const page = await open('?show=COOKING', phone);
    for (const id of [first, second]) await ticket(page, id).waitFor();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    for (let presses = 0; presses < 50 && (await focusedOrder(page)) !== first; presses += 1) {
      await page.keyboard.press('Tab');
    }
    const third = await order('COOKING');
    await ticket(page, third).waitFor();
    expect(await focusedOrder(page)).toBe(first);
    await page.keyboard.press('Enter');
    await untilStatus(first, 'READY');
    await until('the next order has the focus', async () => (await focusedOrder(page)) === second);

    await post(`/orders/${second}/status`, { status: 'READY' });
    await ticket(page, second).waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowUp');
    await until('an order is selected', async () => (await focusedOrder(page)) !== '');
    expect((await stateOf(third)).status).toBe('COOKING');
    await checkAccessibility(page);
  });

  test('takes an order back, in its place and later from what was done last', async () => {
    const id = await order('COOKING');
    const page = await open('?show=CONFIRMED,COOKING');
    await ticket(page, id).getByRole('button', { name: 'Ready' }).click();
    const recall = page.locator('[data-lane=COOKING] .trace').getByRole('button', { name: 'Recall' });
    await recall.waitFor();
    await checkAccessibility(page);
    await recall.click();
    await inLane(page, 'COOKING', id).waitFor();
    await page.locator('.trace').waitFor({ state: 'detached' });

    await post(`/orders/${id}/status`, { status: 'READY' });
    await page.getByRole('button', { name: 'Recently done' }).click();
    const dialog = page.getByRole('dialog', { name: 'Recently done' });
    await dialog.getByRole('button', { name: `Recall order ${shortOf(id)}` }).waitFor();
    await checkAccessibility(page);
    await dialog.getByRole('button', { name: `Recall order ${shortOf(id)}` }).click();
    await dialog.getByText('No order is ready or on its way.').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await inLane(page, 'COOKING', id).waitFor();
    const timeline = await (await fetch(`${service.base}/orders/${id}/timeline`)).text();
    expect(timeline.match(/READY to COOKING: recall/g)).toHaveLength(2);
  });

  test('strikes a cancelled order through until it was seen on this screen, also when it is loaded anew', async () => {
    const [seen, missed] = [await order('COOKING'), await order('CONFIRMED')];
    const page = await open();
    for (const id of [seen, missed]) await ticket(page, id).waitFor();
    await post(`/orders/${seen}/cancel`, { reason: 'changed their mind' });
    const struck = (id: string) => page.locator(`[data-order="${id}"] .cancelled`);
    await struck(seen).waitFor();
    await checkAccessibility(page);
    await checkContrast(page);

    await page.goto('about:blank');
    await post(`/orders/${missed}/cancel`, { reason: 'changed their mind, too' });
    await page.goto(`${service.base}/app/kitchen`);
    await struck(seen).waitFor();
    await struck(missed).waitFor();
    for (const id of [seen, missed]) {
      await struck(id).getByRole('button', { name: 'Seen' }).click();
      await struck(id).waitFor({ state: 'detached' });
    }
    await page.reload();
    await connected(page);
    expect(await page.locator('.cancelled').count()).toBe(0);
  });

  test('asks again, under the same key, until it knows that an order was bumped', async () => {
    pages.expectFault(/status of 503/);
    const id = await order('COOKING');
    const page = await open();
    const keys: (string | undefined)[] = [];
    await page.route('**/orders/*/status', async (route) => {
      keys.push(route.request().headers()['idempotency-key']);
      if (keys.length > 1) return route.continue();
      await route.fetch();
      return route.fulfill({ status: 503, json: { title: 'Temporarily unavailable' } });
    });
    await ticket(page, id).getByRole('button', { name: 'Ready' }).click();
    await ticket(page, id).getByText('No answer. Trying again').waitFor();
    await checkAccessibility(page);
    await inLane(page, 'READY', id).waitFor();
    await until('it has asked again', () => keys.length === 2);
    await page.getByText('No answer').waitFor({ state: 'detached' });
    expect(new Set(keys).size).toBe(1);
  });

  test('says so when there is no board, and shows it once there is one', async () => {
    pages.expectFault(/status of 503/);
    const context = await pages.newContext();
    let isAway = true;
    await context.route('**/kitchen/board', (route) =>
      isAway ? route.fulfill({ status: 503, json: { title: 'Temporarily unavailable' } }) : route.continue(),
    );
    const page = await open('', context);
    await page.getByText('No board yet').waitFor();
    await checkAccessibility(page);
    isAway = false;
    await page.getByText('All day').waitFor();
  });

  test('goes on after the service was killed, and what was bumped meanwhile is bumped', async () => {
    pages.expectFault(
      /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|status of 50\d/,
    );
    const id = await order('COOKING');
    const page = await open();
    await connected(page);
    await ticket(page, id).waitFor();
    await service.kill();
    await page.locator('.stale [data-connection=reconnecting]').waitFor();
    expect(await page.locator('.connection').innerText()).toMatch(/reconnecting · as of \d/);
    await checkAccessibility(page);
    await checkContrast(page);
    await ticket(page, id).getByRole('button', { name: 'Ready' }).click();
    await ticket(page, id).getByText('No answer. Trying again').waitFor();
    await service.restart();
    await inLane(page, 'READY', id).waitFor();
    await connected(page);
    const next = await order();
    await inLane(page, 'PENDING', next).waitFor();
    expect((await stateOf(id)).status).toBe('READY');
  });

  describe('for orders of different ages', () => {
    test('tells them by words, shapes and colours, by the thresholds of the address', async () => {
      const id = await order('COOKING');
      const page = await open('?warn=600&late=600');
      const head = () => ticket(page, id).locator('.ticket-head');
      await ticket(page, id).waitFor();
      const seen: string[] = [];
      for (const [query, stage] of [
        ['?warn=600&late=600', 'fresh'],
        ['?warn=0&late=600', 'slow'],
        ['?warn=0&late=0', 'late'],
      ] as const) {
        await page.goto(`${service.base}/app/kitchen${query}`);
        await ticket(page, id).locator(`.ticket-head.${stage}`).waitFor();
        const colour = await page.evaluate<string>(
          `getComputedStyle(document.querySelector('[data-order="${id}"] .ticket-head')).backgroundColor`,
        );
        seen.push(`${(await head().innerText()).match(/[●▲◆]/u)?.[0]} ${colour}`);
        if (stage !== 'fresh') expect(await head().innerText()).toContain(stage);
        await checkAccessibility(page);
        await checkContrast(page);
      }
      expect(new Set(seen).size).toBe(3);
    });

    test('goes by the service’s clock, on a tablet whose clock is wrong', async () => {
      const id = await order('COOKING');
      for (const time of ['2020-01-01T00:00:00Z', '2040-01-01T00:00:00Z']) {
        const context = await pages.newContext();
        await context.clock.install({ time });
        const page = await open('', context);
        await ticket(page, id).waitFor();
        expect(await ticket(page, id).locator('.age').innerText()).toMatch(/^●\s*\d+ (s|min)$/);
      }
    });

    test('tells of one that becomes late', async () => {
      const page = await open('?warn=0&late=0.05');
      await connected(page);
      await until('the clock is seen to go', async () =>
        (await page.locator('.connection').innerText()).includes('live'),
      );
      const id = await order('COOKING');
      await ticket(page, id).locator('.late').waitFor();
      await until('it is told', async () => (await announced(page)).includes(`Order ${shortOf(id)} is late.`));
    });
  });

  test.each([320, 1920])('%d px wide, has room for long names and notes of several lines', async (width) => {
    const items = [{ name: LONG_NAME, quantity: 1000, unitPrice: '1.00' }];
    const ids = await Promise.all(
      (['PENDING', 'CONFIRMED', 'COOKING', 'READY', 'OUT_FOR_DELIVERY'] as const).map((status) =>
        order(status, { items, kitchenNotes: `No onions!\nAllergy: ${'x'.repeat(300)}\n\nCut into 8` }),
      ),
    );
    const page = await open('?warn=0&late=0', await pages.newContext({ viewport: { width, height: 1080 } }));
    for (const id of ids) await ticket(page, id).waitFor();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    for (const id of ids.slice(1)) {
      const notes = ticket(page, id).locator('.ticket-body > .ticket-notes');
      expect((await notes.innerText()).split('\n')).toHaveLength(4);
    }
    await checkAccessibility(page);
    await checkContrast(page);
    const low = await page.evaluate<number>(
      `[...document.querySelectorAll('.kitchen .button')].filter((button) => button.offsetHeight < 64).length`,
    );
    expect(low).toBe(0);
  });

  test('counts what is to be made, and keeps its set-up in the address', async () => {
    for (const status of ['CONFIRMED', 'COOKING', 'PENDING'] as const) await order(status);
    const page = await open();
    await page.getByText('4 × Margherita').waitFor();
    await page.getByText('2 × Diavola').waitFor();
    await page.getByRole('button', { name: 'This screen' }).click();
    const dialog = page.getByRole('dialog', { name: 'This screen' });
    for (const column of ['Waiting', 'Ready', 'On its way']) await dialog.getByLabel(column).uncheck();
    await dialog.getByLabel('Late after minutes').fill('8');
    await checkAccessibility(page);
    await dialog.getByRole('button', { name: 'Done' }).click();
    expect(new URL(page.url()).searchParams.get('show')).toBe('CONFIRMED,COOKING');
    expect(new URL(page.url()).searchParams.get('late')).toBe('8');
    expect(await page.locator('.lane').count()).toBe(2);
  });

  test('sounds once it was told to: otherwise for a new order, a changed and a cancelled one', async () => {
    const context = await pages.newContext();
    await context.addInitScript(`globalThis.heard = [];
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (when) { heard.push(this.frequency.value); return start.call(this, when); };`);
    const page = await open('', context);
    await connected(page);
    const heard = () => page.evaluate<number[]>('heard.splice(0)');
    const silent = await order('COOKING');
    await ticket(page, silent).waitFor();
    expect(await heard()).toEqual([]);
    await page.getByRole('button', { name: 'Sound on' }).click();
    await page.getByRole('button', { name: 'Sound is on' }).waitFor();
    const tried = await heard();
    const sounds = new Set([String(tried)]);
    for (const act of [
      () => post(`/orders/${silent}/status`, { status: 'READY' }),
      () => post(`/orders/${silent}/cancel`, { reason: 'changed their mind' }),
    ]) {
      await act();
      sounds.add(String(await until('it sounds', async () => [await heard()].find(({ length }) => length > 0))));
    }
    expect(sounds.size).toBe(3);
    await page.getByRole('button', { name: 'Sound is on' }).click();
    await page.getByRole('button', { name: 'Sound on' }).waitFor();
  });
});

describePages('the kitchen page, where people log in', (pages) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startServiceProcess({ AUTH: 'dev' });
    return () => service.close();
  });

  test('two cooks bump the same order at once: one of them does, the other is told who', async () => {
    expectLogin(pages);
    pages.expectFault(/status of 412/);
    const [anna, mario] = [await logIn('anna'), await logIn('mario')];
    const id = await order(mario);
    await ticket(anna, id).getByRole('button', { name: 'Confirm' }).click();
    await ticket(anna, id).getByRole('button', { name: 'Start' }).click();
    const marios = ticket(mario, id).getByRole('button', { name: 'Ready' });
    await marios.waitFor();

    let hold = () => {};
    const annaWasFirst = new Promise<void>((resolve) => (hold = resolve));
    await mario.route('**/orders/*/status', async (route) => {
      await annaWasFirst;
      await route.continue();
    });
    await marios.click();
    await ticket(anna, id).getByRole('button', { name: 'Ready' }).click();
    await inLane(anna, 'READY', id).waitFor();
    hold();
    await ticket(mario, id)
      .getByText(/Anna did this \(\d+ s ago\)/)
      .waitFor();
    await inLane(mario, 'READY', id).waitFor();
    await checkAccessibility(mario);
    await checkContrast(mario);

    await mario.unroute('**/orders/*/status');
    await ticket(mario, id).getByRole('button', { name: 'On its way' }).click();
    await inLane(mario, 'OUT_FOR_DELIVERY', id).waitFor();
    await ticket(mario, id).getByRole('button', { name: 'Delivered' }).click();
    await ticket(mario, id).waitFor({ state: 'detached' });
  });

  test('each has the columns and buttons of their role', async () => {
    expectLogin(pages);
    const [anna, luca, mario] = [await logIn('anna'), await logIn('luca'), await logIn('mario')];
    const id = await order(mario);
    await ticket(anna, id).getByRole('button', { name: 'Confirm' }).click();
    await ticket(anna, id).getByRole('button', { name: 'Start' }).click();
    await ticket(anna, id).getByRole('button', { name: 'Ready' }).click();
    await inLane(anna, 'READY', id).waitFor();
    expect(await lanesOf(anna)).toEqual(['PENDING', 'CONFIRMED', 'COOKING', 'READY']);
    expect(await ticket(anna, id).getByRole('button').count()).toBe(0);
    expect(await ticket(anna, id).getByText('Main Street').count()).toBe(0);
    expect(await lanesOf(luca)).toEqual(['READY', 'OUT_FOR_DELIVERY']);
    expect(await lanesOf(mario)).toHaveLength(5);
    await ticket(luca, id).getByText('1 Main Street').waitFor();
    await ticket(luca, id).getByRole('button', { name: 'On its way' }).click();
    await inLane(luca, 'OUT_FOR_DELIVERY', id).waitFor();
    expect(await luca.locator('.trace').count()).toBe(0);
    await ticket(luca, id).getByRole('button', { name: 'Delivered' }).click();
    await ticket(luca, id).waitFor({ state: 'detached' });
    await checkAccessibility(luca);
  });

  /** The kitchen's page, in a browser of their own. */
  async function logIn(person: string): Promise<Page> {
    const page = await pages.open(`${service.base}/app/kitchen`, await pages.newContext());
    await page.locator('main').getByRole('link', { name: 'Log in' }).click();
    await page.locator(`button[value=${person}]`).click();
    await connected(page);
    return page;
  }

  async function order({ request }: { readonly request: Page['request'] }): Promise<string> {
    const headers = { origin: service.base };
    const placed = await request.post(`${service.base}/orders`, { data: PLACE, headers });
    expect(placed.status(), await placed.text()).toBe(201);
    return ((await placed.json()) as { id: string }).id;
  }
});

function expectLogin(pages: Pages): void {
  pages.expectFault(/^other origin: (GET|POST) http:\/\/127\.0\.0\.1:\d+\/(auth|interaction)/);
  pages.expectFault(/status of 401/);
}

const ticket = (page: Page, id: string): Locator => page.locator(`[data-order="${id}"] .ticket`);
const inLane = (page: Page, lane: Status, id: string): Locator =>
  page.locator(`[data-lane=${lane}] [data-order="${id}"] .ticket`);
const connected = (page: Page) => page.locator('.kitchen:not(.stale) .lanes').waitFor();
const shortOf = (id: string) => id.slice(-4).toUpperCase();
const announced = (page: Page) => page.locator('[data-announcer]').innerText();
const focusedOrder = (page: Page) =>
  page.evaluate<string>(`document.activeElement.closest('[data-order]')?.dataset.order ?? ''`);
const lanesOf = (page: Page) =>
  page.evaluate<string[]>(`[...document.querySelectorAll('[data-lane]')].map(({ dataset }) => dataset.lane)`);

/** A kitchen's screen is read from three feet: 7 : 1 (WCAG 1.4.6), which is more than WCAG 2.2 AA asks for. */
async function checkContrast(page: Page): Promise<void> {
  const before = await page.evaluate<boolean>("matchMedia('(prefers-color-scheme: dark)').matches");
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const low = await page.evaluate<string[]>(`axe.run('.kitchen', { runOnly: ['color-contrast-enhanced'] })
      .then(({ violations }) => violations.flatMap(({ nodes }) => nodes.map(({ target, failureSummary }) => target + ' ' + failureSummary)))`);
    expect(low, colorScheme).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: before ? 'dark' : 'light' });
}
