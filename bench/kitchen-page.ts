/**
 * What a shift does to the kitchen's page: 60 open orders, and 20 changes a second for as long as `--minutes` says.
 * Measures the time between its frames and, after a garbage collection, its heap and its nodes; then compares what it
 * shows with the board. Ends with 1 when a target is missed.
 *
 * `npm run bench:kitchen -- --minutes 10`; the browser is the one that CHROMIUM_PATH names, or one in PATH.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type CDPSession, chromium, type Page } from 'playwright-core';
import { PAY_BODY, PLACE_BODY } from './fill.ts';
import { eventually, freePort, startProcess } from './processes.ts';
import { quantile } from './statistics.ts';
import { openStores } from './stores.ts';

const OPEN_ORDERS = 60;
const CHANGES_PER_SECOND = 20;
/** Least time between two looks at the heap, and what its growth from the first to the last may be. */
const SAMPLE_EVERY_MS = 15_000;
const MOST_FRAMES_PER_SECOND = 150;
const WORK = ['TaskDuration', 'ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'];
const TARGETS = { p99Ms: 100, heapGrowth: 1.1, nodeGrowth: 1.1 };

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const durationMs = Number(values.minutes) * 60_000;

/**
 * Keeps the times between frames, in milliseconds; those around a garbage collection that was asked for are left out.
 * In memory that is there from the beginning: the heap that is measured must not grow by what measures it.
 */
const WATCH_FRAMES = `(() => {
  globalThis.frames = new Float64Array(${Math.ceil((durationMs / 1000) * MOST_FRAMES_PER_SECOND)});
  globalThis.count = 0;
  globalThis.isWatching = true;
  let last;
  const next = (now) => {
    if (last !== undefined && isWatching) frames[count++] = now - last;
    last = isWatching ? now : undefined;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})()`;
const SHOWN = `[...document.querySelectorAll('[data-lane]')].flatMap((lane) =>
  [...lane.querySelectorAll('[data-order]:has(> .ticket)')].map(({ dataset }) => dataset.order + ' ' + lane.dataset.lane))`;

interface Order {
  readonly id: string;
  readonly status: string;
}

const dir = mkdtempSync(join(tmpdir(), 'pizzeria-kitchen-'));
const stores = await openStores(dir);
const base = `http://127.0.0.1:${await freePort()}`;
const service = startProcess(new URL('../../dist/main.js', import.meta.url), {
  cwd: dir,
  env: {
    EVENTSTORE_URL: stores.eventStoreUrl,
    MONGODB_URL: stores.mongoUrl,
    MONGODB_DATABASE: stores.newDatabase(),
    STREAM_PREFIX: stores.streamPrefix,
    CONSUMER_GROUP: stores.newGroup(),
    PORT: new URL(base).port,
  },
  log: join(dir, 'service.log'),
});
await eventually('the service', async () => ((await fetch(`${base}/health/ready`)).ok ? true : undefined));
const browser = await chromium.launch({
  executablePath: browserPath(),
  args: ['--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  await page.goto(`${base}/app/kitchen`);
  const changes = createChanges();
  for (let index = 0; index < OPEN_ORDERS; index += 1) await changes.place();
  await page
    .locator('[data-order]')
    .nth(OPEN_ORDERS - 1)
    .waitFor();
  if (!(await measure(page, changes))) process.exitCode = 1;
} finally {
  await browser.close();
  await service.stop();
  await stores.close();
  rmSync(dir, { recursive: true, force: true });
}
process.exit();

function browserPath(): string {
  const { CHROMIUM_PATH, PATH = '' } = process.env;
  const names = ['chromium-headless-shell', 'chromium', 'google-chrome'];
  const found = names.flatMap((name) => PATH.split(delimiter).map((folder) => join(folder, name))).find(existsSync);
  const path = CHROMIUM_PATH ?? found;
  if (path === undefined) throw new Error('no Chromium (CHROMIUM_PATH, or apt-get install chromium-headless-shell)');
  return path;
}

/** Orders that go through the kitchen one after the other, and are replaced by new ones. */
function createChanges() {
  const waiting: Order[] = [];
  let made = 0;

  async function place(): Promise<void> {
    made += 1;
    waiting.push(await post('/orders', { ...PLACE_BODY, customerId: `customer-${made}` }));
  }

  /** One event of an order: the orders take turns. */
  async function change(): Promise<void> {
    const order = waiting.shift();
    if (!order) return place();
    const { id, status } = order;
    if (status === 'OUT_FOR_DELIVERY') {
      await post(`/orders/${id}/status`, { status: 'DELIVERED' });
      return place();
    }
    waiting.push(await next(id, status));
  }

  function next(id: string, status: string): Promise<Order> {
    if (status === 'PENDING') {
      const estimatedDeliveryTime = new Date(Date.now() + 30 * 60_000).toISOString();
      return post(`/orders/${id}/confirm`, { estimatedDeliveryTime, kitchenNotes: 'Extra cheese' });
    }
    if (status === 'CONFIRMED') return post(`/orders/${id}/payment`, PAY_BODY);
    return post(`/orders/${id}/status`, { status: status === 'COOKING' ? 'READY' : 'OUT_FOR_DELIVERY' });
  }

  return { place, change };
}

async function post(path: string, body: object): Promise<Order> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Order;
}

interface Sample {
  readonly heapMb: number;
  readonly nodes: number;
  /** Seconds that the page's thread has worked so far, by what it did. */
  readonly busy: Readonly<Record<string, number>>;
}

async function measure(page: Page, { change }: ReturnType<typeof createChanges>): Promise<boolean> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const samples: Sample[] = [];
  await page.evaluate(WATCH_FRAMES);
  samples.push(await sample(page, session));
  const start = performance.now();
  let sampledAt = start;
  let made = 0;
  let sending: Promise<void>[] = [];
  while (performance.now() - start < durationMs) {
    const due = Math.floor(((performance.now() - start) / 1000) * CHANGES_PER_SECOND);
    for (; made < due; made += 1) sending.push(change());
    if (performance.now() - sampledAt > SAMPLE_EVERY_MS) {
      await Promise.all(sending);
      sending = [];
      samples.push(await sample(page, session));
      sampledAt = performance.now();
    }
    await delay(5);
  }
  await Promise.all(sending);
  const seconds = (performance.now() - start) / 1000;
  const frames = (await page.evaluate<number[]>('[...frames.subarray(0, count)]')).sort((one, other) => one - other);
  const isSame = await showsTheBoard(page);
  return report({ seconds, made, frames, samples, isSame });
}

