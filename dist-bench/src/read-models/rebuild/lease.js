import { randomUUID } from 'node:crypto';
import { isDuplicateKey } from "../errors.js";
/** Another process has taken the rebuild over, since this one was not heard of. */
export class LeaseLostError extends Error {
    name = 'LeaseLostError';
}
/** Processes must agree on the time to within a few seconds. */
export const LEASE_MS = 10_000;
const HEARTBEAT_EVERY_MS = 2000;
export function rebuildStates(db) {
    return db.collection('projections');
}
export function rebuildId(name) {
    return `rebuild:${name}`;
}
export function isUnfinished({ phase }) {
    return phase === 'filling' || phase === 'swapping';
}
/** Whether a process is at work on it. */
export function isHeld({ owner, heartbeat }) {
    return owner !== null && Date.now() - heartbeat.getTime() < LEASE_MS;
}
/**
 * Takes the right to work on a rebuild: one that was interrupted goes on where it was, else a new one begins.
 *
 * @param fresh how a new one begins
 * @returns undefined while another process holds it
 */
export async function acquireLease(states, fresh) {
    const { _id } = fresh;
    const found = await states.findOne({ _id });
    if (found && isUnfinished(found) && isHeld(found))
        return undefined;
    const owner = randomUUID();
    const now = new Date();
    const goesOn = found && isUnfinished(found) && found.version === fresh.version;
    const state = goesOn ? { ...found, owner, heartbeat: now } : begun(fresh, owner, now);
    if (found) {
        const taken = await states.replaceOne({ _id, owner: found.owner, heartbeat: found.heartbeat }, state);
        return taken.matchedCount === 1 ? hold(states, state, owner) : undefined;
    }
    try {
        await states.insertOne(state);
    }
    catch (error) {
        if (isDuplicateKey(error))
            return undefined;
        throw error;
    }
    return hold(states, state, owner);
}
function begun(fresh, owner, now) {
    return {
        ...fresh,
        phase: 'filling',
        owner,
        heartbeat: now,
        startedAt: now,
        finishedAt: null,
        position: null,
        events: 0,
        streams: 0,
        documents: 0,
        error: null,
    };
}
function hold(states, begin, owner) {
    let state = begin;
    const { _id } = begin;
    const beat = setInterval(() => {
        // A heartbeat that fails is a lease that lapses; the next save finds that out.
        states.updateOne({ _id, owner }, { $set: { heartbeat: new Date() } }).catch(() => undefined);
    }, HEARTBEAT_EVERY_MS).unref();
    return {
        state: () => state,
        async save(changes) {
            const heartbeat = new Date();
            const { matchedCount } = await states.updateOne({ _id, owner }, { $set: { ...changes, heartbeat } });
            if (matchedCount === 0)
                throw new LeaseLostError(`another process has taken over ${_id}`);
            state = { ...state, ...changes, heartbeat };
        },
        async release() {
            clearInterval(beat);
            await states.updateOne({ _id, owner }, { $set: { owner: null } });
        },
    };
}
