import { randomBytes } from 'node:crypto';
import { type SpanContext, TraceFlags } from '@opentelemetry/api';

/** Version, trace id, parent id, flags; a later version than 00 may have more behind them (W3C Trace Context §3.2). */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:$|(?<!^00.{53})-)/;

/**
 * Reads a `traceparent`, of a header or of an event.
 *
 * @returns undefined for what is none, such as ids of zeros, or two headers in one
 */
export function parseTraceparent(text: unknown): SpanContext | undefined {
  const [, traceId, spanId, flags = ''] = (typeof text === 'string' && TRACEPARENT.exec(text)) || [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
}

export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${isSampled({ traceFlags }) ? '01' : '00'}`;
}

/** A context of a trace that begins here and is not kept. */
export function newContext(): SpanContext {
  const ids = randomBytes(24).toString('hex');
  return { traceId: ids.slice(0, 32), spanId: ids.slice(32), traceFlags: TraceFlags.NONE };
}

/** The id of the trace that an event was made in, if its metadata say so. */
export function traceIdIn({ traceparent }: { readonly traceparent?: string | undefined }): string | undefined {
  return parseTraceparent(traceparent)?.traceId;
}

export function isSampled({ traceFlags }: Pick<SpanContext, 'traceFlags'>): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}
