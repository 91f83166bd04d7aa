import { CONFIRM_BODY, fill, PAY_BODY, PLACE_BODY } from "./fill.js";
import { eventually } from "./processes.js";
import { openStores } from "./stores.js";
import { startService } from "./subjects.js";
const SIZES = { small: 1000, large: 200_000 };
const PACE = { type: 'paced', perSecond: 100, seconds: 1.5 };
const CALLS = PACE.perSecond * PACE.seconds;
const WITHIN_MS = 1_800_000;
/** Latency of every route with few and with many orders in the stores: both stand side by side and take turns. */
export async function flatnessRounds({ dir, driver, rounds, results }) {
    const sides = [await prepare('small', dir), await prepare('large', dir)];
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
        for (const [route, callsOf] of Object.entries(routes)) {
            for (const { name, service, ids } of sides) {
                const calls = callsOf(ids, round);
                const job = { url: service.url, connections: 16, calls, how: PACE };
                const { p50, failed } = await driver.ask(job);
                if (failed > 0)
                    throw new Error(`${name} ${route}: ${failed} requests failed, see ${service.log}`);
                if (round > 0)
                    results.add(`${name} ${route}`, p50);
            }
        }
    }
    for (const { stores, service } of sides) {
        await service.process.stop();
        await stores.close();
    }
}
const get = (path) => ({ method: 'GET', path });
const post = (path, body) => ({ method: 'POST', path, body });
const day = (daysAgo) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
/** Orders of this round that no other round changes, from the middle of the log. */
const unused = (ids, round) => ids.slice(round * CALLS, (round + 1) * CALLS);
const some = (ids) => ids.filter((_, index) => index % Math.ceil(ids.length / CALLS) === 0);
const routes = {
    'POST /orders': () => [post('/orders', PLACE_BODY)],
    'POST …/confirm': (ids, round) => unused(ids, round).map((id) => post(`/orders/${id}/confirm`, CONFIRM_BODY)),
    'POST …/payment': (ids, round) => unused(ids, round).map((id) => post(`/orders/${id}/payment`, PAY_BODY)),
    'GET /orders/{id}': (ids) => some(ids).map((id) => get(`/orders/${id}`)),
    'GET …/timeline': (ids) => some(ids).map((id) => get(`/orders/${id}/timeline`)),
    'GET …/state': (ids) => some(ids).map((id) => get(`/orders/${id}/state?revision=0`)),
    'GET /orders': () => [get('/orders')],
    'GET /orders?status': () => [get('/orders?status=PENDING&paymentStatus=UNPAID')],
    'GET /orders?placedTo': () => [get(`/orders?placedTo=${day(30)}`)],
    'GET /audit': () => [get('/audit?limit=20')],
    'GET /audit?type': () => [get('/audit?type=PizzaOrderPlaced&limit=20')],
    'GET /analytics/orders': () => [get(`/analytics/orders?from=${day(40)}&to=${day(10)}`)],
};
async function prepare(name, dir) {
    const stores = await openStores(dir);
    const { eventStore: client, streamPrefix } = stores;
    console.log(`filling a store with ${SIZES[name].toLocaleString('en')} orders`);
    const ids = await fill({ client, streamPrefix, orders: SIZES[name], eventsPerOrder: 1 });
    const database = stores.newDatabase();
    const group = stores.newGroup();
    const service = await startService({ stores, database, group, dir, withinMs: WITHIN_MS });
    await analyticsAreDone(service.url, ids.length);
    return { name, stores, service, ids };
}
/** The analytics follow the log by themselves; while they do, nothing else can be measured. */
async function analyticsAreDone(url, orders) {
    const isDone = async () => {
        const response = await fetch(`${url}/analytics/orders?from=2020-01-01&to=2029-12-31`);
        return (await response.json()).totalOrders >= orders ? true : undefined;
    };
    await eventually('analytics', isDone, { withinMs: WITHIN_MS, everyMs: 200 });
}
