import { convertGrpcEvent } from '@eventstore/db-client/dist/utils/convertGrpcEvent.js';
import { streams } from "./protocol.js";
import { ProtobufWriter } from "./protobuf.js";
import { readEventResponse } from "./read-response.js";
export const CAUGHT_UP = 'caught up';
export const ALIVE = 'alive';
/** Events that the server looks through before it says how far it has come, if they are all of other streams. */
const SEARCH_WINDOW = 512;
/** `event_store.client.streams.ReadReq`: a subscription to the streams with one of these prefixes. */
export function encodeLogSubscription(prefixes, after) {
    return new ProtobufWriter(256)
        .message(1, (options) => options
        .message(2, (all) => after
        ? all.message(1, (position) => position.bigUint(1, after.commit).bigUint(2, after.prepare))
        : all.empty(2))
        .empty(6) // a subscription
        .message(7, (filter) => filter
        .message(1, (name) => prefixes.forEach((prefix) => name.string(2, prefix)))
        .uint(3, SEARCH_WINDOW)
        .uint(5, 1))
        .message(9, (uuid) => uuid.empty(2)))
        .finish();
}
/** `event_store.client.streams.ReadResp`: its events are the same as those that the client makes. */
export function readLogAnswer(bytes) {
    const event = readEventResponse(bytes)?.getEvent().getEvent();
    return (event && toRecorded(event)) ?? readUnusual(bytes);
}
function readUnusual(bytes) {
    const answer = streams.ReadResp.deserializeBinary(bytes);
    // Asked first: an answer with an event may be one of our own, which knows of nothing else (client-shortcuts.ts).
    const event = answer.getEvent();
    if (event)
        return event.hasEvent() ? convertGrpcEvent(event).event : ALIVE;
    return answer.hasCaughtUp() ? CAUGHT_UP : ALIVE;
}
/** What the client's `convertGrpcRecord` makes, with fewer copies; undefined for what that refuses. */
function toRecorded(event) {
    const { id, streamName, contentType, customMetadata, data } = event;
    if (id === undefined || !streamName)
        return undefined;
    const isJson = contentType === 'application/json';
    return {
        streamId: streamName.toString(),
        id,
        revision: BigInt(event.streamRevision),
        type: event.type ?? '<no-event-type-provided>',
        data: isJson ? parse(data, (text) => text) : event.getData_asU8(),
        metadata: customMetadata.length > 0 ? parse(customMetadata, () => event.getCustomMetadata_asU8()) : undefined,
        isJson,
        created: new Date(toMilliseconds(event.created)),
        position: { commit: BigInt(event.commitPosition), prepare: BigInt(event.preparePosition) },
    };
}
function parse(json, orElse) {
    const text = json.toString();
    try {
        return JSON.parse(text);
    }
    catch {
        return orElse(text);
    }
}
/** @param ticks of 100 ns each: more of them than a number can tell apart */
function toMilliseconds(ticks = '') {
    return Number(ticks.slice(0, -4)) || 0;
}
