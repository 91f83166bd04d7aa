import { convertToCommandError } from '@eventstore/db-client';
import { StreamsClient } from "./protocol.js";
import { encodeAppend, readAnswer, } from "./append-messages.js";
import { EventStoreUnavailableError } from "../errors.js";
const PATH = '/event_store.client.streams.Streams/BatchAppend';
/** For the store to drop an append that came too late; the client's own default. */
const DEADLINE_MS = 10_000;
/**
 * `appendToStream` of a client, by the same call of the same service: `streams.BatchAppend`, which all appends of the
 * client share. It differs in what it costs, since the client makes some thirty objects of each append, and base64 of
 * its data (docs/adr/0012).
 */
export function createBatchAppend(client) {
    const calls = new WeakMap();
    const waitingFor = new WeakMap();
    const openCall = client['GRPCStreamCreator'](StreamsClient, 'batchAppend', open, calls);
    let lastCorrelation = 0;
    return (stream, expected, events) => new Promise((resolve, reject) => {
        const send = (call) => {
            const waiting = waitingFor.get(call);
            if (!waiting)
                throw new EventStoreUnavailableError('the call has just ended');
            const correlation = (lastCorrelation += 1);
            waiting.set(correlation, { resolve, reject });
            const deadline = Date.now() + DEADLINE_MS;
            call.write(encodeAppend({ correlation, stream, expected, events, deadline }), (error) => {
                if (error && waiting.delete(correlation))
                    reject(convertToCommandError(error));
            });
        };
        openCall().then(send).catch(reject);
    });
    function open(service) {
        const [metadata, options] = client['callArguments']({}, { deadline: Infinity });
        const call = service.makeBidiStreamRequest(PATH, (bytes) => bytes, readAnswer, metadata, options);
        const waiting = new Map();
        waitingFor.set(call, waiting);
        const giveUp = (error) => {
            waitingFor.delete(call);
            for (const { reject } of waiting.values())
                reject(error);
            waiting.clear();
        };
        call.on('data', (answer) => {
            const asked = waiting.get(answer.correlation);
            waiting.delete(answer.correlation);
            if ('error' in answer)
                asked?.reject(answer.error);
            else
                asked?.resolve(answer.revision);
        });
        call.on('error', (error) => giveUp(convertToCommandError(error)));
        call.on('end', () => giveUp(new EventStoreUnavailableError('the event store ended the call')));
        return call;
    }
}
