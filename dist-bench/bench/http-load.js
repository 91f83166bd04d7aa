/** Drives HTTP load from a process of its own: takes one job after another as messages, and answers each. */
import { Agent, request as httpRequest } from 'node:http';
import autocannon from 'autocannon';
import { quantile } from "./statistics.js";
const ID = /"id":"([0-9a-f-]{36})"/;
process.on('message', (job) => {
    void (job.how.type === 'paced' ? paced(job, job.how) : saturate(job)).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());
/** Keeps every connection busy, by autocannon. Requests are built before the first one is sent. */
async function saturate({ url, connections, calls, how, wantsIds = false }) {
    const ids = [];
    const times = [];
    const collect = (_status, body) => {
        const id = ID.exec(body)?.[1];
        if (id !== undefined)
            ids.push(id);
    };
    const requestOf = ({ method, path, body }) => ({
        method,
        path,
        ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        ...(wantsIds && { onResponse: collect }),
    });
    let client = 0;
    let first = 0;
    let last = 0;
    const options = {
        url,
        connections: how.type === 'for' ? connections : Math.min(connections, calls.length),
        ...(how.type === 'for' ? { duration: how.seconds } : { amount: calls.length }),
        sampleInt: 100,
        setupClient: (connection) => {
            // Each connection has its own share, so that no call is made twice where each may be made once.
            const share = client % Math.min(connections, calls.length);
            connection.setRequests(calls.filter((_, index) => index % connections === share).map(requestOf));
            client += 1;
        },
    };
    const { non2xx, errors } = await new Promise((resolve, reject) => {
        const instance = autocannon(options, (error, result) => {
            if (error !== null)
                reject(new Error('the load could not be sent', { cause: error }));
            else
                resolve(result);
        });
        instance.on('response', (_client, _status, _bytes, time) => {
            last = performance.now();
            if (times.length === 0)
                first = last;
            times.push(time);
        });
    });
    times.sort((a, b) => a - b);
    return {
        perSecond: ((times.length - 1) / (last - first)) * 1000,
        answers: times.length,
        failed: non2xx + errors,
        p50: quantile(times, 0.5),
        p99: quantile(times, 0.99),
        ids,
    };
}
/**
 * Sends at a fixed rate whatever the answers do. Autocannon's own fixed rate sends each second's requests at once at
 * its beginning, which measures a queue.
 */
async function paced({ url, connections, calls }, { perSecond, seconds }) {
    const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'fifo' });
    const { hostname, port } = new URL(url);
    const requests = calls.map(({ method, path, body }) => {
        const text = body && JSON.stringify(body);
        const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': text.length };
        return { options: { agent, hostname, port, method, path, headers }, text };
    });
    const times = [];
    let failed = 0;
    const send = ({ options, text }) => new Promise((resolve) => {
        const start = performance.now();
        const fail = () => {
            failed += 1;
            resolve();
        };
        const sent = httpRequest(options, (response) => {
            response.resume();
            response.once('error', fail);
            response.once('end', () => {
                if ((response.statusCode ?? 500) >= 300)
                    return fail();
                times.push(performance.now() - start);
                resolve();
            });
        });
        sent.once('error', fail);
        sent.end(text);
    });
    const total = perSecond * seconds;
    const sending = [];
    const start = performance.now();
    await new Promise((resolve) => {
        const timer = setInterval(() => {
            const due = Math.min(total, ((performance.now() - start) / 1000) * perSecond);
            while (sending.length < due) {
                const next = requests[sending.length % requests.length];
                if (next)
                    sending.push(send(next));
            }
            if (sending.length < total)
                return;
            clearInterval(timer);
            resolve();
        }, 1);
    });
    await Promise.all(sending);
    agent.destroy();
    times.sort((a, b) => a - b);
    return { perSecond, answers: times.length, failed, p50: quantile(times, 0.5), p99: quantile(times, 0.99), ids: [] };
}
