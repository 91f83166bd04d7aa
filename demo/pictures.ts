/** Takes the pictures of the pages that the documentation shows, of a demo on the same evening each time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { findChromium, launch, packedIn } from '../test/browser/chromium.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = join(ROOT, 'docs/pictures');
const EVENING = Date.parse('2026-03-14T19:30:00Z');
/** A real kitchen's pace, on a busy evening. */
const DEMO = ['--still', '--speed', '1', '--orders-per-minute', '0.4'];
const SIZE = { width: 1280, height: 800 };
const MOST_BYTES = 150_000;
/** What is in the basket of the guest in the picture. */
const WANTED = ['Lanterna', 'Molo Nove', 'Quattro Venti'];
const NOT_YET = '.notice.loading, .notice.failed, .notice.offline, [aria-busy="true"]';
const STILL = { everyMs: 500, withinMs: 60_000 };

interface Order {
  readonly id: string;
  readonly revision: number;
}

const found = await findChromium(process.env, packedIn(ROOT));
const clock = new URL(`clock.js?shift=${EVENING - Date.now()}`, import.meta.url);
const demo = spawn(
  process.execPath,
  ['--import', clock.href, fileURLToPath(new URL('main.js', import.meta.url)), ...DEMO],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const ended = once(demo, 'exit');
try {
  const base = await openedAt();
  const browser = await launch(found);
  try {
    await takeAll(browser, base);
  } finally {
    await browser.close();
  }
} finally {
  demo.kill('SIGINT');
  await ended;
}

async function openedAt(): Promise<string> {
  let said = '';
  for await (const text of demo.stdout.setEncoding('utf8')) {
    said += String(text);
    const base = /(http:\S+)\/app\/operations/.exec(said)?.[1];
    if (base !== undefined) return base;
  }
  throw new Error('the demo did not open');
}

async function takeAll(browser: Browser, base: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const paths = {
    order: '/app/order',
    kitchen: '/app/kitchen',
    history: `/app/orders/${await eventfulOrder(base)}/history`,
    figures: '/app/figures',
    operations: '/app/operations',
  };
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({
      ...{ colorScheme, viewport: SIZE, reducedMotion: 'reduce', locale: 'en-US', timezoneId: 'UTC' },
    });
    await context.clock.setFixedTime(EVENING);
    for (const [name, path] of Object.entries(paths)) {
      const page = await context.newPage();
      const response = await page.goto(`${base}${path}`);
      if (!response?.ok()) throw new Error(`${path} answers ${response?.status()}: there is no such page`);
      if (name === 'order') await fillBasket(page);
      const picture = await pictureOf(page);
      if (picture.length > MOST_BYTES) throw new Error(`the picture of ${path} has ${picture.length} bytes`);
      writeFileSync(join(FOLDER, `${name}-${colorScheme}.png`), picture);
      process.stdout.write(`docs/pictures/${name}-${colorScheme}.png, ${Math.ceil(picture.length / 1000)} kB\n`);
      await page.close();
    }
    await context.close();
  }
}

/** The order that has the most to tell. */
async function eventfulOrder(base: string): Promise<string> {
  const answer = await fetch(`${base}/orders?status=DELIVERED&limit=100`);
  const { items } = (await answer.json()) as { readonly items: readonly Order[] };
  const [first] = items.toSorted((one, other) => other.revision - one.revision);
  if (!first) throw new Error('the demo has no order that was delivered');
  return first.id;
}

async function fillBasket(page: Page): Promise<void> {
  for (const name of WANTED) {
    await page
      .getByRole('button', { name: new RegExp(`^Add ${name}`) })
      .last()
      .click();
  }
  await page.locator('h1').first().hover(); // away from the button
}

/** Waits until everything is there, which is when nothing changes any more. */
async function pictureOf(page: Page): Promise<Buffer> {
  const end = performance.now() + STILL.withinMs;
  await page.locator('h1').first().waitFor();
  let before: Buffer | undefined;
  while (performance.now() < end) {
    const picture = await page.screenshot();
    const isThere = (await page.locator(NOT_YET).count()) === 0;
    if (before?.equals(picture) && isThere) return picture;
    before = picture;
    await delay(STILL.everyMs);
  }
  throw new Error(`in ${STILL.withinMs} ms, ${page.url()} did not stand still`);
}
