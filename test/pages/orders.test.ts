import type { Page, Route } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkAccessibility, describePages, overflow } from '../support/browser.ts';
import { command, confirm, pay, placeOrder, type SomeOrder } from '../support/orders.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { listen } from '../support/streams.ts';
import { until } from '../support/until.ts';

interface List {
  readonly items: readonly { readonly refundId?: string; readonly amount?: string }[];
}

const rows = (page: Page) => page.locator('.orders-table tbody tr');
const cards = (page: Page) => page.locator('.order-card');
const untilCount = (what: ReturnType<typeof rows>, count: number) =>
  until(`there are ${count}`, async () => (await what.count()) === count);

describePages('the page of orders', (pages) => {
  let service: TestService;
  let base: string;
  const orders: SomeOrder[] = [];
  beforeAll(async () => {
    // A day for each order, from the first of January 2030 on.
    const days = { placed: 0 };
    const clock = () => new Date(Date.UTC(2030, 0, 1 + days.placed, 12));
    service = await startTestService({ clock });
    base = await listen(service.app);
    for (; days.placed < 45; days.placed += 1) {
      const order = await placeOrder(service, days.placed % 3 === 0 ? 'giulia' : 'luigi');
      orders.push(order);
      if (days.placed < 5) await confirm(service, order);
      if (days.placed < 2) await pay(service, order);
    }
    await until('all are found', async () => {
      const found = (await service.get('/orders?status=PENDING&limit=100')).body as List;
      return found.items.length === 40;
    });
    return () => service.close();
  });

  const open = (query = '') => pages.open(`${base}/app/orders${query}`);
  const order = (index: number) => {
    const found = orders[index];
    if (!found) throw new Error(`no order ${index}`);
    return found;
  };
  const number = ({ id }: SomeOrder) => id.slice(-4).toUpperCase();

  describe('its list', () => {
    test('shows the newest first, and page after page keeps the focus, to the end', async () => {
      const page = await open();
      await untilCount(rows(page), 20);
      expect(await rows(page).first().innerText()).toContain(number(order(44)));
      expect(await rows(page).first().innerText()).toMatch(
        /luigi[^]*2 × Margherita, 1 × Diavola[^]*\$39\.00[^]*Waiting[^]*Unpaid/,
      );
      await checkAccessibility(page);
      const more = page.getByRole('button', { name: 'Show more', exact: true });
      await more.focus();
      await page.keyboard.press('Enter');
      await untilCount(rows(page), 40);
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Show more');
      await page.keyboard.press('Enter');
      await untilCount(rows(page), 45);
      await more.waitFor({ state: 'detached' });
      await until('the end has the focus', () =>
        page.evaluate<boolean>("document.activeElement.textContent === 'These are all 45.'"),
      );
      const numbers = await rows(page).locator('.order-number').allInnerTexts();
      expect(numbers).toEqual(orders.map(number).reverse());
    });

    test('filtered by each field, keeps the filter over a reload and on the way back', async () => {
      const page = await open();
      await untilCount(rows(page), 20);
      await page.getByLabel('Customer').fill('giulia');
      await page.getByLabel('Customer').press('Enter');
      await untilCount(rows(page), 15);
      await page.getByLabel('Status').selectOption('Confirmed');
      await untilCount(rows(page), 1);
      await page.getByLabel('Status').selectOption('Cooking');
      await untilCount(rows(page), 1);
      await page.getByLabel('Payment').selectOption('Paid');
      await untilCount(rows(page), 1);
      expect(await rows(page).first().innerText()).toContain(number(order(0)));
      const filtered = page.url();
      expect(new URL(filtered).search).toBe('?customerId=giulia&status=COOKING&paymentStatus=PAID');
      await page.reload();
      await untilCount(rows(page), 1);
      expect(await page.getByLabel('Customer').inputValue()).toBe('giulia');

      await page.getByRole('link', { name: 'History' }).click();
      await page.getByRole('heading', { name: `Order ${number(order(0))}` }).waitFor();
      await page.goBack();
      await untilCount(rows(page), 1);
      expect(page.url()).toBe(filtered);
      await page.getByRole('link', { name: 'Tracking' }).click();
      expect(new URL(page.url()).pathname).toBe(`/app/orders/${order(0).id}`);
      await page.goBack();
      await page.getByRole('button', { name: 'Clear' }).click();
      await untilCount(rows(page), 20);
      expect(new URL(page.url()).search).toBe('');
    });

    test('filtered by days, has the orders of both and of those between', async () => {
      const page = await open('?placedFrom=2030-01-03&placedTo=2030-01-05');
      await untilCount(rows(page), 3);
      expect(await rows(page).first().innerText()).toContain(number(order(4)));
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.getByLabel('Placed to').fill('2030-01-01');
      await page.getByText('This is before the first day.').waitFor();
      await checkAccessibility(page);
      expect(asked.filter((url) => url.includes('/orders?'))).toEqual([]);
      await page.getByLabel('Placed from').fill('');
      await untilCount(rows(page), 1);
    });

    test('whose filter is changed while pages are on their way, aborts them and begins anew', async () => {
      const page = await open();
      await untilCount(rows(page), 20);
      const held: Route[] = [];
      const aborted: string[] = [];
      page.on('requestfailed', (request) => aborted.push(request.url()));
      await page.route('**/orders?*', (route) => void held.push(route));
      const askedFor = (text: string) => held.find((route) => route.request().url().includes(text));
      await page.getByRole('button', { name: 'Show more', exact: true }).click();
      await until('the next page is asked for', () => askedFor('cursor='));
      await page.getByLabel('Payment').selectOption('Paid');
      await until('the other list is asked for', () => askedFor('paymentStatus=PAID'));
      expect(await page.getByRole('button', { name: 'Show more', exact: true }).count()).toBe(0);
      expect(await rows(page).count()).toBe(20); // what was there stays, until the next is
      await page.getByLabel('Payment').selectOption('Any');
      await page.getByLabel('Status').selectOption('Confirmed');
      await until('the last one is asked for', () => askedFor('status=CONFIRMED'));
      await askedFor('status=CONFIRMED')?.continue();
      await untilCount(rows(page), 3);
      await until('what was overtaken is aborted', () => {
        const overtaken = held.map((route) => route.request().url()).filter((url) => !url.includes('=CONFIRMED'));
        return overtaken.every((url) => aborted.includes(url));
      });
      for (const route of held) await route.continue().catch(() => undefined); // aborted, or answered already
      expect(await rows(page).count()).toBe(3);
      expect(aborted.some((url) => url.includes('cursor='))).toBe(true);
    });

    test('in a window of 320 px, is of cards, found and gone through by keyboard alone', async () => {
      const phone = await pages.newContext({ viewport: { width: 320, height: 640 } });
      const page = await pages.open(`${base}/app/orders?status=CONFIRMED`, phone);
      await untilCount(cards(page), 3);
      expect(await overflow(page)).toBe(0);
      await checkAccessibility(page);
      await page.getByLabel('Customer').focus();
      await page.keyboard.type('nobody');
      await page.keyboard.press('Enter');
      await page.getByText('No such orders').waitFor();
      await checkAccessibility(page);
      expect(await page.evaluate('document.activeElement.value')).toBe('nobody');
      for (let left = 'nobody'.length; left > 0; left -= 1) await page.keyboard.press('Backspace');
      await page.keyboard.press('Tab'); // to go on is to mean it, too
      await untilCount(cards(page), 3);
      await until('a link to a history has the focus', async () => {
        await page.keyboard.press('Tab');
        return page.evaluate<boolean>("document.activeElement.textContent.startsWith('History')");
      });
      await page.keyboard.press('Enter');
      await until('the history is open', () => page.url().endsWith('/history'));
    });

    test('says that it is waited for, that it failed, and that it is here again', async () => {
      pages.expectFault(/status of 503|ERR_FAILED/);
      const context = await pages.newContext();
      let answer: (route: Route) => Promise<void> = () => Promise.resolve();
      await context.route(/\/(?:orders|refunds)\?|\/orders$/, (route) =>
        route.request().resourceType() === 'fetch' ? answer(route) : route.continue(),
      );
      const page = await pages.open(`${base}/app/orders`, context);
      await page.getByText('Looking for orders …').waitFor();
      await checkAccessibility(page);
      answer = (route) => route.abort('failed');
      await page.reload();
      await until('both say so', async () => (await page.locator('.notice.offline').count()) === 2);
      await checkAccessibility(page);
      const body = JSON.stringify({ title: 'Temporarily unavailable', detail: 'Unable to read them.', status: 503 });
      answer = (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body });
      await until('both say so', async () => (await page.getByText('Unable to read them.').count()) === 2);
      await checkAccessibility(page);
      answer = (route) => route.continue();
      await untilCount(rows(page), 20); // asked for again by itself
    });
  });

  describe('its search for an id', () => {
    test.each([
      ['in an address', (id: string) => `  https://pizza.example/app/orders/${id.toUpperCase()}?x=1 `],
      ['alone', (id: string) => id],
    ])('given %s, goes to the order', async (_, text) => {
      const page = await open();
      await page.getByLabel('Order id').fill(text(order(7).id));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: `Order ${number(order(7))}` }).waitFor();
      expect(new URL(page.url()).pathname).toBe(`/app/orders/${order(7).id}/history`);
    });

    test('given none, or one that is not there, says so and stays', async () => {
      pages.expectFault(/status of 404/);
      const page = await open();
      await page.getByLabel('Order id').fill('8BC8');
      await page.getByRole('button', { name: 'Open' }).click();
      await page.locator('.field-note', { hasText: 'That is no id of an order' }).waitFor();
      await checkAccessibility(page);
      await page.getByLabel('Order id').fill('00000000-0000-4000-8000-000000000000');
      await page.getByRole('button', { name: 'Open' }).click();
      await page.locator('.field-note', { hasText: 'There is no order with this id.' }).waitFor();
      await page.locator('[data-announcer]', { hasText: 'There is no order with this id.' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/app/orders');
    });
  });

  test('its refunds owed, settled one by one, are gone; one that failed for now stays', async () => {
    const paid = await pay(service, await placeOrder(service, 'refunded'));
    const refunds = ['5.00', '6.00', '7.00', '8.00', '9.00'];
    for (const amount of refunds) await command(service, `/orders/${paid.id}/refunds`, { amount, reason: 'cold' });
    await until('they are listed', async () => {
      const found = (await service.get('/refunds')).body as List;
      return found.items.length === refunds.length;
    });
    const page = await open('?customerId=refunded');
    const owed = page.locator('.owed');
    await untilCount(owed, 4);
    await page.getByRole('button', { name: 'Show more refunds' }).click();
    await untilCount(owed, 5);
    await checkAccessibility(page);
    const dialog = page.getByRole('dialog');
    const fail = async (reason: string, isFinal: boolean) => {
      await page.getByRole('button', { name: 'Failed: $6.00' }).click();
      await dialog.getByLabel('Reason').fill(reason);
      if (isFinal) await dialog.getByLabel('For good').check();
      await checkAccessibility(page);
      await dialog.getByRole('button', { name: 'Record the failure' }).click();
      await dialog.waitFor({ state: 'detached' });
    };

    await page.getByRole('button', { name: 'Given back: $5.00' }).click();
    await dialog.getByLabel('Transaction').fill('r-5');
    await page.keyboard.press('Enter');
    await untilCount(owed, 4);
    await until('the heading has the focus', () =>
      page.evaluate<boolean>("document.activeElement.textContent.startsWith('Refunds owed')"),
    );
    await fail('the card has expired', false);
    expect(await owed.count()).toBe(4);
    await fail('the account is closed', true);
    await untilCount(owed, 3);

    // Somebody else is first.
    const { items } = (await service.get('/refunds')).body as List;
    const seven = items.find(({ amount }) => amount === '7.00');
    await page.getByRole('button', { name: 'Given back: $7.00' }).click();
    await command(service, `/orders/${paid.id}/refunds/${seven?.refundId ?? ''}/complete`, { transactionId: 'r-7' });
    pages.expectFault(/status of 409/);
    await dialog.getByLabel('Transaction').fill('r-8');
    await dialog.getByRole('button', { name: 'Record it' }).click();
    await dialog.getByRole('alert').waitFor();
    await untilCount(owed, 2); // as it is now
    await checkAccessibility(page);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect((await owed.allInnerTexts()).join()).not.toContain('$7.00');
  });
});

