export interface FieldError {
  /** JSON pointer to the field, as in RFC 9457's example. */
  readonly pointer: string;
  readonly detail: string;
}

/** A problem document (RFC 9457) but for its `instance`. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** Seconds, for the header of that name. */
  readonly retryAfter?: number;
}

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** What is said when the place where it is found has no words of its own. */
  readonly detail?: string;
  readonly retryAfter?: number;
}

/** Every kind of problem that the service answers with, by its code: the last part of its type. */
const kinds = {
  'bad-request': { status: 400, title: 'The request is malformed or breaks its schema' },
  unauthenticated: {
    status: 401,
    title: 'Nobody knows who asks',
    detail: 'This takes an access token, as Authorization: Bearer …, or the session of a page.',
  },
  forbidden: { status: 403, title: 'The caller may not do this' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'request-timeout': {
    status: 408,
    title: 'The request came too slowly',
    detail: 'The whole request did not arrive in time.',
  },
  'rule-broken': { status: 409, title: 'A rule of the order forbids this' },
  'concurrent-change': { status: 409, title: 'Another request changed it meanwhile' },
  'rebuild-running': { status: 409, title: 'A rebuild of it is running already' },
  gone: { status: 410, title: 'Gone', detail: 'It was there once, and has been deleted.' },
  'stale-revision': { status: 412, title: 'A precondition of the request does not hold' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    detail: 'The body must be application/json.',
  },
  'invalid-order': { status: 422, title: 'The order cannot be placed like this' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key belongs to another request' },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests',
    detail: 'This client has used up its requests. Please try again later.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large',
    detail: 'The request’s headers are larger than this service takes.',
  },
  unexpected: { status: 500, title: 'Unexpected error', detail: 'An unexpected error occurred.' },
  unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    detail: 'Unable to process order. Please try again.',
    retryAfter: 1,
  },
  'not-yet-projected': { status: 503, title: 'The read model has not reached that revision yet', retryAfter: 1 },
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemCode = keyof typeof kinds;
type CodeWithDetail = {
  [Code in ProblemCode]: (typeof kinds)[Code] extends { detail: string } ? Code : never;
}[ProblemCode];

type Details = Pick<ProblemDetails, 'errors' | 'retryAfter'>;

/** @param detail may be left out where the catalogue has one */
export function problem(code: CodeWithDetail, detail?: string, more?: Details): ProblemDetails;
export function problem(code: ProblemCode, detail: string, more?: Details): ProblemDetails;
export function problem(code: ProblemCode, detail?: string, more?: Details): ProblemDetails {
  const { status, title, detail: usual = '', ...kind }: ProblemKind = kinds[code];
  return { type: `/problems/${code}`, title, status, detail: detail ?? usual, ...kind, ...more };
}

export function fieldProblem(code: 'bad-request' | 'invalid-order', pointer: string, detail: string): ProblemDetails {
  return problem(code, detail, { errors: [{ pointer, detail }] });
}

/** What a query could not read, by the first part of its path. */
const subjects: Readonly<Record<string, string>> = {
  orders: 'orders',
  refunds: 'refunds',
  customers: 'customers',
  menu: 'the menu',
  analytics: 'analytics',
  audit: 'the audit trail',
  kitchen: 'the kitchen’s board',
  stream: 'the stream',
  admin: 'the state of the read models',
};

/** A store is away: a command could not be carried out, or a query could not be answered. */
export function storeAway(method: string, path: string): ProblemDetails {
  const subject = subjects[path.split('/', 2)[1] ?? ''];
  const isQuery = method === 'GET' || method === 'HEAD';
  return isQuery && subject !== undefined
    ? problem('unavailable', `Unable to read ${subject}. Please try again.`)
    : problem('unavailable');
}
