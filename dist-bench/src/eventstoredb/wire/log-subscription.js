import { StreamsClient } from "./protocol.js";
import { encodeLogSubscription, readLogAnswer } from "./log-messages.js";
const PATH = '/event_store.client.streams.Streams/Read';
/**
 * `subscribeToAll` of a client with a filter on the names of streams, by the same call of the same service:
 * `streams.Read`. It differs in what it costs, since what the call brings is the events themselves, which the client
 * makes in a second stream behind the call's (docs/adr/0012).
 *
 * @param prefixes of the names of the wanted streams
 * @param after position of the last event that is not wanted any more
 * @returns a stream of objects that must be cancelled in the end
 */
export function subscribeToLog(client, prefixes, after) {
    const open = (service) => {
        const [metadata, options] = client['callArguments']({}, { deadline: Infinity });
        const request = encodeLogSubscription(prefixes, after);
        return service.makeServerStreamRequest(PATH, (bytes) => bytes, readLogAnswer, request, metadata, options);
    };
    return client['GRPCStreamCreator'](StreamsClient, 'subscribeToAll', open)();
}
