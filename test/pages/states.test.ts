import type { Page, Route } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { checkAccessibility, describePages, overflow } from '../support/browser.ts';
import { startTestService } from '../support/service.ts';
import { listen } from '../support/streams.ts';

const ORDER_ID = '3f0e9a52-0c33-4c3b-9f3c-5a3f6d2d7a11';
const PATHS = [
  '/order',
  '/kitchen',
  '/orders',
  `/orders/${ORDER_ID}`,
  `/orders/${ORDER_ID}/history`,
  '/figures',
  '/operations',
];
/** What a page is served with; all else is what it asks the API for. */
const OF_THE_PAGES = /^\/app\/(?:assets\/|[^.]*$)/;
const SETTINGS = '/app/config.json';
const PHONE = { viewport: { width: 320, height: 640 } };

type Answer = (route: Route) => Promise<void> | void;

/** How the API answers, and what a page then says: people who wait, and people who wait in vain, are told so. */
const answers: readonly (readonly [name: string, answer: Answer, said: string])[] = [
  ['has not answered yet', () => undefined, '.notice.loading, .notice.offline, .figures[aria-busy=true]'],
  ['fails', (route) => route.fulfill(problem(500, 'internal-error')), '.notice.failed, .notice.offline'],
  ['is busy', (route) => route.fulfill(problem(503, 'unavailable')), '.notice.failed, .notice.offline'],
  ['is away', (route) => route.abort('connectionrefused'), '.notice.offline'],
];

function problem(status: number, code: string) {
  const body = { type: `urn:problem:${code}`, title: 'It did not work', status, code, detail: 'Words of the service.' };
  return { status, contentType: 'application/problem+json', body: JSON.stringify(body) };
}

describePages('while the service', (pages) => {
  let base: string;
  beforeAll(async () => {
    const service = await startTestService();
    base = await listen(service.app);
    return () => service.close();
  });

  /** @param answer for what is asked of the API */
  async function openWith(path: string, answer: Answer): Promise<Page> {
    const context = await pages.newContext(PHONE);
    await context.route('**/*', (route) => {
      const { pathname } = new URL(route.request().url());
      return pathname === SETTINGS || OF_THE_PAGES.test(pathname) ? route.continue() : answer(route);
    });
    return pages.open(`${base}/app${path}`, context);
  }

  const cases = answers.flatMap(([name, answer, said]) => PATHS.map((path) => ({ name, answer, said, path })));
  test.each(cases)('$name, $path says so, for everybody and on a phone', async ({ answer, said, path }) => {
    pages.expectFault(/status of 50[03]|ERR_CONNECTION_REFUSED/);
    const page = await openWith(path, answer);
    await page.getByRole('main').locator(said).first().waitFor();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await checkAccessibility(page);
    expect(await overflow(page)).toBe(0);
  });

  test('has not told its settings yet, there is a page that says so', async () => {
    const context = await pages.newContext(PHONE);
    await context.route(`**${SETTINGS}`, () => undefined);
    const page = await pages.open(`${base}/app/order`, context);
    await page.locator('.starting').waitFor();
    await checkAccessibility(page);
    expect(await overflow(page)).toBe(0);
  });
});
