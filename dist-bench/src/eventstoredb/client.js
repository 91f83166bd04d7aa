import { BACKWARDS, END, EventStoreDBClient } from '@eventstore/db-client';
import { Client, connectivityState, credentials, status } from '@grpc/grpc-js';
import { EventStoreUnavailableError, isUnavailable } from "./errors.js";
import { settleWithin } from "../time-limit.js";
import { takeShortcuts } from "./wire/client-shortcuts.js";
/** Finds a half-open connection within 6 s (the client's own default is 20 s). */
const KEEP_ALIVE = 'keepAliveInterval=3000&keepAliveTimeout=3000';
/**
 * A client with the service's keep-alive, unless the connection string has its own, and shortcuts.
 *
 * @param url `esdb://…` or `esdb+discover://…`; credentials belong here (per-call ones make appends slower)
 */
export function connectEventStore(url) {
    takeShortcuts();
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
export function withTimeLimit(ms, call, onTimeout) {
    const timeUp = () => {
        onTimeout?.();
        return new EventStoreUnavailableError(`no answer from the event store within ${Math.round(ms)} ms`);
    };
    return settleWithin(ms, call, timeUp, (error) => isUnavailable(error) && !(error instanceof EventStoreUnavailableError)
        ? new EventStoreUnavailableError('the event store is away', { cause: error })
        : error);
}
/**
 * The position of the newest event of the log: the cheapest proof that the event store answers.
 *
 * @param ms milliseconds that the answer may take
 * @throws EventStoreUnavailableError
 */
export async function readHead(client, ms) {
    const reading = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 });
    const readToItsEnd = async () => {
        let head;
        // One that is left half-way would keep the client from being disposed of.
        for await (const { event } of reading)
            head = event?.position;
        return head;
    };
    return withTimeLimit(ms, readToItsEnd(), () => void reading.cancel());
}
/**
 * Makes sure that the event store answers; gives up a connection that was accepted and then never answered on. gRPC
 * would wait on it for ever, since it sends its pings only once a connection is established.
 *
 * @throws EventStoreUnavailableError; the next call connects anew
 */
export async function ensureConnected(client, ms) {
    const channel = await withTimeLimit(ms, client['getChannel']());
    try {
        await readHead(client, ms);
    }
    catch (error) {
        if (channel.getConnectivityState(false) === connectivityState.CONNECTING) {
            const stuck = new Client('', credentials.createInsecure(), { channelOverride: channel });
            const neverAnswered = Object.assign(new Error('never answered'), { code: status.UNAVAILABLE });
            await client['handleError'](stuck, neverAnswered);
        }
        throw error;
    }
}
