/**
 * Measures the service beside the least that its stores allow and beside a peer, all in one run. Prints a table and
 * writes bench/results.json and bench/results.svg.
 *
 * --quick: 64 connections and short rounds, under a minute, to see that it works. --large: also with 200,000 orders.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drawChart } from './chart.ts';
import { fill } from './fill.ts';
import { flatnessRounds } from './flatness-rounds.ts';
import { httpRounds } from './http-rounds.ts';
import type { LagJob, LagResult } from './lag.ts';
import { canPin } from './processes.ts';
import { createProgress } from './progress.ts';
import { projectionRounds } from './projection-rounds.ts';
import { printReport } from './report.ts';
import { compare, createResults, describeRun, isMet } from './results.ts';
import { openStores } from './stores.ts';
import { startBareServer, startLoader, startPeer, startService, startServiceAlone } from './subjects.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

const FULL = {
  connections: [1, 16, 64, 256],
  rounds: 5,
  pacedRounds: 5,
  seconds: 3,
  projectedOrders: 10_000,
  projectionRounds: 5,
  lagSeconds: 20,
  starts: 5,
};
const QUICK: typeof FULL = {
  connections: [64],
  rounds: 2,
  pacedRounds: 1,
  seconds: 0.7,
  projectedOrders: 1500,
  projectionRounds: 2,
  lagSeconds: 3,
  starts: 2,
};
const FIRST_ORDERS = 1000;
const COMMANDS_PER_SECOND = 300;
const WATCH_MEMORY_MS = 100;

const options = { ...(flags.quick ? QUICK : FULL), large: flags.large, isPinned: canPin };
const progress = createProgress();
const results = createResults((name, value) => progress.value(name, value));
const dir = mkdtempSync(join(tmpdir(), 'pizzeria-bench-'));
const driver = startLoader('http-load.js', dir);
try {
  progress.step(canPin ? 'load on core 1, what is measured on core 0' : 'processes cannot be pinned to a core here');
  await measureService();
  await measureStarts();
  await projectionRounds({ dir, orders: options.projectedOrders, rounds: options.projectionRounds, results, progress });
  if (flags.large) await flatnessRounds({ dir, driver, rounds: options.rounds, results, progress });
  await driver.stop();
  report();
} finally {
  if (flags.keep) console.log(`kept: ${dir}`);
  else rmSync(dir, { recursive: true, force: true });
}
process.exit();

async function measureService(): Promise<void> {
  const stores = await openStores(dir);
  const database = stores.newDatabase();
  const { eventStore: client, streamPrefix } = stores;
  const orderIds = await fill({ client, streamPrefix, orders: FIRST_ORDERS, eventsPerOrder: 1 });
  const service = await startService({ stores, database, group: stores.newGroup(), dir });
  const bare = await startBareServer(stores, database, dir);
  const peer = await startPeer(stores, dir);
  let residentMb = 0;
  const watching = setInterval(() => {
    residentMb = Math.max(residentMb, service.process.usage()?.residentMb ?? 0);
  }, WATCH_MEMORY_MS);
  await httpRounds({ ...options, stores, database, driver, bare, service, peer, orderIds, results, progress });
  await measureLag({ url: service.url, mongoUrl: stores.mongoUrl, database });
  clearInterval(watching);
  if (residentMb > 0) results.add('resident MB', residentMb);
  for (const subject of [service, bare, peer]) await subject?.process.stop();
  await stores.close();
}

async function measureLag(where: Pick<LagJob, 'url' | 'mongoUrl' | 'database'>): Promise<void> {
  progress.step(`projection lag, ${COMMANDS_PER_SECOND} commands a second for ${options.lagSeconds} s`);
  const watcher = startLoader('lag.js', dir);
  const job: LagJob = { ...where, commandsPerSecond: COMMANDS_PER_SECOND, seconds: options.lagSeconds };
  const { p50, p99, samples, failed } = await watcher.ask<LagResult>(job);
  await watcher.stop();
  if (failed > 0 || samples === 0) throw new Error(`lag: ${failed} commands failed, or were never seen`);
  results.add('lag p50 ms', p50);
  results.add('lag p99 ms', p99);
}

/** On stores that run, and, as `npm start` does, with new embedded ones in its own process. */
async function measureStarts(): Promise<void> {
  const stores = await openStores(dir);
  const names = { stores, database: stores.newDatabase(), group: stores.newGroup(), dir };
  for (let start = 0; start < options.starts; start += 1) {
    progress.step(`start to ready, round ${start + 1} of ${options.starts}`);
    const service = await startService(names);
    results.add('ready ms', service.readyMs);
    await service.process.stop();
    const alone = await startServiceAlone(dir);
    results.add('ready with embedded stores ms', alone.readyMs);
    await alone.process.stop();
  }
  await stores.close();
}

function report(): void {
  const run = describeRun(options);
  const comparisons = compare(results);
  printReport(results, comparisons);
  const folder = new URL('../../bench/', import.meta.url);
  const met = comparisons.map((comparison) => ({ ...comparison, isMet: isMet(comparison) }));
  writeFileSync(
    new URL('results.json', folder),
    `${JSON.stringify({ ...run, comparisons: met, measured: results }, null, 2)}\n`,
  );
  writeFileSync(new URL('results.svg', folder), drawChart(results, run));
  console.log('\nwritten: bench/results.json, bench/results.svg');
}
