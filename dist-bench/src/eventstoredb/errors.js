import { ErrorType, isCommandError } from '@eventstore/db-client';
/** The event store did not answer in time, or not at all. Whether an append took effect may be unknown. */
export class EventStoreUnavailableError extends Error {
    name = 'EventStoreUnavailableError';
}
/** The stream is not at the revision that was loaded: somebody else wrote first. */
export class ConcurrencyError extends Error {
    name = 'ConcurrencyError';
}
/** A stored event that this code cannot read; it names the stream, the revision and the version. */
export class UnreadableEventError extends Error {
    name = 'UnreadableEventError';
}
const DEFINITE = new Set([
    ErrorType.WRONG_EXPECTED_VERSION,
    ErrorType.STREAM_DELETED,
    ErrorType.ACCESS_DENIED,
    ErrorType.INVALID_ARGUMENT,
    ErrorType.INVALID_TRANSACTION,
    ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED,
    ErrorType.MISSING_REQUIRED_METADATA_PROPERTY,
    ErrorType.UNSUPPORTED,
]);
/** Whether the server decided; any other failure of an append leaves its outcome unknown. */
export function isDefiniteAnswer(error) {
    return error instanceof Error && isCommandError(error) && DEFINITE.has(error.type);
}
export function hasType(error, type) {
    return error instanceof Error && isCommandError(error) && error.type === type;
}
/**
 * Whether the server is away, rather than refusing. The client reports no connection as a plain Error with gRPC's
 * code 14 and a lost one as an UnavailableError; a server that stops cancels its calls.
 */
export function isUnavailable(error) {
    if (error instanceof EventStoreUnavailableError)
        return true;
    if (!(error instanceof Error))
        return false;
    if (isCommandError(error)) {
        return (error.type === ErrorType.UNAVAILABLE ||
            error.type === ErrorType.DEADLINE_EXCEEDED ||
            error.type === ErrorType.TIMEOUT ||
            error.type === ErrorType.CANCELLED ||
            error.type === ErrorType.NOT_LEADER ||
            error.type === ErrorType.UNKNOWN);
    }
    const code = error.code;
    return code === 14 || code === 4 || code === 1 || code === 13 || typeof code === 'string';
}
