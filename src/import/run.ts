import { randomUUID } from 'node:crypto';
import { EXIT } from '../cli/program.ts';
import { createProgress, type ProgressOptions } from '../cli/progress.ts';
import type { Config } from '../config.ts';
import { isUnavailable as isEventStoreUnavailable } from '../eventstoredb/errors.ts';
import { createStreamStore } from '../eventstoredb/streams.ts';
import { openDatabase } from '../read-models/collections.ts';
import { isUnavailable as isMongoUnavailable } from '../read-models/errors.ts';
import { createMenuStore } from '../read-models/menu/store.ts';
import type { Stores } from '../stores.ts';
import { type ImportCounts, importOrders } from './import-orders.ts';
import type { Options } from './options.ts';
import { type ImportPlan, planImport } from './plan.ts';
import { toMenuItem } from './price-list.ts';
import { formatProblem } from './problem.ts';
import { createRetry } from './retry.ts';
import { STORE_TIME_LIMIT_MS } from '../time-limit.ts';

export interface RunOptions {
  readonly options: Options;
  readonly config: Pick<Config, 'mongoDatabase' | 'streamPrefix' | 'currency'>;
  /** Only called when there is something to write. */
  readonly openStores: () => Promise<Stores>;
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream;
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
  const plan = await planImport(options.files, origin, (problem) => err.write(`${formatProblem(problem)}\n`));
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
  { options, config, out, err, signal }: RunOptions,
  plan: ImportPlan,
  stores: Stores,
): Promise<number> {
  const retrying = (store: string, isUnavailable: (error: unknown) => boolean) =>
    createRetry({
      patienceMs: options.patienceMs,
      signal,
      isUnavailable,
      onAway: () => err.write(`${store} does not answer: waiting up to ${options.patienceMs / 1000} s\n`),
    });
  if (options.withMenu) {
    const menu = createMenuStore(openDatabase(stores.mongo, config.mongoDatabase), STORE_TIME_LIMIT_MS);
    const retry = retrying('MongoDB', isMongoUnavailable);
    const items = [...plan.priceList.values()].map(toMenuItem);
    await retry(() => stores.mongo.connect()); // unlike a command, it tries again after a first connection that failed
    for (const item of items) {
      signal.throwIfAborted();
      await retry(() => menu.put(item));
    }
    out.write(`${items.length} items on the menu\n`);
  }
  const progress = createProgress(out, ordersOf(plan.orders.length));
  let counts: ImportCounts = { imported: 0, alreadyThere: 0, deleted: 0 };
  try {
    await importOrders(plan.orders, {
      streams: createStreamStore({
        client: stores.eventStore,
        streamPrefix: config.streamPrefix,
        timeLimitMs: STORE_TIME_LIMIT_MS,
      }),
      origin: { customerId: options.customerId, currency: config.currency },
      correlationId: randomUUID(),
      retry: retrying('EventStoreDB', isEventStoreUnavailable),
      signal,
      onProgress: (soFar) => {
        counts = soFar;
        progress.update(total(soFar));
      },
    });
  } finally {
    progress.stop();
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
    ...(counts.deleted > 0 ? [`deleted:       ${counts.deleted} (their streams were deleted for good)`] : []),
    ...(left > 0 ? [`not yet:       ${left} (run again to go on)`] : []),
    '',
  ].join('\n');
}
