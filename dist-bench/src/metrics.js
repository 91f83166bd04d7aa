import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { settleWithin } from "./time-limit.js";
const SCRAPE_TIME_LIMIT_MS = 1000;
const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const QUANTILES = [0.5, 0.9, 0.99];
const MOST_WAITING = 100;
/** The service's metrics, in a registry of their own, so that several services can live in one process. */
export function createMetrics() {
    const registry = new Registry();
    const registers = [registry];
    const requests = new Histogram({
        name: 'http_request_duration_seconds',
        help: 'Time from a request to the end of its answer, by the pattern of its route',
        labelNames: ['method', 'route', 'status'],
        buckets: DURATIONS,
        registers,
    });
    const appendDurations = new Histogram({
        name: 'eventstore_append_duration_seconds',
        help: 'Time until an append was settled, repetitions included',
        buckets: DURATIONS,
        registers,
    });
    const appended = new Counter({ name: 'eventstore_appended_events_total', help: 'Events appended', registers });
    const retries = new Counter({
        name: 'eventstore_append_retries_total',
        help: 'Appends sent again since their outcome was unknown',
        registers,
    });
    const conflicts = new Counter({
        name: 'command_conflicts_total',
        help: 'Commands decided again since another one was faster',
        registers,
    });
    const gathered = [];
    const gather = (observe) => {
        const values = createGathered(observe);
        gathered.push(values);
        return values.add;
    };
    const appendTook = gather((seconds) => appendDurations.observe(seconds));
    let projections;
    const projectionMetrics = createProjectionMetrics(registers);
    const eventLoop = monitorEventLoopDelay({ resolution: 10 });
    eventLoop.enable();
    new Gauge({
        name: 'event_loop_delay_seconds',
        help: 'Delay of the event loop since the scrape before',
        labelNames: ['quantile'],
        registers,
        collect() {
            for (const quantile of QUANTILES)
                this.set({ quantile }, eventLoop.percentile(quantile * 100) / 1e9);
            this.set({ quantile: 1 }, eventLoop.max / 1e9);
            eventLoop.reset();
        },
    });
    collectDefaultMetrics({ register: registry });
    return {
        contentType: registry.contentType,
        async text() {
            if (projections)
                await projectionMetrics.collect(projections);
            for (const { flush } of gathered)
                flush();
            return registry.metrics();
        },
        appends: {
            appended(seconds, events) {
                appendTook(seconds);
                appended.inc(events);
            },
            retried: () => retries.inc(),
        },
        onConflict: () => conflicts.inc(),
        requestRecorder(method, route, status) {
            const series = requests.labels(method, route, String(status));
            return gather((seconds) => series.observe(seconds));
        },
        watch: (given) => (projections = given),
        close() {
            eventLoop.disable();
            registry.clear();
        },
    };
}
/** Takes values that are observed some at a time: alone, among all else that a request does, each would cost more. */
function createGathered(observe) {
    const waiting = [];
    const flush = () => {
        for (const value of waiting)
            observe(value);
        waiting.length = 0;
    };
    return {
        add(value) {
            if (waiting.push(value) >= MOST_WAITING)
                flush();
        },
        flush,
    };
}
function createProjectionMetrics(registers) {
    const lagEvents = new Gauge({
        name: 'projection_lag_events',
        help: 'Events not yet projected',
        labelNames: ['projection'],
        registers,
    });
    const lagSeconds = new Gauge({
        name: 'projection_lag_seconds',
        help: 'Age of the oldest event not yet projected',
        labelNames: ['projection'],
        registers,
    });
    const parked = new Gauge({
        name: 'projection_parked_events',
        help: 'Parked events of the consumer group',
        registers,
    });
    const inFlight = new Gauge({
        name: 'projection_in_flight_events',
        help: 'Events of the consumer group delivered and not yet acknowledged',
        registers,
    });
    const consuming = new Gauge({
        name: 'projection_consuming',
        help: 'Whether the projection worker consumes: 1 or 0',
        registers,
    });
    const projected = new Counter({
        name: 'projection_projected_events_total',
        help: 'Events projected by this instance',
        registers,
    });
    const redelivered = new Counter({
        name: 'projection_redelivered_events_total',
        help: 'Events that came to this instance again',
        registers,
    });
    const parkedHere = new Counter({
        name: 'projection_parked_events_total',
        help: 'Events that this instance parked',
        registers,
    });
    return {
        async collect(scraped) {
            const status = scraped.worker();
            consuming.set(status.state === 'consuming' ? 1 : 0);
            // The worker counts by itself; these counters only show its numbers.
            for (const [counter, value] of [
                [projected, status.projected],
                [redelivered, status.redelivered],
                [parkedHere, status.parked],
            ]) {
                counter.reset();
                counter.inc(value);
            }
            // A gauge without a value is left out: better than an old one, or a zero.
            lagEvents.reset();
            lagSeconds.reset();
            parked.remove();
            inFlight.remove();
            const measured = await within(SCRAPE_TIME_LIMIT_MS, scraped.lag());
            if (!measured)
                return;
            lagEvents.set({ projection: 'group' }, measured.events);
            lagSeconds.set({ projection: 'group' }, measured.seconds);
            parked.set(measured.parked);
            inFlight.set(measured.inFlight);
        },
    };
}
/** @returns undefined when it fails or is not there in time */
function within(ms, value) {
    return settleWithin(ms, value, () => new Error('too late')).catch(() => undefined);
}
