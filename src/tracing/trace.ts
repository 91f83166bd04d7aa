import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { formatTraceparent, isSampled, newContext, parseTraceparent } from './traceparent.ts';

/** What spans are made with; there is none where nothing is exported. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Decides of a trace that begins here whether it is kept. */
  isKept(): boolean;
  /** Spans that ended and were not exported. */
  dropped(): number;
}

/**
 * A place in a trace: a span, or a context that is only passed on. It is handed down as an argument: to find it by
 * AsyncLocalStorage would cost every promise of the process.
 */
export class Trace {
  readonly #span: Span | undefined;
  readonly #tracer: Tracer | undefined;
  #context: SpanContext | undefined;

  /** @param span undefined: the trace is not kept, and has ids as soon as somebody needs them */
  constructor(span?: Span, tracer?: Tracer) {
    this.#span = span;
    this.#tracer = tracer;
    this.#context = span?.spanContext();
  }

  get id(): string {
    return this.#known.traceId;
  }

  get traceparent(): string {
    return formatTraceparent(this.#known);
  }

  /** By which a metric names a trace that is kept. */
  get exemplar(): { readonly trace_id: string; readonly span_id: string } | undefined {
    if (!this.#isRecorded) return undefined;
    return { trace_id: this.#known.traceId, span_id: this.#known.spanId };
  }

  /** Begins a span below this one; undefined where nothing is recorded. */
  begin(name: string, options: SpanOptions): Trace | undefined {
    if (!this.#tracer || !this.#span || !this.#isRecorded) return undefined;
    return new Trace(this.#tracer.startSpan(name, options, trace.setSpan(ROOT_CONTEXT, this.#span)), this.#tracer);
  }

  set(attributes: Attributes): void {
    this.#span?.setAttributes(attributes);
  }

  happened(event: string, attributes: Attributes = {}): void {
    this.#span?.addEvent(event, attributes);
  }

  /** Says what kind of error it was, and not its message, which may hold anything. */
  fail(errorType: string): void {
    this.#span?.setAttribute('error.type', errorType).setStatus({ code: SpanStatusCode.ERROR });
  }

  /** Whether what happens still counts: it is recorded, and has not ended. */
  get isOpen(): boolean {
    return this.#span?.isRecording() ?? false;
  }

  end(): void {
    this.#span?.end();
  }

  get #isRecorded(): boolean {
    return this.#tracer !== undefined && this.#context !== undefined && isSampled(this.#context);
  }

  get #known(): SpanContext {
    return (this.#context ??= newContext());
  }
}

/**
 * Begins a trace, or goes on with that of a caller. Whether one that begins here is kept is decided before anything is
 * made for it, since most are not; what links to others is for the sampler to decide.
 */
export function beginTrace(tracing: Tracing, name: string, options: SpanOptions, caller?: SpanContext): Trace {
  if (!caller && !options.links?.length && !tracing.isKept()) return new Trace();
  const parent: Context = caller ? trace.setSpanContext(ROOT_CONTEXT, caller) : ROOT_CONTEXT;
  return new Trace(tracing.tracer.startSpan(name, options, parent), tracing.tracer);
}

/** Where nothing is traced, a caller's context still goes into the events. */
export function passOn(traceparent: unknown): Trace | undefined {
  const context = parseTraceparent(traceparent);
  return context && new Trace(trace.wrapSpanContext(context));
}

/** Runs a task in a span of its own, if its parent is recorded. */
export function inSpan<T>(
  parent: Trace | undefined,
  name: string,
  options: SpanOptions,
  task: (trace: Trace | undefined) => Promise<T>,
): Promise<T> {
  const span = parent?.begin(name, options);
  return span ? untilItEnds(span, task) : task(parent);
}

/**
 * Runs a call to a store in a span of its own, if its parent is recorded.
 *
 * @param target what is read or written, and nothing that names a single one: ids of customers may be personal data
 */
export function inStoreSpan<T>(
  parent: Trace | undefined,
  system: 'eventstoredb' | 'mongodb',
  operation: string,
  target: string,
  task: (trace: Trace | undefined) => Promise<T>,
): Promise<T> {
  if (!parent) return task(undefined);
  const attributes = { 'db.system.name': system, 'db.operation.name': operation, 'db.collection.name': target };
  return inSpan(parent, `${operation} ${target}`, { kind: SpanKind.CLIENT, attributes }, task);
}

/** Runs a task in a trace of its own. */
export function inTrace<T>(
  tracing: Tracing | undefined,
  name: string,
  options: SpanOptions,
  task: (trace: Trace | undefined) => Promise<T>,
): Promise<T> {
  return tracing ? untilItEnds(beginTrace(tracing, name, options), task) : task(undefined);
}

async function untilItEnds<T>(span: Trace, task: (trace: Trace) => Promise<T>): Promise<T> {
  try {
    return await task(span);
  } catch (error) {
    span.fail(error instanceof Error ? error.name : '_OTHER');
    throw error;
  } finally {
    span.end();
  }
}

/** So many links fit a span. */
const MOST_LINKS = 128;

/**
 * Links to where events were made, those first that are recorded. Their traces may be years old, and are not gone on
 * with: an event that is delivered again and again would make its trace grow for ever.
 *
 * @returns `omitted` is how many more there were
 */
export function linksTo(traceparents: Iterable<string | undefined>): {
  readonly links: Link[];
  readonly omitted: number;
} {
  const contexts = [...new Set(traceparents)].flatMap((text) => parseTraceparent(text) ?? []);
  const sorted = [...contexts.filter(isSampled), ...contexts.filter((context) => !isSampled(context))];
  const links = sorted.slice(0, MOST_LINKS).map((context) => ({ context }));
  return { links, omitted: contexts.length - links.length };
}
