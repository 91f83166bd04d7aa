import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import type { Metrics } from '../metrics.ts';
import type { Pressure } from '../pressure.ts';
import { problems } from './problems.ts';

export interface AdmissionOptions {
  /** Requests worked on at the same time. */
  readonly maxInFlight: number;
  /** Whether the event loop is so late that no answer would be in time. */
  readonly isStalled: () => boolean;
  readonly pressure: Pressure;
  readonly metrics: Pick<Metrics, 'requestRecorder'>;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/** In the place of the route, in the metrics of requests. */
const REFUSED = 'refused';
const TELL_EVERY_MS = 1000;

/**
 * A server that refuses at once, with Retry-After, the requests beyond the limit: a queue without an end would make
 * every answer late and save none. It does so before the framework sees them, since a refusal that costs a share of
 * the work it saves is paid for by those that are served.
 */
export function createAdmittingServer(
  options: ServerOptions,
  handle: RequestListener,
  { maxInFlight, isStalled, pressure, metrics, log }: AdmissionOptions,
): Server {
  const recorders = new Map<string, (seconds: number) => void>();
  let refused = 0;
  const tell = () => {
    log.warn({ refused, inFlight: pressure.requests }, 'refused requests: more than can be served');
    refused = 0;
  };
  return createServer(options, (request, response) => {
    const { method = '', url = '' } = request;
    if (isHealth(url)) return handle(request, response);
    if (pressure.requests >= maxInFlight || isStalled()) {
      refuse(response, url);
      let record = recorders.get(method);
      if (!record) recorders.set(method, (record = metrics.requestRecorder(method, REFUSED, 503)));
      record(0);
      if (refused === 0) setTimeout(tell, TELL_EVERY_MS).unref(); // a line for each would cost more than the refusal
      refused += 1;
      return;
    }
    pressure.requestBegins();
    response.once('close', pressure.requestEnds);
    handle(request, response);
  });
}

const { retryAfter = 1, ...problem } = problems.unavailable();
const REFUSAL = JSON.stringify(problem).slice(0, -1);

function refuse(response: ServerResponse, url: string): void {
  const body = `${REFUSAL},"instance":${JSON.stringify(url.split('?', 1)[0])}}`;
  response.writeHead(503, [
    'content-type',
    'application/problem+json',
    'content-length',
    String(Buffer.byteLength(body)),
    'retry-after',
    String(retryAfter),
    'x-request-id',
    randomUUID(),
  ]);
  response.end(body);
}

/** Busy is not dead: a liveness probe that is refused would have the service restarted just when it is needed. */
export function isHealth(url: string): boolean {
  return url.startsWith('/health/');
}
