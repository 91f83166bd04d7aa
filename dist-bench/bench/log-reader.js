/** Reads the log in the least ways that there are, one job a message: the limits of projection and rebuild. */
import { EventStoreDBClient, streamNameFilter } from '@eventstore/db-client';
import { READ_MODELS } from "../src/read-models/index.js";
import { GROUP_SETTINGS } from "../src/read-models/live/consumer-group.js";
import { streamPrefixes } from "../src/read-models/read-model.js";
const BUFFER_SIZE = 1000;
process.on('message', (job) => void run(job).then((perSecond) => process.send?.({ perSecond })));
process.on('disconnect', () => process.exit());
async function run({ eventStoreUrl, streamPrefix, events, how }) {
    const client = EventStoreDBClient.connectionString(eventStoreUrl);
    const perSecond = await (how.type === 'read' ? read(client) : consume(client, streamPrefix, events, how));
    await client.dispose();
    return perSecond;
}
/** The client ignores a filter of this read: it gives every event of the log. */
async function read(client) {
    const start = performance.now();
    let count = 0;
    for await (const { event } of client.readAll())
        if (event)
            count += 1;
    return (count / (performance.now() - start)) * 1000;
}
async function consume(client, streamPrefix, events, { group, eventsPerAck }) {
    const filter = streamNameFilter({ prefixes: streamPrefixes(streamPrefix, READ_MODELS) });
    await client.createPersistentSubscriptionToAll(group, GROUP_SETTINGS, { filter });
    const subscription = client.subscribeToPersistentSubscriptionToAll(group, { bufferSize: BUFFER_SIZE }, { highWaterMark: BUFFER_SIZE });
    let start = performance.now();
    subscription.once('confirmation', () => (start = performance.now()));
    let count = 0;
    let unacknowledged = [];
    for await (const event of subscription) {
        count += 1;
        unacknowledged.push(event);
        if (unacknowledged.length < eventsPerAck && count < events)
            continue;
        await subscription.ack(...unacknowledged);
        unacknowledged = [];
        if (count === events)
            break;
    }
    const perSecond = (count / (performance.now() - start)) * 1000;
    await subscription.unsubscribe().catch(() => undefined); // the figure is taken, and the process ends
    return perSecond;
}
