import { jsonEvent } from '@eventstore/db-client';
import type { Page, Route } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkAccessibility, describePages, overflow } from '../support/browser.ts';
import { confirm, orderWithHistory, pay, placeOrder, type SomeOrder } from '../support/orders.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { listen } from '../support/streams.ts';
import { until } from '../support/until.ts';

const LAST = 29;

interface Diff {
  readonly changes: readonly { readonly field: string; readonly to: unknown }[];
}

interface Timeline {
  readonly items: readonly { readonly eventType: string }[];
}

describePages('the page of an order’s history', (pages) => {
  let service: TestService;
  let base: string;
  let order: SomeOrder;
  beforeAll(async () => {
    service = await startTestService();
    base = await listen(service.app);
    order = await orderWithHistory(service);
    return () => service.close();
  });

  const addressOf = ({ id }: Pick<SomeOrder, 'id'>, query = '') => `${base}/app/orders/${id}/history${query}`;
  const slider = (page: Page) => page.getByRole('slider');
  const shown = (page: Page) => page.locator('[data-shown-revision]').innerText();
  const untilShown = (page: Page, revision: number) =>
    until(`revision ${revision} is shown`, async () => (await shown(page)) === String(revision));
  const untilAddress = (page: Page, revision: number) =>
    until(`revision ${revision} is in the address`, () => page.url().endsWith(`?revision=${revision}`));
  const streamOf = ({ id }: Pick<SomeOrder, 'id'>) => `${service.config.streamPrefix}PizzaOrder-${id}`;

  async function openAt(revision: number, of = order): Promise<Page> {
    const page = await pages.open(addressOf(of, `?revision=${revision}`));
    await untilShown(page, revision);
    return page;
  }

  /** Drags the slider's thumb from one revision over all others to another. */
  async function drag(page: Page, from: number, to: number): Promise<void> {
    const box = await slider(page).boundingBox();
    if (!box) throw new Error('the slider is not seen');
    const THUMB = 16;
    const x = (revision: number) => box.x + THUMB / 2 + (revision / LAST) * (box.width - THUMB);
    await page.mouse.move(x(from), box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(x(to), box.y + box.height / 2, { steps: Math.abs(to - from) });
    await page.mouse.up();
  }

  describe('its slider', () => {
    test('dragged fast over 30 events while answers are slow, aborts those that were overtaken and shows the last', async () => {
      const page = await openAt(LAST);
      const held: Route[] = [];
      const aborted: string[] = [];
      page.on('requestfailed', (request) => aborted.push(request.url()));
      await page.route('**/state?revision=*', (route) => void held.push(route));
      const askedFor = (revision: number) => held.find((route) => route.request().url().endsWith(`=${revision}`));

      await drag(page, LAST, 3);
      await until('the last one is asked for', () => askedFor(3));
      expect(held.length).toBeGreaterThan(5);
      await until('all others are aborted', () => {
        const others = held.map((route) => route.request().url()).filter((url) => !url.endsWith('=3'));
        return others.every((url) => aborted.includes(url));
      });
      expect(await slider(page).inputValue()).toBe('3');
      expect(await shown(page)).toBe(String(LAST)); // what was there stays, until the next is
      expect(await page.locator('.revision').getAttribute('aria-busy')).toBe('true');
      await untilAddress(page, 3);

      await askedFor(3)?.continue();
      await untilShown(page, 3);
      for (const route of held) if (route !== askedFor(3)) await route.continue().catch(() => undefined); // aborted
      await untilShown(page, 3);
      expect(await page.locator('.state').innerText()).toContain('Via Toledo 4, 80134 Napoli');
    });

    test('gone back to a revision that was seen, asks for it no second time', async () => {
      const page = await openAt(7);
      await page.getByRole('button', { name: 'Next' }).click();
      await untilShown(page, 8);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.getByRole('button', { name: 'Previous' }).click();
      await untilShown(page, 7);
      expect(asked.filter((url) => /state|diff/.test(url))).toEqual([]);
    });

    test('used by keyboard alone, in a window of 320 px, goes everywhere and keeps the address', async () => {
      const phone = await pages.newContext({ viewport: { width: 320, height: 640 } });
      const page = await pages.open(addressOf(order), phone);
      await untilShown(page, LAST);
      const focused = () => page.evaluate<string>('document.activeElement?.id || document.activeElement?.textContent');
      const tabTo = (what: string) =>
        until(`${what} has the focus`, async () => {
          if ((await focused()).startsWith(what)) return true;
          await page.keyboard.press('Tab');
          return false;
        });
      await tabTo('revision');
      await page.keyboard.press('ArrowLeft');
      await untilShown(page, LAST - 1);
      await page.keyboard.press('Home');
      await untilShown(page, 0);
      await untilAddress(page, 0);
      expect(await slider(page).getAttribute('aria-valuetext')).toMatch(/^0 of 29: Placed, /);
      expect(await overflow(page)).toBe(0);
      await tabTo('Next');
      await page.keyboard.press('Enter');
      await untilShown(page, 1);
      expect(await focused()).toBe('Next');
      await tabTo('5Status changed');
      await page.keyboard.press('Space');
      await untilShown(page, 5);
      await untilAddress(page, 5);
      expect(await focused()).toMatch(/^5Status changed/);
      await page.reload();
      await untilShown(page, 5);
      await checkAccessibility(page);
    });

    test('moved on in the moment in which the revision before comes into the address, stays where it was moved to', async () => {
      const page = await openAt(0);
      await page.evaluate(`(async () => {
        const slider = document.querySelector('[type=range]');
        const move = (revision) => {
          slider.value = revision;
          slider.dispatchEvent(new Event('input', { bubbles: true }));
        };
        const { setTimeout } = globalThis;
        move(1);
        await new Promise((resolve) => setTimeout(resolve, 100));
        // From now on the page paints late, as on a busy machine: effects follow a frame, or a short time without one.
        globalThis.requestAnimationFrame = (paint) => setTimeout(paint, 300);
        globalThis.setTimeout = (done, ms) => setTimeout(done, ms < 50 ? 300 : ms);
        move(2);
      })()`);
      await untilAddress(page, 2);
      await untilShown(page, 2);
    });

    test('at each revision, step by step, shows the state and the difference that the API has', async () => {
      const page = await openAt(0);
      expect(await page.getByText('The order begins here.').isVisible()).toBe(true);
      for (let revision = 1; revision <= LAST; revision += 1) {
        await slider(page).press('ArrowRight');
        await untilShown(page, revision);
        const diff = await service.get(`/orders/${order.id}/diff?from=${revision - 1}&to=${revision}`);
        const fields = (diff.body as Diff).changes.map(({ field }) => field).filter((field) => field !== 'lastUpdated');
        const fieldsOf = (part: string) =>
          page
            .locator(`${part}[data-field]`)
            .evaluateAll((found: unknown[]) =>
              found.map((each) => (each as { dataset: { field: string } }).dataset.field),
            );
        expect((await fieldsOf('.changes > ')).sort()).toEqual(fields.sort());
        expect((await fieldsOf('.state > .changed')).sort()).toEqual(fields);
      }
      const valueOf = (field: string, side: string) =>
        page.locator(`.changes [data-field=${field}] .${side}`).innerText();
      expect(await valueOf('paymentStatus', 'before')).toContain('Paid');
      expect(await valueOf('paymentStatus', 'after')).toContain('Refund owed');
      expect(await valueOf('refunds', 'before')).toContain('nothing');
      expect(await valueOf('refunds', 'after')).toContain('$5.00 owed: Diavola without salami');
      await page.getByText('Raw event').click();
      expect(JSON.parse(await page.getByLabel('Raw event').innerText())).toMatchObject({
        eventType: 'RefundRequested',
        revision: LAST,
        data: { amount: '5.00' },
      });
      const links = page.locator('.event-links a');
      expect(
        await links.evaluateAll((found: unknown[]) => found.map((link) => (link as { href: string }).href)),
      ).toEqual([`${base}/app/operations?actor=mario`, `${base}/app/operations?orderId=${order.id}`]);
    });
  });

  describe('live', () => {
    test('grows, follows whoever stands at the end, and leaves whoever does not', async () => {
      const growing = await pay(service, await placeOrder(service));
      const [atEnd, named, before] = [
        await pages.open(addressOf(growing)),
        await pages.open(addressOf(growing, '?revision=1')),
        await pages.open(addressOf(growing, '?revision=0')),
      ];
      await Promise.all([untilShown(atEnd, 1), untilShown(named, 1), untilShown(before, 0)]);
      await before.locator('[data-connection=live]').waitFor();

      await confirm(service, growing);
      await Promise.all([untilShown(atEnd, 2), untilShown(named, 2)]);
      await untilAddress(named, 2);
      expect(atEnd.url()).not.toContain('revision');
      await until('the slider has a new end', async () => (await slider(before).getAttribute('max')) === '2');
      expect(await shown(before)).toBe('0');
      expect(await before.locator('.event').count()).toBe(3);
      await until('the heading has the new status', async () =>
        (await before.locator('.summary').innerText()).includes('Cooking'),
      );
    });

    test('says that an event cannot be read, and goes on showing those before it', async () => {
      const broken = await placeOrder(service);
      const page = await openAt(0, broken);
      await page.locator('[data-connection=live]').waitFor();
      await service.eventStore.appendToStream(streamOf(broken), jsonEvent({ type: 'OrderEaten', data: {} }));
      await page.getByText('This order stands still').waitFor();
      expect(await page.locator('.notice.warning').innerText()).toContain('Its event 1 cannot be read.');
      expect(await shown(page)).toBe('0');
      expect(await page.getByRole('button', { name: 'Record a payment' }).count()).toBe(0);

      pages.expectFault(/status of 500/);
      const late = await pages.open(addressOf(broken));
      await late.getByText('This order stands still').waitFor();
      await until('nothing else is said', async () => (await late.locator('.notice').count()) === 1);
      await checkAccessibility(late);
    });
  });

  describe('what is not there', () => {
    test.each([
      ['30', 'There is no revision 30 yet: the last one is 29.'],
      ['seven', '“seven” is no revision'],
    ])('the revision %s, is said, and the last one is shown', async (revision, words) => {
      const page = await pages.open(addressOf(order, `?revision=${revision}`));
      await untilShown(page, LAST);
      expect(await page.locator('.notice').innerText()).toContain(words);
      await checkAccessibility(page);
      await page.getByRole('button', { name: 'Previous' }).click();
      await untilShown(page, LAST - 1);
      expect(await page.locator('.notice').count()).toBe(0);
    });

    test.each([
      ['00000000-0000-4000-8000-000000000000', 404],
      ['soon', 400],
    ])('the order %s, is said', async (id, status) => {
      pages.expectFault(new RegExp(`status of ${status}`));
      const page = await pages.open(addressOf({ id }));
      await page.getByText('No such order').waitFor();
      await checkAccessibility(page);
      await page.getByRole('link', { name: 'Find another one' }).click();
      expect(new URL(page.url()).pathname).toBe('/app/orders');
    });

    test('an order that was deleted, is said', async () => {
      const deleted = await placeOrder(service);
      await service.eventStore.deleteStream(streamOf(deleted));
      pages.expectFault(/status of (?:410|404)/);
      const page = await pages.open(addressOf(deleted));
      await page.getByText('It has been deleted, with its history.').waitFor();
      expect(await page.locator('.notice').count()).toBe(1);
      await checkAccessibility(page);
    });

    test('an answer, is said while it is waited for, and when it fails', async () => {
      pages.expectFault(/status of 503|ERR_FAILED/);
      const context = await pages.newContext();
      let answer: (route: Route) => Promise<void> = () => Promise.resolve();
      await context.route('**/timeline', (route) => answer(route));
      const page = await pages.open(addressOf(order), context);
      await page.getByText('Reading its history …').waitFor();
      await checkAccessibility(page);

      answer = (route) => route.abort('failed');
      await page.reload();
      await page.locator('.notice.offline').waitFor();
      await checkAccessibility(page);

      const body = JSON.stringify({ title: 'Temporarily unavailable', detail: 'Unable to read orders.', status: 503 });
      answer = (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body });
      await page.getByText('Unable to read orders.').waitFor(); // asked for again by itself
      await checkAccessibility(page);

      answer = (route) => route.continue();
      await page.getByRole('button', { name: 'Try again' }).click();
      await untilShown(page, LAST);
    });
  });

  describe('its actions', () => {
    const dialog = (page: Page) => page.getByRole('dialog');
    const summary = (page: Page) => page.locator('.summary').innerText();
    const eventsOf = async ({ id }: SomeOrder) => {
      const timeline = (await service.get(`/orders/${id}/timeline`)).body as Timeline;
      return timeline.items.map(({ eventType }) => eventType);
    };

    test('record a payment once, though the answer was lost and the button pressed again', async () => {
      const unpaid = await placeOrder(service);
      const page = await openAt(0, unpaid);
      await page.getByRole('button', { name: 'Record a payment' }).click();
      await checkAccessibility(page);
      await dialog(page).getByRole('button', { name: 'Record $39.00' }).click();
      await dialog(page).getByText('This is needed.').waitFor(); // the transaction
      await checkAccessibility(page);

      pages.expectFault(/ERR_FAILED/);
      const keys: (string | undefined)[] = [];
      await page.route('**/payment', async (route) => {
        keys.push(route.request().headers()['idempotency-key']);
        const answer = await route.fetch();
        await (keys.length === 1 ? route.abort('failed') : route.fulfill({ response: answer }));
      });
      await dialog(page).getByLabel('Transaction').fill('receipt 17');
      await page.keyboard.press('Enter');
      await dialog(page).getByText('The service cannot be reached.').waitFor();
      await until('the page follows meanwhile', async () => (await summary(page)).includes('Paid'));
      await dialog(page).getByRole('button', { name: 'Record $39.00' }).click();
      await dialog(page).waitFor({ state: 'detached' });

      expect(keys).toEqual([keys[0], keys[0]]);
      expect(await eventsOf(unpaid)).toEqual(['PizzaOrderPlaced', 'PaymentProcessed']);
      await until('the button is gone', async () => (await page.getByRole('button', { name: 'Record' }).count()) === 0);
      await page.locator(':focus', { hasText: /^Actions$/ }).waitFor();
    });

    test('cancel an order that somebody else has changed meanwhile only after that was shown', async () => {
      const confirmed = await confirm(service, await placeOrder(service));
      const page = await pages.open(addressOf(confirmed));
      await untilShown(page, 1);
      await page.getByRole('button', { name: 'Cancel the order' }).click();
      await dialog(page).getByLabel('Reason').fill('out of flour');
      await page.route(
        '**/cancel',
        async (route) => {
          await pay(service, confirmed);
          await route.continue();
        },
        { times: 1 },
      );
      pages.expectFault(/status of 412/);
      await dialog(page).getByRole('button', { name: 'Cancel the order' }).click();
      await dialog(page).getByText('Somebody else was first').waitFor();
      await checkAccessibility(page);
      await until('it is shown as it is now', async () => (await summary(page)).includes('Cooking'));
      await dialog(page).getByText('what was paid is owed back').waitFor();
      expect(await dialog(page).getByLabel('Reason').inputValue()).toBe('out of flour');

      await dialog(page).getByRole('button', { name: 'Cancel the order' }).click();
      await dialog(page).waitFor({ state: 'detached' });
      await until('it is cancelled', async () => (await summary(page)).includes('Cancelled'));
      expect((await eventsOf(confirmed)).slice(-3)).toEqual(['PaymentProcessed', 'OrderCancelled', 'RefundRequested']);
      await page.getByText('$39.00 owed back').waitFor();
      await checkAccessibility(page);
    });

    test('give back part of what was paid, in a window of 320 px, with a comma, to the end', async () => {
      const paid = await pay(service, await placeOrder(service));
      const phone = await pages.newContext({ viewport: { width: 320, height: 640 }, locale: 'de-DE' });
      const page = await pages.open(addressOf(paid), phone);
      await untilShown(page, 1);
      await page.getByRole('button', { name: 'Refund' }).click();
      const amount = dialog(page).getByLabel('Amount, USD');
      expect(await amount.inputValue()).toBe('39.00');
      await amount.fill('1.234,50');
      await dialog(page).getByLabel('Reason').fill('cold');
      await dialog(page).getByRole('button', { name: 'Request the refund' }).click();
      await dialog(page).getByText('An amount, such as').waitFor();
      expect(await overflow(page)).toBe(0);

      await amount.fill('50');
      pages.expectFault(/status of 409/);
      await dialog(page).getByRole('button', { name: 'Request the refund' }).click();
      await dialog(page).getByRole('alert').waitFor(); // more than was paid
      await amount.fill('4,50');
      await dialog(page).getByRole('button', { name: 'Request the refund' }).click();
      await page.getByText(/4,50\s\$ owed back/).waitFor();

      const settle = async (button: string, field: string, text: string, press: string) => {
        await page.getByRole('button', { name: button }).click();
        await dialog(page).getByLabel(field).fill(text);
        await dialog(page).getByRole('button', { name: press }).click();
        await dialog(page).waitFor({ state: 'detached' });
      };
      await settle('Failed', 'Reason', 'the card has expired', 'Record the failure');
      await until('the failure is there', async () => (await eventsOf(paid)).at(-1) === 'RefundFailed');
      await settle('Given back', 'Transaction', 'r-17', 'Record it');
      await until('it is given back', async () => (await summary(page)).includes('Partly refunded'));
      expect((await eventsOf(paid)).slice(2)).toEqual(['RefundRequested', 'RefundFailed', 'RefundCompleted']);
    });
  });
});
