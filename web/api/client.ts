import createClient from 'openapi-fetch';
import { noteServerTime } from '../app/clock.ts';
import { signedOut } from '../app/session.ts';
import { ROOT } from './root.ts';
import type { components, paths } from './schema.ts';

export type Schemas = components['schemas'];

/** The service's routes, typed by its OpenAPI document. */
export const api = createClient<paths>({ baseUrl: ROOT.href.replace(/\/$/, '') });
api.use({
  onResponse({ response }) {
    const date = response.headers.get('date');
    if (date !== null) noteServerTime(date);
    if (response.status === 401) signedOut();
  },
});

/** An answer that is none, or a refusal (RFC 9457). */
export class Problem extends Error {
  /** HTTP status; 0: the service was not reached. */
  readonly status: number;
  readonly title: string;
  readonly retryAfterMs: number;
  /** Fields that the service did not take, with what is wrong. */
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];

  constructor(status: number, body: Partial<Schemas['Problem']>, retryAfterSeconds = 0) {
    super(body.detail ?? body.title ?? `The service answered ${status}.`);
    this.status = status;
    this.title = body.title ?? 'Something went wrong';
    this.retryAfterMs = retryAfterSeconds * 1000;
    this.errors = body.errors ?? [];
  }
}

const UNREACHABLE = { title: 'Offline', detail: 'The service cannot be reached.' };

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/**
 * Waits for an answer of `api`.
 *
 * @throws Problem when it is not a success; AbortError when the request was aborted
 */
export async function ask<T>(answering: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await answering;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, UNREACHABLE);
  }
  const { data, error, response } = answer;
  if (response.ok) return data as T; // undefined for an answer without a body
  const body = typeof error === 'object' && error !== null ? (error as Partial<Schemas['Problem']>) : {};
  throw new Problem(response.status, body, Number(response.headers.get('retry-after')) || 0);
}

/** No answer; too many requests; a gateway, or the service, that has nobody to answer. */
const PASSING = [0, 429, 502, 503, 504];

/** Whether asking again, with the same idempotency key, may help. */
export function isPassing(problem: unknown): problem is Problem {
  return problem instanceof Problem && PASSING.includes(problem.status);
}
