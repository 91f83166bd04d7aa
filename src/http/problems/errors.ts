import type { ErrorObject } from 'ajv';
import type { FastifyError } from 'fastify';
import {
  ConcurrentModificationError,
  IdempotencyKeyReusedError,
  MenuItemNotFoundError,
  OrderNotFoundError,
  StaleRevisionError,
  UnknownSkuError,
  WithheldEventError,
} from '../../commands/errors.ts';
import { DomainError, InvalidOrderError, RefundNotFoundError } from '../../domain/errors.ts';
import { StreamGoneError } from '../../eventstoredb/errors.ts';
import { StoppingError } from '../../read-models/admin.ts';
import { UnknownReadModelError } from '../../read-models/read-model.ts';
import { RebuildRunningError } from '../../read-models/rebuild/rebuild.ts';
import { type FieldError, fieldProblem, problem, type ProblemCode, type ProblemDetails } from './catalogue.ts';

/** A problem that a route answers with, thrown from wherever it is found. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: ProblemDetails;

  constructor(problem: ProblemDetails) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Part of a request that its schema lets through, but the route refuses. */
export function badField(pointer: string, detail: string): ProblemError {
  return new ProblemError(fieldProblem('bad-request', pointer, detail));
}

export function notFound(detail: string): ProblemError {
  return new ProblemError(problem('not-found', detail));
}

/** Errors whose message is written for the caller. */
const codes: readonly (readonly [new (...args: never[]) => Error, ProblemCode])[] = [
  [OrderNotFoundError, 'not-found'],
  [MenuItemNotFoundError, 'not-found'],
  [UnknownReadModelError, 'not-found'],
  [RefundNotFoundError, 'not-found'],
  [DomainError, 'rule-broken'],
  [ConcurrentModificationError, 'concurrent-change'],
  [RebuildRunningError, 'rebuild-running'],
  [StaleRevisionError, 'stale-revision'],
  [IdempotencyKeyReusedError, 'idempotency-key-reused'],
];

/** The one place where errors become problems, but for a store that is away. What is unknown says nothing of its cause. */
export function toProblem(error: unknown): ProblemDetails {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof InvalidOrderError) return fieldProblem('invalid-order', `#/${error.field}`, error.message);
  if (error instanceof UnknownSkuError) {
    return fieldProblem('invalid-order', `#/items/${error.index}/sku`, error.message);
  }
  if (error instanceof WithheldEventError) return problem('unavailable', error.message);
  if (error instanceof StoppingError) return problem('unavailable', 'The service is stopping.');
  if (error instanceof StreamGoneError) return problem('gone');
  const code = codes.find(([type]) => error instanceof type)?.[1];
  if (code) return problem(code, (error as Error).message);
  return fromFastify(error as Partial<FastifyError>);
}

function fromFastify({ statusCode = 500, validation, validationContext, message = '' }: Partial<FastifyError>) {
  if (validation) {
    const errors = (validation as unknown as ErrorObject[]).map(fieldError);
    const [{ pointer, detail } = { pointer: '', detail: '' }] = errors;
    return problem('bad-request', `${validationContext ?? 'request'} ${pointer} ${detail}`, { errors });
  }
  if (statusCode === 412) return problem('stale-revision', message);
  if (statusCode === 413) return problem('body-too-large', message);
  if (statusCode === 415) return problem('unsupported-media-type');
  return statusCode >= 400 && statusCode < 500 ? problem('bad-request', message) : problem('unexpected');
}

/** Says which field is wrong and, where the schema has words for it, what it should be. */
function fieldError({ instancePath, keyword, params, message, parentSchema }: ErrorObject): FieldError {
  const child: unknown = params[keyword === 'required' ? 'missingProperty' : 'additionalProperty'];
  const escaped = typeof child === 'string' ? `/${child.replaceAll('~', '~0').replaceAll('/', '~1')}` : '';
  const pointer = `#${instancePath}${escaped}`;
  switch (keyword) {
    case 'additionalProperties':
      return { pointer, detail: 'is not a known field' };
    case 'required':
      return { pointer, detail: 'is required' };
    case 'enum':
      return { pointer, detail: `must be one of ${(params['allowedValues'] as string[]).join(', ')}` };
    default: {
      const description: unknown = parentSchema?.['description'];
      return {
        pointer,
        detail: typeof description === 'string' ? `must be ${description}` : (message ?? 'is not valid'),
      };
    }
  }
}
