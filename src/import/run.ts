import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { EXIT } from '../cli/program.ts';
import { createProgress, type Progress, type ProgressOptions } from '../cli/progress.ts';
import type { Config } from '../config.ts';
import { isUnavailable } from '../eventstoredb/errors.ts';
import { createStreamStore } from '../eventstoredb/streams.ts';
import type { Stores } from '../stores.ts';
import { importMenu } from './import-menu.ts';
import { type ImportCounts, importOrders } from './import-orders.ts';
import type { Options } from './options.ts';
import { type ImportPlan, planImport } from './plan.ts';
import { formatProblem, type Report } from './problem.ts';
import { createRetry } from './retry.ts';
import { STORE_TIME_LIMIT_MS } from '../time-limit.ts';

export interface RunOptions {
  readonly options: Options;
  readonly config: Pick<Config, 'streamPrefix' | 'currency'>;
  /** Only called when there is something to write. */
  readonly openStores: () => Promise<Stores>;
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * One import: read and check the files, then write.
 *
 * @returns the exit code
 * @throws InputError, StoreAwayError, or what a store refused
 */
export async function runImport(run: RunOptions): Promise<number> {
  const { options, config, openStores, err, signal } = run;
  const origin = { customerId: options.customerId, currency: config.currency };
  const report: Report = (problem) => err.write(`${formatProblem(problem)}\n`);
  const plan = await planImport(options.files, origin, { report, signal });
  if (options.isStrict && plan.problems > 0) {
    err.write(`Nothing was imported: ${plan.problems} bad lines, and --strict is given.\n`);
    return EXIT.failed;
  }
  if (signal.aborted) return EXIT.interrupted;
  const stores = await openStores();
  try {
    return await Promise.race([stores.failed, writeAll(run, plan, stores)]);
  } finally {
    await stores.close();
  }
}

async function writeAll(
  { options, config, out, err, log, signal }: RunOptions,
  plan: ImportPlan,
  stores: Stores,
): Promise<number> {
  const retry = createRetry({
    patienceMs: options.patienceMs,
    signal,
    isUnavailable,
    onAway: () => err.write(`EventStoreDB does not answer: waiting up to ${options.patienceMs / 1000} s\n`),
  });
  const { streamPrefix, currency } = config;
  const streams = createStreamStore({ client: stores.eventStore, streamPrefix, timeLimitMs: STORE_TIME_LIMIT_MS });
  const importing = { streams, correlationId: randomUUID(), retry, signal };
  let progress: Progress | undefined;
  let counts: ImportCounts = { imported: 0, alreadyThere: 0, deleted: 0 };
  try {
    if (options.withMenu) {
      const listed = await importMenu(plan.priceList, { ...importing, log });
      const deleted = plan.priceList.size - listed;
      out.write(`${listed} items on the menu${deleted > 0 ? `, ${deleted} not: their streams were deleted` : ''}\n`);
    }
    progress = createProgress(out, ordersOf(plan.orders.length));
    await importOrders(plan.orders, {
      ...importing,
      origin: { customerId: options.customerId, currency },
      onProgress: (soFar) => {
        counts = soFar;
        progress?.update(total(soFar));
      },
    });
  } finally {
    progress?.stop();
    out.write(summary(plan, counts));
  }
  return total(counts) < plan.orders.length ? EXIT.interrupted : EXIT.done;
}

export function ordersOf(total: number): ProgressOptions {
  return {
    total,
    format: 'importing [{bar}] {percentage}% | {value}/{total} orders | {eta_formatted} left',
    lineEvery: 1000,
    line: (done) => `${done} of ${total} orders`,
  };
}

function total({ imported, alreadyThere, deleted }: ImportCounts): number {
  return imported + alreadyThere + deleted;
}

function summary(plan: ImportPlan, counts: ImportCounts): string {
  const left = plan.orders.length - total(counts);
  return [
    `imported:      ${counts.imported}`,
    `already there: ${counts.alreadyThere}`,
    `skipped:       ${plan.skippedOrders} (bad lines: ${plan.problems})`,
    ...(counts.deleted > 0 ? [`deleted:       ${counts.deleted} (their streams were deleted)`] : []),
    ...(left > 0 ? [`not yet:       ${left} (run again to go on)`] : []),
    '',
  ].join('\n');
}
