import { SpanKind } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { beginTrace, passOn, type Trace, type Tracing } from '../../tracing/trace.ts';
import { parseTraceparent } from '../../tracing/traceparent.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Its span; null where none is made. */
    trace: Trace | null;
  }
}

/** Nobody follows a probe, and there would be one every few seconds. */
const NOT_TRACED = /^\/(?:health\/.*|metrics)$/;

/**
 * Makes a span of each request, named by its route: a path may have a customer's id in it. It ends when the answer is
 * sent, when the client has gone, or when the answer has become a stream.
 */
export function traceRequests(app: FastifyInstance, tracing: Tracing | undefined): void {
  app.decorateRequest('trace', null);
  if (!tracing) return;
  app.addHook('onRequest', (request, reply, done) => {
    const { method, headers, is404, routeOptions } = request;
    const route = is404 ? undefined : routeOptions.url;
    if (route !== undefined && NOT_TRACED.test(route)) return done();
    const name = route === undefined ? method : `${method} ${route}`;
    const caller = parseTraceparent(headers['traceparent']);
    const trace = beginTrace(tracing, name, { kind: SpanKind.SERVER }, caller);
    request.trace = trace;
    if (trace.isOpen) {
      trace.set({ 'http.request.method': method, 'http.route': route, 'pizzeria.request_id': request.id });
      const { raw } = reply;
      raw.once('finish', () => endRequest(request, raw.statusCode)).once('close', () => endRequest(request));
    }
    done();
  });
}

/**
 * Ends the request's span, unless it has ended.
 *
 * @param status undefined: there was no answer
 */
export function endRequest({ trace }: FastifyRequest, status?: number): void {
  if (!trace?.isOpen) return;
  if (status !== undefined) trace.set({ 'http.response.status_code': status });
  if (status === undefined || status >= 500) trace.fail(status === undefined ? 'aborted' : String(status));
  trace.end();
}

/** The request's span; where nothing is traced, the context that its caller sent. */
export function traceOf({ trace, headers }: Pick<FastifyRequest, 'trace' | 'headers'>): Trace | undefined {
  return trace ?? passOn(headers['traceparent']);
}
