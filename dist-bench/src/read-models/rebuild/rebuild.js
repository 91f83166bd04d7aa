import { setTimeout as delay } from 'node:timers/promises';
import { isUnavailable as isEventStoreUnavailable } from "../../eventstoredb/errors.js";
import { isUnavailable as isMongoUnavailable } from "../errors.js";
import { endOfLog } from "../log-reader.js";
import { findReadModel } from "../read-model.js";
import { acquireLease, isHeld, isUnfinished, LeaseLostError, rebuildId, rebuildStates, } from "./lease.js";
import { rebuildByShadow } from "./shadow.js";
/** One rebuild of a read model at a time, across all processes. */
export class RebuildRunningError extends Error {
    name = 'RebuildRunningError';
    constructor(name) {
        super(`The read model ${name} is being rebuilt already`);
    }
}
const LOOK_AGAIN_MS = 250;
const WATCH_EVERY_MS = 5000;
/** @param models all read models */
export function createRebuilds(context, models) {
    const { client, db, log } = context;
    const states = rebuildStates(db);
    const stopping = new AbortController();
    const running = new Map();
    let timer;
    return { start, ensure, finishSwaps, watch, states: allStates, isRunning: () => running.size > 0, stop };
    async function start(name) {
        stopping.signal.throwIfAborted();
        if (running.has(name))
            throw new RebuildRunningError(name);
        const head = await endOfLog(client);
        const lease = await acquireLease(states, {
            _id: rebuildId(name),
            version: findReadModel(models, name).version,
            head: (head?.commit ?? 0n).toString(),
        });
        if (!lease)
            throw new RebuildRunningError(name);
        const finished = run(name, lease).finally(() => running.delete(name));
        finished.catch(() => undefined); // logged already; not every caller waits for it
        running.set(name, finished);
        return { finished };
    }
    async function run(name, lease) {
        const began = Date.now();
        log.info({ readModel: name, position: lease.state().position?.commit ?? null }, 'rebuild of a read model begins');
        try {
            const model = findReadModel(models, name);
            if (model.rebuild)
                await model.rebuild(context);
            else
                await rebuildByShadow({ context, model, models, lease, signal: stopping.signal });
            await lease.save({ phase: 'done', finishedAt: new Date() });
            const { events, documents } = lease.state();
            log.info({ readModel: name, events, documents, ms: Date.now() - began }, 'read model rebuilt');
            return lease.state();
        }
        catch (error) {
            await settleFailure(name, lease, error);
            throw error;
        }
        finally {
            // When the store is away the lease lapses by itself.
            await lease.release().catch((error) => log.debug({ err: error }, 'the lease could not be given back'));
        }
    }
    async function settleFailure(name, lease, error) {
        const isInterrupted = stopping.signal.aborted ||
            error instanceof LeaseLostError ||
            isEventStoreUnavailable(error) ||
            isMongoUnavailable(error);
        if (isInterrupted) {
            log.warn({ readModel: name, reason: String(error) }, 'rebuild of a read model interrupted');
            return;
        }
        log.error({ err: error, readModel: name }, 'rebuild of a read model failed');
        await lease
            .save({ phase: 'failed', finishedAt: new Date(), error: error instanceof Error ? error.message : String(error) })
            .catch((unsaved) => log.warn({ err: unsaved }, 'the failure could not be noted'));
    }
    async function ensure(name, isDone) {
        for (;;) {
            stopping.signal.throwIfAborted();
            const state = await states.findOne({ _id: rebuildId(name) });
            const isOfVersion = state?.phase === 'done' && state.version === findReadModel(models, name).version;
            if (await isDone(isOfVersion ? state : undefined))
                return;
            try {
                const { finished } = await start(name);
                await finished;
            }
            catch (error) {
                if (!(error instanceof RebuildRunningError))
                    throw error;
                await delay(LOOK_AGAIN_MS, undefined, { ref: false });
            }
        }
    }
    async function finishSwaps() {
        for (const state of (await allStates()).values()) {
            const name = state._id.slice('rebuild:'.length);
            if (state.phase !== 'swapping' ||
                !models.some((model) => model.name === name) ||
                isHeld(state) ||
                running.has(name))
                continue;
            try {
                await (await start(name)).finished;
            }
            catch (error) {
                if (!(error instanceof RebuildRunningError))
                    throw error;
            }
        }
    }
    function watch() {
        timer = setInterval(() => {
            finishSwaps().catch((error) => log.debug({ err: error }, 'no swap of a read model could be finished'));
        }, WATCH_EVERY_MS).unref();
    }
    async function allStates() {
        // All ids that begin with `rebuild:`, as `;` is the character after `:`.
        const found = await states.find({ _id: { $gte: 'rebuild:', $lt: 'rebuild;' } }).toArray();
        return new Map(found.map((state) => [state._id.slice('rebuild:'.length), state]));
    }
    async function stop() {
        clearInterval(timer);
        stopping.abort(new Error('stopping'));
        await Promise.allSettled(running.values());
    }
}
export function progressState(state) {
    if (!isUnfinished(state))
        return state.phase === 'failed' ? 'failed' : 'done';
    return isHeld(state) ? 'running' : 'interrupted';
}
/** Of the log as it was when the rebuild began: 0 to 100. */
export function percentOf({ phase, position, head }) {
    if (phase === 'done' || phase === 'swapping')
        return 100;
    if (position === null)
        return 0;
    return Math.min(100, Math.floor((Number(position.commit) * 100) / Math.max(1, Number(head))));
}
