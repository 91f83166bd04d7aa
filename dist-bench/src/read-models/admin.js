import { ErrorType } from '@eventstore/db-client';
import { withTimeLimit as withEventStoreTimeLimit } from "../eventstoredb/client.js";
import { hasType } from "../eventstoredb/errors.js";
import { withTimeLimit } from "./database.js";
import { isUnavailable as isMongoUnavailable, ReadModelsUnavailableError } from "./errors.js";
import { createLagMeter } from "./lag.js";
import { endOfLog } from "./log-reader.js";
import { readParked } from "./parked.js";
import { findReadModel, streamPrefixes } from "./read-model.js";
import { createRebuilds, percentOf, progressState, } from "./rebuild/rebuild.js";
/** What was asked for did not end before the process was told to stop. */
export class StoppingError extends Error {
    name = 'StoppingError';
}
const TIME_LIMIT_MS = 2500;
const VERIFY_DEFAULTS = { mostAtOnce: 100_000, settleMs: 2000, onProgress: () => undefined };
/** What an operator can see of the read models, and do to them. */
export function createProjectionAdmin({ context, models, group, worker, ...options }) {
    const { client, db, streamPrefix } = context;
    const rebuilds = options.rebuilds ?? createRebuilds(context, models);
    const stopping = new AbortController();
    const eventsAfter = createLagMeter(client, streamPrefixes(streamPrefix, models));
    return {
        lag,
        status,
        /** Parked events, oldest first, at most `limit`; `total` counts them all. @throws EventStoreUnavailableError */
        async parked(limit) {
            const [info, items] = await Promise.all([readGroup(), readParked(client, group, limit)]);
            return { items, total: parkedCount(info) ?? items.length };
        },
        /** Delivers the parked events again. @throws EventStoreUnavailableError */
        async replayParked() {
            const replayed = parkedCount(await readGroup()) ?? 0;
            if (replayed > 0)
                await withEventStoreTimeLimit(TIME_LIMIT_MS, client.replayParkedMessagesToAll(group));
            return { replayed };
        },
        /**
         * Starts a rebuild and returns while it runs.
         *
         * @throws UnknownReadModelError, RebuildRunningError, EventStoreUnavailableError, ReadModelsUnavailableError
         */
        rebuild: (name) => withTimeLimit(TIME_LIMIT_MS, rebuilds.start(name)),
        rebuildStates: () => rebuilds.states(),
        /**
         * Compares the documents of a read model with what they should be, and on request repairs them, while the service
         * goes on; takes as long as it takes.
         *
         * @throws UnknownReadModelError, StoppingError, EventStoreUnavailableError, ReadModelsUnavailableError
         */
        async verify(name, run) {
            const findings = { checked: 0, differences: 0, listed: [], repaired: 0 };
            try {
                await findReadModel(models, name).verify(context, { ...VERIFY_DEFAULTS, ...run, signal: stopping.signal }, findings);
                return { name, ...findings };
            }
            catch (error) {
                // The driver's own errors: no time limit of ours turned them.
                if (!isMongoUnavailable(error) || error instanceof ReadModelsUnavailableError)
                    throw error;
                throw new ReadModelsUnavailableError('MongoDB is away', { cause: error });
            }
        },
        /** Interrupts rebuilds, which can be gone on with later, and verifications. */
        async stop() {
            stopping.abort(new StoppingError('stopping'));
            await rebuilds.stop();
        },
    };
    /**
     * Every read model and how far it is behind the log.
     *
     * @throws EventStoreUnavailableError, ReadModelsUnavailableError
     */
    async function status() {
        const [{ info, head, lag: behind }, states, stalled] = await Promise.all([
            measure(),
            withTimeLimit(TIME_LIMIT_MS, rebuilds.states()),
            withTimeLimit(TIME_LIMIT_MS, Promise.all(models.map(stalledDocuments))),
        ]);
        const consumer = worker?.status();
        return models.map(({ name }, at) => {
            const rebuild = progressOf(states.get(name));
            return {
                name,
                state: rebuild?.state === 'running' ? 'rebuilding' : (consumer?.state ?? consumerState(info)),
                position: toNumber(positionOf(info, behind)),
                head: toNumber(head),
                lag: behind,
                inFlight: info?.stats.totalInFlightMessages ?? 0,
                retried: consumer?.redelivered ?? null,
                parked: parkedCount(info) ?? 0,
                stalled: stalled[at] ?? 0,
                lastError: consumer?.lastError ?? null,
                rebuild,
            };
        });
    }
    /** How far the consumer group is behind, and how many events it has parked and in hand. */
    async function lag() {
        const { info, lag: behind } = await measure();
        return { ...behind, parked: parkedCount(info) ?? 0, inFlight: info?.stats.totalInFlightMessages ?? 0 };
    }
    async function measure() {
        const [info, head] = await Promise.all([readGroup(), endOfLog(client)]);
        return { info, head, lag: await lagOfGroup(info, head) };
    }
    function stalledDocuments({ name, categories }) {
        if (categories.length === 0)
            return Promise.resolve(0);
        return db.collection(name).countDocuments({ 'stalled.revision': { $gte: 0 } });
    }
    async function readGroup() {
        try {
            return await withEventStoreTimeLimit(TIME_LIMIT_MS, client.getPersistentSubscriptionToAllInfo(group));
        }
        catch (error) {
            if (hasType(error, ErrorType.PERSISTENT_SUBSCRIPTION_DOES_NOT_EXIST))
                return undefined;
            throw error;
        }
    }
    /** What the server has in hand for the group, and, while it is behind, what it has yet to read for it. */
    async function lagOfGroup(info, head) {
        if (!info)
            return eventsAfter(undefined, head);
        const { stats } = info;
        // Not the live buffer: EventStoreDB keeps the last events in it, done or not.
        const inHand = stats.readBufferCount + stats.retryBufferCount + stats.totalInFlightMessages;
        const isBehind = info.status !== 'Live';
        if (inHand === 0 && !isBehind)
            return { events: 0, seconds: 0 };
        const sinceCheckpoint = await eventsAfter(stats.lastCheckpointedEventPosition, head);
        return isBehind ? sinceCheckpoint : { events: inHand, seconds: sinceCheckpoint.seconds };
    }
}
function parkedCount(info) {
    return info && Number(info.stats.parkedMessageCount);
}
/** Whoever consumes it: seen from outside, a group with connections is consumed. */
function consumerState(info) {
    return (info?.connections.length ?? 0) > 0 ? 'consuming' : 'stopped';
}
/** The server tells only where it has got to every second or so; with nothing to do it is at the last event. */
function positionOf(info, { events }) {
    const { lastKnownEventPosition, lastCheckpointedEventPosition } = info?.stats ?? {};
    return events === 0
        ? (lastKnownEventPosition ?? lastCheckpointedEventPosition)
        : (lastCheckpointedEventPosition ?? undefined);
}
function progressOf(state) {
    if (!state)
        return null;
    const { events, startedAt, finishedAt, error } = state;
    return { state: progressState(state), events, percent: percentOf(state), startedAt, finishedAt, error };
}
function toNumber(position) {
    return position ? Number(position.commit) : null;
}
