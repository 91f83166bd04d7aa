import { readFileSync } from 'node:fs';
import { fill } from "./fill.js";
import { eventually, startProcess } from "./processes.js";
import { openStores } from "./stores.js";
import { CORES, startService } from "./subjects.js";
const EVENTS_PER_ORDER = 3;
const WITHIN_MS = 600_000;
/** Rates at which a backlog of events is projected, and read models are built anew, beside those of only reading it. */
export async function projectionRounds({ dir, orders, rounds, results }) {
    const stores = await openStores(dir);
    const { eventStore: client, streamPrefix } = stores;
    const emptyDatabase = stores.newDatabase();
    // Its read models stand before there is any event: copies of its state make a service take all through its group.
    const idle = await startService({ stores, database: emptyDatabase, group: stores.newGroup(), dir });
    await idle.process.stop();
    const states = await stores.mongo.db(emptyDatabase).collection('projections').find().toArray();
    const ids = await fill({ client, streamPrefix, orders, eventsPerOrder: EVENTS_PER_ORDER });
    const events = orders * EVENTS_PER_ORDER;
    const lastOrder = ids.at(-1) ?? '';
    for (let round = 0; round < rounds; round += 1) {
        results.add('read log', await readLog({ type: 'read' }));
        results.add('consume', await readLog({ type: 'consume', group: stores.newGroup(), eventsPerAck: 1 }));
        results.add('consume, 500 an ack', await readLog({ type: 'consume', group: stores.newGroup(), eventsPerAck: 500 }));
        const projecting = await project();
        await rebuild(projecting);
        await projecting.process.stop();
        await firstBuild();
    }
    await stores.close();
    async function readLog(how) {
        const script = new URL('log-reader.js', import.meta.url);
        const reader = startProcess(script, { cwd: dir, log: `${dir}/log-reader.log`, core: CORES.subject });
        const job = { eventStoreUrl: stores.eventStoreUrl, streamPrefix, events, how };
        const { perSecond } = await reader.ask(job);
        await reader.stop();
        return perSecond;
    }
    /** From ready, which is when it consumes, until the last order's last event can be read. */
    async function project() {
        const database = stores.newDatabase();
        await stores.mongo.db(database).collection('projections').insertMany(states);
        const service = await startService({ stores, database, group: stores.newGroup(), dir });
        const start = performance.now();
        await isProjected(stores, database, lastOrder);
        results.add('project', (events / (performance.now() - start)) * 1000);
        return service;
    }
    async function rebuild({ url, log }) {
        const started = await fetch(`${url}/admin/projections/orders/rebuild`, { method: 'POST' });
        await started.arrayBuffer();
        if (started.status !== 202) {
            console.log(`no rebuild measured: ${started.status}, see ${log}`);
            return;
        }
        const milliseconds = await eventually('rebuild', () => rebuildTime(url), { withinMs: WITHIN_MS, everyMs: 100 });
        results.add('rebuild', (events / milliseconds) * 1000);
    }
    /** What a service does that finds an empty database; its log says how long that took. */
    async function firstBuild() {
        const options = { stores, database: stores.newDatabase(), group: stores.newGroup(), dir, withinMs: WITHIN_MS };
        const { process, log } = await startService(options);
        await process.stop();
        const built = /"events":(\d+),"ms":(\d+),"msg":"built from the log/.exec(readFileSync(log, 'utf8'));
        if (built)
            results.add('first build', (Number(built[1]) / Number(built[2])) * 1000);
    }
}
async function isProjected(stores, database, orderId) {
    const orders = stores.mongo.db(database).collection('orders');
    const last = { _id: orderId, revision: EVENTS_PER_ORDER - 1 };
    await eventually('projection', async () => (await orders.findOne(last)) ?? undefined, { withinMs: WITHIN_MS });
}
async function rebuildTime(url) {
    const { items } = (await (await fetch(`${url}/admin/projections`)).json());
    const rebuild = items.find(({ name }) => name === 'orders')?.rebuild;
    return rebuild?.finishedAt ? Date.parse(rebuild.finishedAt) - Date.parse(rebuild.startedAt) : undefined;
}
