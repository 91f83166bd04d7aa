import { EventStoreDBClient } from '@eventstore/db-client';
import { EventStoreUnavailableError, isUnavailable } from './errors.ts';

/** Finds a half-open connection within 6 s (the client's own default is 20 s). */
const KEEP_ALIVE = 'keepAliveInterval=3000&keepAliveTimeout=3000';

/**
 * One client for the whole process: the client's batch-append keeps the pending appends of every instance in one
 * module-level map, so that a second instance could break the first.
 *
 * @param url `esdb://…` or `esdb+discover://…`; credentials belong here (per-call ones make appends slower)
 */
export function connectEventStore(url: string): EventStoreDBClient {
  // Added as text: the client reads options as they stand, so that nothing in them may be encoded anew.
  const separator = url.includes('?') ? '&' : '?';
  const isSet = /[?&]keep[_-]?alive/i.test(url);
  return EventStoreDBClient.connectionString(isSet ? url : `${url}${separator}${KEEP_ALIVE}`);
}

/**
 * Bounds a store call by a time limit of our own, since the client's `deadline` does not end a call on a server
 * that has stopped answering.
 *
 * @param ms milliseconds
 * @throws EventStoreUnavailableError when time is up or the server is away; other errors pass through
 */
export async function withTimeLimit<T>(ms: number, call: Promise<T>, onTimeout?: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        onTimeout?.();
        reject(new EventStoreUnavailableError(`no answer from the event store within ${Math.round(ms)} ms`));
      },
      Math.max(0, ms),
    );
  });
  try {
    return await Promise.race([call, timeUp]);
  } catch (error) {
    if (!isUnavailable(error) || error instanceof EventStoreUnavailableError) throw error;
    throw new EventStoreUnavailableError('the event store is away', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
