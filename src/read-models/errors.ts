import { MongoAPIError, type MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';

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
  if (error instanceof ReadModelsUnavailableError) return true;
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

const CLOSED: ReadonlySet<string> = new Set([
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoClientClosedError',
]);

/** Not primary, shutting down, stepped down, interrupted: the server's own codes for "not now". */
const NOT_SERVING: ReadonlySet<number> = new Set([91, 189, 10107, 11600, 11602, 13435, 13436, 50, 262]);
