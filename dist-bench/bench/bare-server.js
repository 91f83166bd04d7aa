/**
 * The least that a route on these stores can do, for the service's routes to be compared with. Arguments: the
 * stores' connection strings, the database, a prefix for stream names, a port.
 */
import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import Fastify from 'fastify';
import { MongoClient } from 'mongodb';
const [eventStoreUrl = '', mongoUrl = '', database = '', streamPrefix = '', port = ''] = process.argv.slice(2);
const eventStore = EventStoreDBClient.connectionString(eventStoreUrl);
const orders = new MongoClient(mongoUrl).db(database).collection('orders');
const app = Fastify();
app.post('/append', async ({ body }, reply) => {
    const id = randomUUID();
    await eventStore.appendToStream(`${streamPrefix}Bare-${id}`, jsonEvent({ type: 'BareEvent', data: body }), {
        expectedRevision: NO_STREAM,
    });
    void reply.code(201);
    return { id };
});
app.get('/orders/:id', ({ params }) => orders.findOne({ _id: params.id }));
app.get('/orders', () => orders.find().sort({ placedAt: -1, _id: -1 }).limit(20).toArray());
await app.listen({ port: Number(port), host: '127.0.0.1' });
