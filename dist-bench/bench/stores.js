import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connectEventStore } from "../src/eventstoredb/client.js";
import { connectMongo } from "../src/read-models/database.js";
import { eventually, freePort, startProcess } from "./processes.js";
export const isEmbedded = {
    eventStore: process.env['EVENTSTORE_URL'] === undefined,
    mongo: process.env['MONGODB_URL'] === undefined,
};
let count = 0;
/**
 * The stores that the environment names; an embedded server for one that it doesn't. An embedded server runs as a
 * process of its own rather than in a thread of the service, so that its memory and CPU time are not taken for the
 * service's, and so that the service and what it is compared with share the same one.
 */
export async function openStores(dir) {
    count += 1;
    const name = `bench${Date.now().toString(36)}${count}`;
    const data = join(dir, name);
    mkdirSync(data, { recursive: true });
    const servers = [];
    const serve = async (folder, urlOf) => {
        const port = await freePort();
        const script = new URL(import.meta.resolve(`@marios-pizzeria/embedded-${folder}/cli`));
        servers.push(startProcess(script, { args: ['--port', String(port), '--data', data], log: join(data, `${folder}.log`) }));
        await eventually(`embedded ${folder}`, () => isListening(port));
        return urlOf(port);
    };
    const eventStoreUrl = process.env['EVENTSTORE_URL'] ?? (await serve('eventstoredb', (port) => `esdb://127.0.0.1:${port}?tls=false`));
    const mongoUrl = process.env['MONGODB_URL'] ?? (await serve('mongodb', (port) => `mongodb://127.0.0.1:${port}`));
    const eventStore = connectEventStore(eventStoreUrl);
    const mongo = connectMongo(mongoUrl);
    const databases = [];
    const groups = [];
    const add = (names, kind) => {
        names.push(`${name}${kind}${names.length}`);
        return names.at(-1) ?? '';
    };
    return {
        eventStoreUrl,
        mongoUrl,
        streamPrefix: `${name}-`,
        eventStore,
        mongo,
        newDatabase: () => add(databases, 'db'),
        newGroup: () => add(groups, 'group'),
        async close() {
            if (!isEmbedded.mongo)
                for (const database of databases)
                    await mongo.db(database).dropDatabase();
            if (!isEmbedded.eventStore) {
                // A name that was handed out need not have become a group.
                for (const group of groups)
                    await eventStore.deletePersistentSubscriptionToAll(group).catch(() => undefined);
            }
            await Promise.all([eventStore.dispose(), mongo.close()]);
            await Promise.all(servers.map((server) => server.stop()));
        },
    };
}
async function isListening(port) {
    return new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
            socket.destroy();
            resolve(true);
        });
        socket.once('error', () => resolve(undefined));
    });
}
