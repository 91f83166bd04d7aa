const GROUPS = [
    {
        title: 'Commands a second, 64 connections',
        bars: [
            { label: 'bare append route', name: 'bare append@64', kind: 'limit' },
            { label: 'POST /orders', name: 'place@64', kind: 'service', target: 0.8 },
            { label: 'POST …/confirm', name: 'confirm@64', kind: 'service', target: 0.6 },
            { label: 'POST …/payment', name: 'pay@64', kind: 'service', target: 0.6 },
            { label: 'Emmett: place', name: 'Emmett place@64', kind: 'peer' },
            { label: 'Emmett: confirm', name: 'Emmett confirm@64', kind: 'peer' },
            { label: 'Emmett: pay', name: 'Emmett pay@64', kind: 'peer' },
        ],
    },
    {
        title: 'One order a request, requests a second, 64 connections',
        bars: [
            { label: 'bare findOne route', name: 'bare findOne@64', kind: 'limit' },
            { label: 'GET /orders/{id}', name: 'get@64', kind: 'service', target: 0.85 },
        ],
    },
    {
        title: 'Pages of 20 orders a second, 64 connections',
        bars: [
            { label: 'bare find route', name: 'bare page@64', kind: 'limit' },
            { label: 'GET /orders', name: 'page@64', kind: 'service', target: 0.6 },
        ],
    },
    {
        title: 'Events projected a second',
        bars: [
            { label: 'bare consuming loop', name: 'consume', kind: 'limit' },
            { label: 'projection', name: 'project', kind: 'service', target: 0.6 },
        ],
    },
    {
        title: 'Events a second, read models built anew',
        bars: [
            { label: 'reading the log', name: 'read log', kind: 'limit' },
            { label: 'rebuild of orders', name: 'rebuild', kind: 'service', target: 0.6 },
            { label: 'first build of all', name: 'first build', kind: 'service' },
        ],
    },
];
const WIDTH = 760;
const LEFT = 170;
const LONGEST = 420;
const LINE = 24;
const GAP = 40;
/** Bars for the rates, lines for the targets. Colours follow the reader's light or dark. */
export function drawChart(results, run) {
    let y = 30;
    const parts = [];
    for (const { title, bars } of GROUPS) {
        const measured = bars.flatMap((bar) => {
            const spread = results.spread(bar.name);
            return spread ? [{ ...bar, spread }] : [];
        });
        const [limit] = measured;
        if (!limit)
            continue;
        const longest = Math.max(...measured.map(({ spread }) => spread.most));
        const scale = (value) => (value / longest) * LONGEST;
        parts.push(text(20, y, title, 'title'));
        for (const { label, kind, target, spread } of measured) {
            y += LINE;
            parts.push(text(LEFT - 10, y, label, 'label'), `<rect class="${kind}" x="${LEFT}" y="${y - 13}" width="${round(scale(spread.median))}" height="17" rx="2"/>`, line(LEFT + scale(spread.least), y - 4.5, LEFT + scale(spread.most), y - 4.5, 'spread'), text(LEFT + LONGEST + 12, y, valueOf(spread.median, limit.spread.median), 'value'));
            if (target === undefined)
                continue;
            const at = LEFT + scale(limit.spread.median * target);
            parts.push(line(at, y - 16, at, y + 7, 'target'));
        }
        y += GAP;
    }
    const footer = footerOf(run);
    parts.push(...footer.map((words, index) => text(20, y + index * 16, words, 'note')));
    const height = y + footer.length * 16;
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Rates of the service beside those of bare routes and of a peer">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 } .label { text-anchor: end } .note { font-size: 11px; fill: #59636e }
.limit { fill: #9aa4af } .service { fill: #2f81d6 } .peer { fill: #d08a3c }
.spread { stroke: #1f2328; stroke-width: 1.5 } .target { stroke: #cf222e; stroke-width: 2; stroke-dasharray: 3 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #9198a1 } .limit { fill: #6e7781 } .spread { stroke: #e6edf3 } .target { stroke: #ff7b72 }
}
</style>
${parts.join('\n')}
</svg>
`;
}
function valueOf(value, limit) {
    const share = value === limit ? '' : ` · ${(value / limit).toFixed(2)}`;
    return `${Math.round(value).toLocaleString('en')}${share}`;
}
function footerOf(run) {
    const { date, machine, versions, stores } = run;
    return [
        'Grey: the least that the stores allow. Blue: the service, and its share of that. Orange: the same flow on Emmett.',
        'Bars are medians, black lines reach from the least to the most of the rounds, red ones are targets.',
        `${machine?.['cpu'] ?? ''}, ${machine?.['cores'] ?? ''} cores, ${machine?.['memoryGb'] ?? ''} GB, Node ${versions?.['node'] ?? ''}, event store: ${stores?.['eventStore'] ?? ''}, MongoDB: ${stores?.['mongo'] ?? ''}, ${date.slice(0, 10)}`,
    ];
}
function text(x, y, words, kind) {
    const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    return `<text class="${kind}" x="${round(x)}" y="${round(y)}">${escaped}</text>`;
}
function line(x1, y1, x2, y2, kind) {
    return `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}
function round(value) {
    return Math.round(value * 10) / 10;
}
