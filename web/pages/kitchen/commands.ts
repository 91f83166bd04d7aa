import { api, ask, isPassing, type Schemas } from '../../api/client.ts';
import { newKey } from '../../ui/use-command.ts';
import type { Card, Status } from './board.ts';
import { pause } from '../../live-client.ts';

/** A status that is asked for, of an order as a card shows it. */
export interface Command {
  readonly card: Card;
  readonly to: Status;
  /** RFC 3339 time, for a confirmation. */
  readonly promised?: string;
  readonly reason?: string;
}

/** An answer that takes longer is not waited for: the same is asked again, under the same key. */
const ANSWER_WITHIN_MS = 10_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Gives an order its next status, unless it is not any more as the card shows it. Asks until the service has answered,
 * always under one key, so that it is done once.
 *
 * @param onRetry there was no answer, or none that says whether it is done
 * @returns the order after it
 * @throws Problem when it is refused; whatever reason `signal` is aborted with
 */
export function carryOut(command: Command, onRetry: () => void, signal: AbortSignal): Promise<Card> {
  const key = newKey();
  return untilAnswered((attempt) => send(command, key, attempt), onRetry, signal);
}

function send({ card, to, promised, reason }: Command, key: string, signal: AbortSignal): Promise<Card> {
  const params = {
    path: { orderId: card.id },
    header: { 'if-match': `"${card.revision}"`, 'idempotency-key': key },
  };
  if (promised !== undefined) {
    const body = { estimatedDeliveryTime: promised };
    return ask(api.POST('/orders/{orderId}/confirm', { params, body, signal }));
  }
  const body = { status: to, ...(reason !== undefined && { reason }) };
  return ask(api.POST('/orders/{orderId}/status', { params, body, signal }));
}

/** Who was first, and the order as it is now. */
export async function lookBehind(orderId: string, signal: AbortSignal): Promise<[Card, Schemas['OrderTimeline']]> {
  const path = { orderId };
  return Promise.all([
    lookAt(orderId, signal),
    untilAnswered(
      (attempt) => ask(api.GET('/orders/{orderId}/timeline', { params: { path }, signal: attempt })),
      PATIENT,
      signal,
    ),
  ]);
}

/** An order as it is now. Throws Problem when it is gone. */
export function lookAt(orderId: string, signal: AbortSignal): Promise<Card> {
  const params = { path: { orderId } };
  return untilAnswered(
    (attempt) => ask(api.GET('/orders/{orderId}/state', { params, signal: attempt })),
    PATIENT,
    signal,
  );
}

const PATIENT = () => undefined;

async function untilAnswered<T>(
  send: (signal: AbortSignal) => Promise<T>,
  onRetry: () => void,
  signal: AbortSignal,
): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    signal.addEventListener('abort', abort);
    const timer = setTimeout(abort, ANSWER_WITHIN_MS);
    let leastMs = 0;
    try {
      return await send(attempt.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isPassing(error)) leastMs = error.retryAfterMs;
      else if (!attempt.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
    onRetry();
    await pause(Math.max(pauseMs, leastMs), signal);
    signal.throwIfAborted();
  }
}
