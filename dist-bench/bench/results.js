import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { spreadOf } from "./statistics.js";
import { isEmbedded } from "./stores.js";
export function createResults() {
    const rounds = new Map();
    const valuesOf = (name) => rounds.get(name) ?? [];
    return {
        add(name, value) {
            rounds.set(name, [...valuesOf(name), value]);
        },
        valuesOf,
        /** undefined when it was not measured. */
        spread(name) {
            return rounds.has(name) ? spreadOf(valuesOf(name)) : undefined;
        },
        names: () => [...rounds.keys()],
        toJSON: () => Object.fromEntries([...rounds].map(([name, values]) => [name, { ...spreadOf(values), rounds: values }])),
    };
}
/** Ratios are taken within a round, so that a machine that slows down between two rounds does not bend them. */
export function compare(results) {
    const at = (name) => `${name}@64`;
    const ratio = (label, name, to, target) => comparison(label, ratios(results.valuesOf(name), results.valuesOf(to)), '×', target, 'at least');
    const flow = (prefix) => {
        const values = ['place', 'confirm', 'pay'].map((name) => results.valuesOf(at(`${prefix}${name}`)));
        return (values[0] ?? []).map((_, index) => 3 / values.reduce((sum, ofRoute) => sum + 1 / (ofRoute[index] ?? Number.NaN), 0));
    };
    const most = (label, name, unit, target) => comparison(label, results.valuesOf(name), unit, target, 'at most');
    const flatness = results
        .names()
        .filter((name) => name.startsWith('large '))
        .map((name) => {
        const route = name.slice('large '.length);
        const small = results.valuesOf(`small ${route}`);
        return comparison(`${route}, 200,000 orders to 1,000`, ratios(results.valuesOf(name), small), '×', 1.3, 'at most');
    });
    return [
        ratio('POST /orders to bare append', at('place'), at('bare append'), 0.8),
        ratio('confirm to bare append', at('confirm'), at('bare append'), 0.6),
        ratio('pay to bare append', at('pay'), at('bare append'), 0.6),
        ratio('confirm, not cached, to bare append', at('confirm, not cached'), at('bare append')),
        ratio('GET /orders/{id} to bare findOne', at('get'), at('bare findOne'), 0.85),
        ratio('page of 20 to bare page of 20', at('page'), at('bare page'), 0.6),
        ratio('page of 20 to bare findOne', at('page'), at('bare findOne')),
        ratio('projection to consuming, an ack each', 'project', 'consume', 0.6),
        ratio('rebuild to reading the log', 'rebuild', 'read log', 0.6),
        ratio('first build to reading the log', 'first build', 'read log'),
        comparison('order flow to Emmett’s', ratios(flow(''), flow('Emmett ')), '×', 2.5, 'at least'),
        most('projection lag p99 at 300 commands/s', 'lag p99 ms', 'ms', 250),
        most('resident memory under load', 'resident MB', 'MB', 250),
        most('start to ready', 'ready ms', 'ms', 1500),
        most('start to ready, stores embedded', 'ready with embedded stores ms', 'ms', 1500),
        ...flatness,
    ].filter(({ value }) => !Number.isNaN(value.median));
}
function comparison(label, values, unit, target, wants) {
    return { label, value: spreadOf(values), unit, target, wants };
}
function ratios(values, to) {
    return values.flatMap((value, index) => {
        const other = to[index];
        return other === undefined ? [] : [value / other];
    });
}
export function isMet({ value, target, wants }) {
    if (target === undefined)
        return undefined;
    return wants === 'at least' ? value.median >= target : value.median <= target;
}
/** Where and with what it was measured. */
export function describeRun(options) {
    const packages = ['fastify', '@eventstore/db-client', 'mongodb', 'autocannon'];
    return {
        date: new Date().toISOString(),
        machine: {
            cpu: cpus()[0]?.model.trim() ?? 'unknown',
            cores: cpus().length,
            memoryGb: Math.round(totalmem() / 2 ** 30),
            os: `${platform()} ${release()} ${arch()}`,
        },
        versions: {
            node: process.versions.node,
            commit: commit(),
            ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
            '@event-driven-io/emmett': '0.20.0',
        },
        stores: {
            eventStore: isEmbedded.eventStore ? 'embedded' : 'EVENTSTORE_URL',
            mongo: isEmbedded.mongo ? 'embedded' : 'MONGODB_URL',
        },
        options,
    };
}
function versionOf(name) {
    const file = createRequire(import.meta.url)
        .resolve.paths(name)
        ?.map((folder) => `${folder}/${name}/package.json`) ?? [];
    for (const path of file) {
        try {
            return JSON.parse(readFileSync(path, 'utf8')).version;
        }
        catch {
            // the next folder, then
        }
    }
    return 'unknown';
}
function commit() {
    try {
        return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'ignore'],
        }).trim();
    }
    catch {
        return 'unknown';
    }
}
