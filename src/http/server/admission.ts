import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { routedPathOf } from '../target.ts';
import { refuseTunnel } from './broken-requests.ts';
import { closeInStages } from './closing.ts';
import { heedExpectations } from './expectation.ts';
import type { Pressure } from './pressure.ts';
import { createRefusals, type RefusalOptions } from './refusals.ts';
import { inTurn } from './turns.ts';

export interface AdmissionOptions extends RefusalOptions {
  /** Requests that are in flight at the same time, those that wait for their turn included. */
  readonly maxInFlight: number;
  /** Whether the event loop is so late that no answer would be in time. */
  readonly isStalled: () => boolean;
  readonly pressure: Pressure;
  /** Event streams have places of their own. */
  readonly streams: { readonly isFull: () => boolean };
}

/** On a saturated event loop, more at once make none of them faster and each of them dearer. */
const MOST_AT_WORK = 64;
/** Of those in line, when nothing ends meanwhile. */
const LOOK_AGAIN_MS = 100;

/**
 * A server that refuses at once, with Retry-After, the requests beyond the limit: a queue without an end would make
 * every answer late and save none. Of those within it, only some are worked on at the same time while the event loop
 * is what they queue for; the others wait in a line that costs nothing. Both come before the framework sees a request.
 */
export function createAdmittingServer(
  options: ServerOptions,
  handle: RequestListener,
  { maxInFlight, isStalled, streams, ...others }: AdmissionOptions,
): Server {
  const { pressure } = others;
  const refuse = createRefusals(others);
  const line = new Map<ServerResponse, IncomingMessage>();
  let isTaking = false;
  let lookAgain: NodeJS.Timeout | undefined;

  const admit: RequestListener = (request, response) => {
    const path = routedPathOf({ url: request.url ?? '' });
    if (isHealth(path)) return handle(request, response);
    if (isStream(path)) return streams.isFull() || isStalled() ? refuse(request, response) : handle(request, response);
    if (pressure.requests >= maxInFlight || isStalled()) return refuse(request, response);
    pressure.requestBegins();
    response.once('close', () => {
      pressure.requestEnds();
      line.delete(response);
      if (line.size > 0) takeSoon();
    });
    if (line.size === 0 && isRoom()) return handle(request, response);
    line.set(response, request);
    lookAgainLater();
  };
  const server = createServer(options, inTurn(admit)).on('connect', refuseTunnel);
  server.maxHeadersCount = 0; // those beyond it would be dropped; their size is limited
  return closeInStages(heedExpectations(server));

  /** Together with all that have room now: appends that are made together leave together. */
  function takeSoon(): void {
    if (isTaking) return;
    isTaking = true;
    setImmediate(takeNext);
  }

  function takeNext(): void {
    isTaking = false;
    while (line.size > 0 && isRoom()) {
      const [[response, request] = []] = line;
      if (!response || !request) break;
      line.delete(response);
      handle(request, response);
    }
    if (line.size > 0) lookAgainLater();
  }

  function lookAgainLater(): void {
    lookAgain ??= setTimeout(() => {
      lookAgain = undefined;
      takeSoon();
    }, LOOK_AGAIN_MS).unref();
  }

  /** Requests that wait for a store on an idle event loop keep nobody from being worked on. */
  function isRoom(): boolean {
    return pressure.requests - line.size < MOST_AT_WORK || !pressure.isHigh();
  }
}

/** Busy is not dead: a liveness probe that is refused would have the service restarted just when it is needed. */
export function isHealth(path: string): boolean {
  return path.startsWith('/health/');
}

/** An event stream is no request that is answered and done with: it doesn't count among those in flight. */
export function isStream(path: string): boolean {
  return path.startsWith('/stream/');
}
