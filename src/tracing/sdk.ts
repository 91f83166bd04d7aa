import type { Logger } from 'pino';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { settleWithin } from '../time-limit.ts';
import type { Tracing } from './trace.ts';
import { isSampled } from './traceparent.ts';

export interface SdkOptions {
  /** Where OTLP over HTTP is spoken; traces go to `v1/traces` below it. */
  readonly endpoint: string;
  /** Share of the traces that is kept, 0 to 1, of those that begin here. */
  readonly ratio: number;
  readonly log: Logger;
}

export interface StartedTracing extends Tracing {
  /** Exports what is left, within two seconds. */
  close(): Promise<void>;
}

const SERVICE_NAME = 'marios-pizzeria-orders';
/** Spans that wait to be exported, beyond which new ones are dropped. */
const MOST_WAITING = 2048;
const EXPORT_EVERY_MS = 1000;
const CLOSE_WITHIN_MS = 2000;
const TELL_EVERY_MS = 60_000;

/** Starts to export spans. Nothing is registered globally, no module is patched, and nobody waits for the collector. */
export function startTracing(
  { endpoint, ratio, log }: SdkOptions,
  exporter: SpanExporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` }),
): StartedTracing {
  let dropped = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  const { processor, stop } = countingProcessor(exporter, (spans, why) => {
    if (spans === 0) return;
    dropped += spans;
    if (performance.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = performance.now();
    log.warn({ reason: why, dropped }, 'spans were not exported');
  });
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': SERVICE_NAME }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: new ParentBasedSampler({ root: LINKED }),
    spanProcessors: [processor],
  });
  return {
    tracer: provider.getTracer(SERVICE_NAME),
    isKept: () => Math.random() < ratio,
    dropped: () => dropped,
    async close() {
      const late = () => new Error('the collector took too long');
      await settleWithin(CLOSE_WITHIN_MS, provider.shutdown(), late).catch(stop);
    },
  };
}

/** The processor of the SDK drops in silence, and so does its exporter: here, every span that is lost is counted. */
function countingProcessor(exporter: SpanExporter, lost: (spans: number, why: string) => void) {
  let waiting = 0;
  let exporting = 0;
  const batches = new BatchSpanProcessor(
    {
      export(spans, done) {
        waiting -= spans.length;
        exporting += spans.length;
        exporter.export(spans, (result) => {
          exporting -= spans.length;
          if (result.error) lost(spans.length, describe(result.error));
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    },
    { maxQueueSize: MOST_WAITING, scheduledDelayMillis: EXPORT_EVERY_MS },
  );
  const processor: SpanProcessor = {
    onStart: () => undefined,
    onEnd(span) {
      if (waiting >= MOST_WAITING) lost(1, 'more than the collector takes');
      else {
        waiting += 1;
        batches.onEnd(span);
      }
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
  /** Nothing more is waited for. */
  const stop = (error: Error) => lost(waiting + exporting, describe(error));
  return { processor, stop };
}

/** Not the answer's body, which may be long. Of a host with several addresses, Node gives a code only. */
function describe({ message, code, name }: Error & { readonly code?: string | number }): string {
  return message || String(code ?? name);
}

/**
 * What links to spans is sampled when one of them is, so that a trace that is kept can be followed to its projection.
 * Of others that begin here, only those that are kept come so far.
 */
const LINKED: Sampler = {
  shouldSample(_context, _traceId, _name, _kind, _attributes, links) {
    const isKept = links.length === 0 || links.some((link) => isSampled(link.context));
    return { decision: isKept ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
  },
  toString: () => 'Linked',
};
