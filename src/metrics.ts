import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AppendObserver } from './eventstoredb/streams.ts';
import { settleWithin } from './time-limit.ts';

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

/** The service's metrics, in a registry of their own, so that several services can live in one process. */
export function createMetrics() {
  const registry = new Registry();
  const definitions = define(registry);
  const { requests, appendDurations, appended, retries, conflicts, delay, streams, streamResets } = definitions;
  let projections: ScrapedProjections | undefined;

  const eventLoop = monitorEventLoopDelay({ resolution: 10 });
  eventLoop.enable();
  collectDefaultMetrics({ register: registry });

  return {
    contentType: registry.contentType,
    /** The text of the exposition format. Never rejects because of a store: what one cannot tell is left out. */
    async text(): Promise<string> {
      for (const quantile of QUANTILES) delay.set({ quantile }, eventLoop.percentile(quantile * 100) / 1e9);
      delay.set({ quantile: 1 }, eventLoop.max / 1e9);
      eventLoop.reset();
      if (projections) await scrape(projections, definitions);
      return registry.metrics();
    },
    appends: {
      appended(seconds, events) {
        appendDurations.observe(seconds);
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
    requestTook: (labels: RequestLabels, seconds: number) => requests.observe({ ...labels }, seconds),
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
  const histogram = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Histogram({ name, help, labelNames, buckets: BUCKETS, registers });
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
  };
}

async function scrape(projections: ScrapedProjections, to: ReturnType<typeof define>): Promise<void> {
  const { state, projected, redelivered, parked } = projections.worker();
  to.consuming.set(state === 'consuming' ? 1 : 0);
  // The worker counts by itself; these counters only show its numbers.
  for (const [counter, value] of [
    [to.projected, projected],
    [to.redelivered, redelivered],
    [to.parkedHere, parked],
  ] as const) {
    counter.reset();
    counter.inc(value);
  }
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
