import { MongoAPIError, MongoError, MongoServerError } from 'mongodb';
/** MongoDB did not answer in time, or not at all. */
export class ReadModelsUnavailableError extends Error {
    name = 'ReadModelsUnavailableError';
}
const DUPLICATE_KEY = 11000;
export function isDuplicateKey(error) {
    return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}
/** Whether all that an unordered bulk write was refused for is documents that are there already. */
export function isOnlyDuplicates(error) {
    const errors = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
    return errors.length > 0 && errors.every(({ code }) => code === DUPLICATE_KEY);
}
/** Whether the server is away, rather than refusing. */
export function isUnavailable(error) {
    if (error instanceof ReadModelsUnavailableError)
        return true;
    if (error instanceof MongoServerError) {
        return (error.hasErrorLabel('RetryableWriteError') ||
            error.hasErrorLabel('TransientTransactionError') ||
            NOT_SERVING.has(Number(error.code)));
    }
    // The driver's other errors say that it could not reach a server, but for those about how it was called.
    return error instanceof MongoError && (!(error instanceof MongoAPIError) || CLOSED.has(error.name));
}
const CLOSED = new Set([
    'MongoNotConnectedError',
    'MongoTopologyClosedError',
    'MongoClientClosedError',
]);
/** Not primary, shutting down, stepped down, interrupted: the server's own codes for "not now". */
const NOT_SERVING = new Set([91, 189, 10107, 11600, 11602, 13435, 13436, 50, 262]);
