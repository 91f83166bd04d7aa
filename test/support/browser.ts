import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axeCore from 'axe-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, inject } from 'vitest';
import { launch } from '../browser/chromium.ts';
import { ROOT } from '../docs/markdown.ts';

/** What a test of pages works with; everything in it is of one test and closed at its end. */
export interface Pages {
  /**
   * Opens a page, and its origin is the one that pages of this test may load from.
   *
   * @param context whose window it is; by default the test's own
   */
  open(url: string, context?: BrowserContext): Promise<Page>;
  /** A browser of somebody else's, with cookies, a size and colours of its own. */
  newContext(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** Says that the test brings about such faults. All others fail it at its end. */
  expectFault(pattern: RegExp): void;
  /** What any page of the test did so far that pages should not do, expected or not. */
  faults(): readonly string[];
}

/** A page that answers late on a busy machine is not broken. */
const PATIENCE_MS = 120_000;
const SCREENSHOTS = join(ROOT, 'coverage/pages');
const WATCH_POLICY = `document.addEventListener('securitypolicyviolation', (event) => {
  console.error('policy violation: ' + event.violatedDirective + ' of ' + event.blockedURI + ' ' + event.sample);
});`;

/**
 * A suite of tests in a browser, one for all of them, with a context per test. A test fails at its end when a page
 * logged or threw an error, could not load something, asked another origin, or broke its content security policy.
 * Without a browser the suite is skipped; where CI=true it fails.
 */
export function describePages(name: string, define: (pages: Pages) => void): void {
  describe.skipIf(!inject('chromium') && !process.env.CI)(name, () => {
    let browser: Browser;
    let visit: ReturnType<typeof createVisit>;
    beforeAll(async () => {
      browser = await launch(inject('chromium'));
      return () => browser.close();
    });
    beforeEach(() => {
      visit = createVisit(browser);
    });
    afterEach(({ task }) => visit.end(task.result?.state === 'fail' ? task.name : undefined));
    define({
      open: (url, context) => visit.open(url, context),
      newContext: (options) => visit.newContext(options),
      expectFault: (pattern) => visit.expectFault(pattern),
      faults: () => visit.faults,
    });
  });
}

function createVisit(browser: Browser) {
  const contexts: BrowserContext[] = [];
  const origins = new Set<string>();
  const faults: string[] = [];
  const expected: RegExp[] = [];
  let own: BrowserContext | undefined;

  async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    contexts.push(context);
    context.setDefaultTimeout(PATIENCE_MS);
    await context.addInitScript(WATCH_POLICY);
    context.on('console', (message) => {
      if (message.type() === 'error') faults.push(`console error: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => faults.push(`page error: ${String(error.error().stack)}`));
    context.on('requestfailed', (request) => {
      const why = request.failure()?.errorText;
      // The page's own doing: it has moved on, or needs the answer no more.
      if (why !== 'net::ERR_ABORTED') faults.push(`failed request: ${request.method()} ${request.url()} ${why}`);
    });
    context.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && !origins.has(origin)) {
        faults.push(`other origin: ${request.method()} ${request.url()}`);
      }
    });
    return context;
  }

  return {
    newContext,
    faults,
    expectFault: (pattern: RegExp) => void expected.push(pattern),

    async open(url: string, context?: BrowserContext): Promise<Page> {
      origins.add(new URL(url).origin);
      const page = await (context ?? (own ??= await newContext())).newPage();
      await page.goto(url);
      return page;
    },

    /** @param failed name of the test if it has failed already */
    async end(failed: string | undefined): Promise<void> {
      const unexpected = faults.filter((fault) => !expected.some((pattern) => pattern.test(fault)));
      try {
        if (failed !== undefined || unexpected.length > 0) await takePictures(failed ?? 'fault');
      } finally {
        await Promise.all(contexts.map(close));
      }
      if (unexpected.length > 0) throw new Error(`pages did what they should not:\n  ${unexpected.join('\n  ')}`);
    },
  };

  /** What is still answered on behalf of the service is let go first: its failure would be an error that nobody caught. */
  async function close(context: BrowserContext): Promise<void> {
    for (const routed of [...context.pages(), context]) await routed.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  }

  /** For whoever has to find out why a test has failed. */
  async function takePictures(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const pages = contexts.flatMap((context) => context.pages());
    for (const [index, page] of pages.entries()) {
      const path = join(SCREENSHOTS, `${name.replaceAll(/\W+/g, '-').slice(0, 80)}-${index + 1}.png`);
      await page.screenshot({ path });
      process.stderr.write(`screenshot of ${page.url()}: ${path}\n`);
    }
  }
}

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const RUN_AXE = `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] })
  .then(({ violations }) => violations)`;
const IS_DARK = "matchMedia('(prefers-color-scheme: dark)').matches";

/**
 * Looks for what keeps people from using the page as it is now, by the rules of WCAG 2.2 AA, in light and in dark.
 *
 * @throws Error that names each element and what is wrong with it
 */
export async function checkAccessibility(page: Page): Promise<void> {
  const before = (await page.evaluate<boolean>(IS_DARK)) ? 'dark' : 'light';
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axeCore.source);
    for (const { id, nodes } of await page.evaluate<axeCore.Result[]>(RUN_AXE)) {
      for (const { target, failureSummary = '' } of nodes) {
        found.push(`${id}, ${colorScheme}: ${target.join(' ')}\n    ${failureSummary.replaceAll('\n', '\n    ')}`);
      }
    }
  }
  await page.emulateMedia({ colorScheme: before });
  if (found.length > 0) throw new Error(`not accessible at ${page.url()}:\n  ${found.join('\n  ')}`);
}

/** Pixels that a page is wider than its window: 0 when nobody has to scroll sideways (WCAG 1.4.10). */
export function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
