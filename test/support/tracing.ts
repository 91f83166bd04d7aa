import type { Attributes, SpanContext, SpanKind } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-node';
import { pino } from 'pino';
import { startTracing } from '../../src/tracing/sdk.ts';

/** What tests look at of a span that was exported. */
export interface ExportedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly status: { readonly code: number; readonly message?: string };
  readonly links: readonly { readonly context: SpanContext; readonly attributes?: Attributes }[];
  readonly events: readonly { readonly name: string; readonly attributes?: Attributes }[];
  readonly parentSpanContext?: SpanContext | undefined;

  spanContext(): SpanContext;
}

/** Keeps its spans when it is shut down. */
class RecordingExporter extends InMemorySpanExporter {
  override shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** The product's own tracing, with an exporter that keeps the spans. They come a second after they ended, or at `close`. */
export function recordTracing(ratio = 1) {
  const exporter = new RecordingExporter();
  const spans: readonly ExportedSpan[] = exporter.getFinishedSpans();
  const options = { endpoint: 'http://127.0.0.1:1', ratio, log: pino({ level: 'silent' }) };
  return { ...startTracing(options, exporter), spans };
}

export type RecordedTracing = ReturnType<typeof recordTracing>;

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const CATEGORY = '(?:PizzaOrder|Customer|MenuItem)';
const METHOD = '(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE)';
/** The pattern of a path: what is no parameter is of the service's own routes, in lower case. */
const ROUTE = String.raw`/(?:[a-z.-]+|:[a-zA-Z]+|\*)?(?:/(?:[a-z.-]*|:[a-zA-Z]+|\*))*`;
const COUNT = String.raw`\d+`;
/** Of an error: its class, or its status. */
const ERROR_TYPE = String.raw`[A-Z]\w+|aborted|_OTHER|5\d\d`;

const NAMES = pattern(
  `${METHOD}(?: ${ROUTE})?`,
  'command [a-z-]+',
  `(?:load|append) ${CATEGORY}`,
  'project batch',
  'write read models',
  '(?:rebuild|verify) [a-z_]+',
);
const EVENTS = pattern('sent again', 'lost a race');
const ATTRIBUTES: Readonly<Record<string, RegExp>> = {
  'http.request.method': pattern(METHOD),
  'http.route': pattern(ROUTE),
  'http.response.status_code': pattern(String.raw`[1-5]\d\d`),
  'error.type': pattern(ERROR_TYPE),
  'db.system.name': pattern('eventstoredb', 'mongodb'),
  'db.operation.name': pattern('load', 'append', 'write'),
  'db.collection.name': pattern(CATEGORY, 'read models'),
  'messaging.system': pattern('eventstoredb'),
  'messaging.operation.type': pattern('process'),
  'messaging.consumer.group.name': pattern(String.raw`[\w.-]+-[0-9a-f]{8}`),
  'messaging.batch.message_count': pattern(COUNT),
  'pizzeria.request_id': pattern(UUID),
  'pizzeria.order_id': pattern(UUID),
  'pizzeria.reason': pattern('no answer', 'connection broken'),
  'pizzeria.redelivered': pattern(COUNT),
  'pizzeria.links_omitted': pattern(COUNT),
  'pizzeria.events': pattern(COUNT),
  'pizzeria.documents': pattern(COUNT),
  'pizzeria.differences': pattern(COUNT),
};

function pattern(...parts: readonly string[]): RegExp {
  return new RegExp(`^(?:${parts.join('|')})$`);
}

/**
 * What a span says that is not of a known form. Only names of routes, types, counts and UUIDs are known: no place is
 * left for anything personal, for a token or for a query string.
 */
export function unknownIn({ name, attributes, status, events, links }: ExportedSpan): string[] {
  const all = [attributes, ...events.map((event) => event.attributes), ...links.map((link) => link.attributes)];
  const unknown = all
    .flatMap((each = {}) => Object.entries(each))
    .filter(([key, value]) => ATTRIBUTES[key]?.test(String(value)) !== true)
    .map(([key, value]) => `${key}: ${String(value)}`);
  const names = NAMES.test(name) ? [] : [name];
  const eventNames = events.map((event) => event.name).filter((event) => !EVENTS.test(event));
  return [...names, ...eventNames, ...unknown, ...(status.message === undefined ? [] : [status.message])];
}
