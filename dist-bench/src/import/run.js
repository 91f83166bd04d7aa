import { randomUUID } from 'node:crypto';
import { isUnavailable as isEventStoreUnavailable } from "../eventstoredb/errors.js";
import { createStreamStore } from "../eventstoredb/streams.js";
import { openDatabase } from "../read-models/database.js";
import { isUnavailable as isMongoUnavailable } from "../read-models/errors.js";
import { createMenuStore } from "../read-models/menu/store.js";
import { importOrders } from "./import-orders.js";
import { EXIT } from "./options.js";
import { planImport } from "./plan.js";
import { toMenuItem } from "./price-list.js";
import { formatProblem } from "./problem.js";
import { createProgress } from "./progress.js";
import { createRetry } from "./retry.js";
const CALL_LIMIT_MS = 2500;
/**
 * One import: read and check the files, then write.
 *
 * @returns the exit code
 * @throws InputError, StoreAwayError, or what a store refused
 */
export async function runImport(run) {
    const { options, config, openStores, err, signal } = run;
    const origin = { customerId: options.customerId, currency: config.currency };
    const plan = await planImport(options.files, origin, (problem) => err.write(`${formatProblem(problem)}\n`));
    if (options.isStrict && plan.problems > 0) {
        err.write(`Nothing was imported: ${plan.problems} bad lines, and --strict is given.\n`);
        return EXIT.failed;
    }
    if (signal.aborted)
        return EXIT.interrupted;
    const stores = await openStores();
    try {
        return await Promise.race([stores.failed, writeAll(run, plan, stores)]);
    }
    finally {
        await stores.close();
    }
}
async function writeAll({ options, config, out, err, signal }, plan, stores) {
    const retrying = (store, isUnavailable) => createRetry({
        patienceMs: options.patienceMs,
        signal,
        isUnavailable,
        onAway: () => err.write(`${store} does not answer: waiting up to ${options.patienceMs / 1000} s\n`),
    });
    if (options.withMenu) {
        const menu = createMenuStore(openDatabase(stores.mongo, config.mongoDatabase), CALL_LIMIT_MS);
        const retry = retrying('MongoDB', isMongoUnavailable);
        const items = [...plan.priceList.values()].map(toMenuItem);
        await retry(() => stores.mongo.connect()); // unlike a command, it tries again after a first connection that failed
        for (const item of items) {
            signal.throwIfAborted();
            await retry(() => menu.put(item));
        }
        out.write(`${items.length} items on the menu\n`);
    }
    const progress = createProgress(out, plan.orders.length);
    let counts = { imported: 0, alreadyThere: 0, deleted: 0 };
    try {
        await importOrders(plan.orders, {
            streams: createStreamStore({
                client: stores.eventStore,
                streamPrefix: config.streamPrefix,
                timeLimitMs: CALL_LIMIT_MS,
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
    }
    finally {
        progress.stop();
        out.write(summary(plan, counts));
    }
    return total(counts) < plan.orders.length ? EXIT.interrupted : EXIT.done;
}
function total({ imported, alreadyThere, deleted }) {
    return imported + alreadyThere + deleted;
}
function summary(plan, counts) {
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
