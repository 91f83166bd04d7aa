import { randomUUID } from 'node:crypto';
import { jsonEvent } from '@eventstore/db-client';
import type { Page, Route } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { checkAccessibility, describePages, overflow } from '../support/browser.ts';
import { withMongoAway } from '../support/mongo-away.ts';
import { caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { listen } from '../support/streams.ts';
import { until } from '../support/until.ts';

interface Projection {
  readonly name: string;
  readonly rebuild: { readonly state: string; readonly startedAt: string } | null;
}

describePages('the page of operations', (pages) => {
  let service: TestService;
  let base: string;
  let orderIds: string[];
  beforeAll(async () => {
    service = await startTestService();
    base = await listen(service.app);
    orderIds = [];
    for (const customer of ['ada', 'bob', 'cleo']) orderIds.push(await placeOrder(service, customer));
    await caughtUp(service);
    return () => service.close();
  });

  async function open(query = ''): Promise<Page> {
    const page = await pages.open(`${base}/app/operations${query}`);
    await page.locator('[data-connection=live]').waitFor();
    await card(page, 'orders').waitFor();
    return page;
  }

  const card = (page: Page, name: string) => page.locator(`[data-read-model=${name}]`);
  const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

  async function projection(name: string): Promise<Projection> {
    const answer = await service.get('/admin/projections');
    const { items } = answer.body as { readonly items: readonly Projection[] };
    const found = items.find((item) => item.name === name);
    if (!found) throw new Error(`there is no ${name}`);
    return found;
  }

  async function parkedTotal(): Promise<number> {
    return ((await service.get('/admin/parked')).body as { readonly total: number }).total;
  }

  test('says that all is well, with what is normal for each figure', async () => {
    const page = await open();
    await page.getByText('Everything is as it should be.').first().waitFor();
    expect(await page.locator('[data-read-model]').count()).toBe(6);
    const orders = await card(page, 'orders').innerText();
    expect(orders).toContain('Following');
    expect(orders).toMatch(/0 events, 0 s\s+normal: up to 1,000 events and 10 s/);
    expect(await section(page, 'Stores').innerText()).toMatch(/Event store\s+answers\s+normal: it answers/);
    expect(await section(page, 'Parked events').innerText()).toContain('0 · normal: 0');
    await checkAccessibility(page);
  });

  test('builds a read model anew once that is confirmed, and tells its end', async () => {
    const before = (await projection('orders')).rebuild;
    const page = await open();
    await card(page, 'orders').getByRole('button', { name: 'Rebuild' }).click();
    const dialog = page.getByRole('dialog', { name: 'Rebuild Orders?' });
    expect(await dialog.innerText()).toContain('The whole log is read');
    await checkAccessibility(page);
    await dialog.getByRole('button', { name: 'Leave it' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await projection('orders')).rebuild).toEqual(before);

    await card(page, 'orders').getByRole('button', { name: 'Rebuild' }).click();
    await dialog.getByRole('button', { name: 'Rebuild Orders' }).click();
    await card(page, 'orders').getByText('Orders: the rebuild is done.').waitFor();
    expect((await projection('orders')).rebuild?.state).toBe('done');
    expect((await projection('orders')).rebuild?.startedAt).not.toBe(before?.startedAt);
    expect(await card(page, 'orders').innerText()).toMatch(/Last rebuild\s+done, /);
    expect(await card(page, 'orders').getByRole('progressbar').count()).toBe(0);
  });

  test('shows how far a rebuild is, whoever has begun it, and that there can be only one', async () => {
    pages.expectFault(/status of 409/);
    const items = (await service.get('/admin/projections')).body as { readonly items: readonly object[] };
    const running = { state: 'running', events: 400, percent: 40, finishedAt: null, error: null };
    const checks = { eventStore: 'up', readModels: 'up', projection: 'consuming' };
    const rebuilt = (rebuild: object) => ({
      checks,
      items: items.items.map((item) => ({
        ...item,
        state: rebuild === running ? 'rebuilding' : 'consuming',
        rebuild: { startedAt: '2026-01-01T00:00:00.000Z', ...rebuild },
      })),
    });
    const done = { state: 'done', events: 1000, percent: 100, finishedAt: '2026-01-01T00:01:00.000Z', error: null };
    let now: object = running;
    const page = await open();
    await page.route('**/stream/operations', (route) => answer(route, rebuilt(now)));
    await page.reload();
    const progress = page.getByRole('progressbar', { name: 'Rebuild of Audit' });
    await progress.waitFor();
    expect(await progress.getAttribute('value')).toBe('40');
    await card(page, 'audit').getByText('40 %, 400 events').waitFor();
    await checkAccessibility(page);
    now = done;
    await card(page, 'audit').getByText('Audit: the rebuild is done.').waitFor();
    // All six end at once, and each is said.
    const said = page.locator('[data-announcer]');
    for (const title of ['Orders', 'Audit', 'Menu']) await said.getByText(`${title}: the rebuild is done.`).waitFor();

    now = running;
    await progress.waitFor();
    await page.route('**/rebuild', (route) =>
      route.fulfill({
        status: 409,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          title: 'Conflict',
          status: 409,
          detail: 'The read model menu is being rebuilt already',
        }),
      }),
    );
    await card(page, 'menu_items').getByRole('button', { name: 'Rebuild' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rebuild Menu' }).click();
    await card(page, 'menu_items').getByRole('progressbar').waitFor();
    await said.getByText('is being rebuilt already').waitFor();
  });

  /** A stream with one piece of news, which then ends. */
  function answer(route: Route, data: object): Promise<void> {
    const hello = { serverTime: new Date().toISOString(), resumedFrom: null, heartbeatSeconds: 15 };
    return route.fulfill({
      contentType: 'text/event-stream',
      body: `event: hello\ndata: ${JSON.stringify(hello)}\n\nevent: projection\ndata: ${JSON.stringify(data)}\n\n`,
    });
  }

  test('verifies a read model, lists what differs, and repairs it', async () => {
    const [orderId = ''] = orderIds;
    const page = await open();
    const orders = card(page, 'orders');
    await orders.getByRole('button', { name: 'Verify' }).click();
    await orders.getByText(/^\d+ documents were compared with the log, and none differs\.$/).waitFor();

    const documents = service.mongo.db(service.config.mongoDatabase).collection<{ readonly _id: string }>('orders');
    await documents.updateOne({ _id: orderId }, { $set: { totalMinor: 1 } });
    await orders.getByRole('button', { name: 'Verify' }).click();
    await orders.getByText(/^1 of \d+ documents differs from the log\.$/).waitFor();
    expect(await orders.getByRole('listitem').innerText()).toBe(`${orderId} differs in totalMinor`);
    await checkAccessibility(page);

    await orders.getByRole('button', { name: 'Repair' }).click();
    await orders.getByText(/^1 of \d+ documents differs from the log\. All were repaired\.$/).waitFor();
    expect(await documents.findOne({ _id: orderId })).toMatchObject({ totalMinor: 2000 });
    await orders.locator('.outcome:focus').waitFor();
  });

  test('shows parked events with their reasons, and replays so many as were confirmed', async () => {
    const page = await open();
    for (const orderId of orderIds.slice(0, 2)) {
      const event = jsonEvent({ id: randomUUID(), type: 'PaymentProcessed', data: { orderId, amount: 'much' } });
      await service.eventStore.appendToStream(`${service.config.streamPrefix}PizzaOrder-${orderId}`, [event]);
    }
    await page.getByText('2 events are parked.').first().waitFor();
    await page.getByRole('link', { name: 'Operations 2 parked events' }).waitFor();
    const elsewhere = await pages.open(`${base}/app/figures`);
    await elsewhere.getByRole('link', { name: 'Operations 2 parked events' }).waitFor();
    await elsewhere.close();
    const parked = section(page, 'Parked events');
    await until('both are listed', async () => (await parked.locator('.entry').count()) === 2);
    expect(await parked.locator('.entry').first().innerText()).toContain('PaymentProcessed');
    const link = parked.getByRole('link').first();
    expect(await link.getAttribute('href')).toContain(`/app/orders/${orderIds[0]}/history`);
    expect(await card(page, 'orders').innerText()).toMatch(/Standing still\s+⚠ 2\s+not normal/);
    await checkAccessibility(page);

    await parked.getByRole('button', { name: 'Replay 2 …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay 2 events?' });
    await checkAccessibility(page);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await parked.getByRole('button', { name: 'Replay 2 …' }).click();
    await dialog.getByRole('button', { name: 'Replay 2 events' }).click();
    await parked.getByText(/^2 events are delivered again\./).waitFor();
    // Nothing was mended: they are parked again.
    await until('they are parked again', async () => (await parkedTotal()) === 2);
    await until('both are listed again', async () => (await parked.locator('.entry').count()) === 2);
  });

  test('searches the audit by its address, page by page', async () => {
    const actor = 'Ludovica of the very long name at the counter';
    for (let turn = 0; turn < 25; turn += 1) {
      const items = [{ name: 'Margherita', quantity: 1, unitPrice: '10.00' }];
      await service.post('/orders', { customerId: 'dora', items }, { 'x-actor': actor });
    }
    await caughtUp(service);
    const page = await open();
    const audit = section(page, 'Audit');
    await audit.getByLabel('Who did it').fill(actor);
    await audit.getByLabel('What happened').selectOption('PizzaOrderPlaced');
    await audit.getByRole('button', { name: 'Search' }).click();
    await until('the address has it', () => new URL(page.url()).searchParams.get('actor') === actor);
    await until('all are of that person', async () => {
      const entries = await audit.locator('.entry').allInnerTexts();
      return entries.length === 20 && entries.every((entry) => entry.includes(actor));
    });
    await audit.getByRole('button', { name: 'Older' }).click();
    await until('the rest is there', async () => (await audit.locator('.entry').count()) === 5);
    await page.locator('[aria-labelledby=audit]:focus').waitFor();
    await page.reload();
    await until('it is there again', async () => (await audit.locator('.entry').count()) === 5);
    expect(await audit.getByLabel('Who did it').inputValue()).toBe(actor);
    await page.goBack();
    await until('the first page is back', async () => (await audit.locator('.entry').count()) === 20);

    const linked = await open(`?orderId=${orderIds[2]}`);
    await until('it is of one order', async () => (await section(linked, 'Audit').locator('.entry').count()) === 1);
    const link = section(linked, 'Audit').getByRole('link');
    expect(await link.getAttribute('href')).toContain(`/app/orders/${orderIds[2]}/history?revision=0`);
    await section(linked, 'Audit').getByLabel('First day').fill('2001-01-01');
    await section(linked, 'Audit').getByLabel('Last day').fill('2001-01-02');
    await section(linked, 'Audit').getByRole('button', { name: 'Search' }).click();
    await linked.getByText('Nothing was found.').waitFor();
    await checkAccessibility(linked);
  });

  test('says what is wrong with what is searched for', async () => {
    pages.expectFault(/status of 400/);
    const page = await open('?orderId=7');
    await section(page, 'Audit').getByRole('alert').waitFor();
    await checkAccessibility(page);
  });

  test('says that a store is away, and what that means', async () => {
    pages.expectFault(/status of 503/);
    await withMongoAway(service, async (app) => {
      const page = await pages.open(`${await listen(app)}/app/operations`);
      await page.getByText('The read models’ store is away.').first().waitFor();
      expect(await section(page, 'Stores').innerText()).toContain('away: lists, boards and figures are not shown');
      expect(await section(page, 'Stores').innerText()).toMatch(/Event store\s+answers/);
      await page.getByText('A store is away, so that this is not known.').first().waitFor();
      await checkAccessibility(page);
      await page.close();
    });
  });

  test('asks once where there is no stream, and keeps what it knows while it is offline', async () => {
    pages.expectFault(/ERR_INTERNET_DISCONNECTED/);
    const context = await pages.newContext();
    await context.route('**/stream/operations', (route) => route.abort('internetdisconnected'));
    const page = await pages.open(`${base}/app/operations`, context);
    await page.locator('[data-connection=reconnecting]').waitFor();
    const orders = card(page, 'orders');
    await orders.getByRole('button', { name: 'Verify' }).waitFor();
    await context.setOffline(true);
    await orders.getByRole('button', { name: 'Verify' }).click();
    await orders.getByText('The service cannot be reached.').waitFor();
    expect(await orders.innerText()).toContain('0 events, 0 s');
    await checkAccessibility(page);
  });

  test('shows managers everything, and no button that is not theirs', async () => {
    const context = await pages.newContext();
    await context.route('**/app/config.json', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...((await response.json()) as object), access: 'login' } });
    });
    await context.route('**/auth/me', (route) =>
      route.fulfill({ json: { id: 'mario', roles: ['manager'], customerId: null } }),
    );
    const page = await pages.open(`${base}/app/operations`, context);
    await card(page, 'orders').waitFor();
    await page.getByText('are for the role admin').waitFor();
    expect(await page.getByRole('button', { name: /Rebuild|Verify|Replay/ }).count()).toBe(0);
    await section(page, 'Audit').locator('.entry').first().waitFor();
    await checkAccessibility(page);
  });

  test('works on a phone and by keyboard alone', async () => {
    const phone = await pages.newContext({ viewport: { width: 320, height: 640 }, colorScheme: 'dark' });
    const page = await pages.open(`${base}/app/operations`, phone);
    await card(page, 'customers').waitFor();
    await section(page, 'Audit').locator('.entry').first().waitFor();
    expect(await overflow(page)).toBe(0);
    await tabTo(page, 'Rebuild Customers …');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    expect(await overflow(page)).toBe(0);
    await tabTo(page, 'Rebuild Customers');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    // Focus is where it was, whatever the stream tells meanwhile.
    await until('the focus is back', async () => (await focused(page)) === 'Rebuild Customers …');
    await card(page, 'customers').getByText('Customers: the rebuild is done.').waitFor();
    expect(await focused(page)).toBe('Rebuild Customers …');
    await tabTo(page, 'Verify Customers');
    await page.keyboard.press('Enter');
    await card(page, 'customers')
      .getByText(/none differs/)
      .waitFor();
    await tabTo(page, 'Search');
    await checkAccessibility(page);
  });
});

function focused(page: Page): Promise<string> {
  return page.evaluate<string>(
    `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()`,
  );
}

/** Presses Tab until something with this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let pressed = 0; pressed < 80; pressed += 1) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === name) return;
  }
  throw new Error(`Tab never led to ${name}`);
}
