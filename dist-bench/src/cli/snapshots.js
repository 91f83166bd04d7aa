import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { validate as isUuid } from 'uuid';
import { loadConfig } from "../config.js";
import { EventSourcingRepository, ORDER_CATEGORY } from "../eventstoredb/repository.js";
import { createSnapshotStore } from "../eventstoredb/snapshots.js";
import { createStreamStore } from "../eventstoredb/streams.js";
import { readLog } from "../read-models/log-reader.js";
import { joinStores } from "../stores.js";
const USAGE = `Writes the snapshots of long orders anew, from their events.

  npm run snapshots:rebuild                    every order that is long enough to have one
  npm run snapshots:rebuild -- --order UUID    this order

Ends with 0, or with 1 when there is no such order or the event store is away.`;
const TIME_LIMIT_MS = 30_000;
const { values } = parseArgs({ options: { order: { type: 'string' }, help: { type: 'boolean', default: false } } });
if (values.help) {
    process.stdout.write(`${USAGE}\n`);
}
else if (values.order !== undefined && !isUuid(values.order)) {
    process.stderr.write(`--order takes a UUID\n\n${USAGE}\n`);
    process.exitCode = 1;
}
else {
    await run(values.order?.toLowerCase());
}
async function run(orderId) {
    const config = loadConfig();
    const log = pino({ level: 'warn' });
    const stores = await joinStores(config, log);
    const { streamPrefix, snapshotEvery } = config;
    const streams = createStreamStore({ client: stores.eventStore, streamPrefix, timeLimitMs: TIME_LIMIT_MS });
    const snapshots = createSnapshotStore(streams);
    const orders = new EventSourcingRepository({ streams, snapshots, snapshotEvery, log });
    try {
        let written = 0;
        if (orderId === undefined) {
            const streamStart = streams.streamOf(ORDER_CATEGORY, '');
            for await (const { events } of readLog(stores.eventStore, [streams.streamOf('PizzaOrder', '')])) {
                // An order is due when it reaches its first snapshot; then its whole stream is folded, whatever its length.
                const due = events.filter(({ streamId, revision }) => streamId.startsWith(streamStart) && Number(revision) === snapshotEvery - 1);
                for (const { streamId } of due) {
                    if (await orders.rebuildSnapshot(streamId.slice(streamStart.length)))
                        written += 1;
                }
            }
        }
        else if (await orders.rebuildSnapshot(orderId)) {
            written = 1;
        }
        else {
            process.stderr.write(`There is no order ${orderId}\n`);
            process.exitCode = 1;
        }
        process.stdout.write(`${written} snapshots written\n`);
    }
    catch (error) {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        process.exitCode = 1;
    }
    finally {
        await stores.close();
    }
}
