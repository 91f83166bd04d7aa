import { MongoAPIError, MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';

/** MongoDB did not answer in time, or not at all. */
export class ReadModelsUnavailableError extends Error {
  override readonly name = 'ReadModelsUnavailableError';
}

export const NAMESPACE_NOT_FOUND = 26;
const DUPLICATE_KEY = 11000;

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/** Whether an unordered bulk write did all it should, except for documents that exist already. */
export function isOnlyDuplicates(error: unknown): boolean {
  if (!(error instanceof MongoBulkWriteError)) return false;
  const codes = codesOf(error);
  return !isWrapped(error) && codes.length > 0 && codes.every((code) => code === DUPLICATE_KEY);
}

/**
 * Writes again where two processes inserted a document at once, which MongoDB may refuse to one of them.
 *
 * @param write an unordered bulk write that does no harm if it is made twice
 */
export async function writeAgainIfInserted(write: () => Promise<unknown>): Promise<void> {
  await write().catch((error: unknown) => {
    if (isOnlyDuplicates(error)) return write();
    throw error;
  });
}

/** The driver wraps whatever ends a bulk write, the loss of its connection too. */
function isWrapped({ errorResponse }: MongoBulkWriteError): boolean {
  return (errorResponse as unknown) instanceof Error;
}

/** Codes of its parts, and of its write concern, which the driver leaves out if a part has failed. */
function codesOf({ writeErrors, result }: MongoBulkWriteError): unknown[] {
  return [writeErrors, result.getWriteConcernError() ?? []].flat().map(({ code }) => code);
}

/** Whether the server is away, as opposed to having refused. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof ReadModelsUnavailableError || isConnectionError(error)) return true;
  if (error instanceof MongoBulkWriteError) {
    if (isWrapped(error)) return isUnavailable(error.errorResponse);
    if (codesOf(error).some((code) => NOT_SERVING.has(Number(code)))) return true;
  }
  if (error instanceof MongoServerError) {
    return (
      error.hasErrorLabel('HandshakeError') ||
      error.hasErrorLabel('RetryableWriteError') ||
      error.hasErrorLabel('TransientTransactionError') ||
      NOT_SERVING.has(Number(error.code))
    );
  }
  // The driver's other errors mean that it could not reach a server, except for those about how it was called.
  return error instanceof MongoError && (!(error instanceof MongoAPIError) || CLOSED.has(error.name));
}

/** Cursor not found, query plan killed, cursor killed: how a read ends whose collection a rebuild has replaced. */
const REPLACED = [43, 175, 237];
const MOST_READS = 5;

/** Reads again while a rebuild replaces what is read. Rebuilds take longer than reads, so this ends. */
export async function readAgainIfReplaced<T>(read: () => Promise<T>): Promise<T> {
  for (let reads = 1; ; reads += 1) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof MongoServerError && REPLACED.includes(Number(error.code))) || reads === MOST_READS)
        throw error;
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
  'MongoExpiredSessionError',
  'MongoCursorExhaustedError',
  'MongoTopologyClosedError',
  'MongoClientClosedError',
]);

/**
 * The server's own codes for "not now": not primary, shutting down, stepped down, interrupted; another node not reached
 * or not in time; a lock, a write concern or a read concern not had in time; too busy; its disk full; the collection
 * replaced meanwhile; whoever asks not let in, which no caller could change.
 */
const NOT_SERVING: ReadonlySet<number> = new Set(
  [91, 189, 10107, 11600, 11601, 11602, 13435, 13436, 6, 7, 89, 202, 9001, 24, 50, 64, 134, 262, 365, 14031].concat(
    REPLACED,
    [18, 13],
  ),
);
