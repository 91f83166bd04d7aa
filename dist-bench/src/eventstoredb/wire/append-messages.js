import { UnknownError } from '@eventstore/db-client';
import { unpackToCommandError } from '@eventstore/db-client/dist/streams/appendToStream/unpackError.js';
import { streams } from "./protocol.js";
import { ProtobufReader, ProtobufWriter } from "./protobuf.js";
/** `event_store.client.streams.BatchAppendReq`, whole in one message. */
export function encodeAppend({ correlation, stream, expected, events, deadline }) {
    const request = new ProtobufWriter(1024)
        .message(1, (uuid) => uuid.message(1, (structured) => structured.uint(2, correlation)))
        .message(2, (options) => {
        options.message(1, (identifier) => identifier.string(3, stream));
        if (expected === 'any')
            options.empty(4);
        else if (expected < 0)
            options.empty(3);
        else
            options.uint(2, expected);
        const seconds = Math.floor(deadline / 1000);
        options.message(6, (time) => time.uint(1, seconds).uint(2, (deadline - seconds * 1000) * 1e6));
    });
    for (const { id, type, data, metadata } of events) {
        request.message(3, (event) => event
            .message(1, (uuid) => uuid.string(2, id))
            .message(2, (entry) => entry.string(1, 'type').string(2, type))
            .message(2, (entry) => entry.string(1, 'content-type').string(2, 'application/json'))
            .string(3, metadata)
            .string(4, data));
    }
    return request.uint(4, 1).finish();
}
/** `event_store.client.streams.BatchAppendResp`. What is no success is left to the client's own code. */
export function readAnswer(bytes) {
    const reader = new ProtobufReader(bytes);
    let correlation = 0;
    let revision;
    while (reader.next()) {
        if (reader.field === 1)
            correlation = readCorrelation(reader.message());
        else if (reader.field === 3)
            revision = readRevision(reader.message());
        else
            reader.skip();
    }
    return revision === undefined ? { correlation, error: readError(bytes) } : { correlation, revision };
}
/** The store may write an id as two numbers, as it was sent, or as text. */
function readCorrelation(uuid) {
    let correlation = 0;
    while (uuid.next()) {
        if (uuid.field === 1) {
            const structured = uuid.message();
            while (structured.next()) {
                if (structured.field === 2)
                    correlation = structured.uint();
                else
                    structured.skip();
            }
        }
        else if (uuid.field === 2)
            correlation = Number.parseInt(uuid.string().slice(-12), 16);
        else
            uuid.skip();
    }
    return correlation;
}
/** Of the last event; −1 of an append without events to a stream that is not there. */
function readRevision(success) {
    let revision = -1;
    while (success.next()) {
        if (success.field === 1)
            revision = success.uint();
        else
            success.skip();
    }
    return revision;
}
function readError(bytes) {
    const answer = streams.BatchAppendResp.deserializeBinary(bytes);
    const status = answer.getError();
    if (!status?.hasDetails())
        return new UnknownError(undefined, status?.getMessage() ?? 'an answer that says nothing');
    const name = answer.getStreamIdentifier()?.getStreamName_asU8() ?? [];
    return unpackToCommandError(status, Buffer.from(name).toString());
}
