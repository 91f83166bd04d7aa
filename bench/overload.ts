/**
 * Three times the load that the service can serve: how much of its best rate it still serves, and whether the rest is
 * told when to come again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLACE_BODY } from './fill.ts';
import type { LoadJob, LoadResult } from './http-load.ts';
import type { OpenLoadJob, OpenLoadResult } from './open-load.ts';
import { spreadOf } from './statistics.ts';
import { openStores } from './stores.ts';
import { startLoader, startService } from './subjects.ts';

const ROUNDS = 3;
const SECONDS = 10;
const WARM_UP_SECONDS = 15;
const CONNECTIONS = 64;
const OVERLOAD = 3;
const OVERLOAD_CONNECTIONS = 1000;
const TARGET = 0.8;

const dir = mkdtempSync(join(tmpdir(), 'pizzeria-overload-'));
const stores = await openStores(dir);
const service = await startService({ stores, database: stores.newDatabase(), group: stores.newGroup(), dir });
try {
  await saturate(WARM_UP_SECONDS);
  const shares: number[] = [];
  let isTold = true;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const best = await saturate(SECONDS);
    const result = await overload(best * OVERLOAD);
    const { sent, unsent, byStatus, withoutRetryAfter, broken, servedPerSecond } = result;
    shares.push(servedPerSecond / best);
    isTold &&=
      withoutRetryAfter + broken === 0 && Object.keys(byStatus).every((it) => ['201', '429', '503'].includes(it));
    console.log(
      `best ${best.toFixed(0)}/s; of ${((sent + unsent) / SECONDS).toFixed(0)}/s serves ${servedPerSecond.toFixed(0)}/s,`,
      `${(servedPerSecond / best).toFixed(2)} of its best; answers ${JSON.stringify(byStatus)},`,
      `${withoutRetryAfter} refusals without Retry-After, ${broken} broken, ${unsent} not sent`,
    );
  }
  const { median } = spreadOf(shares);
  console.log(`median ${median.toFixed(2)} of its best rate at ${OVERLOAD} times that load (target ${TARGET})`);
  if (median < TARGET || !isTold) process.exitCode = 1;
} finally {
  await service.process.stop();
  await stores.close();
  rmSync(dir, { recursive: true, force: true });
}
process.exit();

/** @returns answers a second */
async function saturate(seconds: number): Promise<number> {
  const driver = startLoader('http-load.js', dir);
  const calls = [{ method: 'POST', path: '/orders', body: PLACE_BODY }] as const;
  const job: LoadJob = { url: service.url, connections: CONNECTIONS, calls, how: { type: 'for', seconds } };
  const { perSecond, failed } = await driver.ask<LoadResult>(job);
  await driver.stop();
  if (failed > 0) throw new Error(`${failed} requests failed at ${CONNECTIONS} connections`);
  return perSecond;
}

async function overload(perSecond: number): Promise<OpenLoadResult> {
  const driver = startLoader('open-load.js', dir);
  const job: OpenLoadJob = {
    port: Number(new URL(service.url).port),
    path: '/orders',
    body: PLACE_BODY,
    perSecond,
    seconds: SECONDS,
    connections: OVERLOAD_CONNECTIONS,
  };
  const result = await driver.ask<OpenLoadResult>(job);
  await driver.stop();
  return result;
}
