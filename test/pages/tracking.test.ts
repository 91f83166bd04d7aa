import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { checkAccessibility, describePages, overflow } from '../support/browser.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { AWAY, focused, loseAnswer, type Order, putOnMenu, send, tabTo } from './guest.ts';

const DELIVERED_TO = { street: 'Via Roma 1', city: 'Genova', postalCode: '16121', notes: 'Third floor' };

describePages('the tracking page', (pages) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startServiceProcess({ TIME_ZONE: 'UTC' });
    await putOnMenu(service.base, 'margherita_s', { name: 'Margherita', size: 'S', price: '8.50' });
    return () => service.close();
  });

  const place = (more: object = { deliveryAddress: DELIVERED_TO }) =>
    send(`${service.base}/orders`, {
      customerId: 'giulia',
      customerEmail: 'giulia@example.com',
      items: [{ sku: 'margherita_s', quantity: 2 }],
      ...more,
    });
  const run = ({ id }: Order, command: string, body: object) => send(`${service.base}/orders/${id}/${command}`, body);
  const confirm = (order: Order, minutes: number) =>
    run(order, 'confirm', {
      estimatedDeliveryTime: new Date(Date.now() + minutes * 60_000).toISOString(),
      kitchenNotes: 'extra crisp',
    });
  const open = ({ id }: Order) => pages.open(`${service.base}/app/orders/${id}`);
  const headline = (page: Page, name: string) => page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
  const steps = async (page: Page) => (await page.locator('.steps li').allInnerTexts()).map(inOneLine).join(' | ');
  const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ').replaceAll(' ,', ',').trim();
  const live = (page: Page) => page.locator('[data-connection="live"]').waitFor();

  test('follows an order from the kitchen to the door, on a desk and on a phone, and says each step', async () => {
    const order = await place();
    const page = await open(order);
    const phone = await pages.open(
      `${service.base}/app/orders/${order.id}`,
      await pages.newContext({ viewport: { width: 320, height: 640 }, colorScheme: 'dark', locale: 'de-DE' }),
    );
    const both = async (name: string) => {
      for (const each of [page, phone]) await headline(each, name);
      expect(await page.title()).toContain(name);
      expect(await overflow(phone)).toBe(0);
      await checkAccessibility(page);
      await checkAccessibility(phone);
    };
    await both('We have your order');
    expect(await steps(page)).toBe(
      'Received, now | In the kitchen, still to come | On its way, still to come | Delivered, still to come',
    );
    await page.getByText('The kitchen will tell you a time.').waitFor();
    await page.getByText('2 × Margherita, S').waitFor();
    await page.getByText('Via Roma 1').waitFor();

    await confirm(order, 30.5);
    await both('The kitchen has it');
    await page.getByText('in about 30 min').waitFor();
    expect(await page.locator('[data-announcer]').innerText()).toContain('The kitchen has it');
    await page.getByText('extra crisp').waitFor();
    await run(order, 'discount', { discountCode: 'WELCOME', discountAmount: '2.00' });
    await phone.getByText(/^15,00\s\$$/).waitFor();
    await run(order, 'payment', { paymentMethod: 'card', transactionId: 't-1' });
    await both('In the oven');
    await page.getByText('It is paid.').waitFor();
    await run(order, 'status', { status: 'READY' });
    await both('Ready to go');
    await run(order, 'status', { status: 'OUT_FOR_DELIVERY' });
    await both('On its way');
    expect(await steps(page)).toBe(
      'Received, done | In the kitchen, done | On its way, now | Delivered, still to come',
    );
    await run(order, 'status', { status: 'DELIVERED' });
    await both('Delivered');
    expect(await page.getByText('Promised for').count()).toBe(0);
    expect(await page.getByRole('button').count()).toBe(0);
    await run(order, 'refunds', { amount: '5.00', reason: 'It was cold' });
    await page.getByText(/^\$5\.00 is on its way back since .* \(It was cold\)\.$/).waitFor();
    await page.getByRole('link', { name: 'History' }).click();
    await page.waitForURL(`${service.base}/app/orders/${order.id}/history`);
  });

  test('of an order that is late says so, and never counts below nothing', async () => {
    const order = await place();
    await confirm(order, -10);
    const page = await open(order);
    await page.getByText('a little late, sorry').waitFor();
    await checkAccessibility(page);
  });

  test('of an order without an address says that it is picked up, until an address is given', async () => {
    const order = await place({});
    await run(order, 'status', { status: 'READY' });
    const page = await open(order);
    await headline(page, 'Ready to pick up');
    expect(await steps(page)).toBe('Received, done | In the kitchen, done | Ready, now | Picked up, still to come');
    await page.getByRole('button', { name: 'Have it delivered' }).click();
    const dialog = page.getByRole('dialog', { name: 'Where shall it go?' });
    await dialog.getByRole('button', { name: 'Deliver it there' }).click();
    await dialog.getByText('Which city?').waitFor();
    await checkAccessibility(page);
    await dialog.getByLabel('Street and number').fill('Via Napoli 7');
    await dialog.getByLabel('Postal code').fill('16134');
    await dialog.getByLabel('City').fill('Genova');
    await dialog.getByRole('button', { name: 'Deliver it there' }).click();
    await headline(page, 'Ready to go');
    await page.getByText('Via Napoli 7').waitFor();
    await dialog.waitFor({ state: 'detached' });
  });

  test('cancels by keyboard alone, with a reason, and keeps the focus', async () => {
    const order = await place();
    await run(order, 'payment', { paymentMethod: 'card', transactionId: 't-2' });
    const page = await open(order);
    const cancel = page.getByRole('button', { name: 'Cancel the order' });
    await tabTo(page, cancel);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Cancel the order?' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await focused(page, cancel);
    await page.keyboard.press('Enter');
    await tabTo(page, dialog.getByRole('button', { name: 'Cancel the order' }));
    await page.keyboard.press('Enter');
    await dialog.getByText('A word or two is enough.').waitFor();
    await checkAccessibility(page);
    await tabTo(page, dialog.getByLabel('Why?'));
    await page.keyboard.type('Changed my mind');
    await tabTo(page, dialog.getByRole('button', { name: 'Cancel the order' }));
    await page.keyboard.press('Enter');
    await headline(page, 'Cancelled');
    expect(await page.title()).toContain('Cancelled');
    expect(await page.locator('.steps').count()).toBe(0);
    await page.getByText('We owe you money.').waitFor();
    await focused(page, page.getByRole('heading', { name: 'Cancelled' }));
    await checkAccessibility(page);
  });

  /** Gives the page the order as it is, and cuts its stream for good. */
  async function openWithoutStream(order: Order): Promise<Page> {
    pages.expectFault(/ERR_FAILED/);
    const card = JSON.stringify({ card: await send(`${service.base}/orders/${order.id}/state`) });
    const page = await pages.open(`${service.base}/app/figures`);
    await page.route('**/stream/**', (route) => route.abort());
    const stream = { contentType: 'text/event-stream', body: `event: order\ndata: ${card}\n\n` };
    await page.route('**/stream/**', (route) => route.fulfill(stream), { times: 1 });
    await page.goto(`${service.base}/app/orders/${order.id}`);
    return page;
  }

  const cancellations = async (order: Order) => {
    const { items } = await send<{ items: { eventType: string }[] }>(`${service.base}/orders/${order.id}/timeline`);
    return items.filter(({ eventType }) => eventType === 'OrderCancelled').length;
  };

  test('whose answer to a cancellation was lost, pressed again, cancels once', async () => {
    const order = await place();
    const page = await openWithoutStream(order);
    await page.getByRole('button', { name: 'Cancel the order' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why?').fill('Changed my mind');
    await loseAnswer(page, `${service.base}/orders/${order.id}/cancel`);
    await dialog.getByRole('button', { name: 'Cancel the order' }).click();
    await dialog.getByText('The service cannot be reached').waitFor();
    await checkAccessibility(page);
    expect(await cancellations(order)).toBe(1);
    await dialog.getByRole('button', { name: 'Cancel the order' }).click();
    await headline(page, 'Cancelled');
    expect(await dialog.count()).toBe(0);
    expect(await cancellations(order)).toBe(1);
  });

  test('whose answer to a cancellation was lost is told by the stream that it is cancelled', async () => {
    pages.expectFault(/ERR_FAILED/);
    const order = await place();
    const page = await open(order);
    await page.getByRole('button', { name: 'Cancel the order' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why?').fill('Changed my mind');
    await loseAnswer(page, `${service.base}/orders/${order.id}/cancel`);
    await dialog.getByRole('button', { name: 'Cancel the order' }).click();
    await dialog.getByText('Meanwhile: Cancelled').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await headline(page, 'Cancelled');
  });

  test('says what happened meanwhile to an order that is to be cancelled, and asks again', async () => {
    pages.expectFault(/status of 412/);
    const order = await place();
    const page = await openWithoutStream(order);
    await page.getByRole('button', { name: 'Cancel the order' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why?').fill('Too slow');
    await confirm(order, 20);
    await dialog.getByRole('button', { name: 'Cancel the order' }).click();
    await dialog.getByText('Meanwhile: Confirmed').waitFor();
    await checkAccessibility(page);
    expect(await dialog.getByLabel('Why?').inputValue()).toBe('Too slow');
    await dialog.getByRole('button', { name: 'Cancel the order' }).click();
    await headline(page, 'Cancelled');
  });

  test('does not cancel an order that is delivered while it asks, and leaves the focus where it can go on', async () => {
    const order = await place();
    const page = await open(order);
    await page.getByRole('button', { name: 'Cancel the order' }).click();
    const dialog = page.getByRole('dialog');
    await run(order, 'status', { status: 'DELIVERED' });
    await dialog.getByText('Meanwhile: Delivered').waitFor();
    expect(await dialog.getByRole('button').allInnerTexts()).toEqual(['Close']);
    await checkAccessibility(page);
    await dialog.getByRole('button').click();
    await headline(page, 'Delivered');
    await focused(page, page.getByRole('heading', { name: 'Delivered' }));
  });

  test.each([
    ['an id that no order has', randomUUID(), /status of 404/],
    ['something that is no id', 'margherita', undefined],
  ])('of %s says that there is no such order', async (_, id, fault) => {
    if (fault) pages.expectFault(fault);
    const page = await pages.open(`${service.base}/app/orders/${id}`);
    await page.getByRole('heading', { name: 'No such order' }).waitFor();
    await checkAccessibility(page);
    await page.getByRole('link', { name: 'Order something' }).click();
    await page.waitForURL(`${service.base}/app/order`);
    await page.goBack();
    await page.getByRole('heading', { name: 'No such order' }).waitFor();
    expect(await page.title()).toContain('No such order');
  });

  test('goes on by itself after the service was killed and started again, and says meanwhile how old it is', async () => {
    pages.expectFault(AWAY);
    const order = await place();
    const page = await open(order);
    await headline(page, 'We have your order');
    await live(page);
    await service.kill();
    await page.getByText(/reconnecting · as of/).waitFor();
    await headline(page, 'We have your order');
    await checkAccessibility(page);
    const late = await pages.newContext();
    await service.restart();
    await confirm(order, 20);
    await headline(page, 'The kitchen has it');
    await live(page);
    await headline(await pages.open(`${service.base}/app/orders/${order.id}`, late), 'The kitchen has it');
  });

  test('opened while its stream is out of reach says so, and shows the order once it is there', async () => {
    pages.expectFault(/ERR_FAILED/);
    const order = await place();
    const page = await pages.open(`${service.base}/app/order`);
    await page.route('**/stream/**', (route) => route.abort());
    await page.goto(`${service.base}/app/orders/${order.id}`);
    await page.getByText('Looking for your order').waitFor();
    await page.getByText('The service does not answer').waitFor();
    await checkAccessibility(page);
    await page.unrouteAll();
    await headline(page, 'We have your order');
  });
});

describePages('the tracking page of whoever is logged in', (pages) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startServiceProcess({ AUTH: 'dev' });
    return () => service.close();
  });

  /** Somebody's own browser, at a page. */
  async function openAs(name: string, path: string): Promise<Page> {
    pages.expectFault(/^other origin: \S+ http:\/\/127\.0\.0\.1:\d+\/(?:auth|interaction)|status of 401/);
    const page = await pages.open(`${service.base}/app${path}`, await pages.newContext());
    await page.getByRole('main').getByRole('link', { name: 'Log in' }).click();
    await page.getByRole('button', { name }).click();
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    return page;
  }

  /** Sends a command as the person whose page it is. */
  const command = (page: Page, path: string, body: object) =>
    page.evaluate<number>(`fetch('${path}', { method: 'POST', headers: { 'content-type': 'application/json' },
      body: ${JSON.stringify(JSON.stringify(body))} }).then((response) => response.status)`);

  test('shows a customer her own order without the staff’s fields, and lets her cancel until it is made', async () => {
    const mario = await openAs('Mario', '/order');
    const item = { name: 'Margherita', category: 'Classic', price: '8.50' };
    await mario.evaluate(`fetch('/menu/margherita', { method: 'PUT', headers: { 'content-type': 'application/json' },
      body: ${JSON.stringify(JSON.stringify(item))} })`);
    const giulia = await openAs('Giulia', '/order');
    await giulia.getByRole('button', { name: /^Add Margherita/ }).click();
    await giulia.getByText('Ordering as giulia').waitFor();
    expect(await giulia.getByLabel('Customer').count()).toBe(0);
    await checkAccessibility(giulia);
    await giulia.getByLabel('Pick-up').check();
    await giulia.getByRole('button', { name: /^Place the order/ }).click();
    await giulia.getByRole('heading', { name: 'We have your order' }).waitFor();
    expect(await giulia.getByText('For the staff').count()).toBe(0);
    const path = new URL(giulia.url()).pathname.slice('/app'.length);

    await giulia.getByRole('button', { name: 'Cancel the order' }).click();
    expect(await command(mario, `${path}/status`, { status: 'COOKING' })).toBe(200);
    await giulia.getByText('Meanwhile: Cooking').waitFor();
    await giulia.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await giulia.getByRole('heading', { name: 'In the oven' }).waitFor();
    expect(await giulia.getByRole('button', { name: 'Cancel the order' }).count()).toBe(0);
    await checkAccessibility(giulia);

    const anna = await openAs('Anna', path);
    await anna.getByText('For the staff').waitFor();
    expect(await anna.getByRole('button', { name: 'Cancel the order' }).count()).toBe(0);
    await checkAccessibility(anna);
    const luca = await openAs('Luca', path);
    await luca.getByText('For the staff').waitFor();
    await mario.goto(`${service.base}/app${path}`);
    await mario.getByRole('button', { name: 'Cancel the order' }).waitFor();
  });

  test('does not show a customer somebody else’s order', async () => {
    pages.expectFault(/status of 404/);
    const mario = await openAs('Mario', '/order');
    const body = { customerId: 'paola', items: [{ name: 'Margherita', quantity: 1, unitPrice: '8.50' }] };
    const id = await mario.evaluate<string>(`fetch('/orders', { method: 'POST',
      headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(JSON.stringify(body))} })
      .then((response) => response.json()).then(({ id }) => id)`);
    const giulia = await openAs('Giulia', `/orders/${id}`);
    await giulia.getByRole('heading', { name: 'No such order' }).waitFor();
  });
});
