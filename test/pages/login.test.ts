import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { checkAccessibility, describePages, overflow } from '../support/browser.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

const EVERY = ['Order', 'Kitchen', 'Orders', 'Figures', 'Operations'];
const people = [
  { id: 'giulia', name: 'Giulia', pages: ['Order', 'Orders'] },
  { id: 'anna', name: 'Anna', pages: ['Kitchen', 'Orders'] },
  { id: 'luca', name: 'Luca', pages: ['Kitchen', 'Orders'] },
  { id: 'mario', name: 'Mario', pages: EVERY },
  { id: 'ada', name: 'Ada', pages: ['Figures', 'Operations'] },
];

describePages('the login', (pages) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startServiceProcess({ AUTH: 'dev' });
    return () => service.close();
  });
  // The issuer's page is another origin.
  const goesToIssuer = () =>
    pages.expectFault(/^other origin: \S+ http:\/\/127\.0\.0\.1:\d+\/(?:auth|interaction|session)/);
  const navigation = (page: Page) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts();

  const focused = (page: Page) => page.evaluate<string | undefined>('document.activeElement?.textContent?.trim()');

  async function logIn(page: Page, name: string): Promise<void> {
    await page.getByRole('main').getByRole('link', { name: 'Log in' }).click();
    await page.getByRole('button', { name }).click();
    await page.getByRole('button', { name: 'Log out' }).waitFor();
  }

  test.each(people)(
    'of $id leads back to the page that was asked for, and shows what the role may use',
    async (person) => {
      goesToIssuer();
      pages.expectFault(/status of 401/);
      const page = await pages.open(`${service.base}/app/orders?status=READY`);
      await page.getByRole('heading', { name: 'Mario' }).waitFor({ state: 'detached' });
      await page.getByText('You are not logged in').waitFor();
      expect(await navigation(page)).toEqual([]);
      await checkAccessibility(page);
      await logIn(page, person.name);
      expect(page.url()).toBe(`${service.base}/app/orders?status=READY`);
      expect(await navigation(page)).toEqual(person.pages);
      await page.getByText(person.id, { exact: false }).first().waitFor();
      await checkAccessibility(page);
    },
  );

  test('ended by logging out, is over: the cookie is gone, a copy of it too, and another person can come', async () => {
    goesToIssuer();
    pages.expectFault(/status of 401/);
    const page = await pages.open(`${service.base}/app/orders`);
    await logIn(page, 'Mario');
    const [session] = (await page.context().cookies(service.base)).filter(({ name }) => name === 'session');
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You are not logged in').waitFor();
    expect((await page.context().cookies(service.base)).filter(({ name }) => name === 'session')).toEqual([]);
    const replayed = await fetch(`${service.base}/auth/me`, { headers: { cookie: `session=${session?.value}` } });
    expect(replayed.status).toBe(401);
    await logIn(page, 'Anna');
    expect(await navigation(page)).toEqual(['Kitchen', 'Orders']);
  });

  test('fits a phone, and works by keyboard alone', async () => {
    goesToIssuer();
    pages.expectFault(/status of 401/);
    const phone = await pages.newContext({ viewport: { width: 320, height: 640 } });
    const page = await pages.open(`${service.base}/app/figures`, phone);
    await page.getByText('You are not logged in').waitFor();
    expect(await overflow(page)).toBe(0);
    for (let presses = 0; presses < 10 && (await focused(page)) !== 'Log in'; presses += 1)
      await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Log in');
    await page.keyboard.press('Enter');
    const choose = page.getByRole('button', { name: 'Ada' });
    await choose.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    expect(page.url()).toBe(`${service.base}/app/figures`);
    expect(await overflow(page)).toBe(0);
  });
});
