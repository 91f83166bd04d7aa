import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { checkAccessibility, describePages, overflow } from '../support/browser.ts';
import { caughtUp } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { listen } from '../support/streams.ts';
import { until } from '../support/until.ts';

interface Figures {
  readonly period: { readonly from: string; readonly to: string };
  readonly totalOrders: number;
  readonly confirmationRate: number;
  readonly cancelledOrders: number;
  readonly totalRevenue: string;
  readonly refunded: string;
  readonly netRevenue: string;
  readonly averageOrderValue: string;
  readonly totalItemsSold: number;
  readonly popularItems: readonly { readonly itemName: string; readonly totalSold: number }[];
  readonly dailyBreakdown: readonly {
    readonly date: string;
    readonly orderCount: number;
    readonly dailyRevenue: string;
  }[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Begins like a formula, and has what CSV has to quote. */
const FORMULA = '=SUM("A1", "A2")';
const LONG = 'Pizza Quattro Stagioni senza Funghi ma con doppia Mozzarella di Bufala Campana';

const dollars = (amount: string) => `$${Number(amount).toLocaleString('en-US', { minimumFractionDigits: 2 })}`;

describePages('the page of figures', (pages) => {
  let service: TestService;
  let base: string;
  const started = Date.now();
  let time = started;
  beforeAll(async () => {
    service = await startTestService({ clock: () => new Date(time) });
    base = await listen(service.app);
    for (const [daysAgo, name, quantity] of [
      [0, 'Margherita', 2],
      [1, FORMULA, 3],
      [1, LONG, 1],
      [5, 'Margherita', 1],
      [20, 'Diavola', 4],
      [40, 'Diavola', 2],
      [200, 'Margherita', 10],
      [340, 'Margherita', 1],
    ] as const) {
      time = started - daysAgo * DAY_MS;
      const items = [{ name, quantity, unitPrice: '10.25' }];
      const placed = await service.post('/orders', { customerId: 'ada', items });
      const order = `/orders/${(placed.body as { readonly id: string }).id}`;
      if (daysAgo === 20) await service.post(`${order}/cancel`, { reason: 'nobody is at home' });
      if (daysAgo !== 5) continue;
      await service.post(`${order}/confirm`, { estimatedDeliveryTime: '2999-01-01T00:00:00Z' });
      await service.post(`${order}/payment`, { paymentMethod: 'cash', transactionId: 'tx-1' });
      const refund = await service.post(`${order}/refunds`, { amount: '5.00', reason: 'cold' });
      await service.post(`${String(refund.headers['location'])}/complete`, { transactionId: 'tx-2' });
    }
    time = started;
    await caughtUp(service);
    return () => service.close();
  });

  /** Where the page has asked for figures. */
  let asked: string[] = [];

  async function open(query = ''): Promise<Page> {
    const context = await pages.newContext();
    asked = [];
    context.on('request', (request) => {
      if (request.url().includes('/analytics/')) asked.push(request.url());
    });
    const page = await pages.open(`${base}/app/figures${query}`, context);
    await page.getByText(/^Orders placed/).waitFor();
    return page;
  }

  /** What the service says of the period that the page has asked for last. */
  async function figuresOf(page: Page): Promise<Figures> {
    // The period before is asked for after it.
    const comparesNot = new URL(page.url()).searchParams.get('compare') === 'off';
    const { pathname, search } = new URL(asked.at(comparesNot ? -1 : -2) ?? '');
    const answer = await service.get(pathname + search);
    expect(answer.status).toBe(200);
    return answer.body as Figures;
  }

  const total = (page: Page, label: string) => page.locator('.total', { hasText: label }).first().innerText();

  test('shows the totals, bars, table and items that the service tells', async () => {
    const page = await open('?compare=off');
    const figures = await figuresOf(page);
    expect(figures).toMatchObject({ totalOrders: 5, cancelledOrders: 1, totalRevenue: '112.75', refunded: '5.00' });
    expect(await total(page, 'Revenue')).toContain(dollars(figures.totalRevenue));
    expect(await total(page, 'Refunded')).toContain(dollars(figures.refunded));
    expect(await total(page, 'Net revenue')).toContain(dollars(figures.netRevenue));
    expect(await total(page, 'Average order')).toContain(dollars(figures.averageOrderValue));
    expect(await total(page, 'Confirmed')).toContain(`${figures.confirmationRate}%`);
    expect(await total(page, 'Items sold')).toContain(String(figures.totalItemsSold));
    expect(await total(page, 'Cancelled')).toContain('1');
    expect(await page.locator('.comparison').count()).toBe(0);

    await page.getByText('The same as a table').click();
    const cells = await page.locator('tbody tr').allInnerTexts();
    const days = cells.filter((row) => !row.includes('$0.00')).map((row) => row.split('\t').slice(1));
    expect(days).toEqual(
      figures.dailyBreakdown.map(({ dailyRevenue, orderCount }) => [dollars(dailyRevenue), String(orderCount)]),
    );
    const chart = await page.getByRole('img', { name: /^Revenue by day/ }).getAttribute('aria-label');
    expect(chart).toContain(`${dollars(figures.totalRevenue)} in all`);
    for (const { itemName, totalSold } of figures.popularItems) {
      const item = page.locator('.popular li', { hasText: itemName });
      expect(await item.innerText()).toContain(String(totalSold));
    }
    await checkAccessibility(page);
  });

  test('compares with the period before, in words', async () => {
    const page = await open('?period=7d');
    await until('all is compared', async () => (await page.locator('.comparison').count()) === 8);
    expect(await total(page, 'Orders')).toMatch(/none before|more|less|the same/);
    const month = await open('?period=30d');
    // Five orders now, the one of forty days ago before.
    expect(await total(month, 'Orders')).toMatch(/▲ 400% more\s+before: 1/);
    expect(await total(month, 'Cancelled')).toMatch(/none before\s+before: 0/);
    await checkAccessibility(month);
    await month.getByLabel('Compare with').uncheck();
    await until('nothing is compared', async () => (await month.locator('.comparison').count()) === 0);
    expect(new URL(month.url()).searchParams.get('compare')).toBe('off');
  });

  test('keeps the period in its address, over a reload and an own one', async () => {
    const page = await open();
    await page.getByRole('button', { name: '7 days' }).click();
    expect(new URL(page.url()).searchParams.get('period')).toBe('7d');
    await page.getByText('Orders placed').waitFor();
    await page.reload();
    expect(await page.getByRole('button', { name: '7 days' }).getAttribute('aria-pressed')).toBe('true');

    await page.getByRole('button', { name: 'Own days' }).click();
    await page.getByLabel('First day').fill('2020-02-01');
    await page.getByLabel('Last day').fill('2020-01-01');
    await page.getByText('The last day is before the first.').first().waitFor();
    await checkAccessibility(page);
    await page.getByLabel('Last day').fill('2020-02-29');
    await page.getByText('No orders found in date range').waitFor();
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toMatchObject({
      period: 'own',
      from: '2020-02-01',
      to: '2020-02-29',
    });
    const { period } = await figuresOf(page);
    // Midnight of Rome.
    expect(period.from).toMatch(/^2020-01-31T23:00:00/);
    await checkAccessibility(page);
  });

  test('takes the days of the zone that is chosen, and keeps it', async () => {
    const page = await open('?compare=off');
    expect((await figuresOf(page)).period.to).toMatch(/T2[23]:00:00/);
    await page.getByLabel('Time zone').selectOption('UTC');
    await page.getByText('in UTC').waitFor();
    expect((await figuresOf(page)).period.to).toMatch(/T00:00:00/);
    await page.reload();
    await page.getByText('in UTC').waitFor();
    expect(await page.getByLabel('Time zone').inputValue()).toBe('UTC');
  });

  test('shows a year at a glance, by week', async () => {
    const page = await open('?period=year');
    const figures = await figuresOf(page);
    expect(figures.totalOrders).toBeGreaterThan(0);
    const bars = await page
      .getByRole('img', { name: /^Orders by week/ })
      .locator('.chart-bar')
      .count();
    expect(bars).toBeGreaterThanOrEqual(53);
    expect(bars).toBeLessThanOrEqual(54);
    await checkAccessibility(page);
  });

  test('gives days and items as CSV, with amounts as they are and formulas as text', async () => {
    const page = await open('?compare=off');
    const figures = await figuresOf(page);
    const days = await download(page, 'Days as CSV');
    expect(days.name).toMatch(/^orders-\d{4}-\d\d-\d\d-to-\d{4}-\d\d-\d\d\.csv$/);
    expect(days.text).toBe(
      [
        'date (UTC),orders,revenue',
        ...figures.dailyBreakdown.map((day) => `${day.date},${day.orderCount},${day.dailyRevenue}`),
        '',
      ].join('\r\n'),
    );
    const items = await download(page, 'Items as CSV');
    expect(items.text.split('\r\n')[0]).toBe('item,sold');
    expect(items.text).toContain(`"'=SUM(""A1"", ""A2"")",3\r\n`);
    expect(items.text).toContain(`${LONG},1\r\n`);
  });

  async function download(page: Page, button: string) {
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: button }).click(),
    ]);
    return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
  }

  test('gives up what was asked for before, when another period is chosen', async () => {
    const page = await open('?period=7d&compare=off');
    const aborted: string[] = [];
    page.on('requestfailed', (request) => aborted.push(request.url()));
    let held = 0;
    await page.route('**/analytics/orders?*', (route) => {
      held += 1;
      if (held > 1) return route.continue();
      return undefined; // no answer
    });
    await page.getByRole('button', { name: '30 days' }).click();
    await until('the first was asked for', () => held === 1);
    // What there was stays while the next is on its way.
    expect(await page.locator('.figures').getAttribute('aria-busy')).toBe('true');
    await checkAccessibility(page);
    await page.getByRole('button', { name: 'A year' }).click();
    await page.getByRole('img', { name: /^Revenue by week/ }).waitFor();
    await until('the first was given up', () => aborted.length === 1);
  });

  test('says that the figures are not to be had, keeps what there was, and asks again', async () => {
    const page = await open('?compare=off');
    pages.expectFault(/status of 503/);
    const detail = 'Figures are not available. Please try again.';
    await page.route('**/analytics/orders?*', (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        headers: { 'retry-after': '1' },
        body: JSON.stringify({ title: 'Service Unavailable', status: 503, detail }),
      }),
    );
    await page.getByRole('button', { name: '7 days' }).click();
    await page.getByText(detail).waitFor();
    expect(await total(page, 'Revenue')).toContain('$');
    await checkAccessibility(page);
    await page.unroute('**/analytics/orders?*');
    await until('it is right again', async () => (await page.getByText(detail).count()) === 0);
  });

  test('says that the service cannot be reached', async () => {
    const page = await open('?compare=off');
    pages.expectFault(/ERR_INTERNET_DISCONNECTED/);
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Add up again' }).click();
    await page.getByText('The service cannot be reached.').first().waitFor();
    await checkAccessibility(page);
    await page.context().setOffline(false);
    await until('it is right again', async () => (await page.getByText('cannot be reached').count()) === 0);
  });

  test('works on a phone and by keyboard alone', async () => {
    const phone = await pages.newContext({ viewport: { width: 320, height: 640 }, colorScheme: 'dark' });
    const page = await pages.open(`${base}/app/figures?compare=off`, phone);
    await page.getByText(/^Orders placed/).waitFor();
    expect(await overflow(page)).toBe(0);
    await tabTo(page, 'This month');
    await page.keyboard.press('Enter');
    await until('the month is shown', () => page.url().includes('period=month'));
    await tabTo(page, 'Compare with the period before');
    await page.keyboard.press('Space');
    await page.locator('.comparison').first().waitFor();
    await tabTo(page, 'The same as a table');
    await page.keyboard.press('Enter');
    await page.locator('tbody tr').first().waitFor();
    expect(await overflow(page)).toBe(0);
    await tabTo(page, 'Days as CSV');
    const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    expect(file.suggestedFilename()).toMatch(/^orders-/);
    await checkAccessibility(page);
  });
});

/** Presses Tab until something with this text or label has the focus. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let pressed = 0; pressed < 60; pressed += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(
      `(document.activeElement.closest('label') ?? document.activeElement).textContent`,
    );
    if (focused.trim() === text) return;
  }
  throw new Error(`Tab never led to ${text}`);
}
