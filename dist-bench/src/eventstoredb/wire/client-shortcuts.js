import { Http2SubchannelCall } from '@grpc/grpc-js/build/src/subchannel-call.js';
import { Http2SubchannelConnector } from '@grpc/grpc-js/build/src/transport.js';
import { persistent, streams } from "./protocol.js";
import { readEventResponse } from "./read-response.js";
let isTaken = false;
/**
 * Shortcuts through the event store's client, taken once for the whole process: on the way of messages that are sent,
 * and on that of events that are read. None changes what is sent or what is read; docs/adr/0012 says why they are
 * here, and docs/performance.md what they give.
 */
export function takeShortcuts() {
    if (isTaken)
        return;
    isTaken = true;
    pipelineWrites();
    receiveAhead();
    readEventsDirectly(streams.ReadResp);
    readEventsDirectly(persistent.ReadResp);
}
/**
 * Lets gRPC calls write their next message without waiting until the one before has left the process.
 *
 * grpc-js takes the next message of a call when Node says that the last one is written, which is a turn of the event
 * loop later. All appends share one call, so that without this, one append leaves in each turn however many wait.
 * HTTP/2 keeps the messages in order, within its window, and an error of a write still ends the call. What waits in
 * the process is bounded by the requests in flight, as before.
 */
function pipelineWrites() {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with the call that it is of
    const { sendMessageWithContext: send } = Http2SubchannelCall.prototype;
    Http2SubchannelCall.prototype.sendMessageWithContext = function ({ callback, ...context }, message) {
        send.call(this, context, message);
        if (callback)
            process.nextTick(callback);
    };
}
/** Bytes of a call that the server may send before what came earlier is read: some 1,000 events. */
const RECEIVE_WINDOW = 2 ** 20;
/**
 * Lets the server send more of a call ahead than HTTP/2's 64 kB, which are some 70 events: it would stand still for
 * each of them until it is told that they are read. grpc-js has an option for it, but the client hands none on.
 */
function receiveAhead() {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with the connector that it is of
    const { connect } = Http2SubchannelConnector.prototype;
    Http2SubchannelConnector.prototype.connect = function (address, secureConnector, options) {
        const widened = { 'grpc-node.flow_control_window': RECEIVE_WINDOW, ...options };
        return connect.call(this, address, secureConnector, widened);
    };
}
/**
 * The generated code makes nine objects of an event, and text of its numbers, for the client to make one object of all
 * that. What it makes of other answers is left to it.
 */
function readEventsDirectly(response) {
    const deserialize = response.deserializeBinary.bind(response);
    response.deserializeBinary = (bytes) => readEventResponse(bytes) ?? deserialize(bytes);
}
