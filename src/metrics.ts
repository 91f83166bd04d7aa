import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type Metric,
  type OpenMetricsContentType,
  Registry,
} from 'prom-client';
import type { AppendObserver } from './eventstoredb/streams.ts';
import { settleWithin } from './time-limit.ts';
import type { Trace, Tracing } from './tracing/trace.ts';

/** What is asked for on each scrape. */
export interface ScrapedProjections {
  worker(): {
    readonly state: string;
    readonly projected: number;
    readonly redelivered: number;
    readonly parked: number;
  };
  lag(): Promise<{
    readonly events: number;
    readonly seconds: number;
    readonly parked: number;
    readonly inFlight: number;
  }>;
}

interface RequestLabels {
  readonly method: string;
  /** The pattern of the route's path. */
  readonly route: string;
  readonly status: number;
}

export type Metrics = ReturnType<typeof createMetrics>;

const SCRAPE_TIME_LIMIT_MS = 1000;
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const QUANTILES = [0.5, 0.9, 0.99] as const;

/**
 * The service's metrics, in a registry of their own, so that several services can live in one process.
 *
 * @param tracing counts the spans that were not exported
 */
export function createMetrics(tracing?: Pick<Tracing, 'dropped'>) {
  const registry = new Registry();
  const definitions = define(registry);
  const { requests, appendDurations, appended, retries, conflicts, delay, streams, streamResets } = definitions;
  let projections: ScrapedProjections | undefined;

  const eventLoop = monitorEventLoopDelay({ resolution: 10 });
  eventLoop.enable();
  collectDefaultMetrics({ register: registry });
  const spansDropped = tracing && definitions.spansDropped();

  return {
    /**
     * The text of an exposition format, and its media type. Never rejects because of a store: what one cannot tell is
     * left out.
     */
    async text(isOpenMetrics = false): Promise<{ readonly type: string; readonly body: string }> {
      for (const quantile of QUANTILES) delay.set({ quantile }, eventLoop.percentile(quantile * 100) / 1e9);
      delay.set({ quantile: 1 }, eventLoop.max / 1e9);
      eventLoop.reset();
      if (projections) await scrape(projections, definitions);
      if (spansDropped) show(spansDropped, tracing.dropped());
      const shown = isOpenMetrics ? inOpenMetrics(registry) : registry;
      return { type: shown.contentType, body: await shown.metrics() };
    },
    appends: {
      appended(seconds, events, trace) {
        appendDurations.observe({ value: seconds, ...exemplarOf(trace) });
        appended.inc(events);
      },
      retried: () => retries.inc(),
    } satisfies AppendObserver,
    /** A command lost a race, and is decided again. */
    onConflict: () => conflicts.inc(),
    /** Adds the counter of callers who were not let in, and gives what counts one by its reason. */
    countRefusals() {
      const help = 'Callers that were not let in, by reason';
      const name = 'access_refusals_total';
      const refusals = new Counter({ name, help, labelNames: ['reason'], registers: [registry] });
      return (reason: string) => refusals.inc({ reason });
    },
    requestTook: (labels: RequestLabels, seconds: number, trace?: Trace | null) =>
      requests.observe({ labels: { ...labels }, value: seconds, ...exemplarOf(trace) }),
    streamOpened: (kind: string) => streams.inc({ kind }),
    streamClosed: (kind: string) => streams.dec({ kind }),
    streamReset: (reason: string) => streamResets.inc({ reason }),
    watch: (given: ScrapedProjections) => void (projections = given),
    close(): void {
      eventLoop.disable();
      registry.clear();
    },
  };
}

function define(registry: Registry) {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers });
  const histogram = <Label extends string>(name: string, help: string, ...labelNames: Label[]) => {
    const made = new Histogram({ name, help, labelNames, buckets: BUCKETS, enableExemplars: true, registers: [] });
    registry.registerMetric(made); // not above: what has exemplars may only name a registry of OpenMetrics
    return made;
  };
  return {
    requests: histogram(
      'http_request_duration_seconds',
      'Time from a request to the end of its answer, by the pattern of its route',
      'method',
      'route',
      'status',
    ),
    appendDurations: histogram(
      'eventstore_append_duration_seconds',
      'Time until an append was settled, repetitions included',
    ),
    appended: counter('eventstore_appended_events_total', 'Events appended'),
    retries: counter('eventstore_append_retries_total', 'Appends sent again since their outcome was unknown'),
    conflicts: counter('command_conflicts_total', 'Commands decided again since another one was faster'),
    streams: gauge('pizzeria_streams_open', 'Event streams that are open', 'kind'),
    streamResets: counter('pizzeria_stream_resets_total', 'Event streams whose readers had to begin anew', 'reason'),
    delay: gauge('event_loop_delay_seconds', 'Delay of the event loop since the scrape before', 'quantile'),
    lagEvents: gauge('projection_lag_events', 'Events not yet projected', 'projection'),
    lagSeconds: gauge('projection_lag_seconds', 'Age of the oldest event not yet projected', 'projection'),
    parked: gauge('projection_parked_events', 'Parked events of the consumer group'),
    inFlight: gauge('projection_in_flight_events', 'Events of the consumer group delivered and not yet acknowledged'),
    consuming: gauge('projection_consuming', 'Whether the projection worker consumes: 1 or 0'),
    projected: counter('projection_projected_events_total', 'Events projected by this instance'),
    redelivered: counter('projection_redelivered_events_total', 'Events that came to this instance again'),
    parkedHere: counter('projection_parked_events_total', 'Events that this instance parked'),
    spansDropped: () =>
      counter(
        'pizzeria_spans_dropped_total',
        'Spans that were not exported, since the collector took too long or failed',
      ),
  };
}

/** The trace that is kept, if there is one, of what a histogram counts. */
function exemplarOf(trace: Trace | null | undefined): { readonly exemplarLabels?: Readonly<Record<string, string>> } {
  const exemplarLabels = trace?.exemplar;
  return exemplarLabels ? { exemplarLabels } : {};
}

/** To write OpenMetrics, prom-client 15 renames the counters for good: it gets objects that stand before them. */
function inOpenMetrics(registry: Registry): Registry<OpenMetricsContentType> {
  const copy = new Registry<OpenMetricsContentType>();
  copy.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const metric of registry.getMetricsAsArray()) copy.registerMetric(Object.create(metric) as Metric);
  return copy;
}

/** For what counts by itself. */
function show(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}

async function scrape(projections: ScrapedProjections, to: ReturnType<typeof define>): Promise<void> {
  const { state, projected, redelivered, parked } = projections.worker();
  to.consuming.set(state === 'consuming' ? 1 : 0);
  show(to.projected, projected);
  show(to.redelivered, redelivered);
  show(to.parkedHere, parked);
  // A gauge without a value is left out: better than an old one, or a zero.
  to.lagEvents.reset();
  to.lagSeconds.reset();
  to.parked.remove();
  to.inFlight.remove();
  const late = () => new Error('too late');
  const lag = await settleWithin(SCRAPE_TIME_LIMIT_MS, projections.lag(), late).catch(() => undefined);
  if (!lag) return;
  to.lagEvents.set({ projection: 'group' }, lag.events);
  to.lagSeconds.set({ projection: 'group' }, lag.seconds);
  to.parked.set(lag.parked);
  to.inFlight.set(lag.inFlight);
}
