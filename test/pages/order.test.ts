import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { checkAccessibility, describePages, overflow } from '../support/browser.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { AWAY, focused, loseAnswer, type Order, ordersOf, putOnMenu, send, tabTo, withdraw } from './guest.ts';

describePages('the order page', (pages) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startServiceProcess();
    await putOnMenu(service.base, 'margherita_s', { name: 'Margherita', size: 'S', price: '8.50' });
    await putOnMenu(service.base, 'margherita_l', { name: 'Margherita', size: 'L', price: '12.00' });
    await putOnMenu(service.base, 'water', { name: 'Water', category: 'Drinks', price: '2.05' });
    return () => service.close();
  });

  const openOrder = () => pages.open(`${service.base}/app/order`);
  const put = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).click();
  const placeButton = (page: Page) => page.getByRole('button', { name: /^Place the order for/ });
  const total = (page: Page) => page.locator('.total strong').innerText();
  const arrived = (page: Page) => page.getByRole('heading', { name: 'We have your order' }).waitFor();
  const idOf = (page: Page) => new URL(page.url()).pathname.split('/').at(-1) ?? '';

  /** Says who orders, and that it is picked up. */
  async function pickUpAs(page: Page, customerId: string): Promise<void> {
    await page.getByLabel('Customer').fill(customerId);
    await page.getByLabel('Pick-up').check();
  }

  test('by mouse: says what the basket costs at every moment, and leads to the order as it was put together', async () => {
    const page = await openOrder();
    await put(page, /^Add Margherita, S/);
    expect(await total(page)).toBe('$8.50');
    await checkAccessibility(page);
    await put(page, /^Add Margherita, S/);
    await put(page, /^Add Margherita, L/);
    expect(await total(page)).toBe('$29.00');
    await page.getByLabel('Number of Margherita, L').fill('3');
    expect(await total(page)).toBe('$53.00');
    await put(page, 'One Margherita, S less');
    await put(page, /^Add Water/);
    await put(page, 'Remove Water');
    expect(await total(page)).toBe('$44.50');
    await focused(page, page.getByRole('heading', { name: 'Your basket' }));

    await placeButton(page).click();
    await page.getByText('Which street and number?').waitFor();
    await focused(page, page.getByLabel('Customer'));
    await checkAccessibility(page);
    await page.getByLabel('Customer').fill('mouse');
    await page.getByLabel('Email').fill('mouse@example.com');
    await page.getByLabel('Street and number').fill('Via Roma 1');
    await page.getByLabel('Postal code').fill('16121');
    await page.getByLabel('City').fill('Genova');
    await page.getByLabel('Notes for the driver').fill('Third floor');
    await placeButton(page).click();

    await arrived(page);
    expect(await send(`${service.base}/orders/${idOf(page)}?minRevision=0`)).toMatchObject({
      customerId: 'mouse',
      customerEmail: 'mouse@example.com',
      totalAmount: '44.50',
      items: [
        { sku: 'margherita_s', quantity: 1 },
        { sku: 'margherita_l', quantity: 3 },
      ],
      deliveryAddress: { street: 'Via Roma 1', postalCode: '16121', city: 'Genova', notes: 'Third floor' },
    });
    await page.goBack();
    await page.getByText('There is nothing in it yet').waitFor();
  });

  test('by keyboard alone, on a phone, leads to the order', async () => {
    const phone = await pages.newContext({ viewport: { width: 320, height: 640 }, locale: 'de-DE' });
    const page = await pages.open(`${service.base}/app/order`, phone);
    await tabTo(page, page.getByRole('button', { name: /^Add Margherita, L/ }));
    await page.keyboard.press('Enter');
    await page.keyboard.press('Space');
    await tabTo(page, page.getByRole('link', { name: /2 in the basket/ }));
    await page.keyboard.press('Enter');
    await focused(page, page.getByRole('heading', { name: 'Your basket' }));
    expect(await total(page)).toMatch(/^24,00\s\$$/);
    expect(await overflow(page)).toBe(0);
    await checkAccessibility(page);
    await tabTo(page, page.getByLabel('Customer'));
    await page.keyboard.type('keys');
    await tabTo(page, page.getByLabel('Delivery', { exact: true }));
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter'); // in a form's field, as in any form
    await arrived(page);
    expect(await send(`${service.base}/orders/${idOf(page)}?minRevision=0`)).toMatchObject({
      customerId: 'keys',
      totalAmount: '24.00',
      deliveryAddress: null,
    });
    expect(await overflow(page)).toBe(0);
  });

  test('pressed twice places one order', async () => {
    const page = await openOrder();
    let sent = 0;
    page.on('request', (request) => (sent += request.method() === 'POST' ? 1 : 0));
    await put(page, /^Add Water/);
    await pickUpAs(page, 'twice');
    await placeButton(page).dblclick();
    await arrived(page);
    expect(sent).toBe(1);
    expect(await ordersOf(service.base, 'twice')).toHaveLength(1);
  });

  test('whose answer was lost, pressed again after a reload, places one order', async () => {
    pages.expectFault(/ERR_FAILED/);
    const page = await openOrder();
    await put(page, /^Add Water/);
    await pickUpAs(page, 'lost');
    await loseAnswer(page, `${service.base}/orders`);
    await placeButton(page).click();
    await page.getByText('Nobody knows whether it has arrived').waitFor();
    await checkAccessibility(page);
    await page.reload();
    await page.getByText('Nobody knows whether it has arrived').waitFor();
    await placeButton(page).click();
    await arrived(page);
    expect((await ordersOf(service.base, 'lost')).map(({ id }) => id)).toEqual([idOf(page)]);
  });

  test('whose answer was lost, changed and pressed again, finds the order that had arrived, and places no other', async () => {
    pages.expectFault(/ERR_FAILED|status of 422/);
    const page = await openOrder();
    await put(page, /^Add Water/);
    await pickUpAs(page, 'changed');
    await loseAnswer(page, `${service.base}/orders`);
    await placeButton(page).click();
    await page.getByText('Nobody knows whether it has arrived').waitFor();
    await put(page, /^Add Margherita, S/);
    await placeButton(page).click();
    await page.getByText('Your order had arrived the first time').waitFor();
    await checkAccessibility(page);
    expect(await total(page)).toBe('$10.55');
    const orders = await ordersOf(service.base, 'changed');
    expect(orders).toMatchObject([{ totalAmount: '2.05' }]);
    await page.getByRole('link', { name: 'See that order' }).click();
    await arrived(page);
    expect(idOf(page)).toBe(orders[0]?.id);
  });

  test('whose request never arrived, changed and pressed again, places what it shows', async () => {
    pages.expectFault(/ERR_FAILED/);
    const page = await openOrder();
    await put(page, /^Add Water/);
    await pickUpAs(page, 'never');
    await page.route(`${service.base}/orders`, (route) => route.abort(), { times: 1 });
    await placeButton(page).click();
    await page.getByText('Nobody knows whether it has arrived').waitFor();
    await put(page, /^Add Water/);
    await placeButton(page).click();
    await arrived(page);
    expect(await ordersOf(service.base, 'never')).toMatchObject([{ totalAmount: '4.10' }]);
  });

  test('says which prices have changed and what is gone, and asks before it orders', async () => {
    pages.expectFault(/status of 422/);
    await putOnMenu(service.base, 'diavola', { name: 'Diavola', category: 'Hot', price: '10.00' });
    await putOnMenu(service.base, 'nduja', { name: 'Nduja', category: 'Hot', price: '11.00' });
    const page = await openOrder();
    await put(page, /^Add Diavola/);
    await put(page, /^Add Nduja/);
    await pickUpAs(page, 'prices');
    await putOnMenu(service.base, 'diavola', { name: 'Diavola', category: 'Hot', price: '10.75' });
    await placeButton(page).click();
    const dialog = page.getByRole('dialog', { name: 'The menu has just changed' });
    await dialog.getByText('Diavola: $10.00 before, $10.75 now.').waitFor();
    await checkAccessibility(page);
    await page.keyboard.press('Escape');
    expect(await total(page)).toBe('$21.75');
    await page.getByRole('status').getByText('Diavola: $10.00 before, $10.75 now.').waitFor();
    await checkAccessibility(page);
    await page.getByRole('button', { name: 'All right' }).click();

    await withdraw(service.base, 'nduja');
    await placeButton(page).click();
    await dialog.getByText('Nduja is not on the menu any more, and is taken out.').waitFor();
    await page.getByRole('button', { name: /^Add Nduja/ }).waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: 'Place the order for $10.75' }).click();
    await arrived(page);
    expect(await ordersOf(service.base, 'prices')).toMatchObject([{ totalAmount: '10.75', items: [{ quantity: 1 }] }]);
  });

  test('keeps the basket over a reload, and says when all that was in it is gone', async () => {
    pages.expectFault(/status of 422/);
    await putOnMenu(service.base, 'autunno', { name: 'Autunno', category: 'Garden', price: '9.00' });
    const page = await openOrder();
    await put(page, /^Add Autunno/);
    await pickUpAs(page, 'reload');
    await putOnMenu(service.base, 'autunno', { name: 'Autunno bianco', category: 'Garden', price: '9.00' });
    await page.reload();
    await page.getByText('Autunno, now Autunno bianco: $9.00.').waitFor();
    expect(await page.getByLabel('Customer').inputValue()).toBe('reload');
    await withdraw(service.base, 'autunno');
    await placeButton(page).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Autunno bianco is not on the menu any more').waitFor();
    expect(await dialog.getByRole('button').allInnerTexts()).toEqual(['Back to the menu']);
    await dialog.getByRole('button').click();
    await page.getByText('There is nothing in it yet').waitFor();
    expect(await ordersOf(service.base, 'reload')).toEqual([]);
  });

  test('takes no more than 99 of one, nor nothing', async () => {
    const page = await openOrder();
    await put(page, /^Add Water/);
    const number = page.getByLabel('Number of Water');
    await number.fill('12345');
    await number.blur();
    expect([await number.inputValue(), await total(page)]).toEqual(['99', '$202.95']);
    expect(await page.getByRole('button', { name: 'One Water more' }).isDisabled()).toBe(true);
    await number.fill('');
    await number.blur();
    expect([await number.inputValue(), await total(page)]).toEqual(['99', '$202.95']);
  });

  test.each([
    ['nothing is on the menu', 200, 'There is nothing on the menu yet', undefined],
    ['the menu cannot be read', 503, 'Unable to read the menu', /status of 503/],
    ['the service is away', 0, 'The service cannot be reached', /ERR_FAILED/],
  ])('says that %s, and goes on by itself', async (_, status, said, fault) => {
    if (fault) pages.expectFault(fault);
    const page = await pages.open(`${service.base}/app/kitchen`);
    const problem = { title: 'Temporarily unavailable', status: 503, detail: 'Unable to read the menu.' };
    await page.route(`${service.base}/menu`, (route) =>
      status === 0
        ? route.abort()
        : route.fulfill({ status, json: status === 200 ? { currency: 'USD', categories: [] } : problem }),
    );
    await page.goto(`${service.base}/app/order`);
    await page.getByText(said).waitFor();
    await checkAccessibility(page);
    await page.unrouteAll();
    if (status === 200) await page.reload();
    await page.getByRole('button', { name: /^Add Water/ }).waitFor();
  });

  test('placed while the service is away, and pressed again when it is back, places one order', async () => {
    pages.expectFault(AWAY);
    const page = await openOrder();
    await put(page, /^Add Margherita, L/);
    await pickUpAs(page, 'away');
    await service.kill();
    await placeButton(page).click();
    await page.getByText('Nobody knows whether it has arrived').waitFor();
    await service.restart();
    await placeButton(page).click();
    await arrived(page);
    const [order] = await ordersOf(service.base, 'away');
    expect(order?.totalAmount).toBe('12.00');
    await until('the menu is there again', async () => (await fetch(`${service.base}/menu`)).ok);
  });

  test('of an order with lines of every kind survives whatever is typed', async () => {
    const name = 'Die Donaudampfschifffahrtsgesellschaftskapitänspizza';
    await putOnMenu(service.base, 'donau', { name, category: 'Überraschung', price: '9999.99' });
    const phone = await pages.newContext({ viewport: { width: 320, height: 640 } });
    const page = await pages.open(`${service.base}/app/order`, phone);
    await put(page, new RegExp(`^Add ${name}`));
    await page.getByLabel(`Number of ${name}`).fill('99');
    expect(await overflow(page)).toBe(0);
    await page.getByLabel('Customer').fill('<b>Zoë & "co"</b>');
    await page.getByLabel('Street and number').fill('x'.repeat(200));
    await page.getByLabel('Postal code').fill('1');
    await page.getByLabel('City').fill('日本');
    await placeButton(page).click();
    await arrived(page);
    expect(await overflow(page)).toBe(0);
    const order = await send<Order & { customerId: string }>(`${service.base}/orders/${idOf(page)}?minRevision=0`);
    expect(order).toMatchObject({ customerId: '<b>Zoë & "co"</b>', totalAmount: '989999.01' });
  });
});
