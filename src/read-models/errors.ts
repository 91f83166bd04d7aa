import { MongoAPIError, MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';

/** MongoDB did not answer in time, or not at all. */
export class ReadModelsUnavailableError extends Error {
  override readonly name = 'ReadModelsUnavailableError';
}

const DUPLICATE_KEY = 11000;

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/** Whether an unordered bulk write failed only because documents exist already. */
export function isOnlyDuplicates(error: MongoBulkWriteError): boolean {
  const errors = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  return errors.length > 0 && errors.every(({ code }) => code === DUPLICATE_KEY);
}

/** Whether the server is away, as opposed to having refused. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof ReadModelsUnavailableError || isConnectionError(error)) return true;
  // The driver wraps whatever ends a bulk write, the loss of its connection too.
  if (error instanceof MongoBulkWriteError && (error.errorResponse as unknown) instanceof Error) {
    return isUnavailable(error.errorResponse);
  }
  if (error instanceof MongoServerError) {
    return (
      error.hasErrorLabel('RetryableWriteError') ||
      error.hasErrorLabel('TransientTransactionError') ||
      NOT_SERVING.has(Number(error.code))
    );
  }
  // The driver's other errors mean that it could not reach a server, except for those about how it was called.
  return error instanceof MongoError && (!(error instanceof MongoAPIError) || CLOSED.has(error.name));
}

/** Cursor not found, query plan killed, cursor killed: how a read ends whose collection a rebuild has replaced. */
const REPLACED: ReadonlySet<unknown> = new Set([43, 175, 237]);
const MOST_READS = 5;

/** Reads again while a rebuild replaces what is read. Rebuilds take longer than reads, so this ends. */
export async function readAgainIfReplaced<T>(read: () => Promise<T>): Promise<T> {
  for (let reads = 1; ; reads += 1) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof MongoServerError && REPLACED.has(error.code)) || reads === MOST_READS) throw error;
    }
  }
}

/** An error of Node's own: after the server's FIN, the driver lets some of them through as they are. */
function isConnectionError(error: unknown): boolean {
  return error instanceof Error && CONNECTION_ERRORS.has(String((error as NodeJS.ErrnoException).code));
}

const CONNECTION_ERRORS: ReadonlySet<string> = new Set([
  'EPIPE',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_SOCKET_CLOSED',
]);

const CLOSED: ReadonlySet<string> = new Set([
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoClientClosedError',
]);

/** Not primary, shutting down, stepped down, interrupted: the server's own codes for "not now". */
const NOT_SERVING: ReadonlySet<number> = new Set([91, 189, 10107, 11600, 11602, 13435, 13436, 50, 262]);
