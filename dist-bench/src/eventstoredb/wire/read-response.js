import { MalformedMessage, ProtobufReader } from "./protobuf.js";
/**
 * An answer that brings an event, read straight from its bytes: with the methods that the event store's client calls
 * on what the generated code makes of it.
 */
export class EventResponse {
    #event;
    constructor(event) {
        this.#event = event;
    }
    hasEvent() {
        return true;
    }
    getEvent() {
        return this.#event;
    }
    hasSubscriptionConfirmation() {
        return false;
    }
}
/** An event, or a link with the event that it leads to. */
class ReadEvent {
    event;
    link;
    commitPosition;
    retryCount;
    hasEvent() {
        return this.event !== undefined;
    }
    getEvent() {
        return this.event;
    }
    hasLink() {
        return this.link !== undefined;
    }
    getLink() {
        return this.link;
    }
    hasCommitPosition() {
        return this.commitPosition !== undefined;
    }
    getCommitPosition() {
        return this.commitPosition ?? 0;
    }
    hasRetryCount() {
        return this.retryCount !== undefined;
    }
    getRetryCount() {
        return this.retryCount ?? 0;
    }
}
const NO_BYTES = Buffer.alloc(0);
export class RecordedEvent {
    id;
    streamName;
    streamRevision = 0;
    preparePosition = 0;
    commitPosition = 0;
    type;
    contentType;
    created;
    customMetadata = NO_BYTES;
    data = NO_BYTES;
    hasId() {
        return this.id !== undefined;
    }
    getId() {
        return this;
    }
    /** Of the id. */
    hasStructured() {
        return false;
    }
    /** Of the id. */
    getString() {
        return this.id ?? '';
    }
    hasStreamIdentifier() {
        return this.streamName !== undefined;
    }
    getStreamIdentifier() {
        return this;
    }
    /** Of the stream identifier. */
    getStreamName() {
        return this.streamName ?? NO_BYTES;
    }
    getStreamRevision() {
        return this.streamRevision;
    }
    getPreparePosition() {
        return this.preparePosition;
    }
    getCommitPosition() {
        return this.commitPosition;
    }
    getMetadataMap() {
        return this;
    }
    /** Of the metadata. */
    get(name) {
        switch (name) {
            case 'type':
                return this.type;
            case 'content-type':
                return this.contentType;
            case 'created':
                return this.created;
            default:
                return undefined;
        }
    }
    getCustomMetadata_asU8() {
        return plain(this.customMetadata);
    }
    getData() {
        return this.data;
    }
    getData_asU8() {
        return plain(this.data);
    }
}
/** The same bytes, as the client gives them out. */
function plain({ buffer, byteOffset, length }) {
    return new Uint8Array(buffer, byteOffset, length);
}
/** Something that answers with events do not have: the generated code shall read it. */
class UnusualResponse extends Error {
}
/**
 * Reads an answer that brings an event and nothing else.
 *
 * @param message `event_store.client.streams.ReadResp` or `event_store.client.persistent_subscriptions.ReadResp`
 * @returns undefined for what it does not know, down to the last field
 */
export function readEventResponse(message) {
    const reader = new ProtobufReader(Buffer.from(message.buffer, message.byteOffset, message.length));
    try {
        if (!reader.next() || reader.field !== 1)
            return undefined;
        const event = readEvent(reader.message());
        return reader.next() ? undefined : new EventResponse(event);
    }
    catch (error) {
        if (error instanceof UnusualResponse || error instanceof MalformedMessage)
            return undefined;
        throw error;
    }
}
/** `ReadEvent` of both services; only persistent subscriptions count retries. */
function readEvent(reader) {
    const event = new ReadEvent();
    while (reader.next()) {
        switch (reader.field) {
            case 1:
                event.event = readRecorded(reader.message());
                break;
            case 2:
                event.link = readRecorded(reader.message());
                break;
            case 3:
                event.commitPosition = exact(reader.uint());
                break;
            case 4: // no position
                event.commitPosition = undefined;
                reader.skip();
                break;
            case 5:
                event.retryCount = exact(reader.uint());
                break;
            case 6: // no count of retries
                event.retryCount = undefined;
                reader.skip();
                break;
            default:
                throw new UnusualResponse();
        }
    }
    return event;
}
function readRecorded(reader) {
    const recorded = new RecordedEvent();
    while (reader.next()) {
        switch (reader.field) {
            case 1:
                recorded.id = onlyField(reader.message(), ID_AS_STRING, (id) => id.string());
                break;
            case 2:
                recorded.streamName = onlyField(reader.message(), STREAM_NAME, (name) => name.bytes());
                break;
            case 3:
                recorded.streamRevision = exact(reader.uint());
                break;
            case 4:
                recorded.preparePosition = exact(reader.uint());
                break;
            case 5:
                recorded.commitPosition = exact(reader.uint());
                break;
            case 6:
                readEntry(reader.message(), recorded);
                break;
            case 7:
                recorded.customMetadata = reader.bytes();
                break;
            case 8:
                recorded.data = reader.bytes();
                break;
            default:
                throw new UnusualResponse();
        }
    }
    return recorded;
}
const ID_AS_STRING = 2;
const STREAM_NAME = 3;
/** Of a message that has this field and no other. */
function onlyField(reader, field, read) {
    advanceTo(reader, field);
    const value = read(reader);
    if (reader.next())
        throw new UnusualResponse();
    return value;
}
function readEntry(reader, recorded) {
    advanceTo(reader, 1);
    const name = reader.string();
    advanceTo(reader, 2);
    const value = reader.string();
    if (reader.next())
        throw new UnusualResponse();
    if (name === 'type')
        recorded.type = value;
    else if (name === 'content-type')
        recorded.contentType = value;
    else if (name === 'created')
        recorded.created = value;
}
function advanceTo(reader, field) {
    if (!reader.next() || reader.field !== field)
        throw new UnusualResponse();
}
function exact(value) {
    if (!Number.isSafeInteger(value))
        throw new UnusualResponse();
    return value;
}
