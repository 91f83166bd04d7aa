/** Sends commands at a fixed rate and watches the read model for what they changed; from a process of its own. */
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { CONFIRM_BODY, PAY_BODY, PLACE_BODY } from "./fill.js";
import { quantile } from "./statistics.js";
/** One order in so many is watched. */
const WATCHED = 3;
const LOOK_EVERY_MS = 2;
const WATCH_FOR_MS = 30_000;
process.on('message', (job) => void run(job).then((result) => process.send?.(result)));
process.on('disconnect', () => process.exit());
async function run({ url, mongoUrl, database, commandsPerSecond, seconds }) {
    const mongo = new MongoClient(mongoUrl);
    const orders = mongo.db(database).collection('orders');
    const agent = new Agent({ keepAlive: true });
    const lags = [];
    let failed = 0;
    const post = (path, body) => new Promise((resolve, reject) => {
        const text = JSON.stringify(body);
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
        const sent = httpRequest(`${url}${path}`, { agent, method: 'POST', headers }, (response) => {
            let answer = '';
            response.setEncoding('utf8');
            response.on('data', (chunk) => (answer += chunk));
            response.once('error', reject);
            response.once('end', () => {
                if ((response.statusCode ?? 500) < 300)
                    resolve(answer);
                else
                    reject(new Error(answer));
            });
        });
        sent.once('error', reject);
        sent.end(text);
    });
    const watch = async (id, revision) => {
        const start = performance.now();
        while (performance.now() - start < WATCH_FOR_MS) {
            const found = await orders.findOne({ _id: id }, { projection: { revision: 1 } });
            if (found && found.revision >= revision)
                return void lags.push(performance.now() - start);
            await delay(LOOK_EVERY_MS);
        }
        failed += 1;
    };
    const flow = async (isWatched) => {
        const { id } = JSON.parse(await post('/orders', PLACE_BODY));
        const watching = isWatched ? [watch(id, 0)] : [];
        await post(`/orders/${id}/confirm`, CONFIRM_BODY);
        if (isWatched)
            watching.push(watch(id, 1));
        await post(`/orders/${id}/payment`, PAY_BODY);
        if (isWatched)
            watching.push(watch(id, 2));
        await Promise.all(watching);
    };
    const flowsPerSecond = commandsPerSecond / 3;
    const running = [];
    const start = performance.now();
    while (running.length < flowsPerSecond * seconds) {
        const due = ((performance.now() - start) / 1000) * flowsPerSecond;
        while (running.length < due)
            running.push(flow(running.length % WATCHED === 0).catch(() => void (failed += 1)));
        await delay(1);
    }
    await Promise.all(running);
    agent.destroy();
    await mongo.close();
    lags.sort((a, b) => a - b);
    return { samples: lags.length, failed, p50: quantile(lags, 0.5), p99: quantile(lags, 0.99) };
}
