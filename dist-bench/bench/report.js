import { isMet } from "./results.js";
const SUFFIX = / CPU µs$| p50 ms$| p99 ms$/;
/** Prints everything that was measured: medians of the rounds, and the least and the greatest in brackets. */
export function printReport(results, comparisons) {
    const throughput = results.names().filter((name) => name.includes('@') && !SUFFIX.test(name));
    heading('as many as it can', 'a second', 'CPU µs each');
    for (const name of throughput) {
        const [route = '', connections = ''] = name.split('@');
        const cpu = results.spread(`${name} CPU µs`);
        row(`${route}, ${connections} connections`, shown(results.spread(name)), cpu ? shown(cpu) : '');
    }
    heading('events', 'a second', '');
    for (const name of ['read log', 'consume', 'consume, 500 an ack', 'project', 'rebuild', 'first build']) {
        if (results.spread(name))
            row(name, shown(results.spread(name)), '');
    }
    heading('at a fixed rate', 'p50 ms', 'p99 ms');
    for (const name of results.names().filter((name) => name.endsWith(' p50 ms'))) {
        const what = name.replace(SUFFIX, '');
        row(what.replace('paced ', ''), shown(results.spread(name), 2), shown(results.spread(`${what} p99 ms`), 2));
    }
    heading('compared', 'measured', 'target');
    for (const comparison of comparisons) {
        const { label, value, unit, target, wants } = comparison;
        const digits = unit === '×' ? 2 : 0;
        const limit = target === undefined ? '' : `${wants === 'at least' ? '≥' : '≤'} ${target} ${unit}`;
        const verdict = { true: 'met', false: 'missed', undefined: '' }[String(isMet(comparison))] ?? '';
        row(label, shown(value, digits), `${limit.padEnd(12)} ${verdict}`);
    }
}
function heading(first, second, third) {
    console.log(`\n${first.toUpperCase().padEnd(48)}${second.padEnd(28)}${third}`);
}
function row(first, second, third) {
    console.log(`${first.padEnd(48)}${second.padEnd(28)}${third}`);
}
function shown(spread, digits = 0) {
    if (!spread)
        return '';
    const [median, least, most] = [spread.median, spread.least, spread.most].map((value) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }));
    return `${median ?? ''} (${least ?? ''}–${most ?? ''})`;
}
