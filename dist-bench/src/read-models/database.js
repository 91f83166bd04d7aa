import { MongoClient } from 'mongodb';
import { settleWithin } from "../time-limit.js";
import { isUnavailable, ReadModelsUnavailableError } from "./errors.js";
/** Made so that a server that has gone away is noticed within seconds, and one that is away at the start found later. */
export function connectMongo(url) {
    return new ReconnectingClient(url, {
        serverSelectionTimeoutMS: 2000,
        connectTimeoutMS: 2000,
        socketTimeoutMS: 20_000,
        waitQueueTimeoutMS: 2000,
        heartbeatFrequencyMS: 2000,
        minHeartbeatFrequencyMS: 200,
        maxPoolSize: 50,
        appName: 'marios-pizzeria-orders',
    });
}
const CONNECT_AGAIN_MS = 500;
/** The driver's own client is of no use any more when its first connection fails: every later call is refused. */
class ReconnectingClient extends MongoClient {
    #isClosed = false;
    async connect() {
        try {
            return await super.connect();
        }
        catch (error) {
            setTimeout(() => void this.#connectAgain(), CONNECT_AGAIN_MS).unref();
            throw error;
        }
    }
    async close(force) {
        this.#isClosed = true;
        await super.close(force);
    }
    async #connectAgain() {
        if (this.#isClosed)
            return;
        await this.connect().catch(() => undefined); // the calls that need it say why
    }
}
export function openDatabase(client, name) {
    const db = client.db(name);
    return {
        db,
        orders: db.collection('orders'),
        customers: db.collection('customers'),
        audit: db.collection('audit'),
        menu: db.collection('menu'),
    };
}
export function readModelStates(db) {
    return db.collection('projections');
}
export function toStored({ commit, prepare }) {
    return { commit: commit.toString(), prepare: prepare.toString() };
}
export function fromStored({ commit, prepare }) {
    return { commit: BigInt(commit), prepare: BigInt(prepare) };
}
/** Creates those of a collection's indexes that are missing. */
export async function createIndexes(collection, indexes) {
    if (indexes.length > 0)
        await collection.createIndexes([...indexes]);
}
export async function createMenuIndexes(menu) {
    await menu.createIndex({ category: 1, name: 1 });
}
/**
 * Bounds a call by a time limit of our own.
 *
 * @param ms milliseconds
 * @throws ReadModelsUnavailableError when time is up or the server is away; other errors pass through
 */
export function withTimeLimit(ms, call) {
    const timeUp = () => new ReadModelsUnavailableError(`no answer from MongoDB within ${ms} ms`);
    return settleWithin(ms, call, timeUp, (error) => isUnavailable(error) && !(error instanceof ReadModelsUnavailableError)
        ? new ReadModelsUnavailableError('MongoDB is away', { cause: error })
        : error);
}