async function sample(page: Page, session: CDPSession): Promise<Sample> {
  await page.evaluate('isWatching = false');
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const valueOf = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  await page.evaluate('isWatching = true');
  return {
    heapMb: valueOf('JSHeapUsedSize') / 1024 / 1024,
    nodes: valueOf('Nodes'),
    busy: Object.fromEntries(WORK.map((name) => [name, valueOf(name)])),
  };
}

/** Whether the page has come to show what the board is. */
async function showsTheBoard(page: Page): Promise<boolean> {
  for (let tries = 0; tries < 50; tries += 1) {
    const { orders } = (await (await fetch(`${base}/kitchen/board`)).json()) as { readonly orders: readonly Order[] };
    const wanted = orders.map(({ id, status }) => `${id} ${status}`).sort();
    const shown = (await page.evaluate<string[]>(SHOWN)).sort();
    if (JSON.stringify(wanted) === JSON.stringify(shown)) return true;
    await delay(200);
  }
  return false;
}

interface Measured {
  readonly seconds: number;
  readonly made: number;
  /** Ascending. */
  readonly frames: readonly number[];
  readonly samples: readonly Sample[];
  readonly isSame: boolean;
}

function report({ seconds, made, frames, samples, isSame }: Measured): boolean {
  const [p50, p99, most] = [quantile(frames, 0.5), quantile(frames, 0.99), frames.at(-1) ?? Number.NaN];
  // The first is from before the changes, to which the page has yet to warm up.
  const [before, first, last] = [samples[0], samples[1], samples.at(-1)];
  if (!before || !first || !last || first === last) throw new Error('too short a time to see whether the heap grows');
  const [heap, nodes] = [last.heapMb / first.heapMb, last.nodes / first.nodes];
  console.log(
    `${OPEN_ORDERS} open orders, ${(made / seconds).toFixed(1)} changes/s for ${(seconds / 60).toFixed(1)} min:`,
    `${frames.length} frames, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (target ${TARGETS.p99Ms}), longest ${most.toFixed(0)} ms`,
  );
  console.log(
    `heap after collection ${samples
      .slice(1)
      .map(({ heapMb }) => heapMb.toFixed(2))
      .join(', ')} MB: × ${heap.toFixed(3)} (target ${TARGETS.heapGrowth});`,
    `nodes ${first.nodes} → ${last.nodes}: × ${nodes.toFixed(3)} (target ${TARGETS.nodeGrowth});`,
    isSame ? 'the page shows the board as it is' : 'the page does NOT show the board as it is',
  );
  const shares = WORK.map((name) => {
    const share = ((last.busy[name] ?? Number.NaN) - (before.busy[name] ?? Number.NaN)) / seconds;
    return `${name.replace('Duration', '')} ${(share * 100).toFixed(1)} %`;
  });
  console.log(`the page’s thread: ${shares.join(', ')} of the time`);
  return isSame && p99 < TARGETS.p99Ms && heap < TARGETS.heapGrowth && nodes < TARGETS.nodeGrowth;
}
