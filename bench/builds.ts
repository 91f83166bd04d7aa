/**
 * Compares builds of the service: `npm run bench:builds -- before=../before after=.`, each a name and a checkout that
 * has been built. Two processes of one build differ by up to a fifth for as long as they live, so each sample is a
 * service started anew, on new stores, and builds take turns. Prints each build's figures as ratios to the first one's.
 *
 * --rounds: samples of each build. --projection: a backlog and rebuilds are measured instead of requests.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { fill } from './fill.ts';
import { httpRounds } from './http-rounds.ts';
import { createProgress } from './progress.ts';
import { projectionRounds } from './projection-rounds.ts';
import { createResults } from './results.ts';
import { geometricMean, intervalOfRatio } from './statistics.ts';
import { openStores } from './stores.ts';
import { startLoader, startService } from './subjects.ts';

const { values: flags, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, projection: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const REQUESTS = { connections: [64], rounds: 5, pacedRounds: 0, seconds: 1 };
const FIRST_ORDERS = 1000;
const BACKLOG = { orders: 10_000, rounds: 2 };
const LESS_IS_BETTER = /ms$|µs$|MB$/;

const builds = positionals.map((text) => {
  const [name = '', folder] = text.split('=');
  if (folder === undefined) throw new Error(`${text}: a build is given as <name>=<folder>`);
  return {
    name,
    script: pathToFileURL(join(resolve(folder), 'dist/main.js')),
    results: createResults(() => undefined),
  };
});
const progress = createProgress();
const dir = mkdtempSync(join(tmpdir(), 'pizzeria-builds-'));
const quiet = { step: () => undefined, value: () => undefined };
try {
  for (let round = 0; round < Number(flags.rounds); round += 1) {
    progress.step(`round ${round + 1} of ${flags.rounds}`);
    for (const { name, script, results } of round % 2 === 0 ? builds : builds.toReversed()) {
      const sample = await (flags.projection ? sampleProjection(script) : sampleRequests(script));
      for (const figure of sample.names()) {
        const median = sample.spread(figure)?.median ?? Number.NaN;
        results.add(figure, median);
        progress.step(`  ${name}, ${figure}: ${median.toLocaleString('en', { maximumFractionDigits: 0 })}`);
      }
    }
  }
  report();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
process.exit();

async function sampleRequests(script: URL) {
  const results = createResults(() => undefined);
  const stores = await openStores(dir);
  const database = stores.newDatabase();
  const orderIds = await fill({
    client: stores.eventStore,
    streamPrefix: stores.streamPrefix,
    orders: FIRST_ORDERS,
    eventsPerOrder: 1,
  });
  const service = await startService({ stores, database, group: stores.newGroup(), dir, script });
  results.add('ready ms', service.readyMs);
  const driver = startLoader('http-load.js', dir);
  const others = { bare: undefined, peer: undefined };
  await httpRounds({ ...REQUESTS, ...others, stores, database, driver, service, orderIds, results, progress: quiet });
  results.add('resident MB', service.process.usage()?.residentMb ?? Number.NaN);
  await service.process.stop();
  await driver.stop();
  await stores.close();
  return results;
}

async function sampleProjection(script: URL) {
  const results = createResults(() => undefined);
  await projectionRounds({ ...BACKLOG, dir, script, results, progress: quiet });
  return results;
}

/** Geometric means, as a ratio of speeds: more is better. */
function report(): void {
  const [first, ...others] = builds;
  if (!first) return;
  for (const { name, results } of others) {
    console.log(`\n${name} to ${first.name}, geometric means of ${flags.rounds} starts (90 % of bootstraps)`);
    for (const figure of results.names()) {
      const sides = [results.valuesOf(figure), first.results.valuesOf(figure)] as const;
      const [values, to] = LESS_IS_BETTER.test(figure) ? [sides[1], sides[0]] : sides;
      const ratio = geometricMean(values) / geometricMean(to);
      const { least, most } = intervalOfRatio(values, to);
      const [now, then] = sides.map((side) => geometricMean(side).toLocaleString('en', { maximumFractionDigits: 0 }));
      console.log(
        `${figure.padEnd(32)} ${ratio.toFixed(2)}  (${least.toFixed(2)} to ${most.toFixed(2)})  ${then} → ${now}`,
      );
    }
  }
}