describePages('the page of orders, with roles', (pages) => {
  let base: string;
  const login = async (person: string, path: string): Promise<Page> => {
    pages.expectFault(/^other origin: (GET|POST) http:\/\/127\.0\.0\.1:\d+\/(auth|interaction)|status of 401/);
    const page = await pages.open(`${base}/auth/login?returnTo=${encodeURIComponent(path)}`, await pages.newContext());
    await page.getByRole('button', { name: person }).click();
    await page.locator('.session').waitFor();
    return page;
  };
  const place = async (page: Page, customerId: string): Promise<string> => {
    const data = { customerId, items: [{ name: 'Margherita', quantity: 1, unitPrice: '9.00' }] };
    const origin = new URL(base).origin;
    const answer = await page.context().request.post(`${base}/orders`, { data, headers: { origin } });
    return ((await answer.json()) as SomeOrder).id;
  };

  beforeAll(async () => {
    const service = await startServiceProcess({ AUTH: 'dev' });
    ({ base } = service);
    return () => service.close();
  });

  test('shows customers their own orders, and nothing that is the staff’s', async () => {
    const manager = await login('Mario', '/app/orders');
    await place(manager, 'luigi');
    const page = await login('Giulia', '/app/orders?customerId=luigi');
    await page.getByText('No orders yet').waitFor();
    await checkAccessibility(page);
    const own = await place(page, 'giulia');
    await until('her order is there', async () => {
      await page.reload();
      await page.locator('.orders-table, .notice-title').first().waitFor();
      return (await rows(page).count()) === 1;
    });
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Your orders');
    expect(await page.getByLabel('Customer').count()).toBe(0);
    expect(await page.getByText('Refunds owed').count()).toBe(0);
    expect(await rows(page).first().innerText()).toContain(own.slice(-4).toUpperCase());
    await checkAccessibility(page);

    await page.getByRole('link', { name: 'History' }).click();
    await page.locator('[data-shown-revision]').waitFor();
    for (const hidden of ['Actions', 'Raw event', 'This order in the audit']) {
      expect(await page.getByText(hidden).count()).toBe(0);
    }
    await checkAccessibility(page);
  });

  test('shows managers everybody’s, with what is owed and what they can do', async () => {
    const page = await login('Mario', '/app/orders');
    const id = await place(page, 'luigi');
    await page.getByText('Nothing is owed back.').waitFor();
    expect(await page.getByLabel('Customer').count()).toBe(1);
    await page.goto(`${base}/app/orders/${id}/history`);
    await page.getByRole('button', { name: 'Record a payment' }).waitFor();
    await page.locator('[data-shown-revision]').waitFor();
    expect(await page.getByText('Raw event').count()).toBe(1);
  });

  test('shows cooks an order’s history without what they may not do', async () => {
    const manager = await login('Mario', '/app/orders');
    const id = await place(manager, 'luigi');
    const page = await login('Anna', `/app/orders/${id}/history`);
    await page.locator('[data-shown-revision]').waitFor();
    expect(await page.getByRole('heading', { name: 'Actions' }).count()).toBe(0);
    expect(await page.getByText('Raw event').count()).toBe(0);
  });
});
