import type { ServerErrorResponse } from '@grpc/grpc-js';
import { Metadata, status } from '@grpc/grpc-js';

/** An error as gRPC sends it; the official client reads the `exception` trailer to choose its error class. */
export type RpcError = Error & Partial<ServerErrorResponse> & { readonly code: status };

export function rpcError(code: status, details: string, trailers: Record<string, string> = {}): RpcError {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, headerSafe(value));
  return Object.assign(new Error(details), { code, details, metadata });
}

/** gRPC metadata is ASCII; a name that is not would otherwise end the call with an internal error. */
function headerSafe(value: string): string {
  return /^[\x20-\x7e]*$/u.test(value) ? value : encodeURIComponent(value);
}

export function invalidArgument(details: string): RpcError {
  return rpcError(status.INVALID_ARGUMENT, details);
}

/**
 * What EventStoreDB says where it has not foreseen a value.
 *
 * @param reason what a batch append, which has an answer for it, says instead
 */
export function handlerFailed(reason: string): RpcError {
  const error = rpcError(status.UNKNOWN, 'Exception was thrown by handler.');
  error.message = reason;
  return error;
}

/** What EventStoreDB says to a read of no events at all, or from a position that is the start of no record. */
export function unreadable(result: 'ReadStreamResult' | 'ReadAllResult' | 'FilteredReadAllResult'): RpcError {
  return rpcError(status.UNKNOWN, `Unexpected ${result}: Error`);
}

export function streamDeleted(stream: string): RpcError {
  return rpcError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });
}

export function wrongExpectedVersion(stream: string, expected: number, actual: number): RpcError {
  const details = `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`;
  return rpcError(status.FAILED_PRECONDITION, details, {
    exception: 'wrong-expected-version',
    'stream-name': stream,
    'expected-version': String(expected),
    'actual-version': String(actual),
  });
}

export function timedOut(): RpcError {
  return rpcError(status.ABORTED, 'Operation timed out: the append waited too long for its turn');
}

/** For streams that are still open when the server stops. */
export function callCancelled(): RpcError {
  return rpcError(status.CANCELLED, 'Call cancelled');
}

/** For single appends that have not been answered when the server stops. */
export function shuttingDown(): RpcError {
  return rpcError(status.UNAVAILABLE, 'Server Is Shutting Down');
}

export function appendTooLarge(limit: number): RpcError {
  return rpcError(status.INVALID_ARGUMENT, `Maximum Append Size of ${limit} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(limit),
  });
}

export function missingEventMetadata(key: string): RpcError {
  return rpcError(status.INVALID_ARGUMENT, `Required Metadata Property '${key}' is missing`, {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': 'type,content-type',
  });
}

const GROUP_ERRORS = {
  failed: { code: status.INTERNAL, exception: 'persistent-subscription-failed' },
  missing: { code: status.NOT_FOUND, exception: 'persistent-subscription-does-not-exist' },
  exists: { code: status.ALREADY_EXISTS, exception: 'persistent-subscription-exists' },
  full: { code: status.FAILED_PRECONDITION, exception: 'maximum-subscribers-reached' },
  dropped: { code: status.CANCELLED, exception: 'persistent-subscription-dropped' },
} as const;

export type GroupErrorKind = keyof typeof GROUP_ERRORS;

/** An error of a persistent subscription group. `reason` says why it `failed`. */
export function groupError(kind: GroupErrorKind, stream: string, group: string, reason = ''): RpcError {
  const { code, exception } = GROUP_ERRORS[kind];
  const subject = `Subscription group ${group} on stream ${stream}`;
  const details = {
    failed: `${subject} failed: '${reason}'`,
    missing: `${subject} does not exist.`,
    exists: `${subject} exists.`,
    full: `Maximum subscriptions reached for subscription group ${group} on stream ${stream}.`,
    dropped: `${subject} was dropped.`,
  }[kind];
  const trailers = { exception, 'stream-name': stream, 'group-name': group };
  return rpcError(code, details, kind === 'failed' ? { ...trailers, reason } : trailers);
}

/** What a client is told about an error that is not its fault. */
export function toRpcError(error: unknown): RpcError {
  if (error instanceof Error && typeof (error as Partial<RpcError>).code === 'number') return error as RpcError;
  return rpcError(status.UNKNOWN, error instanceof Error ? error.message : String(error));
}
